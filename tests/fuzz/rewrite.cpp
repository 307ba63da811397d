// Location and Link in a registry's answers, as clients of a mirror get them: "ASKED\nREFERENCE" (T11).
#include "forward/modes/url_mapping.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(rewrite) {
  const auto how = fuzz::take(bytes);
  const auto asked = fuzz::take_line(bytes);
  const bool one_word = std::ranges::none_of(asked, [](char c) { return c >= 0 && c <= ' '; });
  if (!asked.starts_with('/') || !one_word) return;  // no request line has it
  forward::facade seen;
  seen.registry = {"https", "registry.test", 443};
  seen.shown = {"http", "127.0.0.1", 5000};
  if (how % 2 == 1) seen.prefix = "hub";
  seen.prefix_behind_v2 = how % 4 == 3;
  if (how % 8 >= 4) seen.selected = "registry.test";
  const auto own = forward::own_target(seen.registry, asked, bytes);
  fuzz::promise(!own || own->starts_with('/'), "a registry's own target is a path");
  const auto given = forward::rewritten(seen, asked, bytes);
  fuzz::promise(own || given == bytes, "what is not the registry's stays as it is");
  fuzz::promise(
      given.find_first_of("\r\n") == std::string::npos || bytes.find_first_of("\r\n") != std::string_view::npos,
      "no line is added");
  http::fields headers;
  headers.add("Link", bytes);
  headers.add("Location", bytes);
  forward::rewrite_references(headers, seen, asked);
  fuzz::promise(headers.size() == 2, "no field is lost or added");
}
