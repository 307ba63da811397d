#include "cli/check/local_exchange.hpp"

#include <algorithm>

namespace regpass::cli {

async::task<result<std::string_view>> local_exchange::read() {
  co_return std::string_view();
}

async::task<result<void>> local_exchange::inform(http::response_head) {
  co_return result<void>();
}

async::task<result<void>> local_exchange::respond(http::response_head head, http::framing) {
  response_ = std::move(head);
  responded_ = true;
  co_return result<void>();
}

async::task<result<void>> local_exchange::write(std::string_view piece) {
  content_ += piece.substr(0, keep_ - std::min(keep_, content_.size()));
  co_return result<void>();
}

async::task<result<void>> local_exchange::finish(http::fields) {
  co_return result<void>();
}

}  // namespace regpass::cli
