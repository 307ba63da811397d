// HTTP messages over one TLS connection, for both ends.
#pragma once

#include "options.hpp"
#include "sockets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

inline constexpr std::size_t turn = 131'072;   // what one SSL_write or receive moves at most; stays in the L2 cache
inline constexpr std::size_t record = 16'384;  // SSL_read never returns more than one TLS record
inline constexpr std::string_view repository = "/v2/bench/blob/";
inline constexpr std::string_view count_header = "Bench-Requests";  // how many requests the origin has seen so far

inline std::optional<std::string_view> header(std::string_view head, std::string_view name) {
  for (auto end = head.find("\r\n"); end != std::string_view::npos; end = head.find("\r\n")) {
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    constexpr auto alike = [](char left, char right) { return (left | 0x20) == (right | 0x20); };
    if (!std::equal(name.begin(), name.end(), line.begin(), alike)) continue;
    std::string_view value = line.substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

inline std::uint64_t number_in(std::string_view digits, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) fail("not a number: " + std::string(digits));
  return value;
}

inline std::string digest_of_size(std::uint64_t size) {
  return fmt::format("sha256:{:064x}", size);
}

struct Message {
  std::string head;        // with a small body already behind it
  std::uint64_t body = 0;  // bytes of filler that follow
};

/// One TLS connection that sends and receives HTTP messages. Nothing here blocks: `send` and `receive` do what they
/// can, and answer false when the socket has to become ready first. The TLS handshake happens inside them.
class Wire {
 public:
  Wire(SSL_CTX* context, Descriptor socket) : socket_(std::move(socket)), ssl_(SSL_new(context), &SSL_free) {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0) fail_system("fcntl");
    // OpenSSL would send each record by a call of its own; the buffer makes it one for many.
    BIO* plain = BIO_new_socket(socket_.get(), BIO_NOCLOSE);
    BIO* gather = BIO_new(BIO_f_buffer());
    if (!ssl_ || plain == nullptr || gather == nullptr || BIO_set_write_buffer_size(gather, 2 * turn) <= 0)
      fail_tls("setting up TLS");
    BIO_up_ref(plain);
    SSL_set0_rbio(ssl_.get(), plain);
    SSL_set0_wbio(ssl_.get(), BIO_push(gather, plain));
  }

  [[nodiscard]] SSL* tls() const { return ssl_.get(); }
  [[nodiscard]] int socket() const { return socket_.get(); }

  void queue(Message message) { out_ = std::move(message); }

  /// True once the queued message has been handed to the kernel, all of it.
  bool send() {
    static const std::string filler(turn, 'x');
    while (!out_.head.empty() || out_.body > 0) {
      const bool in_head = !out_.head.empty();
      const std::size_t size = in_head ? out_.head.size() : std::min<std::size_t>(out_.body, turn);
      const char* from = in_head ? out_.head.data() : filler.data();
      if (!done(SSL_write(tls(), from, static_cast<int>(size)))) return false;
      if (in_head)
        out_.head.clear();
      else
        out_.body -= size;
    }
    BIO* gather = SSL_get_wbio(tls());
    if (BIO_flush(gather) > 0) return true;
    if (!BIO_should_retry(gather)) fail("connection lost while sending");
    return false;
  }

  /// True once a message is in, all of it.
  bool receive() {
    static std::array<char, record> scratch;
    while (head_.empty() || unread_ > 0) {
      const int got = SSL_read(tls(), scratch.data(), static_cast<int>(scratch.size()));
      if (!done(got)) return false;
      auto fresh = static_cast<std::size_t>(got);
      if (head_.empty()) {
        partial_.append(scratch.data(), fresh);
        const auto end = partial_.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        head_ = partial_.substr(0, end + 2);
        fresh = partial_.size() - end - 4;
        partial_.clear();
        if (header(head_, "Transfer-Encoding")) fail("a body without Content-Length");
        unread_ = body_ = number_in(header(head_, "Content-Length").value_or("0"));
      }
      if (fresh > unread_) fail("more bytes than the message announced");
      unread_ -= fresh;
    }
    return true;
  }

  /// The message that `receive` has completed; the next one may come after this.
  Message take() { return {std::exchange(head_, {}), body_}; }

 private:
  [[nodiscard]] bool done(int result) const {
    if (result > 0) return true;
    const int error = SSL_get_error(tls(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    fail_tls("connection lost");
  }

  Descriptor socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  Message out_;
  std::string partial_;
  std::string head_;
  std::uint64_t body_ = 0;
  std::uint64_t unread_ = 0;
};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

inline Context make_context(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), &SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1) fail_tls("TLS 1.3");
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), turn);
  return context;
}

}  // namespace bench
