// The open connections of a listener for requests about regpass itself. A new connection is always admitted: when the
// table is full, the least important one is closed.
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
  enum class activity : std::uint8_t { waiting, streaming, answering };  // the first is closed first

  explicit connection_table(std::size_t capacity) : capacity_(capacity) {}

  // Keeps a connection in the table while it is served. The table must outlive it.
  class row {
   public:
    row(connection_table& table, net::stream& wire);
    ~row();
    row(const row&) = delete;
    row& operator=(const row&) = delete;
    void set_activity(activity now);

   private:
    friend class connection_table;
    connection_table& table_;
    net::stream& wire_;
    activity activity_ = activity::waiting;
    bool listed_ = false;
  };

  std::size_t size() const noexcept;

 private:
  using rows = std::list<row*>;  // oldest first
  rows& rows_of(activity kind) noexcept { return rows_[static_cast<std::size_t>(kind)]; }
  void make_room();

  std::size_t capacity_;
  std::array<rows, 3> rows_;
};

}  // namespace regpass::admin
