#include "forward/modes/tunnel.hpp"

#include "net/splice.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/async/task_group.hpp"

#include <vector>

namespace regpass::forward {

namespace {

constexpr std::size_t turn_bytes = 64 * 1024;
// After one side has ended, the other may still finish what it says, but not for ever.
constexpr auto half_closed_for = std::chrono::minutes{1};

struct one_way {
  net::stream& from;
  net::stream& to;
  async::deadline& timer;
  std::chrono::milliseconds idle;
  std::vector<char> buffer{};  // only when bytes must be copied
  std::uint64_t moved = 0;
};

// What came is passed on: its size, 0 at the end.
async::task<result<std::size_t>> pass_on(one_way& way) {
  auto spliced = co_await net::splice_some(way.from, way.to);
  if (!spliced) co_return std::unexpected(spliced.error());
  if (*spliced) co_return **spliced;
  way.buffer.resize(turn_bytes);
  auto got = co_await way.from.read_some(way.buffer);
  if (!got || *got == 0) co_return got;
  auto written = co_await net::write_one(way.to, std::string_view(way.buffer.data(), *got));
  if (!written) co_return std::unexpected(written.error());
  co_return got;
}

// A failure in one direction ends both; an orderly end is passed on as a half-close.
async::task<void> pump(one_way& way) {
  for (;;) {
    auto got = co_await pass_on(way);
    if (!got) break;
    if (*got == 0) {
      auto shut = co_await way.to.shut_write();
      if (!shut) break;
      way.timer.set(phase::tunnel, half_closed_for);
      co_return;
    }
    way.moved += *got;
    way.timer.set(phase::tunnel, way.idle);
  }
  way.from.close();
  way.to.close();
}

}  // namespace

async::task<tunnelled> run_tunnel(net::stream& client, net::stream& server, std::chrono::milliseconds idle) {
  async::deadline timer(client.get_executor(), [&] {
    client.close();
    server.close();
  });
  timer.set(phase::tunnel, idle);
  one_way up{client, server, timer, idle};
  one_way down{server, client, timer, idle};
  async::task_group both(client.get_executor());
  both.spawn(pump(up), "tunnel up");
  both.spawn(pump(down), "tunnel down");
  co_await both.join();
  client.close();
  server.close();
  co_return tunnelled{up.moved, down.moved};
}

}  // namespace regpass::forward
