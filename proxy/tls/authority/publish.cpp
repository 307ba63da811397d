#include "regpass/tls/ca.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/openssl_ptr.hpp"
#include "tls/trust/files.hpp"
#include "tls/trust/roots.hpp"

#include <fmt/format.h>

#include <utility>

namespace regpass::tls {
namespace {

constexpr mode_t for_everybody = 0644;

result<void> put(const file_handle& dir, const std::filesystem::path& path, std::string_view content) {
  if (file_is(dir, path.filename(), content, for_everybody)) return {};
  return write_file(dir, path, content, for_everybody, existing::replace);
}

// The system's roots may hold the CA already, from an earlier start.
result<std::string> bundle(const authority& ca) {
  auto roots = system_roots();
  if (!roots) return std::unexpected(std::move(roots.error()));
  const std::string own = to_der(*ca.certificate());
  std::string text;
  for (const root_certificate& root : **roots) {
    if (root.der != own) text += to_pem(root);
  }
  return text + ca.certificate_pem();
}

}  // namespace

result<void> publish(const authority& ca, const std::filesystem::path& path) {
  auto dir = open_directory(path, 0755);
  if (!dir) return std::unexpected(std::move(dir.error()));
  const std::string hashed = fmt::format("{:08x}.0", X509_subject_name_hash(ca.certificate()));
  for (const std::string& name : {std::string("ca.crt"), hashed}) {
    if (auto done = put(*dir, path / name, ca.certificate_pem()); !done) return done;
  }
  auto text = bundle(ca);
  if (!text) return std::unexpected(std::move(text.error()));
  return put(*dir, path / "bundle.crt", *text);
}

}  // namespace regpass::tls
