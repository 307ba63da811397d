#include "diagnosis/present/annotate.hpp"

#include "cases.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace regpass::diagnosis {
namespace {

explanation saying(std::string summary) {
  explanation x;
  x.cause = "credential-rejected";
  x.summary = std::move(summary);
  return x;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

std::string message_of(const annotated& a) {
  const auto body = boost::json::parse(a.body);
  return std::string(body.at("errors").at(0).at("message").as_string());
}

std::string code_of(const annotated& a) {
  const auto body = boost::json::parse(a.body);
  return std::string(body.at("errors").at(0).at("code").as_string());
}

const std::string rejected =
    "registry.test:5443 rejected the password of alice from /run/secrets/regpass/config.json: wrong or expired";

TEST_CASE("a short summary is on the line unchanged, followed by the id") {
  CHECK(one_line(saying(rejected), "4f-12") == rejected + " [regpass 4f-12]");
}

TEST_CASE("a line never exceeds 200 characters and always ends in the id") {
  for (std::size_t length = 0; length < 600; ++length) {
    for (const auto& piece :
         {std::string("a"), std::string("word "), std::string("/p"), std::string("é"), std::string("\x1b")}) {
      std::string text;
      while (text.size() < length) text += piece;
      const auto line = one_line(saying(text), "7");
      REQUIRE(line.size() <= 200);
      REQUIRE(line.ends_with(" [regpass 7]"));
      REQUIRE(is_printable_ascii(line));
    }
  }
}

TEST_CASE("the file of the credential survives shortening, and so does the beginning") {
  const std::string path = "/var/lib/kubelet/pods/5f0a3c8e/volumes/kubernetes.io~secret/registry/config.json";
  for (std::size_t filler = 0; filler < 300; filler += 7) {
    const auto text = "token for registry.test:5443 grants pull, push was asked on " + std::string(filler, 'r') +
                      " as alice (" + path + ")";
    const auto line = one_line(saying(text), "4f-12");
    INFO(line);
    REQUIRE(line.size() <= 200);
    CHECK(line.starts_with("token for registry.test:5443"));
    CHECK(line.find("/config.json") != std::string::npos);
  }
}

TEST_CASE("a path too long for the line is cut, but the registry and the id are kept") {
  const auto line = one_line(saying("registry.test rejected the password from /" + std::string(4000, 'p')), "4f-12");
  CHECK(line.size() <= 200);
  CHECK(line.starts_with("registry.test rejected the password from /ppp"));
  CHECK(line.ends_with(" [regpass 4f-12]"));
}

TEST_CASE("the line of each case names the registry and, if the summary does, the credential file") {
  for (const auto& name : cases::names()) {
    INFO(name);
    const auto e = from_json(cases::json_of(name));
    REQUIRE(e);
    const auto x = diagnose(*e);
    REQUIRE(x);
    const auto line = one_line(*x, e->id);
    CHECK(line.size() <= 200);
    CHECK(line.find(e->registry) != std::string::npos);
    const bool names_file = !e->source.empty() && x->summary.find(e->source) != std::string::npos;
    if (names_file) CHECK(line.find(e->source.substr(e->source.rfind('/'))) != std::string::npos);
  }
}

TEST_CASE("line breaks, escapes and bidirectional characters cannot reach the status line (T27)") {
  const auto line = one_line(saying("registry.test said \"a\r\nSet-Cookie: x=1\x1b[2J\u202egnp\u2066\xff\""), "id\r\n");
  CHECK(is_printable_ascii(line));
  CHECK(line.find("\\x0d\\x0aSet-Cookie") != std::string::npos);
  CHECK(line.ends_with("[regpass id\\x0d\\x0a]"));
}

TEST_CASE("an error carries its reason in the status line, the body and two fields") {
  const auto a = make_error(403, saying(rejected), "4f-12");
  CHECK(a.head.status == 403);
  CHECK(a.head.reason == one_line(saying(rejected), "4f-12"));
  CHECK(message_of(a) == a.head.reason);
  CHECK(code_of(a) == "DENIED");
  CHECK(a.head.headers.get("X-Regpass-Cause") == "credential-rejected");
  CHECK(a.head.headers.get("X-Regpass-Id") == "4f-12");
  CHECK(a.head.headers.get("Content-Type") == "application/json");
  CHECK(a.head.headers.get("Content-Length") == std::to_string(a.body.size()));
}

TEST_CASE("a 401 becomes a 403, other errors stay, and a status that is not an error becomes a 502") {
  const std::vector<std::pair<int, int>> rows{{401, 403}, {403, 403}, {404, 404}, {429, 429}, {500, 500}, {503, 503},
                                              {599, 599}, {0, 502},   {200, 502}, {302, 502}, {600, 502}, {-1, 502}};
  for (const auto& [given, sent] : rows) {
    CHECK(make_error(given, saying("x"), "1").head.status == sent);
    CHECK(make_plain_error(given, "x", "1").head.status == sent);
  }
}

TEST_CASE("R3: all fields of the refusal are kept except its challenge, its framing and the X-Regpass fields") {
  refused_answer original;
  original.headers.add("WWW-Authenticate", "Bearer realm=\"https://auth.test/token\"");
  original.headers.add("Docker-Distribution-Api-Version", "registry/2.0");
  original.headers.add("retry-after", "30");
  original.headers.add("Range", "0-49999");
  original.headers.add("Content-Range", "bytes */17");
  original.headers.add("Content-Length", "5");
  original.headers.add("Content-Encoding", "gzip");
  original.headers.add("Transfer-Encoding", "chunked");
  original.headers.add("Allow", "GET, HEAD");
  original.headers.add("Set-Cookie", "a=b");
  original.headers.add("X-Regpass-Cause", "forged");
  const auto a = make_error(401, saying("x"), "1", original);
  for (const auto* gone : {"WWW-Authenticate", "Content-Encoding", "Transfer-Encoding"}) {
    CHECK(a.head.headers.count(gone) == 0);
  }
  CHECK(a.head.headers.get("Docker-Distribution-Api-Version") == "registry/2.0");
  CHECK(a.head.headers.get("Retry-After") == "30");
  CHECK(a.head.headers.get("Range") == "0-49999");
  CHECK(a.head.headers.get("Content-Range") == "bytes */17");
  CHECK(a.head.headers.get("Allow") == "GET, HEAD");
  CHECK(a.head.headers.get("Set-Cookie") == "a=b");
  CHECK(a.head.headers.all("Content-Length") == std::vector<std::string_view>{std::to_string(a.body.size())});
  CHECK(a.head.headers.all("X-Regpass-Cause") == std::vector<std::string_view>{"credential-rejected"});
  CHECK_FALSE(a.body_as_received);
}

TEST_CASE("R3: a body that cannot be rewritten keeps the fields that describe it") {
  refused_answer original;
  original.headers.add("Content-Type", "application/octet-stream");
  original.headers.add("Content-Length", "70000");
  original.headers.add("Content-Encoding", "zstd");
  original.body.reset();
  const auto a = make_error(403, saying("x"), "1", original);
  CHECK(a.body_as_received);
  CHECK(a.body.empty());
  CHECK(a.head.headers.get("Content-Type") == "application/octet-stream");
  CHECK(a.head.headers.get("Content-Length") == "70000");
  CHECK(a.head.headers.get("Content-Encoding") == "zstd");
  CHECK(a.head.reason == "x [regpass 1]");
}

TEST_CASE("R3b: a message that the sentence quotes is not repeated, other messages are") {
  refused_answer original;
  original.body = R"({"errors":[{"code":"DENIED","message":"quota used up"}]})";
  const std::string quoting = "registry.test says \"DENIED: quota used up\"";
  CHECK(message_of(make_error(403, saying(quoting), "1", original)) == quoting + " [regpass 1]");
  const std::string cut = "registry.test says \"DENIED: quota...\"";
  CHECK(message_of(make_error(403, saying(cut), "1", original)) == cut + " [regpass 1]: quota used up");
}

TEST_CASE("R3c: the sentence in a Warning field contains no quotation mark and is escaped") {
  CHECK(warning_value(saying("it says \"no\""), "4f") == "299 - \"it says 'no' [regpass 4f]\"");
  CHECK(warning_value(saying("a\nb"), "4f") == "299 - \"a\\\\x0ab [regpass 4f]\"");
  CHECK(make_error(403, saying("x"), "1").head.headers.get("Warning") == "299 - \"x [regpass 1]\"");
  CHECK(make_plain_error(403, "x", "1").head.headers.count("Warning") == 0);
}

TEST_CASE("without annotation the status line is the standard one and the body is generic") {
  const auto a = make_plain_error(401, "access denied\n", "4f-12");
  CHECK(a.head.status == 403);
  CHECK(a.head.reason == "Forbidden");
  CHECK(message_of(a) == "access denied\\x0a [regpass 4f-12]");
  CHECK(a.head.headers.count("X-Regpass-Cause") == 0);
  CHECK(a.head.headers.get("X-Regpass-Id") == "4f-12");
}

}  // namespace
}  // namespace regpass::diagnosis
