// A corporate proxy: how it is written, what it is asked by CONNECT (RFC 9110 section 9.3.6) and what its answer means.
#pragma once

#include "regpass/base/error.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/base/secret_mask.hpp"
#include "regpass/http/message.hpp"
#include "regpass/http/origin.hpp"

#include <string>
#include <string_view>

namespace regpass::http {

struct proxy_server {
  origin at;     // https: TLS to the proxy itself
  secret login;  // "user:password"; empty: none
};

// "http://user:password@proxy.corp:3128", "https://…", or "proxy.corp:3128" for http. As Go has it: the port defaults
// to the scheme's, user and password may be percent-encoded. Errors (bad_input, unsupported) never repeat the text,
// which may hold a password.
result<proxy_server> parse_proxy(std::string_view text);

// The same text for people: "http://user:***@proxy.corp:3128", even if it does not parse.
std::string masked_proxy(std::string_view text);

// Its login, if it has one.
void add_to(secret_mask&, const proxy_server&);

// "proxy.corp:3128", port always written.
std::string shown(const proxy_server&);

// What asks for a way to `authority` ("registry.test:443"), as bytes. It may carry the login.
secret connect_request(const proxy_server&, const std::string& authority);

// Nothing for a 2xx. Else an error of party::proxy whose detail has the proxy's name and status line, without the login
// should the proxy quote it: refused for what
// it will not do for us (4xx), timed_out (408, 504), unreachable (other 5xx), bad_message for anything else.
result<void> judge_connect(const proxy_server&, const std::string& authority, const response_head&);

}  // namespace regpass::http
