// Registries, token servers and proxies that quote what they were sent (P4).
#include "regpass/base/text.hpp"
#include "regpass/diagnosis/har.hpp"
#include "support/common_ground.hpp"
#include "support/fake_proxy.hpp"
#include "support/proxy_under_test.hpp"
#include "support/tls_pair.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string password(proxy_under_test::password_canary);

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += "%" + hex(std::string_view(&c, 1));
  return out;
}

// What a peer may make of a value before it says it.
using encoding = std::pair<std::string, std::string (*)(const std::string&)>;
const std::vector<encoding> encodings{
    {"as it is", [](const std::string& text) { return text; }},
    {"base64", [](const std::string& text) { return base64(text); }},
    {"base64 behind one byte", [](const std::string& text) { return base64("x" + text); }},
    {"base64 behind two bytes", [](const std::string& text) { return base64("xy" + text + "z"); }},
    {"percent-encoded", [](const std::string& text) { return percent_encoded(text); }},
    {"hex", [](const std::string& text) { return hex(text); }},
    {"lower case", [](const std::string& text) { return lower(text); }},
};

std::string value_of_field(const std::string& authorization) {
  return authorization.substr(authorization.find(' ') + 1);
}

// Everything that a person or a client may see of it.
std::string all_of(const message& got, const std::vector<forward::exchange_record>& outcomes) {
  std::string text = got.reason + "\n" + got.body + "\n";
  for (const auto& [name, value] : got.fields) text.append(name).append(": ").append(value).append("\n");
  std::vector<diagnosis::evidence> seen;
  for (const auto& one : outcomes) {
    text += boost::json::serialize(diagnosis::to_json(one.evidence)) + "\n";
    if (one.explanation) text += boost::json::serialize(diagnosis::to_json(*one.explanation)) + "\n";
  }
  return text;
}

void check_hidden(const std::string& in, const std::string& secret_text) {
  REQUIRE(secret_text.size() >= 8);
  for (const auto& [name, encode] : encodings) {
    INFO(name << ": " << encode(secret_text));
    // Without the ends, which depend on what stands beside it.
    const auto whole = encode(secret_text);
    const auto inner = whole.size() > 16 ? whole.substr(4, whole.size() - 10) : whole;
    CHECK(in.find(inner) == std::string::npos);
    CHECK(lower(in).find(lower(inner)) == std::string::npos);
  }
}

// A scene with a registry that wants Basic, and what it was sent.
struct basic_scene {
  basic_scene() {
    registry.requirement("Basic realm=\"r\"", [](const std::string& one) { return one.starts_with("Basic "); });
    proxy.serve(registry);
    proxy.credential(registry.authority());
  }
  fake_server registry;
  proxy_under_test proxy;
};

}  // namespace

TEST_CASE("S1: what a registry quotes of the Authorization it got reaches nobody", "[secrecy]") {
  const auto form = GENERATE(from_range(encodings));
  const auto encode = form.second;
  const bool bearer = GENERATE(false, true);
  INFO(form.first << (bearer ? ", bearer" : ", basic"));
  std::string sent;
  const auto quote = [&](const received& asked) {
    sent = value_of_field(asked.authorization());
    reply made;
    made.status = 403;
    made.reason = "no " + encode(sent);
    made.fields = {{"Warning", "199 - \"" + encode(password) + "\""},
                   {"Server", "evil/" + encode(sent)},
                   {"Docker-Distribution-Api-Version", encode(sent)},
                   {"Content-Type", "application/json"}};
    made.body = R"({"errors":[{"code":"DENIED","message":"bad )" + encode(asked.authorization()) + R"( for )" +
                encode(password) + R"(","detail":{"got":")" + encode(sent) + R"("}}]})";
    return made;
  };
  std::string seen;
  if (bearer) {
    token_scene scene;
    scene.registry.on("GET", manifest).make(quote);
    auto client = scene.inside();
    const auto got = client.ask("GET", manifest);
    CHECK(got.status == 403);
    CHECK(got.body.find("bad ") != std::string::npos);
    seen = all_of(got, scene.proxy.finished());
    for (const auto& one : scene.proxy.log_lines()) seen += boost::json::serialize(one);
  } else {
    basic_scene scene;
    scene.registry.on("GET", manifest).make(quote);
    auto client = scene.proxy.inside(scene.registry.authority());
    const auto got = client.ask("GET", manifest);
    CHECK(got.status == 403);
    seen = all_of(got, scene.proxy.finished());
    for (const auto& one : scene.proxy.log_lines()) seen += boost::json::serialize(one);
  }
  check_hidden(seen, sent);
  check_hidden(seen, password);
}

TEST_CASE("S1: nor does it in the head of an answer that is passed on", "[secrecy]") {
  basic_scene scene;
  scene.registry.on("GET", manifest).make([](const received& asked) {
    reply made;
    made.status = 404;
    made.reason = "unknown to " + asked.authorization();
    made.fields = {{"X-Debug", asked.authorization()}, {"Docker-Distribution-Api-Version", "registry/2.0"}};
    return made;
  });
  scene.registry.on("GET", manifest + "2").make([](const received& asked) {
    reply made;
    made.fields = {{"Server", asked.authorization()}, {"Content-Type", "text/" + password}};
    return made;
  });
  auto client = scene.proxy.inside(scene.registry.authority());
  const auto got = client.ask("GET", manifest);
  CHECK(got.status == 404);
  CHECK(client.ask("GET", manifest + "2").status == 200);
  const auto seen = all_of(got, scene.proxy.finished(2));
  check_hidden(seen, base64("alice:" + password));
  check_hidden(seen, password);
}

TEST_CASE("S1: nor does it in the Location of an answer that succeeds", "[secrecy]") {
  const auto form = GENERATE(from_range(encodings));
  const auto encode = form.second;
  INFO(form.first);
  basic_scene scene;
  const std::string uuid = "7c1fb1b2-3f0e-4b7a-9d55-0123456789ab";
  scene.registry.on("POST", "/v2/team-a/app/blobs/uploads/").make([&](const received& asked) {
    reply made;
    made.status = 202;
    made.fields = {{"Location", "/v2/" + encode(password) + "/" + encode(value_of_field(asked.authorization())) + "/" +
                                    uuid + "?state=" + encode(password)}};
    return made;
  });
  auto client = scene.proxy.inside(scene.registry.authority());
  CHECK(client.ask("POST", "/v2/team-a/app/blobs/uploads/").status == 202);
  const auto seen = all_of({}, scene.proxy.finished());
  CHECK(seen.find(uuid) != std::string::npos);
  check_hidden(seen, base64("alice:" + password));
  check_hidden(seen, password);
}

TEST_CASE("S1: what a token server quotes reaches nobody", "[secrecy]") {
  const auto form = GENERATE(from_range(encodings));
  const auto encode = form.second;
  INFO(form.first);
  token_scene scene;
  scene.tokens.server().on("GET", "/token*").make([encode](const received& asked) {
    reply made;
    made.status = 401;
    made.fields = {{"Content-Type", "application/" + encode(password)}};
    made.body = R"({"errors":[{"code":")" + encode(password) + R"(","message":"no )" +
                encode(value_of_field(asked.authorization())) + R"("}]})";
    return made;
  });
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status >= 400);
  const auto seen = all_of(got, scene.proxy.finished());
  check_hidden(seen, base64("alice:" + password));
  check_hidden(seen, password);
}

TEST_CASE("S2: what an upstream proxy quotes of its login reaches nobody", "[secrecy]") {
  const auto form = GENERATE(from_range(encodings));
  const auto encode = form.second;
  const bool tunnelled = GENERATE(false, true);
  INFO(form.first << (tunnelled ? ", tunnel" : ", registry"));
  const std::string proxy_password = "canary-proxy-pw";
  const auto pair = base64("builder:" + proxy_password);
  fake_proxy corp;
  proxy_under_test proxy;
  proxy.count_as_secret(proxy_password);
  proxy.serve("registry.test:443", true);
  corp.says("HTTP/1.1 407 bad Basic " + encode(pair) + " " + encode(proxy_password) +
            "\r\nProxy-Authenticate: " + encode(proxy_password) + "\r\nContent-Length: 0\r\n\r\n");
  auto way = std::make_shared<net::upstream_proxy>();
  way->proxy = value_of(http::parse_proxy(corp.url("builder:" + proxy_password)));
  proxy.change([&](forward::snapshot& from) { from.upstream_proxy = way; });
  message got;
  if (tunnelled) {
    auto client = proxy.client();
    client.send("CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n");
    got = client.receive("CONNECT");
  } else {
    auto client = proxy.inside("registry.test:443");
    got = client.ask("GET", manifest);
  }
  CHECK(got.status == 503);
  CHECK(got.reason.find("407 bad ") != std::string::npos);
  auto seen = all_of(got, proxy.finished());
  for (const auto& one : proxy.log_lines()) seen += boost::json::serialize(one);
  check_hidden(seen, pair);
  check_hidden(seen, proxy_password);
}
