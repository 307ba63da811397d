// Whole servers, started as `serve` starts them.
#include "regpass/app/server.hpp"

#include "support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::testing;

namespace {

result<std::unique_ptr<app::server>> start(boost::asio::io_context& control, const std::filesystem::path& state,
                                           const std::string& proxy) {
  config::inputs inputs;
  inputs.environment = {{"STATE_DIRECTORY", state.string()}};
  inputs.sets = {{"listen.proxy", proxy}, {"listen.health", ""}, {"listen.admin", ""}};
  auto loaded = config::load(inputs);
  REQUIRE(loaded.problems.empty());
  loaded.settings.process.workers = 2;  // share the address
  return app::server::start(control.get_executor(), std::move(loaded), inputs);
}

}  // namespace

TEST_CASE("A second regpass of the same user does not get half of the clients") {
  const temporary_directory place;
  boost::asio::io_context control;
  const auto first = start(control, place / "one", "127.0.0.1:0");
  REQUIRE(first);
  const auto port = std::to_string((*first)->proxy_endpoint().port());
  const auto second = start(control, place / "two", "127.0.0.1:" + port);
  REQUIRE_FALSE(second);
  CHECK(second.error().detail == "cannot listen on 127.0.0.1:" + port + ": Address already in use");
}
