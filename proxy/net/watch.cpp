#include "regpass/net/watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <set>

namespace regpass::net {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t events =
    IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// The directories whose entries decide what `path` is: itself or its parent, its links' targets, or the nearest one
// that exists.
void collect(const fs::path& path, std::set<fs::path>& into, int depth = 0) {
  std::error_code ec;
  if (depth > 8) return;
  if (fs::is_symlink(path, ec)) {
    const auto target = fs::read_symlink(path, ec);
    if (!ec) collect(target.is_absolute() ? target : path.parent_path() / target, into, depth + 1);
  }
  if (fs::is_directory(path, ec)) into.insert(path);
  auto parent = path.parent_path();
  while (!parent.empty() && !fs::is_directory(parent, ec) && parent != parent.root_path())
    parent = parent.parent_path();
  if (!parent.empty()) into.insert(parent);
}

}  // namespace

struct watch::state : std::enable_shared_from_this<state> {
  state(const executor& on, std::vector<fs::path> what, std::function<void()> call)
      : descriptor(on), settle_timer(on), poll_timer(on), paths(std::move(what)), changed(std::move(call)) {
    // A bare name has no parent directory to watch.
    std::error_code ec;
    for (auto& path : paths) {
      if (auto whole = fs::absolute(path, ec); !ec) path = std::move(whole);
    }
  }

  void arm() {
    std::set<fs::path> directories;
    for (const auto& path : paths) collect(path, directories);
    for (const auto& directory : directories) {
      if (descriptor.is_open()) ::inotify_add_watch(descriptor.native_handle(), directory.c_str(), events);
    }
  }

  void read() {
    if (!descriptor.is_open()) return;
    descriptor.async_read_some(boost::asio::buffer(buffer),
                               [self = shared_from_this()](const boost::system::error_code& ec, std::size_t) {
                                 if (ec || !self->alive) return;
                                 self->soon();
                                 self->read();
                               });
  }

  // Mounts are swapped by several events; they are one change.
  void soon() {
    if (pending) return;
    pending = true;
    settle_timer.expires_after(settle);
    settle_timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || !self->alive) return;
      self->pending = false;
      self->arm();
      self->changed();
    });
  }

  void poll_later() {
    poll_timer.expires_after(poll);
    poll_timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || !self->alive) return;
      self->soon();
      self->poll_later();
    });
  }

  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer settle_timer;
  boost::asio::steady_timer poll_timer;
  std::vector<fs::path> paths;
  std::function<void()> changed;
  std::chrono::milliseconds settle{100};
  std::chrono::seconds poll{30};
  std::array<char, 4096> buffer{};
  bool pending = false;
  bool alive = true;
};

watch::watch(const executor& on, std::vector<fs::path> paths, std::function<void()> changed,
             std::chrono::milliseconds settle, std::chrono::seconds poll)
    : state_(std::make_shared<state>(on, std::move(paths), std::move(changed))) {
  state_->settle = settle;
  state_->poll = poll;
  const int handle = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  boost::system::error_code ignored;
  if (handle >= 0) state_->descriptor.assign(handle, ignored);  // without inotify the poll remains
  state_->arm();
  state_->read();
  state_->poll_later();
}

watch::~watch() {
  state_->alive = false;
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
  state_->settle_timer.cancel();
  state_->poll_timer.cancel();
}

}  // namespace regpass::net
