// Two TLS engines connected in memory.
#pragma once

#include "certificates.hpp"
#include "regpass/tls/context.hpp"
#include "tls/engine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace regpass::testing {

template <class T>
T value_of(result<T> outcome) {
  if (!outcome) throw std::runtime_error(to_text(outcome.error()));
  return std::move(*outcome);
}

// An engine, the data it has decrypted so far, and how it ended.
struct tls_side {
  tls_side(const tls::context& ctx, tls::engine_options options) : engine(ctx, std::move(options)) {}

  // Continues the handshake and reads as far as the available bytes allow.
  void take(std::string_view bytes) {
    engine.feed(bytes);
    step();
  }
  void end_of_stream() {
    engine.input_ended();
    step();
  }
  void step() {
    if (!failure && !done) shake();
    while (!failure && done && read_some()) {
    }
  }
  void say(std::string_view text) {
    const std::array<std::string_view, 1> parts{text};
    if (auto written = engine.write(parts); !written) failure = written.error();
  }

  tls::engine engine;
  std::string received;
  std::optional<error> failure;
  bool done = false;

 private:
  void shake() {
    auto outcome = engine.handshake();
    if (outcome) done = *outcome;
    if (!outcome) failure = outcome.error();
  }
  bool read_some() {
    std::array<char, 20000> into{};
    auto got = engine.read(into);
    if (!got) failure = got.error();
    received.append(into.data(), got.value_or(0));
    return got && *got > 0;
  }
};

// Transfers pending output to the other side in pieces of at most `piece` bytes.
inline bool carry(tls_side& from, tls_side& to, std::size_t piece = std::string_view::npos) {
  const std::string bytes(from.engine.output());
  from.engine.sent(bytes.size());
  for (std::size_t at = 0; at < bytes.size() && !to.failure; at += std::min(piece, bytes.size() - at)) {
    to.take(std::string_view(bytes).substr(at, piece));
  }
  return !bytes.empty();
}

struct tls_pair {
  tls_pair(const tls::context& client_ctx, const tls::context& server_ctx, std::string client_name,
           std::string server_name = "")
      : client(client_ctx, {.role = tls::role::client, .name = std::move(client_name), .peer = party::registry}),
        server(server_ctx, {.role = tls::role::server, .name = std::move(server_name), .peer = party::client}) {}

  // Repeats until neither side has anything to send.
  void settle(std::size_t piece = std::string_view::npos) {
    client.step();
    while (carry(client, server, piece) || carry(server, client, piece)) {
    }
  }
  bool connected() const { return client.done && server.done && !client.failure && !server.failure; }

  tls_side client;
  tls_side server;
};

inline tls::context server_context(const issued& pair) {
  const auto key = key_from(pair.key);
  const auto certificate = certificate_from(pair.certificate);
  return value_of(tls::make_server_context(key.get(), {certificate.get()}));
}

}  // namespace regpass::testing
