#include "tls/trust/roots.hpp"

#include "regpass/base/file.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/trust/files.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
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

// One element of DER: its content, and what follows it.
struct element {
  const unsigned char* content = nullptr;
  const unsigned char* end = nullptr;
  int tag = -1;
};

std::optional<element> next_element(const unsigned char* at, const unsigned char* limit) {
  element found;
  long size = 0;
  int kind = 0;
  found.content = at;
  const int flags = ASN1_get_object(&found.content, &size, &found.tag, &kind, limit - at);
  if ((flags & 0x80) != 0 || (flags & 1) != 0) return std::nullopt;  // broken, or of indefinite length
  found.end = found.content + size;
  return found;
}

// The sixth of a certificate's inner elements, or the fifth where the version is left out (RFC 5280 section 4.1).
name_ptr subject_of(std::string_view der) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto outer = next_element(begin, begin + der.size());
  const auto inner = outer ? next_element(outer->content, outer->end) : std::nullopt;
  auto field = inner ? next_element(inner->content, inner->end) : std::nullopt;
  const unsigned char* at = field ? field->content : nullptr;
  const bool has_version = field && field->tag == 0;
  for (int behind = has_version ? 5 : 4; field && behind > 0; --behind) {
    at = field->end;
    field = next_element(at, inner->end);
  }
  if (!field) return nullptr;
  return name_ptr(d2i_X509_NAME(nullptr, &at, field->end - at));
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
    name_ptr subject = subject_of(der);
    if (subject) roots_.push_back({der, std::move(subject)});
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

// What a store's look-up needs: X509_LOOKUP_METHOD(3).
struct lookup_data {
  std::shared_ptr<const root_list> roots;
  std::string except;
};

bool add_with_subject(X509_STORE& store, const lookup_data& from, const X509_NAME* subject) {
  bool found = false;
  for (const root_certificate& root : *from.roots) {
    if (X509_NAME_cmp(root.subject.get(), subject) != 0 || root.der == from.except) continue;
    const x509_ptr certificate = parse_der(root.der);
    if (certificate && X509_STORE_add_cert(&store, certificate.get()) == 1) found = true;
  }
  return found;
}

// OpenSSL asks here for what the store does not have yet. What it gets is the store's: it takes a reference itself.
int find_root(X509_LOOKUP* at, X509_LOOKUP_TYPE type, const X509_NAME* subject, X509_OBJECT* into) {
  const auto* const from = static_cast<const lookup_data*>(X509_LOOKUP_get_method_data(at));
  X509_STORE* const store = X509_LOOKUP_get_store(at);
  if (type != X509_LU_X509 || from == nullptr || !add_with_subject(*store, *from, subject)) return 0;
  X509_STORE_lock(store);
  X509_OBJECT* const found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, subject);
  X509* const certificate = found == nullptr ? nullptr : X509_OBJECT_get0_X509(found);
  const bool set = certificate != nullptr && X509_OBJECT_set1_X509(into, certificate) == 1;
  if (set) X509_free(certificate);
  X509_STORE_unlock(store);
  return set ? 1 : 0;
}

void forget(X509_LOOKUP* at) {
  delete static_cast<lookup_data*>(X509_LOOKUP_get_method_data(at));
}

X509_LOOKUP_METHOD* look_up_method() {
  static X509_LOOKUP_METHOD* const made = [] {
    X509_LOOKUP_METHOD* m = X509_LOOKUP_meth_new("the system's roots");
    X509_LOOKUP_meth_set_get_by_subject(m, find_root);
    X509_LOOKUP_meth_set_free(m, forget);
    return m;
  }();
  return made;
}

}  // namespace

std::string to_pem(const root_certificate& root) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  const auto* const der = reinterpret_cast<const unsigned char*>(root.der.data());
  if (!bio || PEM_write_bio(bio.get(), PEM_STRING_X509, "", der, static_cast<long>(root.der.size())) <= 0) return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

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

result<store_ptr> make_store(const std::shared_ptr<const root_list>& roots, const std::string& except_der) {
  store_ptr store(X509_STORE_new(), X509_STORE_free);
  X509_LOOKUP* const look_up = store ? X509_STORE_add_lookup(store.get(), look_up_method()) : nullptr;
  auto data = std::make_unique<lookup_data>(lookup_data{roots, except_der});
  if (look_up == nullptr || X509_LOOKUP_set_method_data(look_up, data.get()) != 1) {
    return fail(errc::io, fmt::format("cannot make a certificate store: {}", queue_text()));
  }
  std::ignore = data.release();
  return store;
}

result<store_ptr> root_store(const std::shared_ptr<const root_list>& roots, const std::string& except_der) {
  static std::mutex guard;
  static std::shared_ptr<const root_list> made_of;
  static std::string made_without;
  static store_ptr store;
  const std::scoped_lock lock(guard);
  if (store && made_of == roots && made_without == except_der) return store;
  auto made = make_store(roots, except_der);
  if (!made) return made;
  store = *made;
  made_of = roots;
  made_without = except_der;
  return store;
}

}  // namespace regpass::tls
