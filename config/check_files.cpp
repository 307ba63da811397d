#include "assembly.hpp"
#include "regpass/base/file.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/host.hpp"

#include <fmt/format.h>

namespace regpass::config {
namespace {

constexpr std::size_t longest_pem = 16 * 1024 * 1024;  // a bundle of all public CAs is 200 KiB

void check_file(assembly& a, const std::filesystem::path& file, const std::string& prefix, const std::string& key) {
  if (file.empty()) return;
  const auto text = read_file(file, longest_pem);
  if (text) return;
  a.complain(a.place_of(prefix + key), fmt::format("`{}`: cannot read {}", key, text.error().detail),
             "correct the path, or see to it that this user may read the file");
}

}  // namespace

void check_files(assembly& a) {
  for (std::size_t i = 0; i < a.result.settings.registries.size(); ++i) {
    const auto trust = a.result.settings.registries[i].trust;
    check_file(a, trust.ca_file, registry_prefix(i), "ca_file");
    check_file(a, trust.client_cert_file, registry_prefix(i), "client_cert_file");
    check_file(a, trust.client_key_file, registry_prefix(i), "client_key_file");
  }
}

}  // namespace regpass::config
