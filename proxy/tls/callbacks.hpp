// OpenSSL's callbacks during a handshake, and the notes that they leave for the engine.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/openssl_ptr.hpp"

#include <span>
#include <string>

namespace regpass::tls {

struct handshake_notes {
  std::string expected;  // server: the only SNI that is accepted; empty allows any
  std::string asked;     // server: the client's SNI, as sent
  bool asked_other = false;
  bool http2 = false;             // server: HTTP/2 may be selected
  bool offered_http2 = false;     // server: the client offered it
  bool owes_certificate = false;  // client: the server asked for a certificate, and none is configured
  errc verdict = errc::io;        // why the peer's certificate was refused; valid if `refusal` is not empty
  std::string refusal;
};

// The notes must outlive the SSL and must not move. `notes_of` returns null for a connection without notes.
void attach(SSL& ssl, handshake_notes& notes);
handshake_notes* notes_of(const SSL* ssl);

// For SSL_CTX_set_tlsext_servername_callback: refuses a name other than the expected one (T20).
int judge_asked_name(SSL* ssl, int* alert, void*);
// "http/1.1", preceded by "h2" if that is allowed, in the form of RFC 7301 section 3.1.
std::span<const unsigned char> protocols(bool http2) noexcept;
// For SSL_CTX_set_alpn_select_cb: selects HTTP/2 if that is allowed, else HTTP/1.1, or sends the fatal alert of RFC
// 7301 section 3.2.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*);
// For SSL_CTX_set_cert_cb of a client, which OpenSSL calls when a server asks for a certificate.
int note_asked_certificate(SSL* ssl, void*);
// For SSL_set_verify: records the first error, while the certificate in question is available, and ends the handshake.
int judge_certificate(int good, X509_STORE_CTX* chain);

}  // namespace regpass::tls
