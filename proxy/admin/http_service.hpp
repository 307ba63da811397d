// The HTTP/1.1 server for requests about regpass itself: from probes, scrapers, our own commands and a browser.
// Registry traffic does not use it.
//
// The module: the health and metrics endpoints, the admin socket, and the page.
#pragma once

#include "admin/connection_table.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/transport/exchange.hpp"
#include "transport/limits.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::admin {

struct call {
  std::string method;
  std::string path;   // without the query, as written
  std::string query;  // without '?'
  http::fields headers;
  std::string body;  // at most 64 KiB; a longer one is answered 413 before the route is called
};

struct reply {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  http::fields more{};
  // Instead of `body`: writes the pieces of an endless body. It must return when a write fails.
  std::function<async::task<void>(transport::downstream&)> stream{};
};

using responder = std::function<async::task<reply>(const call&)>;

// A responder that selects from a table. GET also serves HEAD; an unknown path gets 404, another method 405 with Allow.
class routes {
 public:
  void on(std::string method, std::string path, responder answer);
  async::task<reply> operator()(const call& request) const;

 private:
  struct route {
    std::string method;
    std::string path;
    responder answer;
  };
  std::vector<route> table_;
};

reply plain(int status, std::string_view text);

// The percent-decoded value of a query parameter; empty if it is missing.
std::string parameter(const call&, std::string_view name);

// Serves a connection until it ends, and lists it in the table meanwhile. Logs nothing, because probes and scrapers are
// frequent.
async::task<void> serve(std::unique_ptr<net::stream> client, transport::limits bounds, responder answer,
                        std::shared_ptr<connection_table> table);

}  // namespace regpass::admin
