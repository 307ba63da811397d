// Every system call of the proxy's connections fails in turn, in a whole exchange of HTTP/2 on both sides: what cannot
// be done fails visibly, nobody is resumed who is gone, and the next client is served (F06).
#include "support/common_ground.hpp"
#include "support/h2_raw_client.hpp"
#include "support/proxy_under_test.hpp"

#include <catch2/catch.hpp>
#include <dlfcn.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>

namespace {

// Of the one thread that says so.
thread_local bool calls_fail = false;
std::atomic<int> calls_left{0};  // until the one that fails; negative: none does any more

bool due() {
  return calls_fail && calls_left.fetch_sub(1) == 1;
}

template <class F>
F* real(F* /*type*/, const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// These take the place of the C library's.
extern "C" {
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static const auto next = real(&recvmsg, "recvmsg");
  if (due()) return errno = ECONNRESET, -1;
  return next(fd, message, flags);
}
ssize_t recv(int fd, void* to, size_t size, int flags) {
  static const auto next = real(&recv, "recv");
  if (due()) return errno = ECONNRESET, -1;
  return next(fd, to, size, flags);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto next = real(&sendmsg, "sendmsg");
  if (due()) return errno = EPIPE, -1;
  return next(fd, message, flags);
}
ssize_t send(int fd, const void* from, size_t size, int flags) {
  static const auto next = real(&send, "send");
  if (due()) return errno = EPIPE, -1;
  return next(fd, from, size, flags);
}
}

using namespace regpass;
using namespace regpass::testing;

namespace {

const std::string blob = "/v2/team-a/app/blobs/sha256:" + std::string(64, 'a');
const std::string upload = "/v2/team-a/app/blobs/uploads/1";
constexpr std::uint64_t blob_size = 300'000;

void pull(const open_scene& scene, bool must) {
  try {
    h2_raw_client client(scene.proxy.port(), scene.registry.authority());
    const auto push = client.send("PUT", upload, {}, pattern(0, 200'000));
    const auto first = client.send("GET", blob);
    const auto pulled = client.receive(first);
    if (must) CHECK(pulled.complete);
    if (pulled.complete && pulled.status == 200) CHECK(pulled.sha256 == sha256_of_pattern(blob_size));
    const auto pushed = client.receive(push);
    if (must) CHECK(pushed.status == 201);
  } catch (const std::runtime_error& failed) {
    INFO(failed.what());
    CHECK_FALSE(must);
  }
}

}  // namespace

TEST_CASE(
    "Whichever system call of the proxy fails, clients see a failure or all of it, and the next one is served (F06)") {
  const bool registry_h2 = GENERATE(true, false);
  bool came = true;
  // What opens the connections call by call, of what carries the bodies some.
  for (int which = 1; came; which += which < 24 ? 1 : 9) {
    INFO((registry_h2 ? "HTTP/2" : "HTTP/1.1") << " to the registry, call " << which);
    open_scene scene;
    if (registry_h2) scene.registry.speak_h2();
    scene.registry.on("GET", blob).stream(blob_size);
    scene.registry.on("PUT", upload).answer(201);
    calls_left = which;
    scene.proxy.on_its_thread([] { calls_fail = true; });
    pull(scene, false);
    scene.proxy.on_its_thread([] { calls_fail = false; });
    came = calls_left <= 0;
    CHECK((came || which > 20));
    pull(scene, true);
    if (scene.registry.requests("PUT", upload).empty()) throw std::runtime_error("nobody was served");
  }
}
