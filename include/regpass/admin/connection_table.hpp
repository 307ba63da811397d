// The open connections of one listener of ours. There is always room for one more: the one that matters least goes.
#pragma once

#include "regpass/net/stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace regpass::admin {

class connection_table {
 public:
  enum class activity : std::uint8_t { waiting, streaming, answering };  // what matters least comes first

  explicit connection_table(std::size_t most) : most_(most) {}

  // A connection's row in the table, as long as it is served. The table must outlive it.
  class row {
   public:
    row(connection_table& table, net::stream& wire);
    ~row();
    row(const row&) = delete;
    row& operator=(const row&) = delete;
    void now(activity what);

   private:
    friend class connection_table;
    connection_table& table_;
    net::stream& wire_;
    activity what_ = activity::waiting;
    bool listed_ = false;
  };

  std::size_t size() const noexcept;

 private:
  using rows = std::list<row*>;  // oldest first
  rows& of(activity what) noexcept { return rows_[static_cast<std::size_t>(what)]; }
  void make_room();

  std::size_t most_;
  std::array<rows, 3> rows_;
};

}  // namespace regpass::admin
