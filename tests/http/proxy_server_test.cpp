#include "regpass/http/proxy_server.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace regpass::http {
namespace {

using Catch::Contains;

constexpr std::string_view canary = "canary-password";

proxy_server parsed(std::string_view text) {
  auto made = parse_proxy(text);
  INFO(text);
  REQUIRE(made);
  return std::move(*made);
}

response_head answered(int status, std::string reason = {}) {
  response_head head;
  head.status = status;
  head.reason = std::move(reason);
  return head;
}

TEST_CASE("A proxy is written as a URL, or as host and port") {
  CHECK(parsed("http://proxy.corp:3128").at == origin{"http", "proxy.corp", 3128});
  CHECK(parsed("HTTPS://Proxy.Corp:3129/").at == origin{"https", "proxy.corp", 3129});
  CHECK(parsed("proxy.corp:3128").at == origin{"http", "proxy.corp", 3128});
  CHECK(parsed("http://proxy.corp").at.port == 80);
  CHECK(parsed("https://proxy.corp").at.port == 443);
  CHECK(parsed("http://[2001:db8::1]:8080").at == origin{"http", "2001:db8::1", 8080});
  CHECK(parsed("http://proxy.corp:3128").login.empty());
}

TEST_CASE("User and password of a proxy may be percent-encoded, and a password may hold anything") {
  CHECK(parsed("http://alice:pw@proxy.corp:3128").login.expose() == "alice:pw");
  CHECK(parsed("http://a%40corp:p%3Aw%25@proxy.corp:3128").login.expose() == "a@corp:p:w%");
  CHECK(parsed("http://alice:p/w:x@y@proxy.corp:3128").login.expose() == "alice:p/w:x@y");
  CHECK(parsed("http://alice@proxy.corp:3128").login.expose() == "alice:");
}

TEST_CASE("What is no proxy is refused, and the error does not repeat the text") {
  for (const std::string text :
       {"socks5://u:canary-password@proxy.corp:1080", "ftp://canary-password", "http://u:canary-password",
        "http://u:canary-password%zz@proxy.corp", "http://u:canary-password%4@proxy.corp", "http://u:canary-password@",
        "http://u%3A:canary-password@proxy.corp", "http://u:canary-password@proxy.corp/x",
        "http://u:canary-password@proxy corp:1", ""}) {
    INFO(text);
    const auto made = parse_proxy(text);
    REQUIRE_FALSE(made);
    CHECK_THAT(made.error().detail, !Contains(std::string(canary)));
  }
}

TEST_CASE("A proxy is shown to people without its password") {
  CHECK(masked_proxy("http://alice:canary-password@proxy.corp:3128") == "http://alice:***@proxy.corp:3128");
  CHECK(masked_proxy("http://canary-password@proxy.corp:3128") == "http://***@proxy.corp:3128");
  CHECK(masked_proxy("alice:canary-password@proxy.corp:3128") == "alice:***@proxy.corp:3128");
  CHECK(masked_proxy("http://alice:canary@x-password@proxy.corp") == "http://alice:***@proxy.corp");
  CHECK(masked_proxy("http://proxy.corp:3128") == "http://proxy.corp:3128");
  CHECK(masked_proxy("direct") == "direct");
}

TEST_CASE("CONNECT names the authority twice and carries the login, if there is one") {
  CHECK(connect_request(parsed("http://proxy.corp"), "registry.test:443").expose() ==
        "CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\nUser-Agent: regpass\r\n\r\n");
  CHECK(connect_request(parsed("http://alice:pw@proxy.corp"), "registry.test:443").expose() ==
        "CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\nUser-Agent: regpass\r\n"
        "Proxy-Authorization: Basic YWxpY2U6cHc=\r\n\r\n");
}

TEST_CASE("The answer to CONNECT: any 2xx is a tunnel, anything else an error of the proxy that names it") {
  const auto proxy = parsed("http://alice:canary-password@proxy.corp:3128");
  CHECK(judge_connect(proxy, "registry.test:443", answered(200, "Connection established")));
  CHECK(judge_connect(proxy, "registry.test:443", answered(204)));

  struct row {
    int status;
    errc code;
  };
  for (const auto& [status, code] :
       {row{407, errc::refused}, row{403, errc::refused}, row{502, errc::unreachable}, row{503, errc::unreachable},
        row{504, errc::timed_out}, row{302, errc::bad_message}, row{101, errc::bad_message}}) {
    const auto judged = judge_connect(proxy, "registry.test:443", answered(status, "Some Words"));
    REQUIRE_FALSE(judged);
    CHECK(judged.error().code == code);
    CHECK(judged.error().who == party::proxy);
    CHECK(judged.error().when == phase::connect);
    CHECK(judged.error().detail == "the proxy proxy.corp:3128 answered \"" + std::to_string(status) +
                                       " Some Words\" to " + (status == 407 ? "regpass's login for" : "CONNECT") +
                                       " registry.test:443");
  }
}

TEST_CASE("A proxy that wants a login says which kind; one without words gets the standard's") {
  auto head = answered(407);
  head.headers.add("Proxy-Authenticate", "Negotiate");
  head.headers.add("Proxy-Authenticate", "NTLM");
  const auto judged = judge_connect(parsed("proxy.corp:3128"), "registry.test:443", head);
  REQUIRE_FALSE(judged);
  CHECK_THAT(judged.error().detail,
             Contains("\"407 Proxy Authentication Required\"") && Contains("wants Negotiate or NTLM"));
}

}  // namespace
}  // namespace regpass::http
