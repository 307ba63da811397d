// A log as `explain` is given it: any bytes, in pieces of any size, and the archive made of what was found (T27).
#include "diagnosis/record/log_reader.hpp"
#include "fuzz.hpp"
#include "regpass/diagnosis/har.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace regpass;

namespace {

struct reading {
  std::vector<diagnosis::evidence> found;
  std::size_t skipped = 0;
  bool operator==(const reading& other) const { return skipped == other.skipped && text() == other.text(); }
  std::string text() const {
    std::string all;
    for (const auto& one : found) all += boost::json::serialize(diagnosis::to_json(one)) + "\n";
    return all;
  }
};

reading read(std::string_view log, std::size_t piece) {
  reading made;
  diagnosis::log_reader reader([&](const diagnosis::evidence& one) { made.found.push_back(one); });
  for (std::size_t at = 0; at < log.size(); at += piece) reader.feed(log.substr(at, piece));
  reader.finish();
  fuzz::promise(reader.exchanges() == made.found.size(), "each exchange is counted");
  made.skipped = reader.skipped();
  return made;
}

}  // namespace

REGPASS_FUZZ_TARGET(log) {
  const std::size_t piece = fuzz::take(bytes) + std::size_t{1};
  const auto whole = read(bytes, bytes.size() + 1);
  fuzz::promise(read(bytes, piece) == whole, "how it is cut makes no difference");
  const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n')) + 1;
  fuzz::promise(whole.found.size() + whole.skipped <= lines, "a line is one exchange at most");
  const auto archive = boost::json::serialize(diagnosis::to_har(whole.found));
  fuzz::promise(std::ranges::none_of(archive, [](char c) { return c >= 0 && c < ' '; }), "JSON without control bytes");
}
