// The page for people: exchanges as they happen, their handshakes, credentials and tokens. It shows nothing secret, but
// says much about whoever builds here, so it opens only with a token that is made at start-up and said in the log.
//
//   GET /                the page; with ?token=… it gives the browser a cookie, which everything wants
//   GET /app.js, /sequence.js, /app.css, /icon.svg
//   GET /api/exchanges   those in the journal, oldest first, and how many there ever were
//   GET /api/credentials entries known, and what came of each last
//   GET /api/tokens      cached tokens by scope, with what is left of their lives
//   GET /events?since=N  server-sent events: each exchange after the first N, as it finishes
//   GET /har[?id=ID]     HTTP Archive 1.2 of all, or of one
//
// Requests by a name other than localhost are refused: a stranger's page may have had its own name resolve to us
// (DNS rebinding), and no name but that one is certain to mean us.
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
  secret token;  // an empty one lets nobody in
  const forward::history* history = nullptr;
  std::function<forward::snapshot_ptr()> current;
  std::function<async::task<std::vector<forward::held_token>>()> tokens;
};

responder page_routes(page_hooks hooks);

// 128 random bits.
secret make_page_token();
// What a person opens; `address` is where the page listens, "127.0.0.1:9129".
std::string page_url(std::string_view address, const secret& token);

}  // namespace regpass::admin
