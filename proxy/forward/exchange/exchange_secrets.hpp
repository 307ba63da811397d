// What one exchange sent that nobody may see, and text of others without it.
#pragma once

#include "regpass/auth/credential.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/base/secret_mask.hpp"
#include "regpass/http/message.hpp"
#include "regpass/net/upstream_proxy.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::forward {

class exchange_secrets {
 public:
  void add(const auth::credential_ptr& credential);
  void add(const auth::token_ptr& token);
  void add(const net::upstream_proxy_ptr& way);  // the login at the upstream proxy
  void add_client(const http::fields& of);       // the client's own Authorization and Proxy-Authorization

  // The text as anybody may see it, cleaned, at most `cap` bytes long.
  std::string quoted(std::string_view text, std::size_t cap) const;
  std::string masked(std::string_view text) const;
  // A reference in a successful answer. Every upload and every redirected pull has one, so its segments are looked at
  // one by one, most of which were seen before or are a UUID or digest.
  std::string masked_reference(std::string_view url) const;
  // Only what this exchange sent, in text that is passed on.
  std::string relayed(std::string_view text) const { return mask().apply(text); }
  // In every value. What a URL holds stays: the client needs it.
  void mask(http::fields& of) const;

 private:
  const secret_mask& mask() const;

  std::vector<auth::credential_ptr> credentials_;
  std::vector<auth::token_ptr> tokens_;
  net::upstream_proxy_ptr way_;
  std::vector<secret> client_;
  std::uint64_t mark_ = 0;  // differs where the secrets do
  mutable std::optional<secret_mask> mask_;
};

}  // namespace regpass::forward
