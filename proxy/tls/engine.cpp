#include "tls/engine.hpp"

#include "tls/authority/names.hpp"
#include "tls/callbacks.hpp"
#include "tls/failure.hpp"
#include "tls/memory_bio.hpp"
#include "tls/openssl_ptr.hpp"
#include "tls/sessions.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace regpass::tls {
namespace {

constexpr std::size_t record = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t sniffed_bytes = 5;  // enough to recognise "HTTP/"; OpenSSL decides after as many

error engine_error(const engine_options& options, errc code, std::string detail) {
  return {.code = code, .who = options.peer, .when = phase::tls, .detail = std::move(detail)};
}

bool set_checked_name(SSL& ssl, const subject_name& name) {
  X509_VERIFY_PARAM* params = SSL_get0_param(&ssl);
  if (name.address.empty()) {
    return SSL_set_tlsext_host_name(&ssl, name.text.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(params, name.text.data(), name.text.size()) == 1;
  }
  const auto* address = reinterpret_cast<const unsigned char*>(name.address.data());
  return X509_VERIFY_PARAM_set1_ip(params, address, name.address.size()) == 1;
}

// A client always verifies a name: an empty one is an error, too.
result<void> become_client(SSL& ssl, const engine_options& options) {
  const auto name = parse_name(options.name);
  if (!name) return std::unexpected(name.error());
  if (!set_checked_name(ssl, *name)) return fail(errc::io, fmt::format("cannot set up TLS: {}", queue_text()));
  const int mode = SSL_get_verify_mode(&ssl);
  if (mode != SSL_VERIFY_NONE) SSL_set_verify(&ssl, mode, judge_certificate);
  const auto offer = protocols(options.http2);
  if (SSL_set_alpn_protos(&ssl, offer.data(), static_cast<unsigned int>(offer.size())) != 0) {
    return fail(errc::io, fmt::format("cannot set up TLS: {}", queue_text()));
  }
  SSL_set_connect_state(&ssl);
  resume(ssl, options.session_key);
  return {};
}

// There is hardly ever anything to clear, and clearing an empty queue costs as much as clearing a full one.
void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

struct engine::state {
  state(const context& ctx, engine_options opts);
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state();

  result<void> set_up(const context& ctx);
  std::unexpected<error> break_down();
  result<void> put(std::string_view bytes);
  result<void> put_staged();
  std::pair<std::size_t, int> decrypt(std::span<char> into);  // how much, and SSL_get_error's answer
  bool may_hold_more() const { return pipe.input_left() > 0 || SSL_has_pending(ssl.get()) == 1; }

  engine_options options;
  memory_pipe pipe;
  handshake_notes notes;
  ssl_ptr ssl;
  buffer staging;                // small parts to be joined into one record
  std::string first_bytes;       // of the peer's, at most `sniffed_bytes`
  std::optional<error> failure;  // TLS has failed: every later call returns it again
  bool done = false;
  bool ended = false;
  bool got_data = false;  // something was decrypted
};

engine::state::state(const context& ctx, engine_options opts) : options(std::move(opts)) {
  if (auto ready = set_up(ctx); !ready) failure = std::move(ready.error());
}

// OpenSSL does not resume a session whose connection was freed without a shutdown.
engine::state::~state() {
  if (!ssl || !done || failure) return;
  ERR_clear_error();
  SSL_set_quiet_shutdown(ssl.get(), 1);
  SSL_shutdown(ssl.get());
}

result<void> engine::state::set_up(const context& ctx) {
  ERR_clear_error();
  ssl.reset(SSL_new(ctx.native()));
  bio_ptr bio = make_bio(pipe);
  if (!ssl || !bio) return fail(errc::io, fmt::format("cannot set up TLS: {}", queue_text()));
  SSL_set_bio(ssl.get(), bio.get(), bio.get());
  std::ignore = bio.release();
  attach(*ssl, notes);
  if (options.role == role::client) return become_client(*ssl, options);
  notes.expected = options.name;
  notes.http2 = options.http2;
  SSL_set_accept_state(ssl.get());
  return {};
}

std::unexpected<error> engine::state::break_down() {
  failure = failure_of(options, notes, first_bytes);
  return std::unexpected(*failure);
}

result<void> engine::state::put(std::string_view bytes) {
  std::size_t written = 0;
  if (bytes.empty() || SSL_write_ex(ssl.get(), bytes.data(), bytes.size(), &written) == 1) return {};
  return break_down();
}

std::pair<std::size_t, int> engine::state::decrypt(std::span<char> into) {
  std::size_t total = 0;
  do {
    std::size_t got = 0;
    const int outcome = SSL_read_ex(ssl.get(), into.data() + total, into.size() - total, &got);
    if (outcome != 1) return {total, SSL_get_error(ssl.get(), outcome)};
    total += got;
  } while (total < into.size() && may_hold_more());
  return {total, SSL_ERROR_NONE};
}

result<void> engine::state::put_staged() {
  auto outcome = put(staging.view());
  staging.release();
  return outcome;
}

engine::engine(const context& ctx, engine_options options) : state_(std::make_unique<state>(ctx, std::move(options))) {}
engine::~engine() = default;
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;

void engine::feed(std::span<const char> ciphertext) noexcept {
  std::string& first = state_->first_bytes;
  if (!state_->done && first.size() < sniffed_bytes) {
    first.append(ciphertext.data(), std::min(ciphertext.size(), sniffed_bytes - first.size()));
  }
  state_->pipe.feed(ciphertext);
}

std::size_t engine::input_left() const noexcept {
  return state_->pipe.input_left();
}
bool engine::holds_input() const noexcept {
  return state_->ssl && state_->may_hold_more();
}
void engine::input_ended() noexcept {
  state_->ended = true;
}

result<bool> engine::handshake() {
  state& s = *state_;
  if (s.failure) return std::unexpected(*s.failure);
  if (s.done) return true;
  clear_errors();
  const int outcome = SSL_do_handshake(s.ssl.get());
  s.done = outcome == 1;
  if (s.done) return true;
  const int why = SSL_get_error(s.ssl.get(), outcome);
  if (why == SSL_ERROR_WANT_READ && !s.ended) return false;
  if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN) return s.break_down();
  return std::unexpected(engine_error(s.options, errc::closed, "the connection was closed during the TLS handshake"));
}

result<std::size_t> engine::read(std::span<char> into) {
  state& s = *state_;
  if (s.failure) return std::unexpected(*s.failure);
  if (into.empty()) return 0;
  clear_errors();
  const auto [total, why] = s.decrypt(into);
  if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN) {
    auto failed = s.break_down();
    if (total == 0) return failed;
  }
  s.got_data = s.got_data || total > 0;
  if (total > 0) return total;  // return the data first; the next call reports the end
  if (why == SSL_ERROR_ZERO_RETURN) return std::unexpected(engine_error(s.options, errc::closed, ""));
  if (!s.ended) return 0;
  return std::unexpected(
      meaning_of(engine_error(s.options, errc::truncated, "the connection was closed without a TLS close_notify")));
}

error engine::meaning_of(error below) const {
  const state& s = *state_;
  const bool hung_up = below.code == errc::truncated || below.code == errc::reset || below.code == errc::closed;
  if (!hung_up || !s.done || s.got_data || !s.notes.owes_certificate) return below;
  return engine_error(s.options, errc::distrusted,
                      "a client certificate was asked for, none is configured, and the connection was closed");
}

result<void> engine::write(std::span<const std::string_view> parts) {
  state& s = *state_;
  if (s.failure) return std::unexpected(*s.failure);
  clear_errors();
  for (const std::string_view part : parts) {
    const bool whole = part.size() >= record;
    if (whole || s.staging.size() + part.size() > record) {
      if (auto done = s.put_staged(); !done) return done;
    }
    if (!whole) {
      s.staging.append(part);
    } else if (auto done = s.put(part); !done) {
      return done;
    }
  }
  return s.put_staged();
}

// Only once: a second SSL_shutdown would read and discard what the peer still sends.
void engine::close_notify() {
  state& s = *state_;
  if (!s.done || s.failure || (SSL_get_shutdown(s.ssl.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(s.ssl.get());
}

std::string_view engine::output() const noexcept {
  return state_->pipe.output();
}
void engine::sent(std::size_t bytes) noexcept {
  state_->pipe.sent(bytes);
}
void engine::take(buffer& into) noexcept {
  state_->pipe.take_output(into);
}

// OpenSSL frees its own buffers (SSL_MODE_RELEASE_BUFFERS).
void engine::release() noexcept {
  state_->pipe.release();
  state_->staging.release();
}

std::string_view engine::version() const noexcept {
  return state_->ssl ? SSL_get_version(state_->ssl.get()) : std::string_view();
}

std::string_view engine::alpn() const noexcept {
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  if (state_->ssl) SSL_get0_alpn_selected(state_->ssl.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

bool engine::offered_http2() const noexcept {
  return state_->notes.offered_http2;
}

std::string_view engine::asked_name() const noexcept {
  return state_->notes.asked;
}
bool engine::resumed() const noexcept {
  return state_->ssl && SSL_session_reused(state_->ssl.get()) == 1;
}

}  // namespace regpass::tls
