// Registries that no key names in full: hosts that match the wildcard of a credential file's key, such as
// "*.example.com". Each becomes a registry when a client first asks for it.
#pragma once

#include "regpass/registry/host.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace regpass::forward {

struct registry_entry;

class pattern_registries {
 public:
  using entry_ptr = std::shared_ptr<const registry_entry>;
  // Null when the host's own files (certs.d) cannot be used.
  using maker = std::function<entry_ptr(const registry::host&)>;

  pattern_registries(std::vector<std::string> patterns, maker make)
      : patterns_(std::move(patterns)), make_(std::move(make)) {}

  // The entry lives as long as this. Null: no pattern matches, or there are `most` such hosts already.
  const registry_entry* find(const registry::host&);
  // Domains that a CA must be able to sign below: "example.com".
  std::vector<std::string> domains() const;

 private:
  static constexpr std::size_t most = 1024;

  std::vector<std::string> patterns_;
  maker make_;
  std::mutex lock_;
  std::map<registry::host, entry_ptr> made_;
};

}  // namespace regpass::forward
