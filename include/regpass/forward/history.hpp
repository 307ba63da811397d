// The last finished exchanges, for the page and the admin socket. Bounded, behind a lock.
//
// Requests that regpass refused without contacting a registry or token server take at most half of the capacity, so a
// build step that is refused again and again cannot evict the builder's exchanges.
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
  void add(exchange_record record) { add(std::make_shared<const exchange_record>(std::move(record))); }
  std::vector<exchange_record> all() const;  // oldest first
  // The exchanges after number `seen`, as far as they have not been evicted; `seen` becomes the latest number.
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
