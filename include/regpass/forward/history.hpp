// The last finished exchanges, for the page and the admin socket. Bounded, behind a lock.
//
// Requests that were refused without asking a registry or token server take at most half of the places: a build step
// that is refused over and over cannot push the builder's exchanges out.
#pragma once

#include "forward/record/exchange_record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace regpass::forward {

class history {
 public:
  explicit history(std::size_t capacity) : capacity_(capacity) {}
  void add(std::shared_ptr<const exchange_record>);
  void add(exchange_record one) { add(std::make_shared<const exchange_record>(std::move(one))); }
  std::vector<exchange_record> all() const;  // oldest first
  // Those after the first `seen` that ever were, as far as they are still here; `seen` becomes how many there were.
  std::vector<exchange_record> since(std::uint64_t& seen) const;

 private:
  struct entry {
    std::uint64_t number;  // from 1, in the order of arrival
    bool refused_locally;
    std::shared_ptr<const exchange_record> exchange;
  };
  void evict();  // under the lock

  std::size_t capacity_;
  mutable std::mutex lock_;
  std::deque<entry> entries_;
  std::size_t local_refusals_ = 0;  // in entries_
  std::uint64_t count_ = 0;
};

}  // namespace regpass::forward
