#include "registry.hpp"

#include "h1.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view blob = "/v2/bench/blob/blobs/sha256:";
constexpr std::string_view uploads = "/v2/bench/blob/blobs/uploads/";
constexpr std::size_t token_size = 1100;  // like Docker Hub's

bool wants_tokens(const Request& request) {
  return request.authority.starts_with("tokens.");
}

/// The repository of /v2/NAME/manifests/REFERENCE, or nothing.
std::string repository_of(const std::string& path) {
  const auto end = path.find("/manifests/");
  return path.starts_with("/v2/") && end != std::string::npos ? path.substr(4, end - 4) : "";
}

}  // namespace

Registry::Registry() {
  manifest_ = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],)"
              R"("annotations":{"padding":")";
  manifest_ += std::string(2048 - manifest_.size() - 3, '.') + R"("}})";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(manifest_.data()), manifest_.size(), hash.data());
  manifest_digest_ = fmt::format("sha256:{:02x}", fmt::join(hash, ""));
}

Answer Registry::answer(const Request& request) {
  ++requests_;
  const auto question = std::min(request.path.find('?'), request.path.size());
  const std::string path = request.path.substr(0, question);
  if (wants_tokens(request) && path == "/token") return token(request);
  const std::string_view scheme = wants_tokens(request) ? "Bearer " : "";
  if (request.authorization.empty() || !request.authorization.starts_with(scheme)) return challenge(request, path);
  if (path == "/v2/") return small(200, {{"content-type", "application/json"}}, "{}");
  if (path.starts_with(blob)) {
    Answer answer = small(200, {{"content-type", "application/octet-stream"}}, "");
    answer.filler = number_in(std::string_view(path).substr(blob.size()), 16);
    return answer;
  }
  if (path.starts_with(uploads)) return upload(request, request.path.substr(question));
  return repository_of(path).empty() ? small(404, {}, "") : manifest();
}

Answer Registry::small(int status, Fields fields, std::string text) const {
  fields.emplace_back(count_field, std::to_string(requests_));
  return {status, std::move(fields), std::move(text), 0};
}

Answer Registry::challenge(const Request& request, const std::string& path) const {
  std::string wanted = R"(Basic realm="bench")";
  if (wants_tokens(request)) {
    wanted = fmt::format(R"(Bearer realm="https://{}/token",service="bench")", request.authority);
    if (const std::string name = repository_of(path); !name.empty())
      wanted += fmt::format(R"(,scope="repository:{}:pull")", name);
  }
  return small(401, {{"www-authenticate", wanted}}, "{}");
}

Answer Registry::token(const Request& request) const {
  if (!request.authorization.starts_with("Basic ")) return small(401, {}, "{}");
  const std::string text = fmt::format(R"({{"token":"{}","expires_in":3600}})", std::string(token_size, 't'));
  return small(200, {{"content-type", "application/json"}}, text);
}

Answer Registry::manifest() const {
  return small(200, {{"content-type", std::string(accepted)}, {"docker-content-digest", manifest_digest_}}, manifest_);
}

Answer Registry::upload(const Request& request, const std::string& query) const {
  if (request.method == "POST")
    return small(202, {{"location", fmt::format("{}1", uploads)}, {"docker-upload-uuid", "1"}}, "");
  const std::string digest = query.substr(std::min(query.find('=') + 1, query.size()));
  return small(201, {{"location", fmt::format("{}blobs/{}", repository, digest)}}, "");
}

}  // namespace bench
