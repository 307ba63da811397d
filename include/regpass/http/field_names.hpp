// Sets of field names known at compile time.
#pragma once

#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regpass::http {

// Most lookups are decided by the length alone, which differs from that of every member.
template <std::size_t N>
class field_names {
 public:
  template <class... Names>
  consteval explicit field_names(Names... names) : names_{std::string_view(names)...} {
    for (const auto name : names_) sizes_ |= std::uint64_t{1} << name.size();
  }

  bool contains(std::string_view name) const noexcept {
    if (name.size() >= 64 || (sizes_ >> name.size() & 1) == 0) return false;
    return std::ranges::any_of(names_, [name](std::string_view known) { return iequals(known, name); });
  }

 private:
  std::array<std::string_view, N> names_;
  std::uint64_t sizes_ = 0;
};
template <class... Names>
field_names(Names...) -> field_names<sizeof...(Names)>;

}  // namespace regpass::http
