// Both ends of the benchmark: an origin that speaks as much of a registry as the workloads need, and the client that
// loads it, directly or through a proxy under test.
//
// Neither may be slower than the proxies. Each is one thread on epoll that gathers TLS records into large sends, reads
// many records at once and never looks into a body. Bodies are only counted: the digits of a blob's digest are the
// number of bytes to send, in hexadecimal, so one origin serves blobs of every size.

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t turn = 131'072;   // what one SSL_write or receive moves at most; stays in the L2 cache
constexpr std::size_t record = 16'384;  // SSL_read never returns more than one TLS record
constexpr std::string_view repository = "/v2/bench/blob/";
constexpr std::string_view count_header = "Bench-Requests";  // how many requests the origin has seen so far

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

[[noreturn]] void fail_system(const std::string& what) {
  fail(what + ": " + std::strerror(errno));
}

[[noreturn]] void fail_tls(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_peek_last_error(), reason.data(), reason.size());
  // The queue belongs to the thread: what stays in it would be taken for the next connection's failure.
  ERR_clear_error();
  fail(what + ": " + reason.data());
}

// ---------------------------------------------------------------------------------------------------------- options

class Options {
 public:
  Options(int count, char** words) {
    for (int i = 0; i < count; i += 2) {
      const std::string_view name = words[i];
      if (!name.starts_with("--") || i + 1 == count) fail("expected --name value, got " + std::string(name));
      values_[std::string(name.substr(2))] = words[i + 1];
    }
  }

  [[nodiscard]] std::string text(const std::string& name, std::optional<std::string> otherwise = {}) const {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    if (!otherwise) fail("--" + name + " is missing");
    return *otherwise;
  }

  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    const std::string word = text(name, std::to_string(otherwise));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) fail("--" + name + " wants a number, got " + word);
    return value;
  }

 private:
  std::map<std::string, std::string> values_;
};

// ---------------------------------------------------------------------------------------------------------- sockets

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

struct Endpoint {
  explicit Endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) fail("expected host:port, got " + text);
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }

  [[nodiscard]] std::string text() const { return host + ":" + port; }

  /// An unconnected socket for this endpoint's first address, handed to `use` together with that address.
  template <typename Use>
  [[nodiscard]] Descriptor open(Use use) const {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &raw); error != 0)
      fail(text() + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(raw, &::freeaddrinfo);
    Descriptor socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0 || use(socket.get(), *address) != 0) fail_system(text());
    return socket;
  }

  std::string host;
  std::string port;
};

Descriptor connect_to(const Endpoint& endpoint) {
  return endpoint.open([](int socket, const addrinfo& to) { return ::connect(socket, to.ai_addr, to.ai_addrlen); });
}

Descriptor listen_on(const Endpoint& endpoint) {
  return endpoint.open([](int socket, const addrinfo& at) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(socket, at.ai_addr, at.ai_addrlen) != 0 ? -1 : ::listen(socket, SOMAXCONN);
  });
}

// ------------------------------------------------------------------------------------------------------------- HTTP

std::optional<std::string_view> header(std::string_view head, std::string_view name) {
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

std::uint64_t number_in(std::string_view digits, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) fail("not a number: " + std::string(digits));
  return value;
}

std::string digest_of_size(std::uint64_t size) {
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

Context make_context(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), &SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1) fail_tls("TLS 1.3");
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), turn);
  return context;
}

// Edge-triggered, registered once: every handler goes on until the socket would block, so interest never changes.
constexpr std::uint32_t both_edges = EPOLLIN | EPOLLOUT | EPOLLET;

class Poller {
 public:
  Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) fail_system("epoll_create1");
  }

  void add(int descriptor, std::uint32_t events, void* owner) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) fail_system("epoll_ctl");
  }

  /// Waits, then calls `handle` with the owner of each ready descriptor.
  template <typename Handle>
  void wait(Handle handle) {
    const int ready = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
    if (ready < 0 && errno != EINTR) fail_system("epoll_wait");
    for (int i = 0; i < ready; ++i) handle(events_[static_cast<std::size_t>(i)].data.ptr);
  }

 private:
  Descriptor epoll_;
  std::array<epoll_event, 256> events_{};
};

// ----------------------------------------------------------------------------------------------------------- origin

class Registry {
 public:
  Registry() {
    manifest_ = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],)"
                R"("annotations":{"padding":")";
    manifest_ += std::string(2048 - manifest_.size() - 3, '.') + R"("}})";
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(manifest_.data()), manifest_.size(), hash.data());
    manifest_digest_ = fmt::format("sha256:{:02x}", fmt::join(hash, ""));
  }

  Message answer(std::string_view request) {
    ++requests_;
    const auto space = request.find(' ');
    if (space == std::string_view::npos) fail("not a request");
    const std::string_view method = request.substr(0, space);
    std::string_view path = request.substr(space + 1);
    path = path.substr(0, path.find(' '));
    const std::string_view query = path.substr(std::min(path.find('?'), path.size()));
    path.remove_suffix(query.size());

    if (!header(request, "Authorization"))
      return small("401 Unauthorized", "WWW-Authenticate: Basic realm=\"bench\"\r\n", "{}");
    if (path == "/v2/") return small("200 OK", "Content-Type: application/json\r\n", "{}");
    if (!path.starts_with(repository)) return small("404 Not Found", "", "");
    path.remove_prefix(repository.size());

    constexpr std::string_view blob = "blobs/sha256:";
    constexpr std::string_view uploads = "blobs/uploads/";
    if (path.starts_with(blob)) {
      const std::uint64_t size = number_in(path.substr(blob.size()), 16);
      return {head("200 OK", "Content-Type: application/octet-stream\r\n", size), method == "HEAD" ? 0 : size};
    }
    if (path.starts_with(uploads)) {
      if (method == "POST")
        return small("202 Accepted", fmt::format("Location: {}{}1\r\nDocker-Upload-UUID: 1\r\n", repository, uploads),
                     "");
      const std::string_view digest = query.substr(std::min(query.find('=') + 1, query.size()));
      return small("201 Created", fmt::format("Location: {}blobs/{}\r\n", repository, digest), "");
    }
    if (path.starts_with("manifests/"))
      return small("200 OK",
                   fmt::format("Content-Type: application/vnd.oci.image.index.v1+json\r\nDocker-Content-Digest: {}\r\n",
                               manifest_digest_),
                   manifest_);
    return small("404 Not Found", "", "");
  }

 private:
  [[nodiscard]] std::string head(std::string_view status, std::string_view headers, std::uint64_t length) const {
    return fmt::format("HTTP/1.1 {}\r\n{}{}: {}\r\nContent-Length: {}\r\n\r\n", status, headers, count_header,
                       requests_, length);
  }

  [[nodiscard]] Message small(std::string_view status, std::string_view headers, std::string_view body) const {
    return {head(status, headers, body.size()) + std::string(body)};
  }

  std::string manifest_;
  std::string manifest_digest_;
  std::uint64_t requests_ = 0;
};

[[noreturn]] void origin(const Options& options) {
  const Context context = make_context(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.text("cert").c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.text("key").c_str(), SSL_FILETYPE_PEM) != 1)
    fail_tls("--cert, --key");
  const Descriptor listener = listen_on(Endpoint(options.text("listen")));

  Registry registry;
  Poller poller;
  poller.add(listener.get(), EPOLLIN, nullptr);
  std::map<void*, std::unique_ptr<Wire>> visitors;
  for (;;) {
    poller.wait([&](void* ready) {
      if (ready == nullptr) {
        const int socket = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        auto wire = std::make_unique<Wire>(context.get(), Descriptor(socket));
        SSL_set_accept_state(wire->tls());
        poller.add(socket, both_edges, wire.get());
        visitors.emplace(wire.get(), std::move(wire));
        return;
      }
      try {
        Wire& wire = *static_cast<Wire*>(ready);
        while (wire.send() && wire.receive()) wire.queue(registry.answer(wire.take().head));
      } catch (const std::exception&) {
        visitors.erase(ready);  // mostly a client that has finished; a failure shows at its end
      }
    });
  }
}

// ----------------------------------------------------------------------------------------------------------- client

/// A socket to the target, through the proxy's CONNECT when there is one.
Descriptor reach(const Endpoint& target, const std::optional<Endpoint>& proxy) {
  if (!proxy) return connect_to(target);
  Descriptor socket = connect_to(*proxy);
  const std::string request = "CONNECT " + target.text() + " HTTP/1.1\r\nHost: " + target.text() + "\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    fail_system("CONNECT");
  // The other side of the tunnel does not speak first, so nothing beyond the answer's head can be read here.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    std::array<char, 1024> scratch;
    const ssize_t got = ::recv(socket.get(), scratch.data(), scratch.size(), 0);
    if (got <= 0 || answer.size() > turn) fail("CONNECT: the proxy closed the connection: " + answer);
    answer.append(scratch.data(), static_cast<std::size_t>(got));
  }
  if (!answer.starts_with("HTTP/1.1 200")) fail("CONNECT: " + answer.substr(0, answer.find('\r')));
  return socket;
}

enum class Workload { download, upload, manifests };

Workload workload_named(const std::string& name) {
  if (name == "download") return Workload::download;
  if (name == "upload") return Workload::upload;
  if (name == "manifests") return Workload::manifests;
  fail("--workload is download, upload or manifests, not " + name);
}

struct Plan {
  explicit Plan(const Options& options)
      : workload(workload_named(options.text("workload"))),
        target(options.text("target")),
        size(options.number("size", 0)),
        left(options.number("requests", 1)) {
    common = " HTTP/1.1\r\nHost: " + target.text() + "\r\n";
    if (const std::string value = options.text("authorization", ""); !value.empty())
      common += "Authorization: " + value + "\r\n";
  }

  [[nodiscard]] Message request(const std::string& method, const std::string& path, std::uint64_t body = 0) const {
    std::string head = method + " " + path + common;
    if (method != "GET") head += "Content-Length: " + std::to_string(body) + "\r\n";
    return {head + "\r\n", body};
  }

  Workload workload;
  Endpoint target;
  std::uint64_t size;
  std::uint64_t left;  // blobs or manifests still to be asked for, over all connections
  std::string common;
};

struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t origin_requests = 0;  // the origin's own count, as of the newest answer
  std::vector<double> latencies;      // microseconds, one per request
};

/// One client connection, one request at a time.
class Session {
 public:
  Session(SSL_CTX* context, const Plan& plan, const std::optional<Endpoint>& proxy)
      : wire_(context, reach(plan.target, proxy)) {
    SSL_set_connect_state(wire_.tls());
    if (SSL_set_tlsext_host_name(wire_.tls(), plan.target.host.c_str()) != 1 ||
        SSL_set1_host(wire_.tls(), plan.target.host.c_str()) != 1)
      fail_tls("server name");
  }

  /// The handshakes and the `GET /v2/` that clients begin with, before any time is taken.
  void warm_up(const Plan& plan, Result& result) {
    wire_.queue(plan.request("GET", "/v2/"));
    while (!wire_.send() || !wire_.receive()) {
      pollfd wanted{wire_.socket(), POLLIN, 0};
      ::poll(&wanted, 1, -1);
    }
    note(wire_.take().head, result);
  }

  /// Queues the next request; false when the plan has none left.
  bool next(Plan& plan) {
    const std::string base(repository);
    if (!location_.empty()) {
      const std::string path = std::exchange(location_, {}) + "?digest=" + digest_of_size(plan.size);
      wire_.queue(plan.request("PUT", path, plan.size));
    } else if (plan.left == 0) {
      return false;
    } else {
      --plan.left;
      switch (plan.workload) {
        case Workload::download:
          wire_.queue(plan.request("GET", base + "blobs/" + digest_of_size(plan.size)));
          break;
        case Workload::upload:
          wire_.queue(plan.request("POST", base + "blobs/uploads/"));
          break;
        case Workload::manifests:
          wire_.queue(plan.request("GET", base + "manifests/latest"));
          break;
      }
    }
    started_ = Clock::now();
    return true;
  }

  /// Goes on until the socket would block; true when the plan is done for this connection.
  bool advance(Plan& plan, Result& result) {
    while (wire_.send() && wire_.receive()) {
      const std::chrono::duration<double, std::micro> took = Clock::now() - started_;
      result.latencies.push_back(took.count());
      const Message answer = wire_.take();
      note(answer.head, result);
      if (plan.workload != Workload::upload)
        result.bytes += answer.body;
      else if (answer.head.find(" 201 ") < answer.head.find('\r'))
        result.bytes += plan.size;
      else
        location_ = header(answer.head, "Location").value_or("");
      if (!next(plan)) return true;
    }
    return false;
  }

  [[nodiscard]] const Wire& wire() const { return wire_; }

 private:
  static void note(const std::string& head, Result& result) {
    if (!head.starts_with("HTTP/1.1 2")) fail("unexpected answer: " + head);
    const std::uint64_t seen = number_in(header(head, count_header).value_or("0"));
    result.origin_requests = std::max(result.origin_requests, seen);
  }

  Wire wire_;
  std::string location_;  // where the upload that has been opened goes
  Clock::time_point started_;
};

double percentile(std::vector<double>& values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

void client(const Options& options) {
  const Context context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), options.text("ca").c_str(), nullptr) != 1) fail_tls("--ca");
  Plan plan(options);
  std::optional<Endpoint> proxy;
  if (const std::string text = options.text("proxy", ""); !text.empty()) proxy.emplace(text);
  Result result;
  result.latencies.reserve(plan.left * 2);

  std::vector<std::unique_ptr<Session>> sessions;
  for (std::uint64_t i = options.number("connections", 1); i > 0; --i) {
    sessions.push_back(std::make_unique<Session>(context.get(), plan, proxy));
    sessions.back()->warm_up(plan, result);
  }
  const std::uint64_t origin_requests_before = result.origin_requests;

  Poller poller;
  const auto start = Clock::now();
  std::size_t active = 0;
  for (const auto& session : sessions) {
    if (!session->next(plan)) break;
    ++active;
    poller.add(session->wire().socket(), both_edges, session.get());  // writable: its first event comes at once
  }
  while (active > 0)
    poller.wait([&](void* ready) {
      if (static_cast<Session*>(ready)->advance(plan, result)) --active;
    });
  const std::chrono::duration<double> took = Clock::now() - start;

  const std::uint64_t requests = result.latencies.size();
  if (requests == 0) fail("no requests, no connections");
  const std::uint64_t at_origin = result.origin_requests - origin_requests_before;
  fmt::print(
      R"({{"bytes":{},"seconds":{:.6f},"requests":{},"extra_origin_requests":{},"p50_us":{:.1f},"p99_us":{:.1f},)"
      R"("cipher":"{}"}})"
      "\n",
      result.bytes, took.count(), requests, static_cast<std::int64_t>(at_origin - requests),
      percentile(result.latencies, 0.5), percentile(result.latencies, 0.99),
      SSL_get_cipher_name(sessions.front()->wire().tls()));
}

}  // namespace

int main(int argc, char** argv) {
  constexpr auto usage =
      "usage: bench-load origin --listen HOST:PORT --cert FILE --key FILE\n"
      "       bench-load client --target HOST:PORT [--proxy HOST:PORT] --ca FILE [--authorization VALUE]\n"
      "                         --workload download|upload|manifests [--size BYTES] [--requests N] [--connections N]\n";
  try {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode != "origin" && mode != "client") {
      fmt::print(stderr, usage);
      return 2;
    }
    static_cast<void>(::signal(SIGPIPE, SIG_IGN));
    const Options options(argc - 2, argv + 2);
    if (mode == "origin") origin(options);
    client(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-load: {}\n", error.what());
    return 1;
  }
}
