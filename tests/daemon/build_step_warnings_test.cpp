// What is said at the start of a fence with a gap.
#include "daemon/report/build_step_warnings.hpp"

#include <catch2/catch.hpp>

using namespace regpass;

namespace {

forward::snapshot clear_snapshot() {
  forward::snapshot made;
  made.client_password = std::make_shared<const secret>("p");
  forward::registry_entry entry;
  entry.options.host = registry::make_host("harbor.test", 443);
  entry.options.upgrade_plain_http = true;
  made.registries.emplace(entry.options.host, entry);
  return made;
}

}  // namespace

TEST_CASE("X1: where plain HTTP leaves HEAD open to build steps, that is said") {
  const auto remark = daemon::step_remark(clear_snapshot());
  CHECK(remark.find("harbor.test") != std::string::npos);
  CHECK(remark.find("HEAD") != std::string::npos);
}

TEST_CASE("X1: nothing is said of plain HTTP where it opens nothing to build steps") {
  auto from = clear_snapshot();
  auto& options = from.registries.begin()->second.options;
  SECTION("no password is asked for: anybody is let in") {
    from.client_password = nullptr;
  }
  SECTION("no BuildKit has the password") {
    from.clients.builder = options::builder_kind::other;
  }
  SECTION("all of it goes over TLS") {
    options.upgrade_plain_http = false;
  }
  SECTION("nothing of ours is sent") {
    options.injection = auth::injection::observe;
  }
  CHECK(daemon::step_remark(from).empty());
}
