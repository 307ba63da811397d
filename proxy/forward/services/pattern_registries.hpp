// Registries that match the wildcard of a credential file's key, such as "*.example.com". Each is set up when a client
// first asks for it.
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
  // Returns null if the host's own files (certs.d) cannot be used.
  using maker = std::function<entry_ptr(const registry::host&)>;

  pattern_registries(std::vector<std::string> patterns, maker make)
      : patterns_(std::move(patterns)), make_(std::move(make)) {}

  // The entry lives as long as this object. Null if no pattern matches or there are `capacity` such hosts already.
  const registry_entry* find(const registry::host&);
  // The domains whose hosts a CA must be able to sign for, such as "example.com".
  std::vector<std::string> domains() const;

 private:
  static constexpr std::size_t capacity = 1024;

  std::vector<std::string> patterns_;
  maker make_;
  std::mutex lock_;
  std::map<registry::host, entry_ptr> entries_;
};

}  // namespace regpass::forward
