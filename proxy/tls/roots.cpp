#include "tls/roots.hpp"

#include "regpass/base/file.hpp"
#include "tls/certificate.hpp"
#include "tls/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace regpass::tls {
namespace fs = std::filesystem;
namespace {

// Where the distributions keep their bundle, as in Go's crypto/x509/root_linux.go.
constexpr std::array<const char*, 6> known_bundles{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL 6
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/pki/tls/cacert.pem",                            // OpenELEC
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL 7
    "/etc/ssl/cert.pem",                                  // Alpine
};

// The two variables, each on its own: "set" replaces the default file or the default directory, never both.
struct places {
  std::string file;
  bool file_demanded = false;
  std::string directories;  // separated by ':'

  friend bool operator==(const places&, const places&) = default;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

places places_now() {
  places found{.file = variable(X509_get_default_cert_file_env()),
               .file_demanded = true,
               .directories = variable(X509_get_default_cert_dir_env())};
  if (found.file.empty()) {
    found.file = X509_get_default_cert_file();
    found.file_demanded = false;
  }
  if (found.directories.empty()) found.directories = X509_get_default_cert_dir();
  return found;
}

class collector {
 public:
  // Adds what the file holds and tells how many certificates that were, already known ones included.
  result<std::size_t> add_file(const fs::path& path);
  void add_directory(const fs::path& path);
  bool empty() const { return roots_.empty(); }
  root_list take() { return std::move(roots_); }

 private:
  bool first_visit(const fs::path& path);

  root_list roots_;
  std::set<std::string, std::less<>> known_;
  std::set<std::pair<dev_t, ino_t>> visited_;  // directories of hashed names link to each file
};

bool collector::first_visit(const fs::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) != 0 || visited_.emplace(info.st_dev, info.st_ino).second;
}

result<std::size_t> collector::add_file(const fs::path& path) {
  auto text = read_file(path, max_pem_file);
  if (!text) return std::unexpected(std::move(text.error()));
  first_visit(path);
  const auto blocks = split_pem(*text);
  for (const std::string& der : blocks.der) {
    if (!known_.insert(der).second) continue;
    x509_ptr certificate = parse_der(der);
    if (certificate) roots_.push_back({der, std::move(certificate)});
  }
  return blocks.der.size();
}

void collector::add_directory(const fs::path& path) {
  std::error_code code;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(path, code), end; !code && at != end; at.increment(code)) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    if (fs::is_regular_file(file, code) && first_visit(file)) std::ignore = add_file(file);
  }
}

result<void> add_demanded(collector& roots, const std::string& file) {
  auto added = roots.add_file(file);
  if (!added) return std::unexpected(std::move(added.error()));
  if (*added == 0) return fail(errc::bad_input, fmt::format("{} (SSL_CERT_FILE) holds no certificate in PEM", file));
  return {};
}

void add_directories(collector& roots, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    if (end > 0) roots.add_directory(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

result<root_list> read_roots(const places& where) {
  collector roots;
  if (where.file_demanded) {
    if (auto done = add_demanded(roots, where.file); !done) return std::unexpected(std::move(done.error()));
  } else {
    std::ignore = roots.add_file(where.file);
  }
  add_directories(roots, where.directories);
  for (std::size_t i = 0; roots.empty() && i < known_bundles.size(); ++i)
    std::ignore = roots.add_file(known_bundles.at(i));
  return roots.take();
}

bool add(X509_STORE& store, X509* certificate) {
  return X509_STORE_add_cert(&store, certificate) == 1;
}

}  // namespace

result<std::shared_ptr<const root_list>> system_roots() {
  static std::mutex guard;
  static places read_from;
  static std::shared_ptr<const root_list> roots;
  const std::scoped_lock lock(guard);
  const places where = places_now();
  if (roots && where == read_from) return roots;
  auto read = read_roots(where);
  if (!read) return std::unexpected(std::move(read.error()));
  roots = std::make_shared<const root_list>(std::move(*read));
  read_from = where;
  return roots;
}

result<store_ptr> make_store(const root_list& roots, std::string_view except_der) {
  store_ptr store(X509_STORE_new(), X509_STORE_free);
  bool made = store != nullptr;
  for (const root_certificate& root : roots) {
    if (root.der != except_der) made = made && add(*store, root.certificate.get());
  }
  if (!made) return fail(errc::io, fmt::format("cannot make a certificate store: {}", queue_text()));
  return store;
}

result<store_ptr> root_store(const std::shared_ptr<const root_list>& roots, const std::string& except_der) {
  static std::mutex guard;
  static std::shared_ptr<const root_list> made_of;
  static std::string made_without;
  static store_ptr store;
  const std::scoped_lock lock(guard);
  if (store && made_of == roots && made_without == except_der) return store;
  auto made = make_store(*roots, except_der);
  if (!made) return made;
  store = *made;
  made_of = roots;
  made_without = except_der;
  return store;
}

}  // namespace regpass::tls
