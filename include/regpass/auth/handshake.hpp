// The handshake with a registry, as a state machine over values: challenge, token, retry. No socket, no clock.
//
// One request of a client starts one handshake. The driver performs the action it is given and reports what came of it:
//
//   state     event                                next: action
//   -----     -----                                ------------
//   start     ready-made bearer                    fresh: send bearer
//             token cached                         cached: send bearer
//             Basic known                          basic: send basic (or bare: send bare, if it cannot be given)
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
//   cached    401, token granted less than needed  done: deliver
//             401, body started                    done: deliver
//             401, token endpoint known or named   asking: ask_token
//             403, opaque token for more than this asking: ask_token
//             anything else                        done: deliver
//   asking    token                                fresh: send bearer
//             token granted less than asked, and
//               less is needed by now              asking_again: ask_token, for that alone
//             failed, another form left (POST)     asking_again: ask_token
//             credential refused, a pull           asking_again: ask_token, anonymously
//             failed                               done: refuse
//   asking_again  token                            fresh: send bearer
//             anonymous token that does not allow
//               what is needed, or failed          done: refuse
//   fresh     anything                             done: deliver
//   any       realm not approved                   done: refuse
//
// So at most two sends and two token requests happen, and a body that has started is never sent again (T14): the bounds
// follow from the states, not from counters. A challenge that comes without being usable (none of its schemes is ours)
// is delivered; one that does not come at all (gcr.io on some requests) is to be had at /v2/. In observe mode
// everything is sent as the client sent it and delivered as it came; in add mode a client's own Authorization likewise.
//
// A stale credential must not break the pull of a public image: where it was refused the pull is tried once without.
// Never for anything that writes, nor with a ready-made token, which is sent as it is. GET comes before POST, so that
// token services that know no POST (404, 405, 400 or 401) need no fallback.
#pragma once

#include "regpass/auth/challenge.hpp"
#include "regpass/auth/realm.hpp"
#include "regpass/auth/token.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace regpass::auth {

enum class injection : std::uint8_t { replace, add, observe };
enum class body_state : std::uint8_t { none, unread };

struct handshake_input {
  registry::scope_set need;
  credential_ptr credential;    // null: anonymous
  token_ptr cached;             // covers `need` by what it was asked for
  std::optional<demand> known;  // learned from this registry earlier
  body_state body = body_state::none;
  injection mode = injection::replace;
  bool client_authorization = false;
  registry::host registry;
  realm_rules realms;
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

  action start();
  // The answer to `send` or `probe`. `wants` is what demand_of made of its challenges, `challenged` whether there were
  // any. `body_started`: a byte of the client's body was read.
  action on_response(int status, const std::optional<demand>& wants, bool challenged, bool body_started);
  // From now on less is needed than was asked for: a mount became an upload.
  void narrow(registry::scope_set need) { in_.need = std::move(need); }
  action on_token(const token_answer& answer);

  // What was learned and decided on the way, for memory and evidence. Where there is a decision about a realm,
  // `learned` is the challenge that named it, be it of now or known from earlier.
  const std::optional<demand>& learned() const noexcept { return learned_; }
  const std::optional<realm_decision>& realm() const noexcept { return realm_; }

 private:
  enum class state : std::uint8_t {
    start,
    bare,
    probing,
    probing_late,
    probed,
    basic,
    cached,
    asking,
    asking_again,
    fresh,
    done
  };
  action go(state, action);
  action pursue(const demand&);
  action ask(const demand&);
  action renew(const std::optional<demand>& wants);
  bool may_lack_scope() const;
  action ask_again(token_request);
  action without_token(const std::optional<token_failure>&);

  handshake_input in_;
  state state_ = state::start;
  std::optional<demand> learned_;
  std::optional<realm_decision> realm_;
  std::optional<token_request> request_;
  int refusal_ = 403;  // how to refuse when the anonymous token is of no use
};

}  // namespace regpass::auth
