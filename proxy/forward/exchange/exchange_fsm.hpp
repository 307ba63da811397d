// One exchange as a state machine over values: the only place that decides what is sent upstream, how often, and what
// the client gets. No socket, no clock, no coroutine.
//
// It owns an auth::handshake, which answers the registry's challenges, and decides everything around it. The runner
// (exchange_runner.cpp) performs each action and reports the result:
//
//   state          event                                        next: action
//   -----          -----                                        ------------
//   start          refused before anything was sent             judging refusal: diagnose
//                  not an API request, or another host          passing: send unchanged
//                  add mode, the client sent no login and no
//                    body, regpass has a credential             login lookup: look_up
//                  any other API request                        serve, see below
//   login lookup   no requirement known                         login probe: send probe
//   login lookup,  Bearer, the realm may be asked               login token: obtain_token, anonymously
//   login probe    anything else                                serve
//   login token    a token or a failure                         serve (the client's login goes first if the token is
//                                                                 anonymous and does not cover the request)
//   serve          the client's own login is used               serving: as the handshake says
//                  otherwise                                    lookup: look_up
//   lookup         the cached token lacks the mount's source    strip the mount; lookup: look_up
//                  anything else                                serving: as the handshake says
//   serving        the handshake's send, probe, ask_token       serving: send, obtain_token
//                  a new token lacks the mount's source         strip the mount; go on with the handshake
//                  the handshake refuses                        judging refusal: diagnose
//                  final 401 or 403 to a mount, no body started strip the mount; serve, with a new handshake, once
//                  any other final response                     delivered, see below
//   passing        response                                     delivered
//   delivered      status below 400                             relaying: relay
//                  status 400 and above                         reading: read_body
//   reading        HEAD of a manifest or blob got 400, 401, 403 reason: send the request again as a GET, once
//                  anything else                                answered, see below
//   reason         response or failure                          answered
//   answered       regpass answers for this request             judging response: diagnose
//                  it does not                                  relaying: relay
//   judging        explained, and the client would not print
//                    this refusal but prints that of its next
//                    request                                    done: postpone
//                  a response that is not explained             relaying: relay (never a 401 that regpass answers for)
//                  anything else                                done: write_error
//   any request    see may_repeat                               the same request, once
//   any request    failed; login probe                          serve
//   any request    failed; the client hung up                   done: abort_client
//   any request,   failed otherwise                             judging refusal: diagnose
//   relaying
//
// A request is repeated at most once: a GET or HEAD after a dropped connection or a transient 5xx, and any request that
// the registry did not process, each only if no byte of the client's body was read (most clients repeat neither).
//
// Bounds, proven by tests/forward/exchange_fsm_test.cpp, which walks every sequence of events: see exchange_bounds.
// Nothing is counted at run time: each bound follows from the states and from flags that are set once.
#pragma once

#include "auth/handshake.hpp"
#include "regpass/base/time.hpp"
#include "regpass/registry/operation.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace regpass::forward {

// How often one exchange reaches out, at most. "Sent" counts the client's own request with every repetition.
struct exchange_bounds {
  int sent = 0;     // the client's request
  int probes = 0;   // GET /v2/
  int reasons = 0;  // the GET that asks why a HEAD was refused
  int token_requests = 0;
};
// A handshake sends the request three times, probes once and asks for six tokens (four unless it pulls). Each request
// but that for a token is repeated once at most.
inline constexpr exchange_bounds pull_bounds{.sent = 6, .probes = 2, .reasons = 2, .token_requests = 6};
// A mount that is refused gets a second handshake, without the mount.
inline constexpr exchange_bounds mount_bounds{.sent = 12, .probes = 4, .reasons = 0, .token_requests = 8};
// With a body. Only one that the client still withholds is sent again.
inline constexpr exchange_bounds body_bounds{.sent = 6, .probes = 2, .reasons = 0, .token_requests = 4};
// A pull in add mode: one more probe and an anonymous token may be needed to find out whose login goes first.
inline constexpr exchange_bounds add_bounds{.sent = 6, .probes = 4, .reasons = 2, .token_requests = 7};

struct exchange_input {
  std::optional<registry::operation> operation;  // absent: not an API request, so it gets no credential
  std::string_view method;                       // the client's request must outlive the machine
  std::string_view user_agent;
  bool has_authorization = false;            // the client sent its own
  std::optional<auth::claims> client_token;  // what its bearer token says of itself; only needed in add mode
  bool registry_served = false;              // a registry that regpass handles; else any other host
  bool build_step = false;                   // a build step's request, which never gets a credential
  bool renamed = false;                      // the client knows the registry by another address
  bool watches_token_request = false;        // the client asks a token server, which is only observed
  bool annotate = true;                      // explanations are written into answers
  auth::injection injection = auth::injection::observe;
  int refused_status = 0;     // refused before anything is sent, with this status; 0: allowed
  std::string mount_refusal;  // why policy forbids the mount; empty: it does not
  steady_time began;
  auth::handshake_input auth;  // credential, body, registry and realms; the machine adds the rest

  bool operator==(const exchange_input&) const = default;
};

// Actions.
struct look_up {  // what is known of the registry, and the cached token for it if `with_token`
  bool with_token = false;
  bool operator==(const look_up&) const = default;
};
struct upstream_request {
  enum class kind : std::uint8_t { client_request, probe, reason };
  enum class authorization : std::uint8_t { none, basic, bearer, client, unchanged };
  kind what = kind::client_request;
  authorization how = authorization::none;
  auth::token_ptr token{};  // bearer; null for a ready-made one
  std::string_view label = "none";
  bool repeated = false;  // on a new connection
  std::chrono::milliseconds delay{0};
  bool operator==(const upstream_request&) const = default;
};
struct obtain_token {
  auth::requirement named;  // the challenge that named the realm
  auth::realm_decision realm;
  auth::token_request request;
  steady_time newer_than{};  // an older token was refused
  bool first_of_realm = false;
  bool for_login = false;  // only to find out whose login goes first
  bool operator==(const obtain_token&) const = default;
};
struct read_body {};  // the beginning of the response's body, as evidence
struct diagnose {
  int status = 0;  // what the client is to get
};
struct relay {
  int status = 0;
  bool hide_challenge = false;
  bool without_body = false;         // the response was read already, to ask for the reason
  bool credential_accepted = false;  // known as soon as the response is good
  bool credential_refused = false;
};
struct write_error {
  int status = 0;
  bool explained = false;
  bool to_response = false;  // the registry's own refusal, made readable
};
struct postpone {
  int status = 0;  // 200 or 404: the client goes on to a request whose refusal it prints
};
struct abort_client {};
using exchange_action = std::variant<look_up, upstream_request, obtain_token, read_body, diagnose, relay, write_error,
                                     postpone, abort_client>;

// What the runner must store or record before it performs the next action.
struct exchange_updates {
  std::optional<std::string> stripped_mount;  // its source; the request is an upload now
  std::string_view strip_reason;
  std::optional<auth::requirement> learned;
  bool learned_for_registry = false;  // not for this repository alone
  auth::token_ptr refused_fresh;      // refused although it was new
  auth::token_ptr forget;             // to be dropped from the cache
  std::optional<obtain_token> renewal;
  std::optional<auth::requirement> refused_realm;
  std::optional<auth::realm_decision> realm_decision;  // on it
  bool operator==(const exchange_updates&) const = default;
};

// Events.
struct lookup_result {
  std::optional<auth::requirement> known{};
  auth::token_ptr cached{};
  bool renewal_due = false;
  bool credential_refused = false;  // by an earlier exchange
};
struct transfer_state {
  bool body_started = false;   // a byte of the client's body was read
  bool body_withheld = false;  // the client waited for 100 (Continue), and the registry answered instead
  bool responded = false;      // the client has a response head
  bool client_gone = false;
  bool client_malformed = false;  // its body is not valid HTTP
};
struct upstream_response {
  int status = 0;
  std::optional<auth::requirement> wants{};
  bool challenged = false;
  bool cached_refused_when_fresh = false;  // the cached token, lately
  transfer_state transfer{};
};
struct upstream_failure_event {
  int status = 503;  // that describes it
  bool dropped = false;
  bool unprocessed = false;
  transfer_state transfer{};
};

enum class cache_use : std::uint8_t { none, hit, miss, refreshed };
std::string_view name_of(cache_use) noexcept;

// Whether the answer to the token request means that the realm's address is not allowed. To the user such a realm is
// refused, no less than one that may not be asked by its origin.
bool is_address_refused(const auth::realm_decision& realm, const auth::token_answer& answer) noexcept;

class exchange_fsm {
 public:
  explicit exchange_fsm(exchange_input input) : in_(std::move(input)) {}
  bool operator==(const exchange_fsm&) const = default;

  exchange_action start();
  exchange_action on_lookup(lookup_result found);
  exchange_action on_response(const upstream_response& response);
  exchange_action on_failure(const upstream_failure_event& failure);
  exchange_action on_token(auth::token_answer answer);
  exchange_action on_body_read();
  exchange_action on_diagnosed(bool explained);

  // Since the last call.
  std::optional<exchange_updates> take_updates() { return std::exchange(updates_, std::nullopt); }
  // Whether the last response is the answer; any other is discarded.
  bool keeps_response() const noexcept { return state_ >= state::reading; }
  // Whether the exchange goes on if the request under way fails, so that its failure explains nothing.
  bool can_do_without_response() const noexcept { return state_ == state::login_probe || state_ == state::reason; }

  const std::optional<registry::operation>& operation() const noexcept { return in_.operation; }
  const auth::token_ptr& cached_token() const noexcept { return cached_; }
  // Whether regpass answers for the response: it may explain it, and hides its challenges and secrets.
  bool answers_for_registry() const noexcept;
  bool client_goes_first() const noexcept { return flags_.client_first; }
  bool credential_skipped() const noexcept { return flags_.skipped; }
  cache_use cache() const noexcept { return cache_; }

 private:
  enum class state : std::uint8_t {
    start,
    login_lookup,
    login_probe,
    login_token,
    lookup,
    serving,
    passing,
    judging_refusal,
    reading,  // from here on the response is the answer
    reason,
    judging_response,
    relaying,
    done
  };
  struct decisions {
    bool client_first = false;    // the challenge is the client's to answer
    bool ignores_client = false;  // its token is anonymous, so regpass's own login is used
    bool sent_basic = false;      // with the last request
    bool skipped = false;         // the credential was refused, and the request tried without it
    bool mount_stripped = false;
    bool reason_requested = false;
    bool operator==(const decisions&) const = default;
  };

  auth::injection mode() const noexcept;
  bool client_speaks() const noexcept;
  const auth::handshake_input& auth_input() const noexcept { return handshake_ ? handshake_->input() : in_.auth; }
  exchange_updates& updates() { return updates_ ? *updates_ : updates_.emplace(); }

  exchange_action decide_login();
  exchange_action judge_login(const std::optional<auth::requirement>& wants);
  exchange_action serve();
  exchange_action begin_handshake(lookup_result found);
  exchange_action follow(auth::action next);
  exchange_action follow_response(const upstream_response& response);
  exchange_action send(const auth::send& order);
  exchange_action request(upstream_request next);
  bool may_repeat(const transfer_state& transfer) const noexcept;
  exchange_action repeat(std::chrono::milliseconds delay);
  void learn(const std::optional<auth::requirement>& wants);
  bool note_refused_token(const upstream_response& response);
  void drop_refused_token(bool refused_when_fresh);
  void strip_mount(std::string_view reason);
  exchange_action deliver(int status);
  exchange_action answer_client();
  exchange_action relay_response();
  exchange_action refuse(int status);

  state state_ = state::start;
  decisions flags_;
  cache_use cache_ = cache_use::none;
  int status_ = 0;  // of the response, or of the refusal
  upstream_request last_;
  auth::token_ptr cached_;    // sent or to be sent, and not refused yet
  steady_time newer_than_{};  // when a token was refused: what another one must be newer than
  std::string noted_realm_;
  std::optional<auth::requirement> known_;
  std::optional<exchange_updates> updates_;
  std::optional<auth::handshake> handshake_;
  exchange_input in_;
};

}  // namespace regpass::forward
