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

// Text only ever gets into the page as text; these make sure of it, and that nothing leaves it.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

reply guarded(reply made) {
  made.more.add("Content-Security-Policy", content_policy);
  made.more.add("Referrer-Policy", "no-referrer");
  made.more.add("X-Frame-Options", "DENY");
  made.more.add("Cross-Origin-Resource-Policy", "same-origin");
  made.more.add("Cross-Origin-Opener-Policy", "same-origin");
  return made;
}

// An address cannot be rebound; of names only localhost is certain to mean this machine.
bool by_our_name(const call& asked) {
  if (asked.headers.count("Host") != 1) return false;
  const auto parts = http::parse_authority(*asked.headers.get("Host"), 80);
  if (!parts) return false;
  boost::system::error_code no_address;
  boost::asio::ip::make_address(parts->host, no_address);
  return !no_address || parts->host == "localhost";
}

// Cookies do not know ports: each page of a machine has one of its own.
std::string cookie_name(const call& asked) {
  const auto parts = http::parse_authority(asked.headers.get("Host").value_or(""), 80);
  return "regpass-" + std::to_string(parts ? parts->port : 80);
}

secret cookie_in(const call& asked, std::string_view name) {
  for (const auto field : asked.headers.all("Cookie")) {
    for (auto rest = field; !rest.empty();) {
      const auto one = trim(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
      if (one.substr(0, one.find('=')) == name) return secret(one.substr(std::min(name.size() + 1, one.size())));
    }
  }
  return {};
}

// By Refresh, not by a redirect: a browser that came by a link from elsewhere would not send a SameSite=Strict cookie
// to where it is redirected.
reply let_in(const call& asked, const secret& token) {
  auto made = plain(200, "opening the page: /");
  made.more.add("Set-Cookie", cookie_name(asked) + "=" + std::string(token.expose()) +
                                  "; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000");
  made.more.add("Refresh", "0; url=/");
  return made;
}

reply asset(std::string_view type, std::string_view text) {
  reply made;
  made.type = type;
  made.body = text;
  return made;
}

reply json_reply(const boost::json::object& value) {
  return asset("application/json", boost::json::serialize(value));
}

reply exchanges(const forward::history& history) {
  std::uint64_t seen = 0;
  boost::json::array all;
  for (const auto& one : history.since(seen)) all.push_back(exchange_json(one));
  return json_reply({{"count", seen}, {"exchanges", std::move(all)}});
}

reply credentials(const forward::history& history, const forward::snapshot& current) {
  return json_reply({{"credentials", credentials_json(current.credentials, history.all())}});
}

reply tokens(const std::vector<forward::held_token>& held, const forward::snapshot& current) {
  return json_reply({{"tokens", tokens_json(held, current.credentials)}});
}

reply archive(const forward::history& history, const call& asked) {
  const auto id = parameter(asked, "id");
  std::vector<diagnosis::evidence> wanted;
  for (auto& one : history.all()) {
    if (id.empty() || one.evidence.id == id) wanted.push_back(std::move(one.evidence));
  }
  if (!id.empty() && wanted.empty()) return plain(404, "this exchange is not, or no longer, in memory");
  auto made = json_reply(diagnosis::to_har(wanted));
  const auto name = wanted.size() == 1 ? "regpass-" + wanted.front().id : std::string("regpass");
  made.more.add("Content-Disposition", "attachment; filename=\"" + name + ".har\"");
  return made;
}

void on_asset(routes& table, const std::string& path, std::string_view type, std::string_view text) {
  table.on("GET", path, [=](const call&) -> async::task<reply> { co_return asset(type, text); });
}

routes everything(const page_hooks& hooks) {
  routes table;
  on_asset(table, "/", "text/html; charset=utf-8", assets::index_html);
  on_asset(table, "/app.js", "text/javascript; charset=utf-8", assets::app_js);
  on_asset(table, "/sequence.js", "text/javascript; charset=utf-8", assets::sequence_js);
  on_asset(table, "/app.css", "text/css; charset=utf-8", assets::app_css);
  on_asset(table, "/icon.svg", "image/svg+xml", assets::icon_svg);
  on_asset(table, "/favicon.ico", "image/svg+xml", assets::icon_svg);  // where browsers look that saw no page yet
  const auto* history = hooks.history;
  table.on("GET", "/api/exchanges", [history](const call&) -> async::task<reply> { co_return exchanges(*history); });
  table.on("GET", "/api/credentials", [history, current = hooks.current](const call&) -> async::task<reply> {
    co_return credentials(*history, *current());
  });
  table.on("GET", "/api/tokens", [asked = hooks.tokens, current = hooks.current](const call&) -> async::task<reply> {
    const auto held = co_await asked();
    co_return tokens(held, *current());
  });
  table.on("GET", "/events",
           [history](const call& asked) -> async::task<reply> { co_return event_stream(*history, asked); });
  table.on("GET", "/har", [history](const call& asked) -> async::task<reply> { co_return archive(*history, asked); });
  return table;
}

}  // namespace

responder page_routes(page_hooks hooks) {
  if (hooks.token.empty()) hooks.token = make_page_token();  // nobody knows it: the page stays shut
  auto table = std::make_shared<const routes>(everything(hooks));
  return [table, token = std::move(hooks.token)](const call& asked) -> async::task<reply> {
    if (!by_our_name(asked)) co_return guarded(plain(403, "open this page by its address, or as localhost"));
    const bool brought = asked.path == "/" && secret(parameter(asked, "token")) == token;
    if (brought) co_return guarded(let_in(asked, token));
    if (cookie_in(asked, cookie_name(asked)) != token)
      co_return guarded(plain(403, "this page opens with the address, token included, that regpass logged at start"));
    auto made = co_await (*table)(asked);
    co_return guarded(std::move(made));
  };
}

secret make_page_token() {
  std::array<char, 16> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error("the system gives no random bytes");
  return secret(hex({bytes.data(), bytes.size()}));
}

std::string page_url(std::string_view address, const secret& token) {
  return "http://" + std::string(address) + "/?token=" + std::string(token.expose());
}

}  // namespace regpass::admin
