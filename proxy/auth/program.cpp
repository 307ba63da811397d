#include "regpass/auth/program.hpp"

#include "auth/docker_helper.hpp"
#include "auth/kubelet_provider.hpp"
#include "regpass/auth/host_pattern.hpp"
#include "regpass/base/text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace regpass::auth {
namespace {

using protocol = credential_program::protocol;

struct image_parts {
  std::string host;  // lower case, without port
  std::string port;
  std::string_view path;  // without slashes at its ends
};

image_parts split(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  }
  const auto slash = std::min(text.find('/'), text.size());
  const auto host = text.substr(0, slash);
  auto path = text.substr(slash);
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  // A name without wildcards may be written in another way: with a dot at its end, as another name of Docker Hub.
  if (const auto named = registry::parse_host(host)) {
    return {named->name, named->port == 443 ? std::string() : std::to_string(named->port), path};
  }
  const auto bracket = host.rfind(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  image_parts made{lower(host.substr(0, colon)), {}, path};
  if (colon != std::string_view::npos && host.substr(colon + 1) != "443") made.port = host.substr(colon + 1);
  return made;
}

// Nanoseconds in one of Go's units.
std::optional<double> unit_of(std::string_view unit) {
  if (unit == "ns") return 1e-9;
  if (unit == "us" || unit == "µs" || unit == "μs") return 1e-6;
  if (unit == "ms") return 1e-3;
  if (unit == "s") return 1;
  if (unit == "m") return 60;
  if (unit == "h") return 3600;
  return std::nullopt;
}

bool is_number(char c) noexcept {
  return (c >= '0' && c <= '9') || c == '.';
}

}  // namespace

std::string image_of(const registry::host& host, std::string_view repository) {
  auto made = registry::to_text(host);
  if (!repository.empty()) made.append("/").append(repository);
  return made;
}

bool is_for_image(std::string_view pattern, std::string_view image) {
  const auto wants = split(pattern);
  const auto has = split(image);
  if (wants.port != has.port || !labels_match(wants.host, has.host)) return false;
  return wants.path.empty() || has.path == wants.path || has.path.starts_with(std::string(wants.path) + "/");
}

std::optional<registry::host> host_of(std::string_view pattern) {
  const auto parts = split(pattern);
  const auto host = registry::parse_host(parts.port.empty() ? parts.host : parts.host + ":" + parts.port);
  if (!host) return std::nullopt;
  return *host;
}

program_question question_for(const credential_program& program, const registry::host& host,
                              std::string_view repository) {
  return program.speaks == protocol::docker_helper ? docker_helper_question(host)
                                                   : kubelet_question(image_of(host, repository));
}

program_says read_answer(const credential_program& program, const registry::host& host, std::string_view repository,
                         program_output& output) {
  auto says = program.speaks == protocol::docker_helper
                  ? read_docker_helper(name_of(program), host, output)
                  : read_kubelet_provider(name_of(program), image_of(host, repository), output);
  wipe(output.output);
  return says;
}

std::optional<std::chrono::seconds> parse_go_duration(std::string_view text) {
  constexpr double longest = 365.0 * 86'400;
  if (text == "0") return std::chrono::seconds{0};
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = std::ranges::find_if_not(text, is_number) - text.begin();
    const auto number = text.substr(0, static_cast<std::size_t>(digits));
    text.remove_prefix(number.size());
    const auto letters = std::ranges::find_if(text, is_number) - text.begin();
    const auto unit = unit_of(text.substr(0, static_cast<std::size_t>(letters)));
    text.remove_prefix(static_cast<std::size_t>(letters));
    if (number.empty() || number.size() > 20 || !unit || std::ranges::count(number, '.') > 1) return std::nullopt;
    if (number == ".") return std::nullopt;
    total += std::strtod(std::string(number).c_str(), nullptr) * *unit;
  }
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(total, longest)));
}

}  // namespace regpass::auth
