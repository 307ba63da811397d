// The driver of one exchange: asks the handshake what to do, has the carrier do it, and answers the client.
#pragma once

#include "diagnosis/present/annotate.hpp"
#include "forward/exchange/exchange_runner.hpp"
#include "forward/exchange/upstream_call.hpp"
#include "forward/record/recorder.hpp"
#include "regpass/auth/choice.hpp"

#include <optional>
#include <string>

namespace regpass::forward {

class forwarding {
 public:
  forwarding(const worker_context& around, forward_request what, transport::downstream& down);

  async::task<std::shared_ptr<const exchange_record>> run();

 private:
  // Whether the exchange may go on; if not, `refusal_` says how to answer.
  bool prepare();
  bool classify();
  bool judge_client();
  bool may_continue_upload(const result<registry::operation>& parsed) const;
  std::optional<registry::operation> continued_upload() const;
  bool moves_blob() const;
  bool pushes() const noexcept { return operation_->action == registry::action::push; }
  bool permit();
  void choose_credential();
  // Programs are asked once policy has allowed the request.
  async::task<void> ask_programs();
  auth::wanted wanted() const;
  void note_choice();
  void note_searched();
  async::task<void> tell_program();
  const http::request_head& asked() const noexcept { return what_.head ? *what_.head : down_.head(); }
  bool without_credentials() const noexcept { return what_.registry == nullptr || !operation_; }
  // The registry refused to go on with an upload that may have begun elsewhere.
  bool lost_upload(const http::response_head& refused) const;
  auth::injection injection() const noexcept;
  bool is_only_observed() const noexcept;
  bool refuse_step();  // and says why

  // Whether the client's own login goes first, in add mode (forwarding_login.cpp).
  async::task<void> settle_login();
  async::task<std::optional<auth::requirement>> known_requirement();
  bool brings_anonymous_token() const;

  async::task<void> pass();   // no credential is involved: as it came, but for hop-by-hop fields
  async::task<void> serve();  // the handshake
  async::task<auth::handshake_input> handshake_input();
  auth::realm_rules realm_rules() const;
  async::task<auth::token_ptr> cached_token(const auth::requirement& known);
  bool goes_without();
  void renew_ahead(const auth::requirement& known, const auth::token& token);
  token_query order_for(const auth::requirement& known, const auth::realm_decision& realm,
                        auth::token_request request) const;
  bool note_refused_address(const auth::requirement& named, const auth::realm_decision& realm,
                            token_result& delivery);
  async::task<result<http::response_head>> carry_out(const auth::action& next);
  async::task<result<http::response_head>> send(const auth::send& how);
  void authorize(const auth::send& how);
  async::task<result<http::response_head>> probe();
  async::task<auth::action> ask(auth::handshake& machine, const auth::ask_token& order);
  void learn(const std::optional<auth::requirement>& wants, const auth::action& sent);
  // Whether the refused token is one that another would fare no better than.
  bool note_refused_token(const auth::action& sent);
  // One that was obtained for this request.
  bool is_fresh_token(const auth::action& sent) const;
  async::task<void> drop_refused_token();
  // True when the mount became an upload and the handshake starts anew.
  async::task<bool> retry_without_mount(const http::response_head& head);
  void strip_mount(std::string why);
  bool shall_strip_mount(const auth::token& token);  // and does
  bool pushes_manifest() const;
  void note_push(const http::response_head& head);
  void note_redirect(const http::response_head& head);
  void note_failure(const auth::token_failure& failure);
  void note_credential();

  // For the explanation only (forwarding_reason.cpp).
  async::task<void> ask_for_reason(const http::response_head& refused);

  async::task<void> deliver(http::response_head head);
  void mask(http::response_head& refusal);
  // A refusal's body without its coding; nothing when it is too large or cannot be read.
  std::optional<std::string> readable_body(const http::fields& head, std::string_view body) const;
  async::task<void> answer_error(int status, diagnosis::refused_answer original);
  // The registry's body as it came, behind a head that explains it.
  async::task<void> relay_refusal(http::response_head head);
  // Refusals that their client could not show are put off to its next request, whose refusal it can.
  std::optional<http::response_head> postponed() const;
  async::task<void> upstream_failed(error problem);
  async::task<void> write(http::response_head head, std::string_view body);
  void remember_location(const http::response_head& head);

  worker_context around_;
  forward_request what_;
  transport::downstream& down_;
  recorder notes_;
  upstream_call call_;
  http::request_head head_;                       // to send; with the Authorization of the last `send`
  std::optional<registry::operation> operation_;  // none: no API request, so no credential
  auth::choice choice_;
  auth::token_ptr cached_;    // sent or to be sent, and not refused yet
  steady_time newer_than_{};  // when a token was refused: another one that will do
  std::string cache_;
  std::optional<auth::token_request> own_request_;  // the client's, to a token server that is watched
  std::string noted_realm_;
  http::fields refused_with_;       // what a refusal of ours takes over from the token server's
  std::string refused_words_;       // the token server's, which may be longer than the sentence can quote
  std::optional<auth::send> sent_;  // how the last request was authorized
  bool asked_for_reason_ = false;
  std::optional<diagnosis::explanation> explained_;
  int refusal_ = 403;
  int sent_status_ = 0;  // when it differs from the evidence's
  bool mount_stripped_ = false;
  bool asked_programs_ = false;
  bool client_first_ = false;     // the challenge is the client's to answer
  bool ours_after_all_ = false;   // what it brought is nobody's
  bool sent_basic_ = false;       // just now
  bool passed_over_ = false;      // the credential was refused, and the pull tried without
  bool passed_over_now_ = false;  // …for the first time
};

}  // namespace regpass::forward
