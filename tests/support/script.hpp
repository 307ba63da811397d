// Programs for a test: shell scripts in a separate directory.
#pragma once

#include "temporary_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

namespace regpass::testing {

class scripts {
 public:
  // Records each run in `runs`, then executes `body`.
  std::filesystem::path put(std::string_view name, std::string_view body) const {
    const auto text = "#!/bin/sh\necho run >>'" + (place_ / "runs").string() + "'\n" + std::string(body) + "\n";
    // Renamed into place, because a file that is still open for writing cannot be executed.
    const auto fresh = place_.put(std::string(name) + ".new", text);
    std::filesystem::permissions(fresh, std::filesystem::perms::owner_all);
    std::filesystem::rename(fresh, place_ / name);
    return place_ / name;
  }
  std::size_t runs() const {
    const auto text = content_of(place_ / "runs");
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  const temporary_directory& place() const { return place_; }
  std::string search() const { return place_.path().string() + ":/usr/bin:/bin"; }

 private:
  temporary_directory place_;
};

}  // namespace regpass::testing
