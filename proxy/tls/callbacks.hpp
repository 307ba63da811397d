// What OpenSSL asks us during a handshake, and the notes that the answers leave for the engine.
#pragma once

#include "regpass/base/error.hpp"
#include "tls/openssl_ptr.hpp"

#include <span>
#include <string>

namespace regpass::tls {

struct handshake_notes {
  std::string expected;  // server: the only name that may be asked for; empty allows any
  std::string asked;     // server: the client's SNI, as sent
  bool asked_other = false;
  bool http2 = false;             // server: HTTP/2 may be chosen
  bool offered_http2 = false;     // server: the client takes it
  bool owes_certificate = false;  // client: the server asked for a certificate, and there was none to send
  errc verdict = errc::io;        // why the peer's certificate was refused; meaningful when `refusal` says something
  std::string refusal;
};

// The notes must outlive the SSL and stay where they are. Null for a connection that has none.
void attach(SSL& ssl, handshake_notes& notes);
handshake_notes* notes_of(const SSL* ssl);

// For SSL_CTX_set_tlsext_servername_callback: refuses a name other than the expected one (T20).
int judge_asked_name(SSL* ssl, int* alert, void*);
// "http/1.1", after "h2" if that may be, in the form of RFC 7301 section 3.1.
std::span<const unsigned char> protocols(bool http2) noexcept;
// For SSL_CTX_set_alpn_select_cb: HTTP/2 if it may be, else HTTP/1.1, or the fatal alert of RFC 7301 section 3.2.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*);
// For SSL_CTX_set_cert_cb of a client, which OpenSSL calls when a server asks for a certificate.
int note_asked_certificate(SSL* ssl, void*);
// For SSL_set_verify: notes the first error while the certificate in question is at hand, and ends the handshake.
int judge_certificate(int good, X509_STORE_CTX* chain);

}  // namespace regpass::tls
