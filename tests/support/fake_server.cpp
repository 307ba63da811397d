#include "fake_server.hpp"

#include "common_ground.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace regpass::testing {
namespace {

constexpr std::size_t turn = 64 * 1024;

bool target_fits(std::string_view pattern, std::string_view target) {
  if (pattern.ends_with('*')) return target.starts_with(pattern.substr(0, pattern.size() - 1));
  return target == pattern || target.substr(0, target.find('?')) == pattern;
}

std::string head_of(const reply& how, bool bodiless_status) {
  std::string text = "HTTP/1.1 " + std::to_string(how.status) + " " + how.reason + "\r\n";
  for (const auto& [name, value] : how.fields) text += name + ": " + value + "\r\n";
  const auto length = how.pattern_bytes.value_or(how.body.size());
  if (how.chunked) {
    text += "Transfer-Encoding: chunked\r\n";
  } else if (!bodiless_status) {
    text += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  return text + "\r\n";
}

std::string framed(std::string_view piece, bool chunked) {
  if (!chunked) return std::string(piece);
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + std::string(piece) + "\r\n";
}

int listen_on(const std::string& address, std::uint16_t& port) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  const bool old = inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  auto* where = old ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  socklen_t size = old ? sizeof v4 : sizeof v6;
  const int descriptor = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool ready = (old || inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) && descriptor >= 0 &&
                     ::bind(descriptor, where, size) == 0 && ::listen(descriptor, 1024) == 0 &&
                     ::getsockname(descriptor, where, &size) == 0;
  if (!ready) throw std::runtime_error("fake server: cannot listen on " + address);
  port = ntohs(old ? v4.sin_port : v6.sin6_port);
  return descriptor;
}

}  // namespace

bool holds_soon(const std::function<bool()>& condition, std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

bool sentence::fits(const received& what) const {
  if (left_ && *left_ == 0) return false;
  if (method_ != "*" && method_ != what.method) return false;
  return target_fits(target_, what.target) && (!condition_ || condition_(what));
}

fake_server::fake_server(scheme how, const std::string& address) : how_(how), address_(address) {
  listening_ = listen_on(address, port_);
  accepting_ = std::thread([this] { accept(); });
}

fake_server::~fake_server() {
  stopping_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard held(lock_);
    for (auto& [number, one] : open_) one->interrupt();
  }
  for (auto& one : threads_) one.join();
  ::close(listening_);
}

std::string fake_server::authority() const {
  const bool v6 = address_.find(':') != std::string::npos;
  return (v6 ? "[" + address_ + "]" : address_) + ":" + std::to_string(port_);
}

void fake_server::present(const issued& certificate) {
  const std::lock_guard held(lock_);
  certificate_ = server_side(certificate);
}

void fake_server::demand_certificate(std::string_view ca_pem) {
  auto made = server_side(common_ground().upstream_ca.issue({"127.0.0.1", "auth.example.com"}), ca_pem);
  const std::lock_guard held(lock_);
  certificate_ = std::move(made);
}

ssl_context fake_server::certificate() const {
  const std::lock_guard held(lock_);
  return certificate_ ? certificate_ : common_ground().server;
}

void fake_server::greet(std::string bytes) {
  const std::lock_guard held(lock_);
  greeting_ = std::move(bytes);
}

std::string fake_server::greeting() const {
  const std::lock_guard held(lock_);
  return greeting_;
}

std::string fake_server::url(std::string_view path) const {
  return (tls() ? "https://" : "http://") + authority() + std::string(path);
}

sentence& fake_server::on(std::string method, std::string target) {
  const std::lock_guard held(lock_);
  return script_.emplace_back(std::move(method), std::move(target));
}

void fake_server::otherwise(sentence::maker how) {
  const std::lock_guard held(lock_);
  otherwise_ = std::move(how);
}

void fake_server::requirement(std::string challenge, std::function<bool(const std::string&)> good) {
  const std::lock_guard held(lock_);
  challenge_ = std::move(challenge);
  good_ = std::move(good);
}

std::vector<received> fake_server::requests() const {
  const std::lock_guard held(lock_);
  return requests_;
}

std::vector<received> fake_server::requests(std::string_view method, std::string_view target) const {
  auto all = requests();
  std::erase_if(all, [&](const received& one) {
    return (method != "*" && one.method != method) || !one.target.starts_with(target);
  });
  return all;
}

void fake_server::accept() {
  for (;;) {
    const int descriptor = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0 || stopping_) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    const std::size_t number = ++accepted_;
    threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
  }
}

// A failed exchange only ends its connection; tests assert on the recorded requests.
void fake_server::serve(int descriptor, std::size_t number) {
  wire on(descriptor);
  {
    const std::lock_guard held(lock_);
    open_[number] = &on;
  }
  try {
    if (const auto first = greeting(); !first.empty()) {
      on.read();
      on.write(first);
    } else if (!stopping_ && (!tls() || on.secure_as_server(certificate()))) {
      if (tls() && on.alpn() == "h2") {
        converse_h2(on, number);
      } else if (!only_h2_) {
        converse(on, number);
      }
    }
  } catch (const std::exception&) {
  }
  const std::lock_guard held(lock_);
  open_.erase(number);
}

void fake_server::converse(wire& on, std::size_t number) {
  if (on.resumed()) ++resumed_;
  message_reader reader(on, message_reader::kind::request);
  for (;;) {
    received what;
    if (!reader.read_head(what)) return;
    what.connection = number;
    if (!handle(on, reader, what)) return;
    if (what.field("Connection").value_or("") == "close") return on.shut_write();
  }
}

bool fake_server::handle(wire& on, message_reader& reader, received& what) {
  const auto index = note(what);
  const auto chosen = choose(what);
  auto how = chosen.to_;
  if (how.early) {
    rest(how.delay);
    const bool sent = send(on, how, what);
    if (!sent || how.stop_reading) return false;
  }
  if (how.invite && what.has("Expect")) on.write("HTTP/1.1 100 Continue\r\n\r\n");
  while (holding_ && !stopping_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  const bool whole = reader.read_body(what);
  renew(index, what);
  if (!whole) return false;
  if (how.early) return !how.close;
  if (chosen.maker_) how = chosen.maker_(what);
  rest(how.delay);
  return send(on, how, what) && !how.close;
}

bool fake_server::send(wire& on, const reply& how, const received& what) {
  if (how.silent) return on.read().empty();
  if (how.reset) on.reset();
  if (how.reset || how.cut) return false;
  if (!how.raw.empty()) return on.write(how.raw);
  if (!how.interim.empty() && !on.write(how.interim)) return false;
  const bool bodiless = how.status == 204 || how.status == 304;
  if (!on.write(head_of(how, bodiless))) return false;
  if (what.method == "HEAD" || bodiless) return true;
  return send_body(on, how);
}

bool fake_server::send_body(wire& on, const reply& how) {
  const auto whole = how.pattern_bytes.value_or(how.body.size());
  const auto size = std::min(whole, how.cut_after.value_or(whole));
  for (std::uint64_t at = 0; at < size && !stopping_; at += turn) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(turn, size - at));
    const auto piece = how.pattern_bytes ? pattern(at, count) : how.body.substr(static_cast<std::size_t>(at), count);
    if (!on.write(framed(piece, how.chunked))) return false;
    sent_ += count;
    rest(how.pause);
  }
  if (how.cut_after) return false;
  return !how.chunked || on.write("0\r\n\r\n");
}

// The end of a test does not wait for it.
void fake_server::rest(std::chrono::milliseconds span) const {
  const auto until = std::chrono::steady_clock::now() + span;
  while (!stopping_ && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

sentence fake_server::choose(const received& what) {
  const std::lock_guard held(lock_);
  sentence other("*", "*");
  if (good_ && !good_(what.authorization())) {
    return other.answer(401, "Unauthorized")
        .header("WWW-Authenticate", challenge_)
        .header("Docker-Distribution-Api-Version", "registry/2.0")
        .body(R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})");
  }
  const auto found = std::ranges::find_if(script_, [&](const sentence& one) { return one.fits(what); });
  if (found == script_.end()) return otherwise_ ? other.make(otherwise_) : other.answer(418, "nothing in the script");
  if (found->left_) --*found->left_;
  return *found;
}

std::size_t fake_server::note(const received& what) {
  const std::lock_guard held(lock_);
  requests_.push_back(what);
  return requests_.size() - 1;
}

void fake_server::renew(std::size_t index, const received& what) {
  const std::lock_guard held(lock_);
  requests_[index] = what;
}

}  // namespace regpass::testing
