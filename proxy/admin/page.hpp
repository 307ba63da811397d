// The web page: exchanges as they happen, their handshakes, credentials and tokens. It shows no secrets, but reveals
// much about the builds, so it requires a token that is created at start-up and written to the log.
//
//   GET /                the page; with ?token=… it sets a cookie, which all other requests require
//   GET /app.js, /sequence.js, /app.css, /icon.svg
//   GET /api/exchanges   those in the history, oldest first, and the total count
//   GET /api/credentials the known entries, and the last result of each
//   GET /api/tokens      cached tokens by scope, with their remaining lifetime
//   GET /events?since=N  server-sent events: each exchange after the first N, as it finishes
//   GET /har[?id=ID]     HTTP Archive 1.2 of all exchanges, or of one
//
// Requests with a host name other than localhost are refused: a foreign page could make its own name resolve to us (DNS
// rebinding), and only localhost is certain to mean this machine.
#pragma once

#include "admin/http_service.hpp"
#include "forward/services/token_client.hpp"
#include "regpass/base/secret.hpp"
#include "regpass/forward/history.hpp"
#include "regpass/forward/snapshot.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::admin {

struct page_hooks {
  secret token;  // if empty, no request is accepted
  const forward::history* history = nullptr;
  std::function<forward::snapshot_ptr()> current;
  std::function<async::task<std::vector<forward::held_token>>()> tokens;
};

responder page_routes(page_hooks hooks);

// 128 random bits.
secret make_page_token();
// The URL to open; `address` is the page's listener, "127.0.0.1:9129".
std::string page_url(std::string_view address, const secret& token);

}  // namespace regpass::admin
