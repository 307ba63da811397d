#include "regpass/admin/health.hpp"

#include "regpass/base/text.hpp"

namespace regpass::admin {

namespace {

std::string text_of(const readiness& state) {
  std::string text = state.ready ? "ready\n" : "not ready\n";
  for (const auto& [name, value] : state.details) text.append(name).append(": ").append(value).append("\n");
  return text;
}

// Hosts and counts are no secret, but not for any page that a person happens to read either.
bool is_from_page(const call& asked) {
  const auto site = asked.headers.get("Sec-Fetch-Site");
  return asked.headers.count("Origin") > 0 || (site && !iequals(*site, "none"));
}

responder by_liveness(std::function<net::task<bool>()> alive) {
  return [alive = std::move(alive)](const call&) -> net::task<reply> {
    const auto answers = co_await alive();
    co_return answers ? plain(200, "alive") : plain(503, "a worker does not answer");
  };
}

}  // namespace

responder health_routes(std::function<net::task<bool>()> alive, std::function<readiness()> ready,
                        const forward::metrics& counts) {
  routes table;
  table.on("GET", "/livez", by_liveness(alive));
  table.on("GET", "/startupz", by_liveness(std::move(alive)));
  table.on("GET", "/readyz", [ready = std::move(ready)](const call&) -> net::task<reply> {
    const auto state = ready();
    reply made;
    made.status = state.ready ? 200 : 503;
    made.body = text_of(state);
    co_return made;
  });
  table.on("GET", "/metrics", [&counts](const call&) -> net::task<reply> {
    reply made;
    made.type = "text/plain; version=0.0.4; charset=utf-8";
    made.body = counts.text();
    co_return made;
  });
  return [table = std::move(table)](const call& asked) -> net::task<reply> {
    if (is_from_page(asked)) co_return plain(403, "pages in a browser are not answered here");
    auto made = co_await table(asked);
    co_return made;
  };
}

}  // namespace regpass::admin
