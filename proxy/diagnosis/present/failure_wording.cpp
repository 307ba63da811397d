#include "diagnosis/present/failure_wording.hpp"

#include "diagnosis/present/wording.hpp"

#include <fmt/format.h>

#include <system_error>

namespace regpass::diagnosis::failure_words {
namespace {

std::string_view while_doing(phase when) noexcept {
  switch (when) {
    case phase::resolve:
      return "while resolving its name";
    case phase::connect:
      return "while connecting";
    case phase::tls:
      return "during the TLS handshake";
    case phase::head:
      return "while regpass waited for its answer";
    case phase::body:
      return "while transferring data";
    case phase::start:
    case phase::accept:
    case phase::tunnel:
    case phase::idle:
      break;
  }
  return "during the exchange";
}

std::vector<std::string> fix_name(const std::string& name) {
  const auto host = name.substr(0, name.rfind(':'));
  return {fmt::format("Check the spelling of {}", host), fmt::format("Query the same resolver: getent ahosts {}", host),
          "Check DNS in the pod or on the machine of regpass: search domains, private zones, egress rules for port 53"};
}

std::vector<std::string> fix_way(const facts& f, const std::string& name) {
  std::string between = "Check routes, firewalls and network policies between regpass and the server";
  const bool of_registry = !f.failure_at_token_server;
  if (of_registry && f.seen->way == upstream_route::no_proxy) {
    between +=
        "; NO_PROXY includes it, so regpass connects without the proxy: remove it if it can only be reached through "
        "the proxy";
  } else if (f.seen->way.empty() || !of_registry) {
    between += "; behind a corporate proxy regpass needs HTTPS_PROXY, or NO_PROXY for an internal host";
  }
  return {fmt::format("Check that a server listens at {} and that its port is the registry's", name),
          std::move(between)};
}

std::vector<std::string> fix_trust(const facts& f, const std::string& name) {
  const auto private_ca =
      f.seen->ca_file.empty()
          ? "If a private CA signed it: " + words::in_registry_table(f, "ca_file = \"/path/to/ca.crt\"")
          : fmt::format("{} is in use but does not contain the issuer: add the CA that signed the certificate",
                        f.seen->ca_file);
  return {private_ca,
          fmt::format("Check who signed it: openssl s_client -connect {}{} -showcerts </dev/null", name,
                      name.find(':') == std::string::npos ? ":443" : ""),
          "If the issuer is a TLS-intercepting company proxy, use the CA of that proxy"};
}

std::vector<std::string> fix_client_certificate(const facts& f) {
  if (!f.seen->client_cert_file.empty()) {
    return {fmt::format("{} is sent but not accepted: check its issuer and dates against what the registry expects",
                        f.seen->client_cert_file)};
  }
  const auto lines = R"(client_cert_file = "/path/to/client.crt" and client_key_file = "/path/to/client.key")";
  return {"If it requires a client certificate: " + words::in_registry_table(f, lines)};
}

std::vector<std::string> fix_certificate_itself(const error& e, const std::string& name) {
  if (e.code == errc::wrong_name) {
    return {fmt::format("Use a name that the certificate contains, or give {} a certificate for its own name", name)};
  }
  return {fmt::format("Renew the certificate of {}; if it is new, check this machine's clock", name)};
}

std::vector<std::string> fix_plain_http(const facts& f) {
  return {"Preferably enable TLS: over plain HTTP, passwords are sent unencrypted",
          "If the network in between is trusted: " + words::in_registry_table(f, "plain_http = true")};
}

}  // namespace

std::string what_happened(const error& e) {
  switch (e.code) {
    case errc::unresolved:
      return "has no address in DNS";
    case errc::refused:
      return "refused the connection";
    case errc::unreachable:
      return "cannot be reached";
    case errc::reset:
      return fmt::format("reset the connection {}", while_doing(e.when));
    case errc::timed_out:
      return fmt::format("did not answer in time ({})", while_doing(e.when));
    case errc::untrusted:
      return "has a certificate that regpass does not trust";
    case errc::wrong_name:
      return "has a certificate for another name";
    case errc::expired:
      return "has a certificate that is expired or not yet valid";
    case errc::distrusted:
      return "does not accept regpass's client certificate, or requires one";
    case errc::plain_http:
      return "uses plain HTTP instead of TLS";
    case errc::bad_message:
      return "sent a malformed answer";
    case errc::too_large:
      return "sent an answer that exceeds regpass's limits";
    case errc::truncated:
      return "sent an incomplete answer";
    case errc::closed:
      return fmt::format("closed the connection {}", while_doing(e.when));
    case errc::tls_failed:
      return "failed the TLS handshake";
    case errc::unsupported:
      return "supports none of the offered HTTP versions";
    case errc::denied:
      return "is at an address that regpass may not connect to";
    default:
      return fmt::format("could not be contacted ({})", while_doing(e.when));
  }
}

std::string detail(const error& e) {
  if (!e.detail.empty()) return ": " + e.detail;
  return e.os == 0 ? std::string() : ": " + std::generic_category().message(e.os);
}

std::vector<std::string> fix(const error& e, const facts& f, const std::string& name) {
  switch (e.code) {
    case errc::unresolved:
      return fix_name(name);
    case errc::untrusted:
      return fix_trust(f, name);
    case errc::wrong_name:
    case errc::expired:
      return fix_certificate_itself(e, name);
    case errc::distrusted:
      return fix_client_certificate(f);
    case errc::plain_http:
      return fix_plain_http(f);
    case errc::refused:
    case errc::unreachable:
    case errc::reset:
    case errc::timed_out:
      return e.when == phase::resolve ? fix_name(name) : fix_way(f, name);
    default:
      return {fmt::format("The credential was not checked; check the log of {} at this time, or try again", name)};
  }
}

}  // namespace regpass::diagnosis::failure_words
