#include "load_loop.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <utility>

namespace bench {
namespace {

timespec as_timespec(Clock::time_point at) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

}  // namespace

LoadLoop::LoadLoop(const Options& options) : way_(options), context_(way_.context()), work_(options) {
  const std::uint64_t connections = options.number("connections", 1);
  const std::uint64_t streams = options.number("streams", 1);
  if (connections == 0 || streams == 0) fail("no connections");
  if (!way_.http2 && streams > 1) fail("--streams wants --h2 1");
  for (std::uint64_t i = 0; i < connections; ++i) links_.push_back(make_link(way_, context_.get()));
  for (std::uint64_t i = 0; i < streams; ++i)
    for (const auto& link : links_) slots_.push_back({link.get(), {}});
  done_ = [this](void* tag, const Answer& answer, std::uint64_t body) {
    answered(*static_cast<Slot*>(tag), answer, body);
  };
  result_.latencies.reserve(work_.left());
}

void LoadLoop::warm_up() {
  for (const auto& link : links_) result_.note(ask(*link, work_.ping()));
  result_.origin_before = result_.origin_requests;
  result_.requests = 0;
  result_.cipher = SSL_get_cipher_name(links_.front()->secure().tls());
}

bool LoadLoop::begin(Slot& slot, Clock::time_point since) {
  auto request = work_.begin(slot.job);
  if (!request) return false;
  slot.job.since = since;
  slot.link->start(*request, &slot);
  ++active_;
  return true;
}

void LoadLoop::answered(Slot& slot, const Answer& answer, std::uint64_t body) {
  result_.note(answer);
  ++slot.job.requests;
  result_.bytes += work_.moved(answer, body);
  if (auto next = work_.go_on(slot.job, answer)) {
    slot.link->start(*next, &slot);
    return;
  }
  const auto now = Clock::now();
  result_.latencies.push_back(std::chrono::duration<double, std::micro>(now - slot.job.since).count());
  --active_;
  if (again_)
    begin(slot, now);
  else
    idle_.push_back(&slot);
}

void LoadLoop::closed() {
  Poller poller;
  for (const auto& link : links_) poller.add(link->secure().socket(), both_edges, link.get());  // writable immediately
  for (Slot& slot : slots_) begin(slot, Clock::now());
  while (active_ > 0) poller.wait([&](void* ready) { static_cast<Link*>(ready)->advance(done_); });
}

void LoadLoop::open(double per_second) {
  again_ = false;
  for (Slot& slot : slots_) idle_.push_back(&slot);
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (timer.get() < 0) fail_system("timerfd_create");
  Poller poller;
  poller.add(timer.get(), EPOLLIN, nullptr);
  for (const auto& link : links_) poller.add(link->secure().socket(), both_edges, link.get());

  const std::chrono::duration<double> step(1 / per_second);
  const auto start = Clock::now() + std::chrono::milliseconds(1);
  std::uint64_t scheduled = 0;
  const std::uint64_t all = work_.left();
  const auto instant = [&] { return start + std::chrono::duration_cast<Clock::duration>(step * scheduled); };
  while (work_.left() > 0 || active_ > 0) {
    itimerspec next{};
    if (scheduled < all) next.it_value = as_timespec(instant());
    ::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &next, nullptr);
    poller.wait([&](void* ready) {
      if (ready != nullptr) static_cast<Link*>(ready)->advance(done_);
    });
    for (; scheduled < all && instant() <= Clock::now(); ++scheduled) waiting_.push_back(instant());
    begin_due();
  }
}

void LoadLoop::begin_due() {
  while (!waiting_.empty() && !idle_.empty()) {
    Slot& slot = *std::exchange(idle_.front(), nullptr);
    idle_.pop_front();
    begin(slot, waiting_.front());
    waiting_.pop_front();
    slot.link->advance(done_);
  }
}

}  // namespace bench
