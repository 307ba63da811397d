// A token server for tests: issues tokens that name what they grant, and records the requests.
#pragma once

#include "fake_server.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::testing {

// A token request, from the query or the form.
struct token_asked {
  std::string method;
  std::string service;
  std::vector<std::string> scopes;  // as sent, one per parameter
  std::string account;
  std::string grant_type;
  std::string authorization;
  std::string refresh_token;
  std::string password;
};

class fake_token_server {
 public:
  // A marker in every token, to search for leaks.
  static constexpr std::string_view token_canary = "canary-token";

  explicit fake_token_server(fake_server::scheme how = fake_server::scheme::https,
                             const std::string& address = "127.0.0.1");

  // Grants this instead of what is requested (space-separated).
  void grants(std::string scopes);
  // …to requests without a credential.
  void grants_anonymous(std::string scopes);
  // A token as a client would get it directly, without a proxy.
  std::string issue_to(const std::string& user, const std::string& password, const std::string& scope) const;
  // The user of an Authorization with a token from this server, or empty.
  static std::string subject_of(const std::string& authorization);
  // Grants only one of several requested scopes.
  enum class honoured : std::uint8_t { all, first, last };
  void honours(honoured which) { honours_ = which; }
  void expires_in(int seconds) { life_ = seconds; }
  void opaque() { opaque_ = true; }
  // For rules that take precedence over its own responses.
  fake_server& server() { return server_; }

  std::string realm() const { return server_.url("/token"); }
  std::string challenge(std::string_view more = "") const;
  // `registry` accepts tokens from this server that have not been revoked.
  void guard(fake_server& registry) const;
  bool is_good(const std::string& authorization) const;
  // …and that grant this scope, whatever the token itself says.
  bool allows(const std::string& authorization, std::string_view scope) const;
  void take_back_all();

  std::vector<token_asked> asked() const;
  std::size_t count() const { return asked().size(); }

 private:
  reply issue(const received& what);

  mutable std::mutex lock_;
  std::optional<std::string> grants_;
  std::optional<std::string> grants_anonymous_;
  struct issued {
    std::string token;
    std::string granted;  // space-separated
  };
  std::vector<issued> issued_;
  std::atomic<honoured> honours_{honoured::all};
  std::atomic<int> life_{300};
  std::atomic<bool> opaque_{false};
  std::size_t number_ = 0;
  fake_server server_;
};

}  // namespace regpass::testing
