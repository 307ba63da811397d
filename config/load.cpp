#include "regpass/config/load.hpp"

#include "config/assembly.hpp"
#include "config/values/toml_reader.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/text_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace regpass::config {
namespace {

using std::filesystem::path;

struct choice {
  path file;
  std::string by;  // "--config" or "REGPASS_CONFIG"; empty: the default path, which need not exist
};

choice choose_file(const inputs& in) {
  if (in.file) return {*in.file, "--config"};
  const auto named = in.environment.find("REGPASS_CONFIG");
  if (named != in.environment.end() && !named->second.empty()) return {named->second, "REGPASS_CONFIG"};
  return {"/etc/regpass/regpass.toml", {}};
}

assembly assemble(std::string_view toml, const std::string& shown_as, const inputs& in) {
  assembly a;
  apply_defaults(a, in.purpose);
  apply_file(a, toml, shown_as);
  apply_environment(a, in);
  apply_sets(a, in);
  choose_directories(a, in);
  choose_upstream_proxy(a, in);
  check_together(a);
  return a;
}

problem unreadable(const choice& chosen, const error& why) {
  const auto fix =
      chosen.by.empty() ? "make it readable for this user" : fmt::format("correct {}, or the file", chosen.by);
  return {"cannot read the configuration " + why.detail, fix};
}

}  // namespace

loaded load_text(std::string_view toml, const std::string& shown_as, const inputs& in) {
  return assemble(toml, shown_as, in).result;
}

loaded load(const inputs& in) {
  const auto chosen = choose_file(in);
  const auto text = read_text_file(chosen.file, longest_file);
  auto a = assemble(text.value_or(std::string()), chosen.file.string(), in);
  const bool optional = chosen.by.empty() && !text && text.error().code == errc::not_found;
  if (!text && !optional) a.result.problems.insert(a.result.problems.begin(), unreadable(chosen, text.error()));
  if (text) {
    a.result.file = chosen.file;
    a.result.text = secret(*text);
  }
  if (in.judges_files) check_files(a);
  return std::move(a.result);
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** at = environ; at && *at; ++at) {
    const std::string_view entry(*at);
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos) out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

}  // namespace regpass::config
