#include "net/receive_batch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

#include <chrono>

namespace regpass::net {
namespace {

constexpr int batch_bytes = 64 * 1024;
constexpr std::size_t fast = 16 * 1024;  // bytes in one read from which on a peer counts as fast
// How long bytes may be held back after a peer has become slow.
constexpr auto patience = std::chrono::milliseconds(100);

}  // namespace

// Shared with the timer's handler, which may run after the batch itself was destroyed.
struct receive_batch::state : std::enable_shared_from_this<state> {
  state(const async::executor& on, int fd) : timer(on), socket(fd) {}

  void wait_for(int bytes) noexcept {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
    in_batches = bytes > 1;
  }

  void watch() {
    reads_at_start = reads;
    timer.expires_after(patience);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      self->watching = false;
      if (ec || !self->alive || !self->in_batches) return;
      if (self->reads_at_start == self->reads) {
        self->wait_for(1);
      } else {
        self->watching = true;
        self->watch();
      }
    });
  }

  boost::asio::steady_timer timer;
  int socket;
  bool alive = true;
  bool in_batches = false;
  bool watching = false;
  bool is_fast = false;
  std::uint64_t reads = 0;
  std::uint64_t reads_at_start = 0;  // of the current wait
};

receive_batch::receive_batch(const async::executor& on, int socket) : state_(std::make_shared<state>(on, socket)) {}

receive_batch::~receive_batch() {
  state_->alive = false;
  state_->timer.cancel();
}

void receive_batch::expect(std::uint64_t bytes) noexcept {
  auto& s = *state_;
  const bool wanted = s.is_fast && bytes >= least;
  if (wanted == s.in_batches) return;
  s.wait_for(wanted ? batch_bytes : 1);
  if (!wanted || s.watching) return;
  s.watching = true;
  s.watch();
}

void receive_batch::arrived(std::size_t bytes) noexcept {
  ++state_->reads;
  state_->is_fast = bytes >= fast;
}

}  // namespace regpass::net
