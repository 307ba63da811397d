// HTTP/2 frames into a whole session: streams, windows, deadlines; it ends when its client does (T21, T22).
#include "fuzz.hpp"
#include "regpass/http/h2_codec.hpp"
#include "support/memory_stream.hpp"
#include "transport/h2_connection.hpp"

#include <string>

using namespace regpass;

namespace {

async::task<void> echo(transport::downstream& one) {
  for (;;) {
    auto piece = co_await one.read();
    if (!piece) co_return;
    if (piece->empty()) break;
  }
  http::response_head head;
  head.status = 200;
  http::framing counted;
  counted.how = http::framing::kind::counted;
  counted.length = 2;
  auto said = co_await one.respond(std::move(head), counted);
  if (said) said = co_await one.write("{}");
  if (said) co_await one.finish(http::fields());
}

async::task<void> serve(std::string bytes) {
  const auto on = co_await boost::asio::this_coro::executor;
  const transport::limits bounds;
  testing::memory_pair wires(on);
  wires.there->put(http::h2_preface);
  wires.there->put(bytes);
  wires.there->end();
  transport::h2_server session(*wires.far, bounds);
  transport::h2_server::handler handler(echo);
  co_await session.run(std::move(handler));
}

}  // namespace

REGPASS_FUZZ_TARGET(h2_session) {
  testing::run_task(serve(std::string(bytes)));
}
