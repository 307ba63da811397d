#include "forward/services/credential_client.hpp"

#include <algorithm>
#include <array>

namespace regpass::forward {

namespace {

using std::string_view;

// Where things are; proxies and CAs; pass and GnuPG; what clouds' SDKs find their identity by in a pod.
constexpr std::array<string_view, 23> names{"PATH",
                                            "HOME",
                                            "USER",
                                            "LOGNAME",
                                            "LANG",
                                            "TZ",
                                            "TMPDIR",
                                            "HTTPS_PROXY",
                                            "https_proxy",
                                            "HTTP_PROXY",
                                            "http_proxy",
                                            "NO_PROXY",
                                            "no_proxy",
                                            "SSL_CERT_FILE",
                                            "SSL_CERT_DIR",
                                            "DOCKER_CONFIG",
                                            "GNUPGHOME",
                                            "GPG_TTY",
                                            "IDENTITY_ENDPOINT",
                                            "IDENTITY_HEADER",
                                            "IMDS_ENDPOINT",
                                            "MSI_ENDPOINT",
                                            "MSI_SECRET"};

constexpr std::array<string_view, 11> beginnings{
    "LC_", "XDG_", "PASSWORD_STORE_", "AWS_", "ECR_", "GOOGLE_", "GCE_", "CLOUDSDK_", "AZURE_", "OCI_", "KUBERNETES_"};

bool is_passed_on(string_view name) {
  return std::ranges::find(names, name) != names.end() ||
         std::ranges::any_of(beginnings, [&](string_view one) { return name.starts_with(one); });
}

}  // namespace

std::vector<std::string> program_environment(const std::map<std::string, std::string>& ours) {
  std::vector<std::string> made;
  for (const auto& [name, text] : ours) {
    if (is_passed_on(name)) made.emplace_back(name).append("=").append(text);
  }
  return made;
}

}  // namespace regpass::forward
