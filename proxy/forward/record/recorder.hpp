// Writes down what happens to one exchange, with times; the only writer of its evidence.
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
  // Its Location leads to a registry that is served.
  void leads_to_served_registry();
  void realm(std::string_view text, const auth::realm_decision& decision);
  void token(const auth::token_request& request, const token_result& delivery);
  void cached(const auth::token& token);
  // A token that is the credential itself: what it says of itself, as far as it can be read.
  void ready_made(const auth::credential& token);
  // Whose credential the client brought, as far as it can be read.
  void brought(const http::fields& by_client);
  // What is sent from now on serves the explanation only.
  void explaining(bool on) noexcept { explaining_ = on; }
  void failed(error problem);
  bool has_failed() const noexcept { return failed_; }
  template <class Step>
  void step(Step one) {
    diagnosis::add(seen_, elapsed_ms(), std::move(one));
  }

  // What was sent or will be; text of others is recorded without it.
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
