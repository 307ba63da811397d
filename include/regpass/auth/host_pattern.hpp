// Wildcards in the keys of credential files and in matchImages, as the kubelet reads them (Kubernetes documentation,
// "Images", "Interpretation of config.json"): '*', '?' and '[a-z]' stand for characters within one label of the host.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regpass::auth {

bool has_wildcard(std::string_view text) noexcept;

// Label by label; both in lower case and without a port.
bool labels_match(std::string_view pattern, std::string_view host);

// Why "HOST[:PORT]" with wildcards is no pattern that may be used; empty: it may. One that would give a credential to
// every host below a public suffix ("*.com", "*.*") is none.
std::string host_pattern_flaw(std::string_view text);

// The domain that all of its hosts are in: "example.com" for "*.example.com:5443"; empty when a wildcard stands behind
// a label that is written out, or in the last one.
std::string domain_of_pattern(std::string_view pattern);

// How many characters of it are no wildcards: more is more specific.
std::size_t literal_length(std::string_view pattern) noexcept;

}  // namespace regpass::auth
