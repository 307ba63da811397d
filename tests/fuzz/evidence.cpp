// Lines of a log, as `explain` reads them (T27).
#include "regpass/explain/evidence.hpp"

#include "fuzz/fuzz.hpp"
#include "regpass/explain/annotate.hpp"
#include "regpass/explain/diagnose.hpp"
#include "regpass/explain/render.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

using namespace regpass;

namespace {

bool printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == '\x7f'; });
}

}  // namespace

REGPASS_FUZZ_TARGET(evidence) {
  boost::system::error_code ec;
  const auto value = boost::json::parse(bytes, ec);
  if (ec) return;
  const auto read = explain::from_json(value);
  if (!read) return;
  fuzz::promise(read->steps.size() <= 32, "steps are bounded (P6)");
  const auto written = explain::to_json(*read);
  const auto again = explain::from_json(written);
  fuzz::promise(again && explain::to_json(*again) == written, "what was read and written is read as the same");
  fuzz::promise(printable(explain::render_handshake(*read)), "nothing moves the terminal's cursor");
  const auto cause = explain::diagnose(*read);
  if (!cause) return;
  fuzz::promise(printable(explain::render(*cause)), "nor does an explanation");
  const auto line = explain::one_line(*cause, read->id);
  fuzz::promise(line.size() <= 200 && line.find('\n') == std::string::npos, "it fits into a status line");
  const auto answer = explain::make_error(read->status, *cause, read->id);
  fuzz::promise(answer.head.status >= 400 && answer.head.status != 401, "no client is told 401");
}
