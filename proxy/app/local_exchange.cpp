#include "regpass/app/local_exchange.hpp"

namespace regpass::app {

net::task<result<std::string_view>> local_exchange::read() {
  co_return std::string_view();
}

net::task<result<void>> local_exchange::inform(http::response_head) {
  co_return result<void>();
}

net::task<result<void>> local_exchange::respond(http::response_head head, http::framing) {
  response_ = std::move(head);
  responded_ = true;
  co_return result<void>();
}

// Only heads matter to a check; bodies go nowhere.
net::task<result<void>> local_exchange::write(std::string_view) {
  co_return result<void>();
}

net::task<result<void>> local_exchange::finish(http::fields) {
  co_return result<void>();
}

}  // namespace regpass::app
