// Lines of a log, as `explain` reads them (T27).
#include "regpass/diagnosis/evidence.hpp"

#include "diagnosis/present/annotate.hpp"
#include "diagnosis/present/render.hpp"
#include "fuzz.hpp"
#include "regpass/diagnosis/diagnose.hpp"

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
  const auto read = diagnosis::from_json(value);
  if (!read) return;
  fuzz::promise(read->steps.size() <= 32, "steps are bounded (P6)");
  const auto written = diagnosis::to_json(*read);
  const auto again = diagnosis::from_json(written);
  fuzz::promise(again && diagnosis::to_json(*again) == written, "what was read and written is read as the same");
  fuzz::promise(printable(diagnosis::render_handshake(*read)), "nothing moves the terminal's cursor");
  const auto cause = diagnosis::diagnose(*read);
  if (!cause) return;
  fuzz::promise(printable(diagnosis::render(*cause)), "nor does an explanation");
  const auto line = diagnosis::one_line(*cause, read->id);
  fuzz::promise(line.size() <= 200 && line.find('\n') == std::string::npos, "it fits into a status line");
  const auto answer = diagnosis::make_error(read->status, *cause, read->id);
  fuzz::promise(answer.head.status >= 400 && answer.head.status != 401, "no client is told 401");
}
