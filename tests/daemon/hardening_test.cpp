#include "daemon/startup/hardening.hpp"

#include <catch2/catch.hpp>

using namespace regpass;
using namespace regpass::daemon;

TEST_CASE("T28 the writable directories follow from the configuration") {
  config::settings settings;
  settings.state_dir = "/s";
  settings.tls.ca_dir = "/c";
  settings.tls.publish_dir = "/p";
  settings.log.file = "/l/log";
  settings.client_auth = {.secret_file = "/a/secret", .create = true};
  settings.listen.admin = "unix:/d/admin.sock";
  CHECK(confinement_for(settings).runs_programs);
  settings.credentials.helpers = false;
  settings.tls.key_log_file = "/k/keys.log";
  const auto limits = confinement_for(settings);
  CHECK_FALSE(limits.runs_programs);
  CHECK(limits.writable == std::vector<std::filesystem::path>{"/s", "/c", "/p", "/l", "/a", "/k", "/d"});
  settings.credentials.kubelet_providers.emplace_back();
  CHECK(confinement_for(settings).runs_programs);
}
