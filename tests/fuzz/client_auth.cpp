// Proxy-Authorization of clients: only the password gets in (T01).
#include "forward/session/client_auth.hpp"

#include "fuzz.hpp"
#include "regpass/base/text.hpp"

#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(client_auth) {
  const secret password("canary");
  http::fields headers;
  while (!bytes.empty()) headers.add("Proxy-Authorization", fuzz::take_line(bytes));
  const auto judged = forward::authenticate(headers, &password);
  if (!judged) {
    fuzz::promise(judged.error().detail.find("canary") == std::string::npos, "no error has the password");
    return;
  }
  const auto value = headers.get("Proxy-Authorization").value_or("");
  std::string pair;
  const auto flaw = decode_base64(trim(value.substr(value.find(' '))), pair);
  fuzz::promise(!flaw && pair.substr(pair.find(':') + 1) == "canary", "who gets in has shown the password");
}
