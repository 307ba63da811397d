// A client that must show a password and did not.
#include "forward/session/client_auth.hpp"
#include "forward/session/session_impl.hpp"

namespace regpass::forward {

namespace {

constexpr std::string_view remedy =
    "give it the password that [client_auth] secret_file holds, in its proxy variables: "
    "http://user:PASSWORD@HOST:PORT";

}  // namespace

async::task<bool> session::admitted(const http::request_head& head) {
  const auto from = around_.shared.current();
  const auto known = authenticate(head.headers, from->client_password.get());
  if (known) {
    const bool sent_accept_encoding = traits_.sent_accept_encoding;
    traits_ = from->client_password ? traits_of(head) : client_traits();
    traits_.sent_accept_encoding = sent_accept_encoding;
    co_return true;
  }
  auto asked = head;  // ingress rewrites it
  const auto to = ingress(asked);
  auto seen = about(head, to ? &*to : nullptr);
  diagnosis::add(seen, 0, diagnosis::policy_step(known.error().detail, std::string(remedy)));
  co_await refuse(407, std::move(seen), "client-rejected");
  co_return false;
}

}  // namespace regpass::forward
