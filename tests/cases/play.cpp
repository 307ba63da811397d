#include "play.hpp"

#include "daemon/credential_loader.hpp"
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/warnings.hpp"
#include "support/common_ground.hpp"
#include "support/fake_proxy.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>

namespace regpass::testing {
namespace {

std::string with_port(const std::string& authority) {
  return authority.find(':') == std::string::npos ? authority + ":443" : authority;
}

// "https://auth.test/token": its authority and path.
struct realm_parts {
  std::string authority;
  std::string path = "/token";
};

realm_parts realm_of(const scripted_case& what) {
  const auto begins = what.challenge.find("realm=\"https://");
  if (begins == std::string::npos) return {};
  const auto from = begins + 15;
  const auto url = what.challenge.substr(from, what.challenge.find('"', from) - from);
  const auto slash = url.find('/');
  if (slash == std::string::npos) return {url, "/"};
  return {url.substr(0, slash), url.substr(slash, url.find('?') - slash)};
}

fake_server::scheme scheme_for(const scripted_case& what, const std::string& end) {
  const auto found = what.wires.find(end);
  return found != what.wires.end() && found->second == "plain-http" ? fake_server::scheme::http
                                                                    : fake_server::scheme::https;
}

class stage {
 public:
  explicit stage(const scripted_case& what)
      : what_(what),
        realm_(realm_of(what)),
        api_(registry::api_name(value_of(registry::parse_host(what.registry)))),
        registry_(scheme_for(what, "registry")),
        tokens_(scheme_for(what, "token-server")) {
    spoil_wires();
    write_scripts();
    load_credentials();
    serve();
  }

  outcome perform() {
    outcome seen;
    const auto warned = diagnosis::warnings(loaded_.store, loaded_.searched, true, std::chrono::system_clock::now());
    for (const auto& one : warned) seen.warnings.push_back(one.cause);
    auto client = proxy_.inside(authority());
    for (const auto& one : what_.requests) {
      const auto answer = client.ask(one.method, one.target, one.fields, one.body);
      seen.status = answer.status;
    }
    auto done = proxy_.finished(what_.requests.size());
    REQUIRE(done.size() == what_.requests.size());
    seen.explanation = std::move(done.back().explanation);
    seen.evidence = std::move(done.back().evidence);
    const auto exchanges = proxy_.log_lines("exchange");
    if (!exchanges.empty()) seen.line = exchanges.back();
    for (const auto& one : proxy_.log_lines("notice")) seen.notices.emplace_back(one.at("cause").as_string());
    return seen;
  }

 private:
  std::string authority() const {
    const auto port = what_.registry.find(':');
    return api_ + (port == std::string::npos ? ":443" : what_.registry.substr(port));
  }

  bool one_server() const { return realm_.authority.empty() || with_port(realm_.authority) == authority(); }

  void spoil_wires() {
    for (const auto& [end, how] : what_.wires) {
      auto& server = end == "token-server" ? tokens_ : registry_;
      if (how == "plain-http") server.greet("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      if (how == "untrusted") server.present(test_ca::make("Corporate inspection CA").issue({api_, "auth.test"}));
      if (how == "wants-certificate") server.demand_certificate(test_ca::make("Client CA").certificate());
      if (end == "way-out") corporate_.says(how + "\r\nVia: 1.1 squid\r\nContent-Length: 0\r\n\r\n");
    }
  }

  static bool is_with(const received& one) { return one.has("Authorization"); }

  static void say(fake_server& by, const scripted_reply& reply, const std::string& path) {
    auto& made = by.on(reply.method, path);
    using authorization = scripted_reply::authorization;
    if (reply.when == authorization::with) made.when([](const received& one) { return is_with(one); });
    if (reply.when == authorization::bare) made.when([](const received& one) { return !is_with(one); });
    if (reply.once) made.times(1);
    made.answer(reply.status, reply.reason).body(reply.body);
    for (const auto& [name, value] : reply.fields) made.header(name, value);
  }

  void write_scripts() {
    auto& tokens = one_server() ? registry_ : tokens_;
    for (const auto& one : what_.token_says) say(tokens, one, realm_.path);
    for (const auto& one : what_.registry_says) say(registry_, one, one.path);
    if (what_.challenge.empty()) return;
    registry_.on("*", "*")
        .when([](const received& one) { return !is_with(one); })
        .answer(401, "Unauthorized")
        .header("WWW-Authenticate", what_.challenge)
        .header("Docker-Distribution-Api-Version", "registry/2.0")
        .header("Content-Type", "application/json")
        .body(R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]})");
  }

  void load_credentials() {
    for (const auto& one : what_.directories) std::filesystem::create_directory(place_ / one);
    for (const auto& [name, content] : what_.files) place_.put(name, content);
    std::vector<std::filesystem::path> places;
    for (const auto& one : what_.places) places.push_back(place_ / one);
    if (places.empty()) places.push_back(place_.path());
    daemon::credential_loader loader(places, 1024 * 1024);
    loaded_ = loader.load();
  }

  std::string setting(const std::string& name) const {
    const auto found = what_.settings.find(name);
    return found == what_.settings.end() ? std::string() : found->second;
  }

  void serve() {
    proxy_.serve(what_.registry, true, [&](forward::registry_options& options) {
      if (setting("realms") != "none" && !realm_.authority.empty())
        options.realms = {"https://" + realm_.authority + "/"};
      if (setting("injection") == "observe") options.injection = auth::injection::observe;
      if (setting("injection") == "add") options.injection = auth::injection::add;
    });
    corporate_.knows(authority(), registry_.port());
    if (!one_server()) corporate_.knows(with_port(realm_.authority), tokens_.port());
    std::shared_ptr<net::upstream_proxy> way;
    if (!what_.wires.contains("name")) {
      way = std::make_shared<net::upstream_proxy>();
      way->proxy = value_of(http::parse_proxy(corporate_.url()));
    }
    proxy_.change([&](forward::snapshot& from) {
      from.credentials = loaded_.store;
      from.searched = loaded_.searched;
      from.upstream_proxy = way;
    });
  }

  const scripted_case& what_;
  realm_parts realm_;
  std::string api_;
  temporary_directory place_;
  daemon::credentials loaded_;
  fake_server registry_;
  fake_server tokens_;
  fake_proxy corporate_;
  proxy_under_test proxy_;
};

}  // namespace

outcome play(const scripted_case& what) {
  stage on(what);
  return on.perform();
}

}  // namespace regpass::testing
