// One TLS connection as a pair of byte streams that never block.
#pragma once

#include "message.hpp"
#include "sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>
#include <string_view>
#include <utility>

namespace bench {

/// `write` and `read` make as much progress as possible; the TLS handshake happens inside them.
class Secure {
 public:
  Secure(SSL_CTX* context, Descriptor socket) : socket_(std::move(socket)), ssl_(SSL_new(context), &SSL_free) {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0) fail_system("fcntl");
    // OpenSSL would send each record with a separate call; the buffer combines many into one.
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

  /// True once the handshake is done.
  bool shake_hands() { return SSL_is_init_finished(tls()) != 0 || done(SSL_do_handshake(tls())); }

  /// True once all of `bytes` has been accepted; until then the same bytes must be passed again.
  bool write(std::string_view bytes) { return done(SSL_write(tls(), bytes.data(), static_cast<int>(bytes.size()))); }

  /// True once everything written has been handed to the kernel.
  bool flush() {
    BIO* gather = SSL_get_wbio(tls());
    if (BIO_flush(gather) > 0) return true;
    if (!BIO_should_retry(gather)) fail("connection lost while sending");
    return false;
  }

  /// The number of bytes read, or 0 if the socket is not ready.
  std::size_t read(char* to, std::size_t size) {
    const int got = SSL_read(tls(), to, static_cast<int>(size));
    return done(got) ? static_cast<std::size_t>(got) : 0;
  }

 private:
  [[nodiscard]] bool done(int result) const {
    if (result > 0) return true;
    const int error = SSL_get_error(tls(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    fail_tls("connection lost");
  }

  Descriptor socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

inline Context make_context(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), &SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1) fail_tls("TLS 1.3");
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), turn);
  return context;
}

inline constexpr std::string_view alpn_h2("\x02h2", 3);

}  // namespace bench
