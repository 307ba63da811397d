#include "admin/connection_table.hpp"

namespace regpass::admin {

connection_table::row::row(connection_table& table, net::stream& wire) : table_(table), wire_(wire) {
  table_.make_room();
  table_.rows_of(activity_).push_back(this);
  listed_ = true;
}

connection_table::row::~row() {
  if (listed_) table_.rows_of(activity_).remove(this);
}

void connection_table::row::set_activity(activity now) {
  if (!listed_) return;
  table_.rows_of(activity_).remove(this);
  activity_ = now;
  table_.rows_of(activity_).push_back(this);
}

std::size_t connection_table::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& list : rows_) sum += list.size();
  return sum;
}

// The coroutine that serves the connection ends by itself once the stream is closed.
void connection_table::make_room() {
  if (size() < capacity_) return;
  for (auto& list : rows_) {
    if (list.empty()) continue;
    auto* oldest = list.front();
    list.pop_front();
    oldest->listed_ = false;
    oldest->wire_.close();
    return;
  }
}

}  // namespace regpass::admin
