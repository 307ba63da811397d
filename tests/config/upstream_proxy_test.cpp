// upstream.proxy, HTTPS_PROXY and NO_PROXY: which one holds, and that no password is ever shown.
#include "support.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace regpass;
using namespace regpass::config;
using Catch::Contains;

namespace {

constexpr auto with_login = "http://builder:canary-password@proxy.corp:3128";

inputs with(const std::map<std::string, std::string>& environment) {
  auto in = plain();
  in.environment = environment;
  return in;
}

std::string proxy_of(const loaded& l) {
  return std::string(l.settings.upstream.proxy.expose());
}

}  // namespace

TEST_CASE("without a key the proxy is that of the environment, upper case first as in Go") {
  CHECK(proxy_of(from("", with({{"HTTPS_PROXY", "http://a.corp:1"}, {"https_proxy", "http://b.corp:2"}}))) ==
        "http://a.corp:1");
  const auto l = from("", with({{"https_proxy", "b.corp:2"}, {"HTTP_PROXY", "http://c.corp:3"}}));
  CHECK(proxy_of(l) == "b.corp:2");
  CHECK(l.origins.at("upstream.proxy") == "environment https_proxy");
  CHECK(proxy_of(from("", with({{"HTTPS_PROXY", ""}}))).empty());
  CHECK(proxy_of(from("", with({{"ALL_PROXY", "http://a.corp:1"}}))).empty());
}

TEST_CASE("the key wins over the environment, and \"direct\" switches the proxy off") {
  const auto in = with({{"HTTPS_PROXY", "http://a.corp:1"}, {"NO_PROXY", ".corp"}});
  CHECK(proxy_of(from("upstream.proxy = 'https://key.corp:3129'", in)) == "https://key.corp:3129");
  CHECK(proxy_of(from("upstream.proxy = 'direct'", in)) == "direct");
  CHECK(from("upstream.proxy = 'https://key.corp:3129'", in).settings.upstream.no_proxy == ".corp");
}

TEST_CASE("no password of a proxy is shown, wherever it was written") {
  const auto text = "upstream.proxy = '" + std::string(with_login) + "'";
  CHECK_THAT(show(from(text)), Contains(R"(proxy = "http://builder:***@proxy.corp:3128")"));
  for (const auto& l : {from(text), from("", with({{"HTTPS_PROXY", with_login}})),
                        from("", with({{"REGPASS_UPSTREAM_PROXY", with_login}}))}) {
    CHECK(report(l).empty());
    CHECK(proxy_of(l) == with_login);
    CHECK_THAT(show(l), !Contains("canary-password"));
  }
}

TEST_CASE("a proxy that cannot be used is an error without its password") {
  for (const std::string bad :
       {"socks5://u:canary-password@proxy.corp:1080", "http://u:canary-password@", "u:canary-password@proxy.corp:x"}) {
    INFO(bad);
    const auto by_key = report("upstream.proxy = '" + bad + "'");
    CHECK_THAT(by_key, Contains("`upstream.proxy` must be a proxy") && !Contains("canary-password"));
    const auto by_variable = report("", with({{"HTTPS_PROXY", bad}}));
    CHECK_THAT(by_variable, Contains("HTTPS_PROXY: the proxy is invalid") && !Contains("canary-password"));
    CHECK_THAT(by_variable, Contains("upstream.proxy = \"direct\""));
    CHECK(report("upstream.proxy = 'direct'", with({{"HTTPS_PROXY", bad}})).empty());
  }
}

TEST_CASE("regpass's own listener is no registry") {
  CHECK_THAT(report("[[registry]]\nhost = '127.0.0.1:3128'"),
             Contains("127.0.0.1:3128 is regpass's own listener, not a registry"));
  CHECK_THAT(report("[[registry]]\nhost = 'localhost:3128'"), Contains("own listener"));
  CHECK(report("[[registry]]\nhost = 'localhost:5000'").empty());
  CHECK(report("[[registry]]\nhost = 'a.test:3128'").empty());
}

TEST_CASE("regpass is not its own proxy: a key that says so is an error, a variable is ignored") {
  for (const std::string own : {"http://127.0.0.1:3128", "http://localhost:3128", "127.0.0.1:3128"}) {
    INFO(own);
    CHECK_THAT(report("upstream.proxy = '" + own + "'"), Contains("regpass's own listener, 127.0.0.1:3128"));
    const auto l = from("", with({{"HTTPS_PROXY", own}}));
    CHECK(report(l).empty());
    CHECK(proxy_of(l).empty());
    CHECK_THAT(l.origins.at("upstream.proxy"), Contains("HTTPS_PROXY is regpass's own listener and is ignored"));
  }
  CHECK(report("upstream.proxy = 'http://127.0.0.1:3129'").empty());  // cntlm and its like
}
