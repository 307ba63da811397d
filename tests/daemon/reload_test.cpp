// Credential files that change for the worse while regpass serves (rows C5 and C6): what /readyz and /metrics say.
#include "daemon/server.hpp"
#include "regpass/net/endpoint.hpp"
#include "support/common_ground.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace regpass;
using namespace regpass::testing;
using Catch::Contains;

namespace {

constexpr std::chrono::seconds patience{60};

const std::string good_config = R"({"auths":{"r.test":{"auth":"YWxpY2U6c2VjcmV0"}}})";

// As `serve` runs it: its control loop has a thread, and files are watched.
class serving {
 public:
  explicit serving(const temporary_directory& place, const std::string& keys) {
    config::inputs inputs;
    inputs.environment = {{"STATE_DIRECTORY", (place / "state").string()}};
    inputs.file =
        place.put("regpass.toml", "[listen]\nproxy = '127.0.0.1:0'\nhealth = '127.0.0.1:0'\nadmin = ''\n" + keys);
    auto loaded = config::load(inputs);
    for (const auto& one : loaded.problems) FAIL(one.what);
    loaded.settings.process.workers = 1;
    auto started = daemon::server::start(control_.get_executor(), std::move(loaded), inputs);
    if (!started) FAIL(started.error().detail);
    running_ = std::move(*started);
    const auto summary = running_->summary();
    const std::string mark = "health 127.0.0.1:";
    const auto at = summary.find(mark);
    REQUIRE(at != std::string::npos);
    port_ = static_cast<std::uint16_t>(std::stoi(summary.substr(at + mark.size())));
    loop_ = std::thread([this] { control_.run(); });
  }
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;
  ~serving() {
    control_.stop();
    loop_.join();
  }

  message ask(const std::string& path) const {
    raw_client client(port_);
    client.address("127.0.0.1");
    return client.ask("GET", path);
  }
  // Whether the page says so in time: watching files takes a moment.
  bool says(const std::string& path, const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (ask(path).body.find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
  }

 private:
  boost::asio::io_context control_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{control_.get_executor()};
  std::unique_ptr<daemon::server> running_;
  std::uint16_t port_ = 0;
  std::thread loop_;
};

std::string named(const std::filesystem::path& file) {
  return "[credentials]\ndocker_config = ['" + file.string() + "']\n";
}

const std::string bad_count = R"(regpass_credentials_reload_total{result="bad"} )";

}  // namespace

TEST_CASE("C5: a credential file that is rejected on reload is counted and named, until it is mended") {
  const temporary_directory place;
  const auto file = place.put("config.json", good_config);
  const serving regpass(place, named(file));
  CHECK_THAT(regpass.ask("/readyz").body, Contains("1 entries, 1 usable") && !Contains("rejected"));
  CHECK_THAT(regpass.ask("/metrics").body, Contains(bad_count + "0"));

  place.put("config.json", "{");
  REQUIRE(regpass.says("/readyz", "rejected: " + file.string() + ":1:2: no JSON"));
  const auto ready = regpass.ask("/readyz");
  CHECK(ready.status == 200);
  CHECK_THAT(ready.body, Contains("its last good content is in force") && Contains("1 entries, 1 usable"));
  const auto counted = regpass.ask("/metrics").body;
  CHECK_THAT(counted, !Contains(bad_count + "0"));
  CHECK_THAT(counted, Contains("regpass_credential_file_rejected{source=\"" + file.string() + "\"} 1"));

  place.put("config.json", good_config);
  REQUIRE(regpass.says("/metrics", R"(regpass_credentials_reload_total{result="good"} 1)"));
  CHECK_THAT(regpass.ask("/readyz").body, !Contains("rejected"));
  CHECK_THAT(regpass.ask("/metrics").body,
             Contains("regpass_credential_file_rejected{source=\"" + file.string() + "\"} 0"));
}

TEST_CASE("C5: a password file, a file of its registry and the clients' secret are counted alike") {
  const temporary_directory place;
  const auto password = place.put("password", "secret\n");
  const auto other = place.put("other.json", good_config);
  const auto secret = place.put("client-secret", "clients\n");
  const serving regpass(place, "[client_auth]\nsecret_file = '" + secret.string() +
                                   "'\n[[registry]]\nhost = 'r.test'\n[[registry.credential]]\nusername = 'u'\n"
                                   "password_file = '" +
                                   password.string() +
                                   "'\n[[registry.credential]]\nactions = ['push']\ndocker_config = '" +
                                   other.string() + "'\n");
  CHECK_THAT(regpass.ask("/readyz").body, Contains("2 entries, 2 usable"));
  place.put("password", "one\ntwo\n");
  CHECK(regpass.says("/readyz", "rejected: " + password.string() + ": the password holds a line break"));
  place.put("other.json", "[]");
  CHECK(regpass.says("/readyz", "rejected: " + other.string()));
  place.put("client-secret", "");
  CHECK(regpass.says("/readyz", "rejected: " + secret.string() + ": the file is empty"));
  CHECK_THAT(regpass.ask("/metrics").body, !Contains(bad_count + "0"));
  CHECK_THAT(regpass.ask("/readyz").body, Contains("2 entries, 2 usable"));
}

TEST_CASE("C5: credential files are followed while the configuration is rejected") {
  const temporary_directory place;
  const auto file = place.put("config.json", good_config);
  const serving regpass(place, named(file));
  place.put("regpass.toml", "[listen");
  REQUIRE(regpass.says("/readyz", "the last reload was rejected"));
  place.put("config.json", R"({"auths":{"r.test":{"auth":"YWxpY2U6c2VjcmV0"},"s.test":{"auth":"YWxpY2U6bmV3"}}})");
  CHECK(regpass.says("/readyz", "2 entries, 2 usable"));
  CHECK_THAT(regpass.ask("/readyz").body, Contains("the last reload was rejected"));
}

TEST_CASE("C6: /readyz says how many credentials are usable, and is 503 without one where one is required") {
  const temporary_directory place;
  const auto file = place.put("config.json", R"({"auths":{"r.test":{"auth":"bm8tY29sb24="}}})");
  {
    const serving regpass(place, named(file));
    const auto ready = regpass.ask("/readyz");
    CHECK(ready.status == 200);
    CHECK_THAT(ready.body, Contains("1 entries, 0 usable"));
  }
  const serving regpass(place, named(file) + "required = true\n");
  const auto ready = regpass.ask("/readyz");
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, Contains("not ready") && Contains("no credential is usable"));
  CHECK(regpass.ask("/livez").status == 200);
  place.put("config.json", good_config);
  REQUIRE(regpass.says("/readyz", "1 entries, 1 usable"));
  CHECK(regpass.ask("/readyz").status == 200);
}

TEST_CASE("C6: a program that is there may have a credential, one that is missing has none") {
  const temporary_directory place;
  const auto helper = place.put("provider", "#!/bin/sh\n");
  std::filesystem::permissions(helper, std::filesystem::perms::owner_all);
  const auto keys = [](const std::string& command) {
    return "[credentials]\nrequired = true\ndocker_config = ['/nonexistent/config.json']\n"
           "[[credentials.kubelet_provider]]\ncommand = ['" +
           command + "']\nmatch_images = ['r.test']\n";
  };
  {
    const serving regpass(place, keys(helper.string()));
    CHECK(regpass.ask("/readyz").status == 200);
    CHECK_THAT(regpass.ask("/readyz").body, Contains("1 asked of a program"));
  }
  const serving regpass(place, keys("/nowhere/provider"));
  CHECK(regpass.ask("/readyz").status == 503);
}
