// A client gets the registry's own refusal: its headers, codes, messages and details, with the explanation added.
#include "regpass/base/text.hpp"
#include "support/proxy_under_test.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <set>

using namespace regpass;
using namespace regpass::testing;

namespace {

namespace json = boost::json;

const std::string manifest = "/v2/team-a/app/manifests/1";
const std::string upload = "/v2/team-a/app/blobs/uploads/5f0a";

json::array errors_of(const message& answer) {
  INFO(answer.body);
  return json::parse(answer.body).at("errors").as_array();
}

std::string text(const json::value& of, std::string_view name) {
  return std::string(of.at(name).as_string());
}

std::string first_message(const message& answer) {
  return text(errors_of(answer).at(0), "message");
}

// Everything but the first message, which the sentence is added to.
json::value without_first_message(json::value body) {
  body.at("errors").as_array().at(0).as_object().erase("message");
  return body;
}

bool ends_in_id(std::string_view sentence, const message& answer) {
  return sentence.ends_with("[regpass " + answer.field("X-Regpass-Id").value_or("none") + "]");
}

// What go-containerregistry repeats a request for.
const std::set<std::string> temporary{"BLOB_UPLOAD_INVALID", "TOOMANYREQUESTS", "UNKNOWN", "UNAVAILABLE"};

}  // namespace

TEST_CASE("R3: the headers by which a client resumes an upload stay with a 416", "[answer]") {
  open_scene scene;
  const std::string detail = R"({"received":50000})";
  scene.registry.on("PATCH", upload)
      .answer(416, "Requested Range Not Satisfiable")
      .header("Range", "0-49999")
      .header("Location", upload + "?_state=abc")
      .header("Docker-Upload-UUID", "5f0a")
      .header("OCI-Chunk-Min-Length", "65536")
      .header("X-Own-Field", "kept")
      .header("Content-Type", "application/json; charset=utf-8")
      .body(R"({"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"blob upload invalid","detail":)" + detail + "}]}");
  auto client = scene.inside();
  const auto got = client.ask("PATCH", upload, {{"Content-Range", "50001-50005"}}, "layer");
  CHECK(got.status == 416);
  CHECK(got.field("Range") == "0-49999");
  CHECK(got.field("Location") == upload + "?_state=abc");
  CHECK(got.field("Docker-Upload-UUID") == "5f0a");
  CHECK(got.field("OCI-Chunk-Min-Length") == "65536");
  CHECK(got.field("X-Own-Field") == "kept");
  CHECK(got.field("Content-Type") == "application/json; charset=utf-8");
  CHECK(got.all("Content-Length").size() == 1);
  const auto errors = errors_of(got);
  REQUIRE(errors.size() == 1);
  CHECK(text(errors.at(0), "code") == "BLOB_UPLOAD_INVALID");
  CHECK(errors.at(0).at("detail") == json::parse(detail));
  CHECK(first_message(got).find("blob upload invalid") != std::string::npos);
  CHECK(first_message(got).starts_with(got.reason));
  CHECK(ends_in_id(got.reason, got));
}

TEST_CASE("R3: what a refusal says of its own connection and framing does not reach the client", "[answer]") {
  open_scene scene;
  scene.registry.on("PUT", manifest)
      .answer(403, "Forbidden")
      .header("Connection", "X-Hop")
      .header("X-Hop", "1")
      .header("Keep-Alive", "timeout=5")
      .header("WWW-Authenticate", "Bearer realm=\"https://auth.test/token\"")
      .header("X-Regpass-Cause", "forged")
      .header("X-Regpass-Id", "forged")
      .header("Warning", "299 - \"the registry is read-only from Friday on\"")
      .header("Set-Cookie", "session=1")
      .header("RateLimit-Remaining", "3")
      .chunked()
      .body(R"({"errors":[{"code":"DENIED","message":"no"}]})");
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  for (const auto* gone : {"X-Hop", "Keep-Alive", "WWW-Authenticate", "Transfer-Encoding"}) CHECK_FALSE(got.has(gone));
  CHECK(got.all("X-Regpass-Cause").size() == 1);
  CHECK(got.field("X-Regpass-Cause") != "forged");
  CHECK(got.field("X-Regpass-Id") != "forged");
  CHECK(got.field("Set-Cookie") == "session=1");  // as with any other answer
  CHECK(got.field("RateLimit-Remaining") == "3");
  REQUIRE(got.all("Warning").size() == 2);
  CHECK(got.all("Warning")[0] == "299 - \"the registry is read-only from Friday on\"");
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 403);
}

TEST_CASE("R3: a refusal's Location and Link lead a mirror's client back to the mirror", "[answer]") {
  fake_server registry;
  proxy_under_test proxy;
  proxy.serve(registry);
  proxy.mirror(registry.authority());
  registry.on("PATCH", upload)
      .answer(416, "Requested Range Not Satisfiable")
      .header("Range", "0-9")
      .header("Location", registry.url(upload + "?_state=abc"))
      .header("Link", "<" + registry.url("/v2/help") + ">; rel=\"help\"")
      .body(R"({"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"blob upload invalid"}]})");
  auto client = proxy.at_mirror();
  const auto got = client.ask("PATCH", upload, {}, "layer");
  const auto mirror = "http://127.0.0.1:" + std::to_string(proxy.mirror_port());
  CHECK(got.status == 416);
  CHECK(got.field("Range") == "0-9");
  CHECK(got.field("Location") == mirror + upload + "?_state=abc");
  CHECK(got.field("Link") == "<" + mirror + "/v2/help>; rel=\"help\"");
}

TEST_CASE("R3b: all errors of the registry stay, the sentence comes before the first message", "[answer]") {
  open_scene scene;
  const auto [status, body, original] = GENERATE(table<int, std::string, std::string>({
      {400, R"({"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":"OCI is not supported"}]})",
       "manifest invalid"},
      {400,
       R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":{"digest":"sha256:aa"}},)"
       R"({"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":{"digest":"sha256:bb"}}]})",
       "blob unknown"},
      {405, R"({"errors":[{"code":"UNSUPPORTED","message":"Invalid JSON syntax"}],"request":"17"})",
       "Invalid JSON syntax"},
      {400, R"({"errors":[{"code":"TAG_INVALID","message":"manifest tag did not match URI"}]})",
       "manifest tag did not match URI"},
      {403, R"({"errors":[{"code":"UNKNOWN","message":"the registry's own words"}]})", "the registry's own words"},
      {412, R"({"errors":[{"code":"PRECONDITION","message":"immutable: \u00e9t\u00e9\nline 2"}]})",
       "immutable: été\nline 2"},
  }));
  INFO(body);
  scene.registry.on("PUT", manifest).answer(status, "No").header("Content-Type", "application/json").body(body);
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == status);
  CHECK(without_first_message(json::parse(got.body)) == without_first_message(json::parse(body)));
  const auto message = first_message(got);
  CHECK(message.starts_with(got.reason));
  CHECK(message.find(original) != std::string::npos);
}

TEST_CASE("R3b: the registry's code stays when its 401 becomes a 403", "[answer]") {
  token_scene scene;
  scene.registry.on("*", "*")
      .answer(401, "Unauthorized")
      .header("WWW-Authenticate", "Bearer error=\"insufficient_scope\"")
      .body(R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Action":"push"}]}]})");
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK_FALSE(got.has("WWW-Authenticate"));
  CHECK(text(errors_of(got).at(0), "code") == "UNAUTHORIZED");
  CHECK(errors_of(got).at(0).at("detail") == json::parse(R"([{"Action":"push"}])"));
  CHECK(first_message(got).find("authentication required") != std::string::npos);
}

TEST_CASE("R3b: the token server's words follow the sentence whole, and once", "[answer]") {
  token_scene scene;
  const std::string words =
      GENERATE(as<std::string>(), "account is locked",
               "account is locked since Monday because of " + std::string(200, 'x') + ", call 4711");
  scene.tokens.server()
      .on("GET", "/token")
      .answer(GENERATE(401, 403, 503), "No")
      .body(R"({"details":")" + words + "\"}");
  auto client = scene.inside();
  const auto message = first_message(client.ask("PUT", manifest, {}, "{}"));
  INFO(message);
  CHECK(message.find("[regpass ") != std::string::npos);
  const auto at = message.find(words);
  REQUIRE(at != std::string::npos);
  CHECK(message.find(words, at + 1) == std::string::npos);
}

TEST_CASE("R3b: a final refusal without a code gets none that makes a client repeat it", "[answer]") {
  open_scene scene;
  const auto status =
      GENERATE(400, 402, 403, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423, 424, 426, 428, 431, 451);
  scene.registry.on("PATCH", upload)
      .answer(status, "No")
      .header("Server", "nginx/1.22.1")
      .header("Content-Type", "text/html")
      .body("<html>\r\n<head><title>No</title></head>\r\n<body>\r\n<center><h1>No</h1></center>\r\n</body></html>\r\n");
  auto client = scene.inside();
  const auto got = client.ask("PATCH", upload, {}, "layer");
  CHECK(got.status == status);
  const auto code = text(errors_of(got).at(0), "code");
  INFO(code);
  CHECK(temporary.count(code) == 0);
  // For these two, containers/image would convert the manifest and try again.
  CHECK(code != "MANIFEST_INVALID");
  CHECK(code != "TAG_INVALID");
}

TEST_CASE("R3b: what is refused for now keeps a code that is worth another try", "[answer]") {
  open_scene scene;
  const auto status = GENERATE(408, 429, 500, 502, 503, 504);
  scene.registry.on("PATCH", upload).answer(status, "Later").body("later");
  auto client = scene.inside();
  const auto got = client.ask("PATCH", upload, {}, "layer");
  CHECK(got.status == status);
  CHECK(temporary.count(text(errors_of(got).at(0), "code")) == 1);
}

TEST_CASE("R3b: a request that regpass finds malformed is refused for good", "[answer]") {
  open_scene scene;
  auto client = scene.inside();
  const auto got = client.ask("GET", "/v2/team-a/app/manifests/sha256:xyz");
  CHECK(got.status == 400);
  CHECK(temporary.count(text(errors_of(got).at(0), "code")) == 0);
  CHECK(scene.registry.requests().empty());
}

TEST_CASE("R3b: the words of answers in other forms follow the sentence", "[answer]") {
  open_scene scene;
  const auto [type, body, words] = GENERATE(table<std::string, std::string, std::string>({
      {"application/json", R"({"errors":[{"status":403,"message":"quota of team-a exceeded"}]})",
       "quota of team-a exceeded"},
      {"application/json", R"({"errors":[{"code":403,"message":"quota of team-a exceeded"}]})",
       "quota of team-a exceeded"},
      {"application/json", R"({"errors":["quota of team-a exceeded"]})", "quota of team-a exceeded"},
      {"application/json", R"({"errors":{"team-a":"quota exceeded"}})", R"({"team-a":"quota exceeded"})"},
      {"application/json", R"({"message":"quota of team-a exceeded"})", "quota of team-a exceeded"},
      {"application/json", R"({"error":"quota exceeded","limit":"10GB"})", "10GB"},
      {"application/json", R"({"error":{"code":403,"status":"PERMISSION_DENIED"}})", "PERMISSION_DENIED"},
      {"application/json", R"({"details":"quota of team-a exceeded"})", "quota of team-a exceeded"},
      {"application/json", R"("quota of team-a exceeded")", "quota of team-a exceeded"},
      {"application/json", R"({"errors":[{"code":"DENIED","message":{"en":"quota exceeded"}}]})", "quota exceeded"},
      {"application/json", R"({"errors":[{"code":"DENIED","message":"cut o)", "cut o"},
      {"text/plain", "quota of team-a exceeded: " + std::string(3000, 'x') + " end", "x end"},
      {"text/html",
       "<!doctype "
       "html><html><head><title>Blocked</title><style>p{color:red}</style></head><body><h1>Blocked</h1><p>Your "
       "address is not on the <b>allow&#45;list</b>. Ask <a href=\"https://help.example.com/t/17\">the network "
       "team</a>.</p><script>var secret = 1;</script></body></html>",
       "Your address is not on the allow-list. Ask the network team (https://help.example.com/t/17)."},
      {"application/xml", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><RequestId>R17</RequestId></Error>",
       "<RequestId>R17</RequestId>"},
  }));
  INFO(body);
  scene.registry.on("PUT", manifest).answer(403, "Forbidden").header("Content-Type", type).body(body);
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.field("Content-Type") == "application/json");
  const auto errors = errors_of(got);
  REQUIRE(errors.size() == 1);
  CHECK(text(errors.at(0), "code") == "DENIED");
  const auto message = first_message(got);
  CHECK(message.starts_with(got.reason));
  CHECK(message.find(words) != std::string::npos);
  CHECK(message.find("secret") == std::string::npos);
  // Docker's clients read "details" before "errors".
  const auto root = json::parse(got.body);
  if (const auto* details = root.as_object().if_contains("details")) CHECK(details->as_string() == message);
}

TEST_CASE("R3b: other members of an answer stay beside the errors that it lacked", "[answer]") {
  open_scene scene;
  scene.registry.on("PUT", manifest)
      .answer(403, "Forbidden")
      .header("Content-Type", "application/problem+json")
      .body(R"({"title":"No","request_id":"17","limits":{"tags":100}})");
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.field("Content-Type") == "application/problem+json");
  const auto body = json::parse(got.body);
  CHECK(text(body, "title") == "No");
  CHECK(text(body, "request_id") == "17");
  CHECK(body.at("limits").at("tags").to_number<int>() == 100);
  CHECK(first_message(got).find("request_id") != std::string::npos);
}

TEST_CASE("R3b: an encoded refusal is read, and reaches the client decoded", "[answer]") {
  open_scene scene;
  const auto [coding, encoded] = GENERATE(table<std::string, std::string>({
      {"gzip",
       "H4sIAAAAAAACAxXJwQpAQBAA0F/Z5uzmtjeF2sKFXCRNdmhqd9WOlLT/jnd9D1CMRxTQ0wPrYQk0tEVn6qofFtONRWNKyMCTCO5/"
       "egy8kZyKw4WO7ZeWTmT3ncObosoVi/IswmGHNKcXbat48mMAAAA="},
      {"deflate",
       "eJwVycEKQEAQANBf2ebs5rY3hdrChVwkTXZoanfVjpS0/"
       "453fQ9QjEcU0NMD62EJNLRFZ+qqHxbTjUVjSsjAkwjuf3oMvJGcisOFju2Xlk5k953Dm6LKFYvyLMJhhzSnF06SIPY="},
  }));
  std::string bytes;
  REQUIRE_FALSE(decode_base64(encoded, bytes));
  scene.registry.on("PUT", manifest)
      .answer(400, "Bad Request")
      .header("Content-Type", "application/json")
      .header("Content-Encoding", coding)
      .body(bytes);
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {{"Accept-Encoding", "gzip"}}, "{}");
  CHECK(got.status == 400);
  CHECK_FALSE(got.has("Content-Encoding"));
  CHECK(text(errors_of(got).at(0), "code") == "MANIFEST_INVALID");
  CHECK(text(errors_of(got).at(0), "detail") == "layer 3 is missing");
  CHECK(first_message(got).starts_with(got.reason));
  CHECK(got.reason.find("manifest invalid") != std::string::npos);
}

TEST_CASE("R3b: a body that regpass cannot rewrite passes byte for byte, with the explanation in the head",
          "[answer]") {
  open_scene scene;
  const auto [field, value, body] = GENERATE(table<std::string, std::string, std::string>({
      {"Content-Encoding", "zstd", "\x28\xb5\x2f\xfd not to be read"},
      {"Content-Encoding", "gzip", "\x1f\x8b\x08 broken"},
      {"Content-Type", "application/octet-stream", std::string("\x00\x01\x02 binary", 10)},
      {"Content-Type", "application/json",
       R"({"errors":[{"code":"DENIED","message":")" + std::string(70'000, 'x') + "\"}]}"},
  }));
  INFO(field << ": " << value);
  const auto status = GENERATE(401, 403);
  const bool chunked = GENERATE(false, true);
  auto& answer = scene.registry.on("PUT", manifest).answer(status, "No").header(field, value).header("X-Own", "1");
  answer.body(body);
  if (chunked) answer.chunked();
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.complete);
  CHECK(got.body_size == body.size());
  CHECK("sha256:" + got.sha256 == digest_of(body));
  CHECK(got.field(field) == value);
  CHECK(got.field("X-Own") == "1");
  CHECK(ends_in_id(got.reason, got));
  CHECK(got.has("Warning"));
  CHECK(client.ask("PUT", manifest, {}, "{}").status == 403);
}

TEST_CASE("R3b: a refusal whose body is cut off is still explained", "[answer]") {
  open_scene scene;
  scene.registry.on("PUT", manifest).answer(403, "No").stream(200).cut_after(20);
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.complete);
  CHECK(first_message(got).starts_with(got.reason));
}

TEST_CASE("R3b: without annotation a 401 that becomes a 403 keeps all the rest", "[answer]") {
  open_scene scene;
  scene.proxy.change([](forward::snapshot& from) { from.annotate = false; });
  scene.registry.on("PUT", manifest)
      .answer(401, "Unauthorized")
      .header("WWW-Authenticate", "Negotiate")
      .header("X-Own", "1")
      .body(R"({"errors":[{"code":"UNAUTHORIZED","message":"log in","detail":"here"}]})");
  auto client = scene.inside();
  const auto got = client.ask("PUT", manifest, {}, "{}");
  CHECK(got.status == 403);
  CHECK(got.reason == "Forbidden");
  CHECK(got.field("X-Own") == "1");
  CHECK_FALSE(got.has("WWW-Authenticate"));
  CHECK(text(errors_of(got).at(0), "code") == "UNAUTHORIZED");
  CHECK(text(errors_of(got).at(0), "detail") == "here");
  CHECK(first_message(got).find("log in") != std::string::npos);
}
