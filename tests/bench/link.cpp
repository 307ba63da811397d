#include "link.hpp"

#include "h1.hpp"
#include "h2.hpp"

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

namespace bench {
namespace {

Descriptor reach(const Way& way) {
  if (!way.proxy) return connect_to(way.target);
  Descriptor socket = connect_to(*way.proxy);
  const std::string name = way.target.text();
  const std::string request = "CONNECT " + name + " HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    fail_system("CONNECT");
  // The other side of the tunnel does not send first, so nothing beyond the response's head can be read here.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    std::array<char, 1024> scratch;
    const ssize_t got = ::recv(socket.get(), scratch.data(), scratch.size(), 0);
    if (got <= 0 || answer.size() > turn) fail("CONNECT: the proxy closed the connection: " + answer);
    answer.append(scratch.data(), static_cast<std::size_t>(got));
  }
  if (answer.substr(0, 13).find(" 200") == std::string::npos) fail("CONNECT: " + answer.substr(0, answer.find('\r')));
  return socket;
}

Answer parsed(const std::string& head) {
  Answer answer;
  if (!head.starts_with("HTTP/1.1 ")) fail("not a response: " + head.substr(0, 200));
  answer.status = static_cast<int>(number_in(head.substr(9, 3)));
  if (const auto value = header(head, "Location")) answer.fields.emplace_back("location", *value);
  if (const auto value = header(head, count_field)) answer.fields.emplace_back(count_field, *value);
  return answer;
}

class H1Link : public Link {
 public:
  explicit H1Link(Secure secure) : h1_(std::move(secure)) {}
  Secure& secure() override { return h1_.secure(); }

  void start(const Request& request, void* tag) override {
    h1_.queue(rendered(request), request.body);
    tag_ = tag;
    busy_ = true;
  }

  void advance(const Done& done) override {
    while (h1_.send() && busy_ && h1_.receive()) {
      const Answer answer = parsed(h1_.take());
      busy_ = false;
      done(tag_, answer, h1_.body());
    }
  }

 private:
  H1 h1_;
  void* tag_ = nullptr;
  bool busy_ = false;
};

class H2Link : public Link {
 public:
  explicit H2Link(Secure secure) : h2_(std::move(secure), H2::Role::client) {}
  Secure& secure() override { return h2_.secure(); }
  void start(const Request& request, void* tag) override { h2_.request(request, tag); }
  void advance(const Done& done) override {
    h2_.pump([&](std::int32_t, H2::Stream& stream) { done(stream.tag, stream.answer, stream.received); });
  }

 private:
  H2 h2_;
};

}  // namespace

Way::Way(const Options& options)
    : target(options.text("target")), ca_file(options.text("ca")), http2(options.number("h2", 0) != 0) {
  if (const std::string text = options.text("proxy", ""); !text.empty()) proxy.emplace(text);
}

Context Way::context() const {
  Context made = make_context(TLS_client_method());
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(made.get(), ca_file.c_str(), nullptr) != 1) fail_tls("--ca");
  const auto* offer = reinterpret_cast<const unsigned char*>(alpn_h2.data());
  if (http2 && SSL_CTX_set_alpn_protos(made.get(), offer, static_cast<unsigned>(alpn_h2.size())) != 0) fail_tls("ALPN");
  return made;
}

std::unique_ptr<Link> make_link(const Way& way, SSL_CTX* context, SSL_SESSION* session) {
  Secure secure(context, reach(way));
  SSL_set_connect_state(secure.tls());
  if (SSL_set_tlsext_host_name(secure.tls(), way.target.host.c_str()) != 1 ||
      SSL_set1_host(secure.tls(), way.target.host.c_str()) != 1)
    fail_tls("server name");
  if (session != nullptr) SSL_set_session(secure.tls(), session);
  if (way.http2) return std::make_unique<H2Link>(std::move(secure));
  return std::make_unique<H1Link>(std::move(secure));
}

Answer ask(Link& link, const Request& request) {
  Answer answer;
  link.start(request, nullptr);
  const Link::Done keep = [&](void*, const Answer& got, std::uint64_t) { answer = got; };
  for (link.advance(keep); answer.status == 0; link.advance(keep)) {
    pollfd wanted{link.secure().socket(), POLLIN, 0};
    ::poll(&wanted, 1, -1);
  }
  return answer;
}

}  // namespace bench
