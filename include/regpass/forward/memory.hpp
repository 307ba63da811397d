// What was learned from registries and is shared by all workers: their challenges, and where they sent uploads.
// Bounded, behind a lock.
#pragma once

#include "regpass/auth/challenge.hpp"
#include "regpass/registry/host.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace regpass::forward {

class memory {
 public:
  // The last demand of a registry. It only saves a round trip: a registry that changes its mind says so with its next
  // 401.
  std::optional<auth::demand> demand_of(const registry::host& host) const;
  void learn(const registry::host& host, const auth::demand& demand);
  // Its token endpoint gave nothing that one can use: it may have moved. Until the registry says so again, only tokens
  // that are there already go by what it said.
  void doubt(const registry::host& host);
  bool is_doubtful(const registry::host& host) const;

  // Credentials that were refused where it went without them, by their generation. `refuse` is true for the first time.
  bool refuse(std::uint64_t generation);
  void accept(std::uint64_t generation);
  bool is_refused(std::uint64_t generation) const;

  // An upload's Location need not have the API's form: its path is remembered for the repository that it was given for.
  std::optional<std::string> repository_of(const registry::host& host, const std::string& path) const;
  void remember_upload(const registry::host& host, const std::string& path, const std::string& repository);

 private:
  struct upload {
    registry::host host;
    std::string path;
    std::string repository;
  };
  static constexpr std::size_t max_uploads = 1024;
  static constexpr std::size_t max_demands = 1024;
  static constexpr std::size_t max_refused = 1024;
  mutable std::mutex lock_;
  std::map<registry::host, auth::demand> demands_;
  std::set<std::uint64_t> refused_;
  std::set<registry::host> doubtful_;  // some of those
  std::list<upload> uploads_;          // most recent first
};

}  // namespace regpass::forward
