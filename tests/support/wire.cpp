#include "wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace regpass::testing {
namespace {

void need(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test wire: cannot ") + what);
}

ssl_context make_context(const SSL_METHOD* method) {
  ssl_context made(SSL_CTX_new(method), SSL_CTX_free);
  need(made != nullptr, "make a context");
  SSL_CTX_set_mode(made.get(), SSL_MODE_AUTO_RETRY);
  return made;
}

std::string last_failure() {
  const auto code = ERR_peek_last_error();
  std::string text(256, '\0');
  ERR_error_string_n(code, text.data(), text.size());
  return code == 0 ? "the connection ended" : text.substr(0, text.find('\0'));
}

// OpenSSL uses write(), which raises SIGPIPE if the peer has closed.
void ignore_sigpipe() {
  static const auto before = std::signal(SIGPIPE, SIG_IGN);
  std::ignore = before;
}

// The kernel does not restart calls with a timeout after SIGCHLD.
void block_sigchld() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &child, nullptr);
}

// After the process has been stopped, calls on a socket with a timeout fail with EINTR, whichever signals are blocked
// (signal(7)).
template <class Call>
int unstopped(Call&& call) {
  int outcome = 0;
  do {
    errno = 0;
    outcome = call();
  } while (outcome <= 0 && errno == EINTR);
  return outcome;
}

void bound(int descriptor) {
  ignore_sigpipe();
  block_sigchld();
  const timeval limit{wire::patience.count() / 1000, 0};
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

ssl_context server_side(const issued& pair, std::string_view client_ca_pem) {
  auto made = make_context(TLS_server_method());
  need(SSL_CTX_use_certificate(made.get(), certificate_from(pair.certificate).get()) == 1, "use a certificate");
  need(SSL_CTX_use_PrivateKey(made.get(), key_from(pair.key).get()) == 1, "use a key");
  if (client_ca_pem.empty()) return made;
  auto* store = SSL_CTX_get_cert_store(made.get());
  need(X509_STORE_add_cert(store, certificate_from(client_ca_pem).get()) == 1, "trust a CA");
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(made.get(), 0);
  return made;
}

ssl_context client_side(std::string_view ca_pem) {
  auto made = make_context(TLS_client_method());
  need(X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), certificate_from(ca_pem).get()) == 1, "trust a CA");
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  return made;
}

wire::wire(int descriptor) : descriptor_(descriptor) {
  bound(descriptor_);
}

wire::wire(wire&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      cut_(other.cut_),
      failure_(std::move(other.failure_)) {}

wire::~wire() {
  close();
}

wire wire::dial(const std::string& address, std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(descriptor >= 0, "make a socket");
  wire made(descriptor);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  need(inet_pton(AF_INET, address.c_str(), &to.sin_addr) == 1, "read an address");
  need(::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0, "connect");
  return made;
}

bool wire::secure_as_server(const ssl_context& context) {
  ERR_clear_error();
  ssl_ = SSL_new(context.get());
  need(ssl_ != nullptr && SSL_set_fd(ssl_, descriptor_) == 1, "set up TLS");
  if (unstopped([this] { return SSL_accept(ssl_); }) == 1) return true;
  failure_ = last_failure();
  return false;
}

bool wire::secure_as_client(const ssl_context& context, const client_hello& hello) {
  ERR_clear_error();
  ssl_ = SSL_new(context.get());
  need(ssl_ != nullptr && SSL_set_fd(ssl_, descriptor_) == 1, "set up TLS");
  if (!hello.sni.empty()) SSL_set_tlsext_host_name(ssl_, hello.sni.c_str());
  auto* how = SSL_get0_param(ssl_);
  if (!hello.name.empty() && X509_VERIFY_PARAM_set1_ip_asc(how, hello.name.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(how, hello.name.data(), hello.name.size());
  }
  std::string offered;
  for (const auto& one : hello.alpn) offered += static_cast<char>(one.size()) + one;
  if (!offered.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
  }
  if (unstopped([this] { return SSL_connect(ssl_); }) == 1) return true;
  failure_ = last_failure();
  return false;
}

std::string wire::alpn() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  if (ssl_ != nullptr) SSL_get0_alpn_selected(ssl_, &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::string wire::read(std::size_t most) {
  std::string into(most, '\0');
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int got = unstopped([&] { return SSL_read(ssl_, into.data(), static_cast<int>(most)); });
    if (got > 0) return into.substr(0, static_cast<std::size_t>(got));
    if (errno == EAGAIN) throw std::runtime_error("nothing came in time");
    cut_ = SSL_get_error(ssl_, got) != SSL_ERROR_ZERO_RETURN;
    if (cut_) failure_ = last_failure();
    return {};
  }
  const auto got = ::recv(descriptor_, into.data(), most, 0);
  if (got > 0) return into.substr(0, static_cast<std::size_t>(got));
  if (got < 0 && errno == EAGAIN) throw std::runtime_error("nothing came in time");
  cut_ = got < 0;
  return {};
}

bool wire::resumed() const {
  return ssl_ != nullptr && SSL_session_reused(ssl_) == 1;
}

bool wire::readable(std::chrono::milliseconds within) const {
  if (ssl_ != nullptr && SSL_pending(ssl_) > 0) return true;
  pollfd one{descriptor_, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(within.count())) > 0;
}

bool wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    errno = 0;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent) != 1) sent = 0;
    } else {
      const auto got = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      sent = got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    if (sent == 0 && errno == EAGAIN) throw std::runtime_error("the peer took nothing in time");
    if (sent == 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

void wire::shut_write() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  half_close();
}

void wire::half_close() {
  ::shutdown(descriptor_, SHUT_WR);
}

void wire::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void wire::close() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ssl_ = nullptr;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void wire::interrupt() {
  ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace regpass::testing
