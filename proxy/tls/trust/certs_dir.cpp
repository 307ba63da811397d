#include "tls/trust/certs_dir.hpp"

#include "regpass/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace regpass::tls {
namespace {

using std::filesystem::path;

bool is_there(const path& file) {
  std::error_code unreadable;
  return std::filesystem::exists(file, unreadable);
}

// By name, so that what is found does not depend on the file system.
result<std::vector<path>> files_in(const path& directory) {
  std::error_code problem;
  std::vector<path> found;
  for (std::filesystem::directory_iterator at(directory, problem), end; !problem && at != end; at.increment(problem)) {
    found.push_back(at->path());
  }
  if (problem) {
    return fail(errc::bad_input,
                fmt::format("cannot read the directory {}: {}", clean(directory.string()), problem.message()));
  }
  std::ranges::sort(found);
  return found;
}

std::unexpected<error> half(const path& has, const char* lacks) {
  return fail(errc::bad_input,
              fmt::format("{} has no {} beside it: a client certificate is NAME.cert with NAME.key",
                          clean(has.string()), path(has).replace_extension(lacks).filename().string()));
}

result<void> add_pair(trust& to, const path& certificate) {
  const auto key = path(certificate).replace_extension(".key");
  if (!is_there(key)) return half(certificate, ".key");
  if (!to.client_cert_file.empty()) {
    return fail(errc::bad_input,
                fmt::format("{} is a second client certificate besides {}: remove one, or name the right one by "
                            "client_cert_file and client_key_file in the registry's [[registry]]",
                            clean(certificate.string()), clean(to.client_cert_file.string())));
  }
  to.client_cert_file = certificate;
  to.client_key_file = key;
  return {};
}

result<void> add(trust& to, const path& file, bool pairs) {
  const auto extension = file.extension();
  if (pairs && extension == ".cert") return add_pair(to, file);
  if (pairs && extension == ".key" && !is_there(path(file).replace_extension(".cert"))) return half(file, ".cert");
  if (extension == ".crt" && to.ca_file.empty()) to.more_ca_files.push_back(file);
  return {};
}

}  // namespace

result<trust> with_certs_dir(trust known, const path& certs_dir, const std::vector<std::string>& names) {
  if (certs_dir.empty()) return known;
  const auto name = std::ranges::find_if(names, [&](const std::string& one) { return is_there(certs_dir / one); });
  if (name == names.end()) return known;
  const auto files = files_in(certs_dir / *name);
  if (!files) return std::unexpected(files.error());
  const bool pairs = known.client_cert_file.empty() && known.client_key_file.empty();
  for (const auto& file : *files) {
    if (auto added = add(known, file, pairs); !added) return std::unexpected(added.error());
  }
  return known;
}

}  // namespace regpass::tls
