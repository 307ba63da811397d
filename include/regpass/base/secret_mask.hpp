// Masks secrets in text from peers: registries, token servers, proxies and credential helpers may quote what was sent
// to them, and such a quotation must not reach a log, a page or a client (P4).
#pragma once

#include "regpass/base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace regpass {

// The secrets of one exchange. `apply` replaces each occurrence by "***": verbatim, in other letter case, percent-,
// JSON- or HTML-escaped, in hex, and in base64 or base64url at any alignment, alone or inside a longer encoded text.
// Fragments of at least 12 characters are masked, too; a value of fewer than 8 characters is masked only as a whole
// word.
class secret_mask {
 public:
  void add(std::string_view value);
  // Adds the password, and the pair as Basic authentication encodes it. The user name alone is not secret.
  void add_login(std::string_view user, std::string_view password);
  // The value of an Authorization or Proxy-Authorization field.
  void add_authorization(std::string_view field);

  bool empty() const noexcept { return values_.empty(); }
  std::string apply(std::string_view text) const;

 private:
  struct value {
    secret text;
    bool plain = true;  // false: only its encoded forms are secret
  };
  void add(std::string_view text, bool plain);

  std::vector<value> values_;
};

// Masks credentials that can be recognised by their form: user information and query values of URLs, "Bearer" or
// "Basic" followed by a credential, and JSON Web Tokens.
std::string mask_recognisable(std::string_view text);

// For the output of a program that handles secrets unknown to regpass: also masks what follows words such as
// "password", and long runs of mixed letters and digits.
std::string mask_printed(std::string_view text);

}  // namespace regpass
