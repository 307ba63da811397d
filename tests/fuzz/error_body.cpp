// Error bodies of registries and token servers (T27).
#include "regpass/registry/error_body.hpp"

#include "fuzz.hpp"
#include "registry/error_note.hpp"

#include <algorithm>

using namespace regpass;

namespace {

void check(std::string_view text) {
  fuzz::promise(text.size() <= 512, "texts are bounded (P6)");
  fuzz::promise(std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; }), "and fit for a log");
}

}  // namespace

REGPASS_FUZZ_TARGET(error_body) {
  const auto errors = registry::parse_errors(bytes);
  fuzz::promise(errors.size() <= 16, "errors are bounded (P6)");
  for (const auto& one : errors) {
    check(one.code);
    check(one.message);
    check(one.detail);
  }
  check(registry::parse_message(bytes));
  const auto annotated = registry::add_sentence(bytes, "a sentence", "DENIED");
  if (!annotated) return;
  const auto read = registry::parse_errors(*annotated);
  fuzz::promise(!read.empty() && read[0].message.starts_with("a sentence"), "the sentence comes first");
}
