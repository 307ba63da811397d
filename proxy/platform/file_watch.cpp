#include "platform/file_watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <set>
#include <string>

namespace regpass::platform {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_entries = 1000;
constexpr auto coarse_tick = std::chrono::milliseconds{20};  // the kernel's times of files move in ticks of up to 10 ms
constexpr std::uint32_t events =
    IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// The directories whose entries determine what `path` is: itself or its parent, the targets of links, or the nearest
// existing parent.
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

// The state of files as far as it shows without reading them.
struct file_state {
  std::string text;
  // Something was written so recently that another write could have the same time.
  bool racy = false;
};

void append(const fs::path& path, file_state& into) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) found = {};
  const auto changed = std::chrono::seconds(found.st_ctim.tv_sec) + std::chrono::nanoseconds(found.st_ctim.tv_nsec);
  const auto age = std::chrono::system_clock::now().time_since_epoch() - changed;
  // A time in the future, after the clock was set back, means nothing.
  if (age > -coarse_tick && age < coarse_tick) into.racy = true;
  for (const auto one : {static_cast<std::int64_t>(found.st_ino), static_cast<std::int64_t>(found.st_mode),
                         static_cast<std::int64_t>(found.st_size), static_cast<std::int64_t>(changed.count())}) {
    into.text += std::to_string(one) + ' ';
  }
  into.text += path.string() + '\n';
}

// Directories are read two levels deep, as they are for credentials.
file_state state_of(const std::vector<fs::path>& paths) {
  file_state result;
  std::size_t left = most_entries;
  const std::function<void(const fs::path&, int)> look = [&](const fs::path& path, int depth) {
    append(path, result);
    std::error_code ec;
    if (depth > 2 || !fs::is_directory(path, ec)) return;
    for (fs::directory_iterator it(path, ec), end; !ec && it != end && left > 0; it.increment(ec), --left) {
      look(it->path(), depth + 1);
    }
  };
  for (const auto& path : paths) look(path, 0);
  return result;
}

}  // namespace

struct file_watch::state : std::enable_shared_from_this<state> {
  state(const async::executor& on, std::vector<fs::path> what, std::function<void()> call)
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

  // Swapping a mount causes several events, which count as one change.
  void soon() {
    if (pending) return;
    pending = true;
    settle_timer.expires_after(settle);
    settle_timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || !self->alive) return;
      self->pending = false;
      self->arm();
      if (self->look_again()) self->changed();
    });
  }

  // Whether anything changed: events also come for unrelated files in the same directory.
  bool look_again() {
    auto fresh = state_of(paths);
    const bool other = fresh.text != look.text || look.racy;
    look = std::move(fresh);
    return other;
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
  file_state look;
  std::function<void()> changed;
  std::chrono::milliseconds settle{100};
  std::chrono::seconds poll{30};
  std::array<char, 4096> buffer{};
  bool pending = false;
  bool alive = true;
};

file_watch::file_watch(const async::executor& on, std::vector<fs::path> paths, std::function<void()> changed,
                       std::chrono::milliseconds settle, std::chrono::seconds poll)
    : state_(std::make_shared<state>(on, std::move(paths), std::move(changed))) {
  state_->settle = settle;
  state_->poll = poll;
  const int handle = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  boost::system::error_code ignored;
  if (handle >= 0) state_->descriptor.assign(handle, ignored);  // without inotify, polling remains
  state_->arm();
  state_->look = state_of(state_->paths);
  state_->read();
  state_->poll_later();
}

file_watch::~file_watch() {
  state_->alive = false;
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
  state_->settle_timer.cancel();
  state_->poll_timer.cancel();
}

}  // namespace regpass::platform
