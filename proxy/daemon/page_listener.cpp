#include "daemon/page_listener.hpp"

#include "admin/page.hpp"
#include "regpass/base/log.hpp"

namespace regpass::daemon {

result<std::string> open_page(side_listeners& through, const std::string& endpoint, const forward::services& of) {
  const std::string name = "page";
  const auto token = admin::make_page_token();
  auto routes = admin::page_routes(
      {.token = token, .history = &of.history, .current = of.current, .tokens = [&tokens = of.tokens] {
         return tokens.held();
       }});
  if (auto opened = through.open(name, endpoint, std::move(routes)); !opened) return std::unexpected(opened.error());
  const auto address = through.shown().back().substr(name.size() + 1);
  auto url = admin::page_url(address, token);
  log::write(log::level::info, "page", "the page is at " + url, {{"url", url}});
  return url;
}

}  // namespace regpass::daemon
