#include "daemon/page_listener.hpp"

#include "admin/page.hpp"
#include "regpass/base/log.hpp"

namespace regpass::daemon {

result<std::string> open_page(side_listeners& listeners, const std::string& endpoint,
                              const forward::services& services) {
  const std::string name = "page";
  const auto token = admin::make_page_token();
  auto routes = admin::page_routes({.token = token,
                                    .history = &services.history,
                                    .current = services.current,
                                    .tokens = [&tokens = services.tokens] { return tokens.held(); }});
  if (auto opened = listeners.open(name, endpoint, std::move(routes)); !opened) return std::unexpected(opened.error());
  const auto address = listeners.shown().back().substr(name.size() + 1);
  auto url = admin::page_url(address, token);
  log::write(log::level::info, "page", "the page is at " + url, {{"url", url}});
  return url;
}

}  // namespace regpass::daemon
