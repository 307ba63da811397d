// Reports when files or directories may have changed: by inotify on the directories (a Kubernetes mount swaps its
// "..data" link there; a watch on the file itself would only see the old inode), and by slow polling of sizes and times
// for file systems without notification.
#pragma once

#include "regpass/async/task.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace regpass::platform {

class file_watch {
 public:
  // `changed` runs on the executor, at most once per `settle`, after the last of a burst of events. Paths that do not
  // exist yet are watched through their nearest existing parent directory.
  file_watch(const async::executor& on, std::vector<std::filesystem::path> paths, std::function<void()> changed,
             std::chrono::milliseconds settle = std::chrono::milliseconds{100},
             std::chrono::seconds poll = std::chrono::seconds{30});
  ~file_watch();
  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace regpass::platform
