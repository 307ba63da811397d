// The requests of the admin socket, which only processes that may write to state_dir can reach.
//
//   GET  /status          one JSON object
//   GET  /history?last=N  the last exchanges as lines of the log, oldest first
//   GET  /log/level       error | warn | info | debug
//   PUT  /log/level       the same, as the body
//   POST /reload          the same as SIGHUP
#pragma once

#include "admin/http_service.hpp"
#include "regpass/forward/history.hpp"

#include <boost/json/object.hpp>

#include <functional>

namespace regpass::admin {

struct control_hooks {
  std::function<boost::json::object()> status;
  std::function<void()> reload;
  const forward::history* history = nullptr;
};

responder control_routes(const control_hooks& hooks);

// The log line of a finished exchange, with `time` and `event`, without the newline.
std::string log_line(const forward::exchange_record&);

}  // namespace regpass::admin
