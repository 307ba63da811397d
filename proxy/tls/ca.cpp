#include "regpass/tls/ca.hpp"

#include "regpass/base/secret.hpp"
#include "regpass/base/text.hpp"
#include "tls/certificate.hpp"
#include "tls/constraints.hpp"
#include "tls/files.hpp"
#include "tls/openssl_ptr.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

namespace regpass::tls {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct authority::state {
  key_ptr key;
  x509_ptr certificate;
  std::string pem;
  bool created = false;
};

namespace {

constexpr auto backdated_by = 1h;  // for clients whose clock is behind
constexpr std::string_view remedy = "restore the matching pair, or delete ca.key and ca.crt to have a new CA made";

struct pair {
  key_ptr key;
  x509_ptr certificate;
};

std::unexpected<error> pair_fail(errc code, const fs::path& dir, std::string_view what) {
  return fail(code, fmt::format("{}: {}: {}", dir.string(), what, remedy));
}

std::unexpected<error> making_failed() {
  return fail(errc::io, fmt::format("cannot make a CA certificate: {}", queue_text()));
}

// Nothing when there is no such file.
result<std::optional<std::string>> read_if_there(const fs::path& path) {
  auto text = read_owned_file(path);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == errc::not_found) return std::nullopt;
  return std::unexpected(std::move(text.error()));
}

result<key_ptr> load_key(const fs::path& path) {
  auto text = read_if_there(path);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*text) return key_ptr();
  auto key = parse_key(**text, path.string());
  wipe(**text);
  if (!key) return pair_fail(errc::bad_input, path.parent_path(), key.error().detail);
  return key;
}

result<x509_ptr> load_certificate(const fs::path& path) {
  auto text = read_if_there(path);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*text) return x509_ptr();
  auto certificates = parse_certificates(**text, path.string());
  if (!certificates) return pair_fail(errc::bad_input, path.parent_path(), certificates.error().detail);
  return std::move(certificates->front());
}

result<pair> load_once(const fs::path& dir) {
  auto key = load_key(dir / "ca.key");
  if (!key) return std::unexpected(std::move(key.error()));
  auto certificate = load_certificate(dir / "ca.crt");
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  if (*certificate && !*key) return pair_fail(errc::bad_input, dir, "there is a ca.crt, but no ca.key");
  if (*certificate && X509_check_private_key(certificate->get(), key->get()) != 1) {
    return pair_fail(errc::bad_input, dir, "ca.key is not the key of the certificate in ca.crt");
  }
  return pair{std::move(*key), std::move(*certificate)};
}

// Kubernetes swaps the files of a secret one generation at a time: we may have read one of each.
result<pair> load(const fs::path& dir) {
  auto found = load_once(dir);
  if (found || found.error().code != errc::bad_input) return found;
  std::this_thread::sleep_for(100ms);
  return load_once(dir);
}

result<void> check_usable(const X509& certificate, const fs::path& dir, wall_time now) {
  const wall_time from = to_wall(X509_get0_notBefore(&certificate));
  const wall_time to = to_wall(X509_get0_notAfter(&certificate));
  if (now >= to) return pair_fail(errc::expired, dir, fmt::format("the CA certificate ended at {}", rfc3339(to)));
  if (now < from) {
    return pair_fail(errc::expired, dir,
                     fmt::format("the CA certificate is not valid before {}, and it is {} by this system's clock",
                                 rfc3339(from), rfc3339(now)));
  }
  // OpenSSL caches what it finds out in the certificate, hence the cast.
  if (X509_check_ca(const_cast<X509*>(&certificate)) == 1) return {};
  return pair_fail(errc::bad_input, dir, "ca.crt is no CA certificate");
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
  x509_ptr certificate = begin_certificate(key, {now - backdated_by, now + options.life});
  if (!certificate || !name_itself(*certificate) || !add_ca_extensions(*certificate)) return making_failed();
  if (auto limited = add_constraints(*certificate, options.names); !limited) {
    return std::unexpected(std::move(limited.error()));
  }
  if (!sign(*certificate, key)) return making_failed();
  return certificate;
}

// The key first: a crash in between leaves a key without certificate, which the next start completes.
result<void> save(const fs::path& path, pair& made, bool new_key) {
  auto dir = open_directory(path, 0700);
  if (!dir) return std::unexpected(std::move(dir.error()));
  if (auto safe = make_private(*dir, path); !safe) return safe;
  if (new_key) {
    std::string text = to_pem(*made.key);
    auto saved = write_file(*dir, path / "ca.key", text, 0600, existing::keep);
    wipe(text);
    if (!saved) return saved;
  }
  return write_file(*dir, path / "ca.crt", to_pem(*made.certificate), 0644, existing::keep);
}

result<pair> make(const ca_options& options, key_ptr key, wall_time now) {
  const bool new_key = key == nullptr;
  if (new_key) key = make_p256_key();
  if (!key) return making_failed();
  auto certificate = make_certificate(*key, options, now);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  pair made{std::move(key), std::move(*certificate)};
  if (auto saved = save(options.dir, made, new_key); !saved) return std::unexpected(std::move(saved.error()));
  return made;
}

struct outcome {
  tls::pair pair;
  bool created;
};

// Another process may be making the same CA at this moment. Files are never overwritten, so whoever comes second finds
// one in its way (EEXIST), and uses what the other made.
result<outcome> load_or_make(const ca_options& options, wall_time now) {
  for (int attempts_left = 3;; --attempts_left) {
    auto found = load(options.dir);
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->certificate) return outcome{std::move(*found), false};
    auto made = make(options, std::move(found->key), now);
    if (made) return outcome{std::move(*made), true};
    if (made.error().os != EEXIST || attempts_left == 1) return std::unexpected(std::move(made.error()));
  }
}

}  // namespace

authority::authority(std::shared_ptr<const state> opened) : state_(std::move(opened)) {}

result<authority> authority::open(const ca_options& options, wall_time now) {
  auto found = load_or_make(options, now);
  if (!found) return std::unexpected(std::move(found.error()));
  if (auto usable = check_usable(*found->pair.certificate, options.dir, now); !usable) {
    return std::unexpected(std::move(usable.error()));
  }
  auto made = std::make_shared<state>();
  made->pem = to_pem(*found->pair.certificate);
  made->key = std::move(found->pair.key);
  made->certificate = std::move(found->pair.certificate);
  made->created = found->created;
  return authority(std::move(made));
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
