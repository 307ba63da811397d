// HTTP/1.1 for those who ask regpass about itself: probes, scrapers, our own commands, a browser. Not for registry
// traffic.
#pragma once

#include "admin/connection_table.hpp"
#include "regpass/net/stream.hpp"
#include "regpass/transport/exchange.hpp"
#include "regpass/transport/limits.hpp"

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
  // Instead of `body`: writes pieces of a body without an end in sight. It must return when a write fails.
  std::function<async::task<void>(transport::downstream&)> stream{};
};

using responder = std::function<async::task<reply>(const call&)>;

// A responder from a table. GET serves HEAD, too; an unknown path is 404, another method 405 with Allow.
class routes {
 public:
  void on(std::string method, std::string path, responder answer);
  async::task<reply> operator()(const call& asked) const;

 private:
  struct route {
    std::string method;
    std::string path;
    responder answer;
  };
  std::vector<route> table_;
};

reply plain(int status, std::string_view text);

// The value of a parameter in a call's query, percent-decoded; empty when it is not there.
std::string parameter(const call&, std::string_view name);

// Serves one connection to its end and lists it in the table meanwhile. Nothing is logged, because probes and scrapers
// ask often.
async::task<void> serve(std::unique_ptr<net::stream> client, transport::limits bounds, responder answer,
                        std::shared_ptr<connection_table> among);

}  // namespace regpass::admin
