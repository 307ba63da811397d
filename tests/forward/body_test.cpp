// Bodies: whole, streamed, cut, and none where there must be none.
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace regpass;
using namespace regpass::testing;
using namespace std::chrono_literals;

namespace {

const std::string blob = "/v2/team-a/app/blobs/" + digest_of("layer");
const std::string upload = "/v2/team-a/app/blobs/uploads/state?digest=" + digest_of("layer");

constexpr std::uint64_t mebibyte = 1024 * 1024;

// Writes pattern bytes from a thread of its own, counting them.
class uploader {
 public:
  uploader(raw_client& to, std::uint64_t bytes, bool chunked)
      : thread_([this, &to, bytes, chunked] {
          for (std::uint64_t at = 0; at < bytes && run(to, at, bytes, chunked); at = written_) {
          }
          if (chunked) to.send("0\r\n\r\n");
        }) {}
  ~uploader() { thread_.join(); }
  std::uint64_t written() const { return written_; }

 private:
  bool run(raw_client& to, std::uint64_t at, std::uint64_t bytes, bool chunked) {
    const auto piece = pattern(at, static_cast<std::size_t>(std::min<std::uint64_t>(64 * 1024, bytes - at)));
    const bool sent = to.send(chunked ? "10000\r\n" + piece + "\r\n" : piece);
    if (sent) written_ += piece.size();
    return sent;
  }
  std::atomic<std::uint64_t> written_{0};
  std::thread thread_;
};

// The number that `count` comes to rest at.
template <class F>
std::uint64_t resting(F count) {
  for (std::uint64_t last = count();;) {
    std::this_thread::sleep_for(300ms);
    if (count() == last) return last;
    last = count();
  }
}

}  // namespace

TEST_CASE("Answers to HEAD carry no body, whoever gives them") {
  token_scene scene;
  scene.proxy.serve(scene.registry, [&](forward::registry_options& options) {
    options.realms = {scene.tokens.realm()};
    options.policy.pull = {"team-a/*"};
  });
  scene.registry.on("GET", blob).body("layer");
  scene.registry.on("HEAD", blob).body("layer");
  scene.registry.on("HEAD", "/v2/team-a/app/manifests/gone").answer(404, "Not Found").body("no such thing");
  scene.registry.on("HEAD", "/v2/team-a/app/manifests/closed").answer(403, "No").body("{}");
  scene.registry.on("HEAD", "/v2/team-a/app/manifests/broken").answer(502, "No").body("<html>");
  scene.registry.on("HEAD", "/v2/team-a/app/manifests/dead").cut();
  const auto [target, status] = GENERATE(table<std::string, int>({
      {blob, 200},
      {"/v2/team-a/app/manifests/gone", 404},
      {"/v2/team-a/app/manifests/closed", 403},
      {"/v2/team-a/app/manifests/broken", 502},
      {"/v2/team-a/app/manifests/dead", 503},
      {"/v2/team-b/app/manifests/1", 403},                  // policy
      {"/v2/team-b/app/blobs/" + digest_of("layer"), 404},  // policy, told by the next request
      {"/v2/team-a/../secret/manifests/1", 400},
  }));
  INFO(target);
  auto client = scene.inside();
  CHECK(client.ask("HEAD", target).status == status);
  CHECK_FALSE(client.readable(50ms));
  const auto next = client.ask("GET", blob);
  CHECK(next.status == 200);
  CHECK(next.body == "layer");
}

TEST_CASE("A HEAD answer's Content-Length is that of the body that GET would get") {
  open_scene scene;
  scene.registry.on("HEAD", blob).body("layer");
  auto client = scene.inside();
  CHECK(client.ask("HEAD", blob).field("Content-Length") == "5");
}

TEST_CASE("Uploads stream through, counted and chunked, byte for byte") {
  token_scene scene;
  const bool chunked = GENERATE(false, true);
  const bool known = GENERATE(false, true);  // the registry's requirement
  constexpr auto size = 8 * mebibyte;
  scene.registry.on("GET", "/v2/").body("{}");
  scene.registry.on("PUT", upload).answer(201, "Created");
  auto client = scene.inside();
  if (known) client.ask("GET", "/v2/");
  const header_list framing{chunked ? std::pair{"Transfer-Encoding", "chunked"}
                                    : std::pair{"Content-Length", "8388608"}};
  client.request("PUT", upload, framing);
  {
    const uploader writing(client, size, chunked);
    CHECK(client.receive("PUT").status == 201);
  }
  const auto got = scene.registry.requests("PUT", upload);
  REQUIRE(got.size() == 1);
  CHECK(got[0].complete);
  CHECK(got[0].body_size == size);
  CHECK(got[0].sha256 == sha256_of_pattern(size));
  CHECK(got[0].has("Transfer-Encoding") == chunked);
  CHECK(got[0].has("Content-Length") != chunked);
  CHECK(scene.proxy.finished(known ? 2 : 1).back().evidence.status == 201);
}

TEST_CASE("Downloads stream through, counted and chunked, byte for byte") {
  open_scene scene;
  const bool chunked = GENERATE(false, true);
  constexpr auto size = 8 * mebibyte;
  auto& answer = scene.registry.on("GET", blob).stream(size);
  if (chunked) answer.chunked();
  auto client = scene.inside();
  const auto got = client.ask("GET", blob);
  CHECK(got.complete);
  CHECK(got.body_size == size);
  CHECK(got.sha256 == sha256_of_pattern(size));
  CHECK(got.has("Content-Length") != chunked);
}

TEST_CASE("A registry that reads no more stops the client: an upload is nowhere gathered (F10)") {
  open_scene scene;
  constexpr auto size = 96 * mebibyte;
  scene.registry.on("PUT", upload).answer(201, "Created");
  scene.registry.hold_reading(true);
  auto client = scene.inside();
  client.request("PUT", upload, {{"Content-Length", std::to_string(size)}});
  const uploader writing(client, size, false);
  // What the four socket buffers on the way take, and little more.
  CHECK(resting([&] { return writing.written(); }) < size / 2);
  scene.registry.hold_reading(false);
  CHECK(client.receive("PUT").status == 201);
  CHECK(scene.registry.requests().back().sha256 == sha256_of_pattern(size));
}

TEST_CASE("A client that reads no more stops the registry: a download is nowhere gathered (F10)") {
  open_scene scene;
  constexpr auto size = 96 * mebibyte;
  scene.registry.on("GET", blob).stream(size);
  auto client = scene.inside();
  client.request("GET", blob);
  REQUIRE(client.readable(5s));
  CHECK(resting([&] { return scene.registry.sent(); }) < size / 2);
  const auto got = client.receive();
  CHECK(got.complete);
  CHECK(got.sha256 == sha256_of_pattern(size));
}

TEST_CASE("What is about a part of a body or its coding passes unchanged") {
  open_scene scene;
  const std::string packed("\x1f\x8b\x08\x00\x00\x01\x02\xff", 8);
  scene.registry.on("GET", blob)
      .answer(206, "Partial Content")
      .header("Content-Range", "bytes 3-10/100")
      .header("Content-Encoding", "gzip")
      .header("Accept-Ranges", "bytes")
      .header("ETag", "\"x\"")
      .body(packed);
  const auto coding = GENERATE("gzip", "zstd;q=1.0, gzip;q=0.8, deflate;q=0.5", "identity");
  auto client = scene.inside();
  const auto got =
      client.ask("GET", blob, {{"Range", "bytes=3-10"}, {"If-Range", "\"x\""}, {"Accept-Encoding", coding}});
  CHECK(got.status == 206);
  CHECK(got.field("Content-Range") == "bytes 3-10/100");
  CHECK(got.field("Content-Encoding") == "gzip");
  CHECK(got.body == packed);
  const auto asked = scene.registry.requests().back();
  CHECK(asked.field("Range") == "bytes=3-10");
  CHECK(asked.field("If-Range") == "\"x\"");
  CHECK(asked.field("Accept-Encoding") == coding);
}

TEST_CASE("A client that asks for no coding has none asked for") {
  open_scene scene;
  scene.registry.on("GET", blob).body("layer");
  auto client = scene.inside();
  client.ask("GET", blob);
  CHECK_FALSE(scene.registry.requests().back().has("Accept-Encoding"));
}

TEST_CASE("A body that the registry cuts off ends for the client at the same byte, and visibly (F01)") {
  open_scene scene;
  const bool chunked = GENERATE(false, true);
  const auto status = GENERATE(200, 404);
  const auto sent = GENERATE(1U, 100'000U);
  auto& answer = scene.registry.on("GET", blob).answer(status, "Some").stream(200'000).cut_after(sent);
  if (chunked) answer.chunked();
  auto client = scene.inside();
  const auto got = client.ask("GET", blob);
  CHECK_FALSE(got.complete);
  CHECK(got.body_size == sent);
  CHECK(got.body == pattern(0, std::min<std::size_t>(sent, 64 * 1024)));
  const auto done = scene.proxy.finished().back();
  REQUIRE(done.explanation.has_value());
  CHECK(done.evidence.status == 0);
}

TEST_CASE("A body that the registry cuts off before its first byte is an answer with the reason instead (F01)") {
  open_scene scene;
  auto& answer = scene.registry.on("GET", blob).answer(GENERATE(200, 404), "Some").stream(200'000).cut_after(0);
  if (GENERATE(false, true)) answer.chunked();
  const auto got = scene.inside().ask("GET", blob);
  CHECK(got.complete);
  CHECK(got.status == 502);
  CHECK(got.field("X-Regpass-Cause") == "upstream-broken");
  CHECK(scene.proxy.finished().back().evidence.status == 502);
}

TEST_CASE("A body without length ends with the connection on both sides") {
  open_scene scene;
  scene.registry.on("GET", blob).raw("HTTP/1.1 200 OK\r\n\r\nlayer").close();
  auto client = scene.inside();
  const auto got = client.ask("GET", blob);
  CHECK(got.status == 200);
  CHECK(got.field("Connection") == "close");
  CHECK(got.body == "layer");
}
