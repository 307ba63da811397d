#include "ends.hpp"
#include "wire.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace bench {
namespace {

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

}  // namespace

void origin(const Options& options) {
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

}  // namespace bench
