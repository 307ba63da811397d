#include "ends.hpp"
#include "h1.hpp"
#include "h2.hpp"
#include "registry.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace bench {
namespace {

Request parsed(std::string_view head) {
  const auto method_end = head.find(' ');
  const auto path_end = head.find(' ', method_end + 1);
  if (method_end == std::string_view::npos || path_end == std::string_view::npos) fail("not a request");
  Request request;
  request.method = head.substr(0, method_end);
  request.path = head.substr(method_end + 1, path_end - method_end - 1);
  request.authority = header(head, "Host").value_or("");
  request.authorization = header(head, "Authorization").value_or("");
  return request;
}

/// A connection from the proxy, or from a client without a proxy.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void pump(Registry& registry) = 0;
};

class H1Visitor : public Visitor {
 public:
  explicit H1Visitor(Secure secure) : h1_(std::move(secure)) {}
  void pump(Registry& registry) override {
    while (h1_.send() && h1_.receive()) {
      const Request request = parsed(h1_.take());
      const Answer answer = registry.answer(request);
      std::string message = rendered(answer);
      if (request.method == "HEAD") message.resize(message.size() - answer.text.size());
      h1_.queue(std::move(message), request.method == "HEAD" ? 0 : answer.filler);
    }
  }

 private:
  H1 h1_;
};

class H2Visitor : public Visitor {
 public:
  explicit H2Visitor(Secure secure) : h2_(std::move(secure), H2::Role::server) {}
  void pump(Registry& registry) override {
    h2_.pump([&](std::int32_t id, H2::Stream& stream) {
      stream.answer = registry.answer(stream.request);
      if (stream.request.method == "HEAD") fail("HEAD comes by HTTP/1.1 only");
      h2_.respond(id, stream);
    });
  }

 private:
  H2 h2_;
};

/// A connection before ALPN has selected HTTP/1.1 or HTTP/2.
class Newcomer : public Visitor {
 public:
  explicit Newcomer(Secure secure) : secure_(std::move(secure)) {}
  void pump(Registry& registry) override {
    if (!become_) {
      if (!secure_->shake_hands()) return;
      const unsigned char* protocol = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(secure_->tls(), &protocol, &size);
      if (size == 2)
        become_ = std::make_unique<H2Visitor>(std::move(*secure_));
      else
        become_ = std::make_unique<H1Visitor>(std::move(*secure_));
    }
    become_->pump(registry);
  }

 private:
  std::optional<Secure> secure_;
  std::unique_ptr<Visitor> become_;
};

// Like servers that support both.
int choose_h2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned length,
              void*) {
  static constexpr std::string_view both("\x02h2\x08http/1.1", 12);
  const auto* ours = reinterpret_cast<const unsigned char*>(both.data());
  auto* found = const_cast<unsigned char*>(*chosen);
  const int outcome = SSL_select_next_proto(&found, size, ours, static_cast<unsigned>(both.size()), offered, length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/// A listening socket and the TLS context of its connections.
struct Door {
  Door(const Options& options, const std::string& address, bool h2)
      : context(make_context(TLS_server_method())), listener(listen_on(Endpoint(address))) {
    if (SSL_CTX_use_certificate_chain_file(context.get(), options.text("cert").c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), options.text("key").c_str(), SSL_FILETYPE_PEM) != 1)
      fail_tls("--cert, --key");
    if (h2) SSL_CTX_set_alpn_select_cb(context.get(), &choose_h2, nullptr);
  }

  Context context;
  Descriptor listener;
};

}  // namespace

void origin(const Options& options) {
  Door plain(options, options.text("listen"), false);
  Door either(options, options.text("listen-h2"), true);
  Registry registry;
  Poller poller;
  poller.add(plain.listener.get(), EPOLLIN, &plain);
  poller.add(either.listener.get(), EPOLLIN, &either);
  std::unordered_map<void*, std::unique_ptr<Newcomer>> visitors;
  const auto admit = [&](const Door& door) {
    const int socket = ::accept4(door.listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    Secure secure(door.context.get(), Descriptor(socket));
    SSL_set_accept_state(secure.tls());
    auto visitor = std::make_unique<Newcomer>(std::move(secure));
    poller.add(socket, both_edges, visitor.get());
    visitors.emplace(visitor.get(), std::move(visitor));
  };
  for (;;) {
    poller.wait([&](void* ready) {
      if (ready == &plain || ready == &either) return admit(*static_cast<Door*>(ready));
      try {
        static_cast<Newcomer*>(ready)->pump(registry);
      } catch (const std::exception&) {
        visitors.erase(ready);  // usually a client that has finished; the client reports failures
      }
    });
  }
}

}  // namespace bench
