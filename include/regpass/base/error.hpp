// The error type of the whole program: what failed, who is responsible and in which phase, so that the diagnosis can
// name cause and fix.
//
// The module: errors, logging, text, secrets, files and time; everything else builds on it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace regpass {

enum class errc : std::uint8_t {
  bad_input,    // our own input (configuration, credential file, arguments) is not valid
  bad_message,  // a peer sent bytes that its protocol does not allow
  too_large,    // a documented bound was exceeded
  timed_out,    // the phase's deadline expired
  closed,       // the peer ended the stream where it may (between messages)
  truncated,    // the peer ended the stream in the middle of something
  reset,        // connection reset or aborted
  refused,      // connection refused
  unresolved,   // the name has no address
  unreachable,  // no route to host or network
  plain_http,   // plain HTTP was received where TLS was expected
  untrusted,    // certificate chain ends at no trusted root
  wrong_name,   // certificate is valid, but for other names
  expired,      // certificate is expired or not yet valid
  distrusted,   // the peer refused our certificate (TLS alert)
  tls_failed,   // any other failure of the TLS handshake or record layer
  denied,       // forbidden by policy
  not_found,    // the named object does not exist
  unsupported,  // valid, but not supported
  cancelled,    // ended from our side
  io            // any other operating system error; `os` has the code
};

// Who is responsible, as far as known. `proxy` is the configured upstream proxy; `intermediary` is anything else
// between regpass and the registry, such as a captive portal or DNS.
enum class party : std::uint8_t { us, client, registry, token_server, intermediary, proxy };

enum class phase : std::uint8_t { start, accept, resolve, connect, tls, head, body, tunnel, idle };

struct error {
  errc code = errc::io;
  party who = party::us;
  phase when = phase::start;
  std::string detail;           // one sentence for people, without secrets; may be empty
  int os = 0;                   // errno, if the operating system reported the error
  bool answer_started = false;  // a byte of the answer had arrived: repeating may not be safe
};

template <class T>
using result = std::expected<T, error>;

std::string_view name_of(errc) noexcept;
std::string_view name_of(party) noexcept;
std::string_view name_of(phase) noexcept;

// "connect: refused (registry): connection refused by 10.0.0.7:443"
std::string to_text(const error&);

// Shorthand for the most common return statement of pure code.
std::unexpected<error> fail(errc code, std::string detail);

}  // namespace regpass
