// What evidence is made of: state with a known set of names, and the description of a field from which its JSON, text
// and HTTP Archive form are derived.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/registry/operation.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace regpass::diagnosis {

// How the client reached regpass; `check` is `regpass check`, which sends its own requests.
enum class client_mode : std::uint8_t { proxy, transparent, mirror, check };
// What regpass does with the Authorization field of a request; `build_step`: nothing, because it looks like a RUN
// step's.
enum class injection_mode : std::uint8_t { replace, add, observe, build_step };
// The credential that a request carried; `client`: the one that the client sent itself.
enum class authorization_kind : std::uint8_t { none, basic, bearer, identity_token, client };
// How the registry is reached where an upstream proxy is configured.
enum class upstream_route : std::uint8_t { proxy, no_proxy };
// What makes regpass serve a registry.
enum class entry_kind : std::uint8_t { registry, credential };

constexpr std::string_view name_of(client_mode v) noexcept {
  constexpr std::array<std::string_view, 4> names{"proxy", "transparent", "mirror", "check"};
  return names[static_cast<std::size_t>(v)];
}
constexpr std::string_view name_of(injection_mode v) noexcept {
  constexpr std::array<std::string_view, 4> names{"replace", "add", "observe", "step"};
  return names[static_cast<std::size_t>(v)];
}
constexpr std::string_view name_of(authorization_kind v) noexcept {
  constexpr std::array<std::string_view, 5> names{"none", "basic", "bearer", "identity-token", "client"};
  return names[static_cast<std::size_t>(v)];
}
constexpr std::string_view name_of(upstream_route v) noexcept {
  constexpr std::array<std::string_view, 2> names{"proxy", "no-proxy"};
  return names[static_cast<std::size_t>(v)];
}
constexpr std::string_view name_of(entry_kind v) noexcept {
  constexpr std::array<std::string_view, 2> names{"registry", "credential"};
  return names[static_cast<std::size_t>(v)];
}

// The last enumerator bounds the search for a name.
constexpr client_mode last_of(client_mode) noexcept {
  return client_mode::check;
}
constexpr injection_mode last_of(injection_mode) noexcept {
  return injection_mode::build_step;
}
constexpr authorization_kind last_of(authorization_kind) noexcept {
  return authorization_kind::client;
}
constexpr upstream_route last_of(upstream_route) noexcept {
  return upstream_route::no_proxy;
}
constexpr entry_kind last_of(entry_kind) noexcept {
  return entry_kind::credential;
}
constexpr registry::action last_of(registry::action) noexcept {
  return registry::action::catalog;
}
constexpr auth::credential_kind last_of(auth::credential_kind) noexcept {
  return auth::credential_kind::bearer;
}
constexpr auth::token_failure::kind last_of(auth::token_failure::kind) noexcept {
  return auth::token_failure::kind::transport;
}

// Older logs wrote "identity_token".
constexpr bool is_same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool separators = (a[i] == '_' || a[i] == '-') && (b[i] == '_' || b[i] == '-');
    if (a[i] != b[i] && !separators) return false;
  }
  return true;
}

// A value of E, or nothing. Text that names no value of E (a log of another version of regpass) is kept and written
// back as it was; it equals no value. Comparing with text does not compile.
template <class E>
class keyword {
 public:
  keyword() = default;
  keyword(E value) : value_(value) {}  // NOLINT(*-explicit-*): assigned like the enumeration itself
  explicit keyword(std::string_view text) { *this = text; }
  keyword& operator=(std::string_view text) {
    value_.reset();
    for (int i = 0; i <= static_cast<int>(last_of(E{})); ++i) {
      if (is_same_name(name_of(static_cast<E>(i)), text)) value_ = static_cast<E>(i);
    }
    const bool canonical = value_ && name_of(*value_) == text;
    if (canonical) spelling_.clear();
    if (!canonical) spelling_ = text;
    return *this;
  }

  bool empty() const noexcept { return !value_ && spelling_.empty(); }
  std::optional<E> value() const noexcept { return value_; }
  std::string_view text() const noexcept {
    if (!spelling_.empty()) return spelling_;
    return value_ ? name_of(*value_) : std::string_view();
  }
  operator std::string_view() const noexcept { return text(); }  // NOLINT(*-explicit-*)

  bool operator==(E other) const noexcept { return value_ == other; }
  bool operator==(const keyword&) const = default;

 private:
  std::optional<E> value_;
  std::string spelling_;  // when it is not the name of the value
};

// Where a field appears besides the JSON record. An empty member: not there.
struct shown {
  std::string_view text{};          // in the step's sentence, {} standing for the value: ", server {}"
  std::string_view header{};        // in an HTTP Archive, as this header field of the answer
  std::string_view header_value{};  // the header's value, when the field itself does not hold it
  std::string_view har{};           // in an HTTP Archive, as this member of the entry's "_regpass"
  bool in_text = true;              // whether `text` applies to this record
};

template <class S, class T>
concept maybe_const = std::same_as<std::remove_const_t<S>, T>;

}  // namespace regpass::diagnosis
