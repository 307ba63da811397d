#include "forward/modes/listen_point.hpp"

#include "forward/modes/explicit_proxy_mode.hpp"
#include "forward/modes/mirror_mode.hpp"
#include "forward/modes/transparent_mode.hpp"

#include <algorithm>
#include <array>

namespace regpass::forward {

namespace {

using plan = result<std::vector<listen_point>> (*)(const options::listen_options&, const std::vector<mirror_options>&);

// Every mode, in the order of `mode_kind`.
constexpr std::array<plan, options::mode_names.size()> plans{&explicit_proxy_mode::plan, &transparent_mode::plan,
                                                             &mirror_mode::plan};

}  // namespace

result<std::vector<listen_point>> plan_listeners(const options::listen_options& listen,
                                                 const std::vector<mirror_options>& mirrors) {
  std::vector<listen_point> all;
  for (const auto plan_mode : plans) {
    auto planned = plan_mode(listen, mirrors);
    if (!planned) return std::unexpected(planned.error());
    std::ranges::move(*planned, std::back_inserter(all));
  }
  return all;
}

std::vector<std::string> modes_of(const options::listen_options& listen, const std::vector<mirror_options>& mirrors) {
  std::vector<std::string> names;
  for (const auto plan_mode : plans) {
    const auto planned = plan_mode(listen, mirrors);
    if (planned && !planned->empty()) names.emplace_back(planned->front().mode->name());
  }
  return names;
}

}  // namespace regpass::forward
