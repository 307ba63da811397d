#include "forward/session/tunnel.hpp"

#include "net/splice.hpp"
#include "regpass/async/deadline.hpp"
#include "regpass/async/task_group.hpp"
#include "regpass/base/log.hpp"
#include "regpass/net/endpoint.hpp"

#include <vector>

namespace regpass::forward {

namespace {

constexpr std::size_t turn_bytes = 64 * 1024;
// After one side has ended, the other may still finish sending, within this time.
constexpr auto half_closed_for = std::chrono::minutes{1};
// How often regpass checks whether a client that waits for its tunnel is still connected.
constexpr auto check_client_every = std::chrono::milliseconds{200};
constexpr int checks_of_half_closed = 5;

struct tunnel_direction {
  net::stream& from;
  net::stream& to;
  async::deadline& timer;
  std::chrono::milliseconds idle;
  std::vector<char> buffer{};  // only when bytes must be copied
  std::uint64_t moved = 0;
};

// Relays the next bytes. Returns their number, 0 at the end of the stream.
async::task<result<std::size_t>> relay_some(tunnel_direction& direction) {
  auto spliced = co_await net::splice_some(direction.from, direction.to);
  if (!spliced) co_return std::unexpected(spliced.error());
  if (*spliced) co_return **spliced;
  direction.buffer.resize(turn_bytes);
  auto got = co_await direction.from.read_some(direction.buffer);
  if (!got || *got == 0) co_return got;
  auto written = co_await net::write_one(direction.to, std::string_view(direction.buffer.data(), *got));
  if (!written) co_return std::unexpected(written.error());
  co_return got;
}

// A failure in one direction ends both; an orderly end is relayed as a half-close.
async::task<void> pump(tunnel_direction& direction) {
  for (;;) {
    auto got = co_await relay_some(direction);
    if (!got) break;
    if (*got == 0) {
      auto shut = co_await direction.to.shut_write();
      if (!shut) break;
      direction.timer.set(phase::tunnel, half_closed_for);
      co_return;
    }
    direction.moved += *got;
    direction.timer.set(phase::tunnel, direction.idle);
  }
  direction.from.close();
  direction.to.close();
}

}  // namespace

async::task<tunnel_traffic> run_tunnel(net::stream& client, net::stream& server, std::chrono::milliseconds idle) {
  async::deadline timer(client.get_executor(), [&] {
    client.close();
    server.close();
  });
  timer.set(phase::tunnel, idle);
  tunnel_direction up{client, server, timer, idle};
  tunnel_direction down{server, client, timer, idle};
  async::task_group both(client.get_executor());
  both.spawn(pump(up), "tunnel up");
  both.spawn(pump(down), "tunnel down");
  co_await both.join();
  client.close();
  server.close();
  co_return tunnel_traffic{up.moved, down.moved};
}

// A client that sends no more may have closed only its own side, even before it got a response; few clients do that,
// and only briefly.
async::task<result<net::connected_stream>> dial_for_tunnel(connection& client, const target& to,
                                                           const decision& decided, const snapshot_ptr& snapshot) {
  net::dial_target where;
  where.host = to.origin.host;
  where.address = to.original;
  where.port = to.origin.port;
  where.allowed = filter_for(rule_for(to, decided, *snapshot));
  where.blame = party::intermediary;
  where.within = client.context.bounds.connect_within;
  const auto asker = std::make_shared<net::requester>(net::address_text(client.peer));
  where.requested_by = asker;
  const auto checks = std::make_shared<int>(0);
  client.timer.watch(check_client_every, [&client, asker, checks] {
    const auto presence = client.stream->probe_peer();
    if (presence == net::peer_state::open) return;
    asker->mark_leaving();
    if (presence == net::peer_state::closed || ++*checks > checks_of_half_closed) asker->leave();
  });
  auto reached = co_await net::connect_through(snapshot->upstream_proxy, std::move(where));
  client.timer.unwatch();
  if (!reached && reached.error().code == errc::cancelled) {
    log::write(log::level::debug, "tunnel", "the client hung up while " + to.origin.host + " was being looked up",
               {{"mode", client.mode}, {"client", client.peer}, {"host", to.origin.host}});
  }
  co_return reached;
}

void count_opened_tunnel(connection& client, const target& to) {
  client.context.shared.stores.tunnelled_hosts.add(http::authority(to.origin));
  ++client.context.shared.load.busy;
}

void log_closed_tunnel(connection& client, const target& to, const net::connected_stream& server,
                       const tunnel_traffic& moved, std::string_view action, const std::string& remark) {
  --client.context.shared.load.busy;
  const auto host = http::authority(to.origin);
  boost::json::object fields{{"mode", client.mode},       {"client", client.peer}, {"host", host},
                             {"address", server.address}, {"bytes_in", moved.up},  {"bytes_out", moved.down}};
  if (!remark.empty()) fields["remark"] = remark;
  log::write(log::level::info, "tunnel", std::string(action) + " " + host, fields);
}

}  // namespace regpass::forward
