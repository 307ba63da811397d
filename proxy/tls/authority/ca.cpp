#include "regpass/tls/ca.hpp"

#include "regpass/base/text.hpp"
#include "tls/authority/ca_files.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/authority/constraints.hpp"
#include "tls/openssl_ptr.hpp"
#include "tls/time_range.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <utility>

namespace regpass::tls {

using namespace std::chrono_literals;

struct authority::state {
  key_ptr key;
  x509_ptr certificate;
  std::string pem;
  bool created = false;
  std::vector<std::string> remarks;
};

namespace {

constexpr auto backdated_by = 1h;  // for clients whose clock is behind

std::unexpected<error> making_failed() {
  return fail(errc::io, fmt::format("cannot make a CA certificate: {}", queue_text()));
}

std::string new_common_name() {
  std::array<char, 4> noise{};
  RAND_bytes(reinterpret_cast<unsigned char*>(noise.data()), static_cast<int>(noise.size()));
  return "regpass CA " + hex({noise.data(), noise.size()});
}

bool name_itself(X509& certificate) {
  X509_NAME* subject = X509_get_subject_name(&certificate);
  return append_to_name(subject, "O", "regpass") && append_to_name(subject, "CN", new_common_name()) &&
         X509_set_issuer_name(&certificate, subject) == 1;
}

bool add_ca_extensions(X509& certificate) {
  return add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
}

result<x509_ptr> make_certificate(EVP_PKEY& key, const ca_options& options, wall_time now) {
  const auto times = possible_times(now);
  x509_ptr certificate = begin_certificate(key, {times.earliest - backdated_by, times.latest + options.life});
  if (!certificate || !name_itself(*certificate) || !add_ca_extensions(*certificate)) return making_failed();
  if (auto limited = add_constraints(*certificate, options.names); !limited) {
    return std::unexpected(std::move(limited.error()));
  }
  if (!sign(*certificate, key)) return making_failed();
  return certificate;
}

result<ca_pair> make(const ca_options& options, key_ptr key, wall_time now) {
  const bool new_key = key == nullptr;
  if (new_key) key = make_p256_key();
  if (!key) return making_failed();
  auto certificate = make_certificate(*key, options, now);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  ca_pair pair{std::move(key), std::move(*certificate)};
  if (auto saved = save_pair(options.dir, pair, new_key); !saved) return std::unexpected(std::move(saved.error()));
  return pair;
}

struct outcome {
  ca_pair pair;
  bool created;
};

// Another process may be creating the same CA at this moment. Files are never overwritten, so the second process fails
// with EEXIST and uses the first one's CA.
result<outcome> load_or_make(const ca_options& options, wall_time now) {
  for (int attempts_left = 3;; --attempts_left) {
    auto found = load_pair(options.dir);
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->certificate) return outcome{std::move(*found), false};
    auto created = make(options, std::move(found->key), now);
    if (created) return outcome{std::move(*created), true};
    if (created.error().os != EEXIST || attempts_left == 1) return std::unexpected(std::move(created.error()));
  }
}

}  // namespace

authority::authority(std::shared_ptr<const state> opened) : state_(std::move(opened)) {}

result<authority> authority::open(const ca_options& options, wall_time now) {
  auto found = load_or_make(options, now);
  if (!found) return std::unexpected(std::move(found.error()));
  auto usable = check_usable(*found->pair.certificate, options.dir, now);
  if (!usable) return std::unexpected(std::move(usable.error()));
  auto remarks = check_access(options.dir);
  if (!remarks) return std::unexpected(std::move(remarks.error()));
  auto opened = std::make_shared<state>();
  opened->remarks = std::move(*remarks);
  opened->remarks.insert(opened->remarks.end(), usable->begin(), usable->end());
  opened->pem = to_pem(*found->pair.certificate);
  opened->key = std::move(found->pair.key);
  opened->certificate = std::move(found->pair.certificate);
  opened->created = found->created;
  return authority(std::move(opened));
}

const std::string& authority::certificate_pem() const noexcept {
  return state_->pem;
}

std::string authority::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate(), EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest.at(i));
  return text;
}

std::vector<std::string> authority::names() const {
  return permitted_names(*certificate());
}
wall_time authority::not_after() const {
  return to_wall(X509_get0_notAfter(certificate()));
}
const std::vector<std::string>& authority::remarks() const noexcept {
  return state_->remarks;
}
bool authority::created() const noexcept {
  return state_->created;
}
bool authority::covers(std::string_view name) const {
  return permits(*certificate(), name);
}
X509* authority::certificate() const noexcept {
  return state_->certificate.get();
}
EVP_PKEY* authority::key() const noexcept {
  return state_->key.get();
}

}  // namespace regpass::tls
