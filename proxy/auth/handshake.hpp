// The handshake with a registry, as a state machine over values: challenge, token, retry. No socket, no clock.
//
// Each client request starts one handshake. exchange_fsm passes its actions on and reports the results:
//
//   state     event                                next: action
//   -----     -----                                ------------
//   start     ready-made bearer                    fresh: send bearer
//             token cached                         cached: send bearer
//             Basic known                          basic: send basic (or bare: send bare, without a password)
//             token endpoint known                 asking: ask_token
//             nothing known, no body               bare: send bare
//             nothing known, a body unread         probing: probe (GET /v2/ without credentials)
//   bare      401 with a usable challenge          asking: ask_token, or for Basic fresh: send basic
//             401 without any challenge            probing_late: probe
//             anything else, or the body started   done: deliver
//   probing   401 with a usable challenge          asking: ask_token, or for Basic fresh: send basic
//             anything else                        probed: send bare
//   probing_late  likewise, but fresh: send bare, since that is sent for the second time
//   probed    401 with a usable challenge          asking: ask_token, or for Basic fresh: send basic
//             anything else, or the body started   done: deliver
//   basic     401 that names a token endpoint      asking: ask_token
//             another 401 to a pull                fresh: send bare
//             anything else, or the body started   done: deliver
//   cached    401, body started                    done: deliver
//             401, token refused when it was fresh done: deliver
//             401 that names another service of the
//               known endpoint                     asking: ask_token, for that service
//             401, token granted less than needed  done: deliver (asking, if it names another endpoint)
//             401, token endpoint known or named   asking: ask_token
//             403, opaque token for more than this asking: ask_token
//             anything else                        done: deliver
//   asking    token                                fresh: send bearer
//             token granted less than asked, and
//               less is needed by now              asking: ask_token, for that alone, once
//             failed, another form left            asking: ask_token in that form, once
//             failed for good, a pull, and the
//               credential was refused             asking: ask_token, anonymously, once
//             failed for good                      given up, see below
//   fresh     401 to a token of a remembered
//               endpoint that names another one    asking: ask_token, of that one
//             anything else                        done: deliver
//   any       realm of this request not approved   done: refuse
//   given up  what this request's own 401 named    done: refuse
//             a remembered endpoint, and this
//               request's 401 named another one    asking: ask_token, of that one
//             a remembered endpoint, no body       bare: send bare, anew
//             a remembered endpoint, a body unread probing: probe, anew
//   anew      401 that names another endpoint      asking: ask_token, of that one
//             401 without any challenge            probing_late: probe
//             success to `send bare`               done: deliver
//             anything else                        done: refuse, as the remembered endpoint's failure demands
//
// What the registry says to this request wins over what was learned of it: a remembered endpoint is followed first, one
// that this request's own answers named at most once after it. An endpoint is asked at most three times (two forms of
// the credential, or one of them and a narrower scope, and anonymously). So at most three sends, one probe and six
// token requests happen, and a body that has started is never sent again (T14): the bounds follow from the states and
// from flags that are set once, not from counters. A challenge that comes without being usable (none of its schemes is
// ours) is delivered; one that does not come at all (gcr.io on some requests) is to be had at /v2/. A remembered
// endpoint is only used while its realm is approved. In observe mode everything is sent as the client sent it and
// delivered as it came; in add mode a client's own Authorization likewise.
//
// Forms: user and password go by GET, and by POST as a password grant where GET was no form that the server knows. An
// identity token goes by POST as a refresh token, and by GET as a password where that was not accepted; a password
// whose user is "<token>" the other way round. GET comes before POST, so that token services that know no POST (404,
// 405, 400 or 401) need no fallback. Of several failures the most telling decides how to refuse.
//
// A stale credential must not break the pull of a public image: where it was refused the pull is tried once without.
// Never for anything that writes, nor with a ready-made token, which is sent as it is.
#pragma once

#include "auth/realm.hpp"
#include "regpass/auth/challenge.hpp"
#include "regpass/auth/token.hpp"
#include "regpass/options/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace regpass::auth {

using options::injection;
enum class body_state : std::uint8_t { none, unread };

struct handshake_input {
  registry::scope_set need;
  credential_ptr credential;         // null: anonymous
  token_ptr cached;                  // covers `need` by what it was asked for
  std::optional<requirement> known;  // learned from this registry earlier
  body_state body = body_state::none;
  injection mode = injection::replace;
  bool client_authorization = false;
  registry::host registry;
  realm_rules realms;

  bool operator==(const handshake_input&) const = default;
};

struct send {
  enum class with : std::uint8_t { bare, basic, bearer, client };
  with how = with::bare;
  token_ptr token;  // bearer obtained or cached; null for a ready-made one
};
struct ask_token {
  token_request request;
};
struct probe {};
struct deliver {};
struct refuse {
  int status = 403;  // 403, or 503 when the token endpoint failed for reasons that may pass
};
using action = std::variant<send, ask_token, probe, deliver, refuse>;

class handshake {
 public:
  explicit handshake(handshake_input input) : in_(std::move(input)) {}
  bool operator==(const handshake&) const = default;

  action start();
  // The answer to `send` or `probe`. `wants` is what requirement_of found in its challenges, `challenged` whether
  // there were any. `body_started`: a byte of the client's body was read.
  action on_response(int status, const std::optional<requirement>& wants, bool challenged, bool body_started);
  // From now on less is needed than was asked for: a mount became an upload.
  void narrow(registry::scope_set need) { in_.need = std::move(need); }
  // The cached token was refused when it was new, a moment ago: another one would be refused as well.
  void keep_cached() noexcept { keeps_cached_ = true; }
  action on_token(const token_answer& answer);

  // What was learned and decided on the way, for memory and evidence. Where there is a decision about a realm,
  // `learned` is the challenge that named it, be it of now or known from earlier.
  const std::optional<requirement>& learned() const noexcept { return learned_; }
  const std::optional<realm_decision>& realm() const noexcept { return realm_; }
  const handshake_input& input() const noexcept { return in_; }
  // Of the last token request; null: anonymous.
  credential_ptr requested_credential() const noexcept { return request_ ? request_->credential : nullptr; }

 private:
  enum class state : std::uint8_t { start, bare, probing, probing_late, probed, basic, cached, asking, fresh, done };
  action go(state, action);
  bool allows(const requirement&) const;
  bool names_another(const std::optional<requirement>&, const std::optional<requirement>& than) const;
  action send_without_token();
  action follow(const requirement&);
  action ask(const requirement&);
  action renew(const std::optional<requirement>& wants);
  bool may_lack_scope() const;
  action ask_again(token_request);
  action without_token(const std::optional<token_failure>&);
  void note_failure(const std::optional<token_failure>&);
  action give_up();

  state state_ = state::start;
  std::optional<requirement> learned_;
  std::optional<realm_decision> realm_;
  bool keeps_cached_ = false;

  std::optional<requirement> followed_;  // where tokens are asked for
  std::optional<requirement> reserve_;   // named by this request's 401, to be followed if the remembered one fails
  bool named_by_response_ = false;       // `followed_` was named by a response to this request
  bool named_again_ = false;             // or it was remembered, and a response named it again
  bool restarted_ = false;               // the remembered one failed, and the registry is asked without a token
  int refusal_ = 403;                    // how to refuse if nothing else helps

  // The token requests to `followed_`.
  std::optional<token_request> request_;
  bool other_form_ = false;          // the second form was tried
  bool narrowed_ = false;            // the narrower scope was asked for
  int failure_rank_ = -1;            // rank of the most informative failure
  bool credential_refused_ = false;  // according to that failure
  handshake_input in_;
};

}  // namespace regpass::auth
