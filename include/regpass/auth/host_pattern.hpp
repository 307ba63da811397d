// Wildcards in the keys of credential files and in matchImages, as the kubelet reads them (Kubernetes documentation,
// "Images", "Interpretation of config.json"): '*', '?' and '[a-z]' match characters within one label of the host.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regpass::auth {

bool has_wildcard(std::string_view text) noexcept;

// Compares label by label. Both must be in lower case and without a port.
bool labels_match(std::string_view pattern, std::string_view host);

// Why "HOST[:PORT]" with wildcards cannot be used as a pattern; empty if it can. A pattern that would give a credential
// to every host below a public suffix ("*.com", "*.*") is refused.
std::string host_pattern_flaw(std::string_view text);

// The domain that all hosts of the pattern are in: "example.com" for "*.example.com:5443". Empty if the last label, or
// a label behind a literal one, has a wildcard.
std::string domain_of_pattern(std::string_view pattern);

// The number of characters that are not wildcards: the pattern with more of them is more specific.
std::size_t literal_length(std::string_view pattern) noexcept;

}  // namespace regpass::auth
