#include "tls/sessions.hpp"

#include <algorithm>
#include <ctime>
#include <memory>

namespace regpass::tls {
namespace {

void free_cache(void*, void* cache, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<session_cache*>(cache);
}

int cache_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_cache);
  return index;
}

int origin_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

session_cache* cache_of(const SSL_CTX* context) {
  return static_cast<session_cache*>(SSL_CTX_get_ex_data(context, cache_index()));
}

int keep_new(SSL* ssl, SSL_SESSION* session) {
  auto* cache = cache_of(SSL_get_SSL_CTX(ssl));
  const auto* origin = static_cast<const std::string*>(SSL_get_ex_data(ssl, origin_index()));
  if (cache == nullptr || origin == nullptr) return 0;
  cache->keep(*origin, session_ptr(session));
  return 1;  // the reference is ours
}

// OpenSSL does not verify the certificate again on resumption, so its expiry is checked here, as in Go.
bool usable(SSL_SESSION* session) {
  if (SSL_SESSION_is_resumable(session) != 1) return false;
  if (std::time(nullptr) >= SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session)) return false;
  const X509* certificate = SSL_SESSION_get0_peer(session);
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

}  // namespace

void session_cache::keep(const std::string& origin, session_ptr session) {
  const std::lock_guard held(lock_);
  newest_first_.emplace_front(origin, std::move(session));
  std::size_t same = 0;
  newest_first_.remove_if([&](const entry& known) { return known.first == origin && ++same > per_origin; });
  if (newest_first_.size() > capacity) newest_first_.pop_back();
}

session_ptr session_cache::take(const std::string& origin) {
  const std::lock_guard held(lock_);
  newest_first_.remove_if(
      [&](const entry& session) { return session.first == origin && !usable(session.second.get()); });
  const auto found = std::ranges::find(newest_first_, origin, &entry::first);
  if (found == newest_first_.end()) return nullptr;
  if (SSL_SESSION_get_protocol_version(found->second.get()) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(found->second.get());
    return session_ptr(found->second.get());
  }
  auto session = std::move(found->second);
  newest_first_.erase(found);
  return session;
}

std::size_t session_cache::size() const {
  const std::lock_guard held(lock_);
  return newest_first_.size();
}

bool remember_sessions(SSL_CTX& context) {
  auto cache = std::make_unique<session_cache>();
  if (SSL_CTX_set_ex_data(&context, cache_index(), cache.get()) != 1) return false;
  std::ignore = cache.release();
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, keep_new);
  return true;
}

void resume(SSL& ssl, const std::string& origin) {
  auto* cache = cache_of(SSL_get_SSL_CTX(&ssl));
  if (cache == nullptr || origin.empty()) return;
  SSL_set_ex_data(&ssl, origin_index(), const_cast<std::string*>(&origin));
  if (const auto known = cache->take(origin)) SSL_set_session(&ssl, known.get());
}

}  // namespace regpass::tls
