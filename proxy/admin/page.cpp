#include "admin/page.hpp"

#include "admin/page_assets.hpp"
#include "admin/page_data.hpp"
#include "admin/page_events.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/har.hpp"
#include "regpass/http/origin.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/json/serialize.hpp>
#include <sys/random.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace regpass::admin {

namespace {

// Text is inserted into the page as text only. These rules enforce that, and that the page sends nothing elsewhere.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

reply with_security_headers(reply result) {
  result.more.add("Content-Security-Policy", content_policy);
  result.more.add("Referrer-Policy", "no-referrer");
  result.more.add("X-Frame-Options", "DENY");
  result.more.add("Cross-Origin-Resource-Policy", "same-origin");
  result.more.add("Cross-Origin-Opener-Policy", "same-origin");
  return result;
}

// Addresses cannot be rebound; of all names only localhost is certain to mean this machine.
bool has_our_host(const call& request) {
  if (request.headers.count("Host") != 1) return false;
  const auto parts = http::parse_authority(*request.headers.get("Host"), 80);
  if (!parts) return false;
  boost::system::error_code no_address;
  boost::asio::ip::make_address(parts->host, no_address);
  return !no_address || parts->host == "localhost";
}

// Cookies are not specific to a port, so each page on a machine needs its own cookie name.
std::string cookie_name(const call& request) {
  const auto parts = http::parse_authority(request.headers.get("Host").value_or(""), 80);
  return "regpass-" + std::to_string(parts ? parts->port : 80);
}

secret cookie_in(const call& request, std::string_view name) {
  for (const auto field : request.headers.all("Cookie")) {
    for (auto rest = field; !rest.empty();) {
      const auto pair = trim(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
      if (pair.substr(0, pair.find('=')) == name) return secret(pair.substr(std::min(name.size() + 1, pair.size())));
    }
  }
  return {};
}

// Uses Refresh instead of a redirect: a browser that followed a link from another site would not send a SameSite=Strict
// cookie with the redirected request.
reply set_cookie_and_redirect(const call& request, const secret& token) {
  auto result = plain(200, "opening the page: /");
  result.more.add("Set-Cookie", cookie_name(request) + "=" + std::string(token.expose()) +
                                    "; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000");
  result.more.add("Refresh", "0; url=/");
  return result;
}

reply asset(std::string_view type, std::string_view text) {
  reply result;
  result.type = type;
  result.body = text;
  return result;
}

reply json_reply(const boost::json::object& value) {
  return asset("application/json", boost::json::serialize(value));
}

reply exchanges(const forward::history& history) {
  std::uint64_t count = 0;
  boost::json::array all;
  for (const auto& record : history.since(count)) all.push_back(exchange_json(record));
  return json_reply({{"count", count}, {"exchanges", std::move(all)}});
}

reply credentials(const forward::history& history, const forward::snapshot& current) {
  return json_reply({{"credentials", credentials_json(current.credentials, history.all())}});
}

reply tokens(const std::vector<forward::held_token>& held, const forward::snapshot& current) {
  return json_reply({{"tokens", tokens_json(held, current.credentials)}});
}

reply archive(const forward::history& history, const call& request) {
  const auto id = parameter(request, "id");
  std::vector<diagnosis::evidence> wanted;
  for (auto& record : history.all()) {
    if (id.empty() || record.evidence.id == id) wanted.push_back(std::move(record.evidence));
  }
  if (!id.empty() && wanted.empty()) return plain(404, "this exchange is not in the history (any more)");
  auto result = json_reply(diagnosis::to_har(wanted));
  const auto name = wanted.size() == 1 ? "regpass-" + wanted.front().id : std::string("regpass");
  result.more.add("Content-Disposition", "attachment; filename=\"" + name + ".har\"");
  return result;
}

void add_asset(routes& table, const std::string& path, std::string_view type, std::string_view text) {
  table.on("GET", path, [=](const call&) -> async::task<reply> { co_return asset(type, text); });
}

routes everything(const page_hooks& hooks) {
  routes table;
  add_asset(table, "/", "text/html; charset=utf-8", assets::index_html);
  add_asset(table, "/app.js", "text/javascript; charset=utf-8", assets::app_js);
  add_asset(table, "/sequence.js", "text/javascript; charset=utf-8", assets::sequence_js);
  add_asset(table, "/app.css", "text/css; charset=utf-8", assets::app_css);
  add_asset(table, "/icon.svg", "image/svg+xml", assets::icon_svg);
  add_asset(table, "/favicon.ico", "image/svg+xml", assets::icon_svg);  // where browsers look that saw no page yet
  const auto* history = hooks.history;
  table.on("GET", "/api/exchanges", [history](const call&) -> async::task<reply> { co_return exchanges(*history); });
  table.on("GET", "/api/credentials", [history, current = hooks.current](const call&) -> async::task<reply> {
    co_return credentials(*history, *current());
  });
  table.on("GET", "/api/tokens", [request = hooks.tokens, current = hooks.current](const call&) -> async::task<reply> {
    const auto held = co_await request();
    co_return tokens(held, *current());
  });
  table.on("GET", "/events",
           [history](const call& request) -> async::task<reply> { co_return event_stream(*history, request); });
  table.on("GET", "/har",
           [history](const call& request) -> async::task<reply> { co_return archive(*history, request); });
  return table;
}

}  // namespace

responder page_routes(page_hooks hooks) {
  if (hooks.token.empty()) hooks.token = make_page_token();  // a token that nobody knows: the page stays closed
  auto table = std::make_shared<const routes>(everything(hooks));
  return [table, token = std::move(hooks.token)](const call& request) -> async::task<reply> {
    if (!has_our_host(request))
      co_return with_security_headers(plain(403, "open this page by its address, or as localhost"));
    const bool has_token = request.path == "/" && secret(parameter(request, "token")) == token;
    if (has_token) co_return with_security_headers(set_cookie_and_redirect(request, token));
    if (cookie_in(request, cookie_name(request)) != token)
      co_return with_security_headers(
          plain(403, "this page opens with the address, token included, that regpass logged at start"));
    auto result = co_await (*table)(request);
    co_return with_security_headers(std::move(result));
  };
}

secret make_page_token() {
  std::array<char, 16> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    throw std::runtime_error("cannot get random bytes from the system");
  return secret(hex({bytes.data(), bytes.size()}));
}

std::string page_url(std::string_view address, const secret& token) {
  return "http://" + std::string(address) + "/?token=" + std::string(token.expose());
}

}  // namespace regpass::admin
