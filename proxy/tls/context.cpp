#include "regpass/tls/context.hpp"

#include "regpass/base/file.hpp"
#include "regpass/base/secret.hpp"
#include "tls/authority/certificate.hpp"
#include "tls/callbacks.hpp"
#include "tls/fast_aes.hpp"
#include "tls/key_log.hpp"
#include "tls/openssl_ptr.hpp"
#include "tls/sessions.hpp"
#include "tls/trust/files.hpp"
#include "tls/trust/roots.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace regpass::tls {
namespace {

std::unexpected<error> openssl_fail(std::string_view doing) {
  return fail(errc::io, fmt::format("{}: {}", doing, queue_text()));
}

result<std::shared_ptr<SSL_CTX>> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> ctx(SSL_CTX_new_ex(nullptr, cipher_properties(), method), SSL_CTX_free);
  if (!ctx || SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION) != 1) return openssl_fail("cannot set up TLS");
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  log_keys_of(*ctx);
  return ctx;
}

result<std::vector<x509_ptr>> read_certificates(const std::filesystem::path& file) {
  auto text = read_file(file, max_pem_file);
  if (!text) return std::unexpected(std::move(text.error()));
  return parse_certificates(*text, file.string());
}

result<key_ptr> read_key(const std::filesystem::path& file) {
  auto text = read_file(file, max_pem_file);
  if (!text) return std::unexpected(std::move(text.error()));
  auto key = parse_key(*text, file.string());
  wipe(*text);
  return key;
}

// The DER of the first certificate in the text; empty for an empty text.
result<std::string> der_of(const std::string& pem) {
  if (pem.empty()) return std::string();
  auto certificates = parse_certificates(pem, "our own certificate");
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  return to_der(*certificates->front());
}

result<void> add_all(X509_STORE& store, const std::vector<x509_ptr>& certificates, const std::string& except) {
  for (const x509_ptr& certificate : certificates) {
    if (to_der(*certificate) == except) continue;
    if (X509_STORE_add_cert(&store, certificate.get()) != 1) return openssl_fail("cannot trust a certificate");
  }
  return {};
}

result<store_ptr> store_for(const trust& wanted, const std::string& except) {
  auto roots = system_roots();
  if (!roots) return std::unexpected(std::move(roots.error()));
  auto private_cas = wanted.more_ca_files;
  if (!wanted.ca_file.empty()) private_cas.push_back(wanted.ca_file);
  if (!private_cas.empty()) {
    auto store = make_store(*roots, except);
    if (!store) return store;
    for (const auto& file : private_cas) {
      auto own = read_certificates(file);
      if (!own) return std::unexpected(std::move(own.error()));
      if (auto added = add_all(**store, *own, except); !added) return std::unexpected(std::move(added.error()));
    }
    return store;
  }
  if (!(*roots)->empty()) return root_store(*roots, except);
  return fail(errc::not_found,
              "this system has no root certificates: install them (Debian: ca-certificates) or set SSL_CERT_FILE");
}

result<void> set_trust(SSL_CTX& ctx, const trust& wanted, const std::string& except_pem) {
  auto except = der_of(except_pem);
  if (!except) return std::unexpected(std::move(except.error()));
  auto store = store_for(wanted, *except);
  if (!store) return std::unexpected(std::move(store.error()));
  SSL_CTX_set1_cert_store(&ctx, store->get());
  X509_VERIFY_PARAM* params = SSL_CTX_get0_param(&ctx);
  // As in Go: every certificate in a ca_file is a trust anchor, even an intermediate.
  X509_VERIFY_PARAM_set_flags(params, X509_V_FLAG_PARTIAL_CHAIN);
  // A common name is not a host name (RFC 9110 section 4.3.4).
  X509_VERIFY_PARAM_set_hostflags(params, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  SSL_CTX_set_verify(&ctx, SSL_VERIFY_PEER, nullptr);
  return {};
}

result<void> present(SSL_CTX& ctx, EVP_PKEY* key, const std::vector<X509*>& certificates) {
  if (certificates.empty() || SSL_CTX_use_certificate(&ctx, certificates.front()) != 1) {
    return openssl_fail("cannot use the certificate");
  }
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&ctx, certificates[i]) != 1) return openssl_fail("cannot use the certificate's chain");
  }
  if (SSL_CTX_use_PrivateKey(&ctx, key) != 1) return openssl_fail("cannot use the private key");
  return {};
}

result<void> set_client_certificate(SSL_CTX& ctx, const trust& wanted) {
  const bool none = wanted.client_cert_file.empty();
  if (none != wanted.client_key_file.empty()) {
    return fail(errc::bad_input, "client_cert_file and client_key_file must be set together: one of them is missing");
  }
  if (none) return {};
  auto certificates = read_certificates(wanted.client_cert_file);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto key = read_key(wanted.client_key_file);
  if (!key) return std::unexpected(std::move(key.error()));
  if (X509_check_private_key(certificates->front().get(), key->get()) != 1) {
    return fail(errc::bad_input, fmt::format("{} is not the key of the first certificate in {}",
                                             wanted.client_key_file.string(), wanted.client_cert_file.string()));
  }
  std::vector<X509*> chain;
  for (const x509_ptr& certificate : *certificates) chain.push_back(certificate.get());
  return present(ctx, key->get(), chain);
}

}  // namespace

result<context> make_client_context(const trust& wanted, const std::string& except_pem) {
  auto ctx = make_context(TLS_client_method());
  if (!ctx) return std::unexpected(std::move(ctx.error()));
  if (!remember_sessions(**ctx)) return openssl_fail("cannot set up TLS");
  SSL_CTX_set_cert_cb(ctx->get(), note_asked_certificate, nullptr);
  result<void> done;
  if (!wanted.skip_verify) done = set_trust(**ctx, wanted, except_pem);
  if (done) done = set_client_certificate(**ctx, wanted);
  if (!done) return std::unexpected(std::move(done.error()));
  return context(std::move(*ctx));
}

result<std::string> system_roots_pem() {
  auto roots = system_roots();
  if (!roots) return std::unexpected(std::move(roots.error()));
  std::string text;
  for (const root_certificate& root : **roots) text += to_pem(root);
  return text;
}

result<context> make_server_context(EVP_PKEY* key, const std::vector<X509*>& certificates) {
  auto ctx = make_context(TLS_server_method());
  if (!ctx) return std::unexpected(std::move(ctx.error()));
  if (auto done = present(**ctx, key, certificates); !done) return std::unexpected(std::move(done.error()));
  SSL_CTX_set_num_tickets(ctx->get(), 1);
  // For TLS 1.2 only cipher suites that HTTP/2 does not forbid (RFC 9113, appendix A); TLS 1.3 has no others.
  const bool set = SSL_CTX_set1_groups_list(ctx->get(), "X25519:P-256:P-384") == 1 &&
                   SSL_CTX_set_cipher_list(ctx->get(), "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
  if (!set) return openssl_fail("cannot set up TLS");
  SSL_CTX_set_alpn_select_cb(ctx->get(), choose_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(ctx->get(), judge_asked_name);
  return context(std::move(*ctx));
}

}  // namespace regpass::tls
