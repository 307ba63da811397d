// Records what happens to one exchange, with times; the only writer of its steps.
#pragma once

#include "auth/handshake.hpp"
#include "forward/exchange/exchange_secrets.hpp"
#include "forward/services/token_client.hpp"
#include "regpass/base/time.hpp"
#include "regpass/diagnosis/evidence.hpp"
#include "regpass/forward/report.hpp"
#include "regpass/http/message.hpp"
#include "transport/pool.hpp"

#include <string>
#include <utility>

namespace regpass::forward {

class recorder {
 public:
  explicit recorder(diagnosis::evidence about) : began_(now().steady), seen_(std::move(about)) {}

  void sent(const http::request_head& head, std::string_view authorization, bool probe, transport::connection& on);
  void answered(const http::response_head& head, const std::optional<auth::requirement>& wants);
  // The beginning of the body of the answer recorded last.
  void said(std::string_view body);
  // The Location of the last answer names a registry that regpass serves.
  void leads_to_served_registry();
  void realm(std::string_view text, const auth::realm_decision& decision);
  void token(const auth::token_request& request, const token_result& delivery);
  void cached(const auth::token& token);
  // A token that is itself the credential, with its claims as far as they can be read.
  void ready_made(const auth::credential& token);
  // The user of the credential that the client sent, as far as it can be read.
  void brought(const http::fields& by_client);
  // Whether requests sent from now on serve the explanation only.
  void explaining(bool on) noexcept { explaining_ = on; }
  void failed(error problem);
  bool has_failed() const noexcept { return failed_; }
  template <class Step>
  void step(Step recorded) {
    diagnosis::add(seen_, elapsed_ms(), std::move(recorded));
  }

  // What is removed from text of registries and clients before it is recorded.
  exchange_secrets& secrets() noexcept { return secrets_; }

  diagnosis::evidence& seen() noexcept { return seen_; }
  const diagnosis::evidence& seen() const noexcept { return seen_; }
  steady_time began() const noexcept { return began_; }
  std::int64_t elapsed_ms() const noexcept;

 private:
  exchange_secrets secrets_;
  bool explaining_ = false;
  bool failed_ = false;
  steady_time began_;
  diagnosis::evidence seen_;
};

}  // namespace regpass::forward
