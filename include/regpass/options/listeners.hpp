// [listen], and the modes in which regpass accepts client connections.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace regpass::options {

// How clients reach regpass.
enum class mode_kind : std::uint8_t {
  explicit_proxy,  // clients are configured to use a proxy
  transparent,     // the clients' connections to other hosts are redirected to regpass
  mirror           // clients are configured to use regpass as their registry
};

// Names of the modes in log lines, metrics and status, in the order of `mode_kind`.
inline constexpr std::array<std::string_view, 3> mode_names{"proxy", "transparent", "mirror"};

constexpr std::string_view name_of(mode_kind kind) noexcept {
  return mode_names.at(std::to_underlying(kind));
}

// Addresses as HOST:PORT; an empty address switches the listener off.
struct listen_options {
  std::string proxy = "127.0.0.1:3128";
  std::string transparent;
  std::string health = "127.0.0.1:9128";
  std::string admin = "unix:regpass-admin.sock";  // relative to state_dir
  std::string page;
};

// Modes whose listener has a key in [listen]; a mirror's address is part of its [[mirror]].
struct mode_address {
  std::string_view key;
  std::string listen_options::* address;
  bool has_client_auth;  // [client_auth] applies, so the address may be reachable from other machines
};
inline constexpr std::array mode_addresses{
    mode_address{"listen.proxy", &listen_options::proxy, true},
    mode_address{"listen.transparent", &listen_options::transparent, false},
};

}  // namespace regpass::options
