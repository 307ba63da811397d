#include "regpass/admin/connection_table.hpp"

namespace regpass::admin {

connection_table::row::row(connection_table& table, net::stream& wire) : table_(table), wire_(wire) {
  table_.make_room();
  table_.of(what_).push_back(this);
  listed_ = true;
}

connection_table::row::~row() {
  if (listed_) table_.of(what_).remove(this);
}

void connection_table::row::now(activity what) {
  if (!listed_) return;
  table_.of(what_).remove(this);
  what_ = what;
  table_.of(what_).push_back(this);
}

std::size_t connection_table::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& list : rows_) sum += list.size();
  return sum;
}

// Whoever serves the connection notices that it was closed, and ends.
void connection_table::make_room() {
  if (size() < most_) return;
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
