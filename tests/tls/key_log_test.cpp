#include "tls/key_log.hpp"

#include "support/temporary_directory.hpp"
#include "support/tls_pair.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

using namespace regpass;
using namespace regpass::testing;
using Catch::Matchers::Contains;

namespace {

struct key_log {
  explicit key_log(const std::filesystem::path& file) { value_of(started(file)); }
  ~key_log() { tls::stop_key_log(); }
  key_log(const key_log&) = delete;
  key_log& operator=(const key_log&) = delete;

 private:
  static result<bool> started(const std::filesystem::path& file) {
    auto done = tls::start_key_log(file);
    if (!done) return std::unexpected(done.error());
    return true;
  }
};

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

void shake_hands() {
  const auto ca = test_ca::make("Authority");
  temporary_directory dir;
  tls::trust trust;
  trust.ca_file = dir.put("ca.pem", ca.certificate());
  tls_pair pair(value_of(tls::make_client_context(trust)), server_context(ca.issue({"a.test"})), "a.test");
  pair.settle();
  REQUIRE(pair.connected());
}

}  // namespace

TEST_CASE("the key log has the lines of both sides of a connection, and only its owner may read it", "[tls]") {
  temporary_directory dir;
  const auto file = dir.put("keys.log", "# was there before\n");
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  const key_log on(file);
  shake_hands();
  const auto text = text_of(file);
  CHECK_THAT(text, Contains("# was there before\n"));
  // Client and server are ours here, so each secret is written twice.
  CHECK(count(text, "\nCLIENT_TRAFFIC_SECRET_0 ") == 2);
  CHECK(count(text, "\nSERVER_HANDSHAKE_TRAFFIC_SECRET ") == 2);
  struct stat what{};
  REQUIRE(::stat(file.c_str(), &what) == 0);
  CHECK((what.st_mode & 0777) == 0600);
}

TEST_CASE("without a key log no keys are written, and none after its end", "[tls]") {
  temporary_directory dir;
  const auto file = dir.path() / "keys.log";
  shake_hands();
  {
    const key_log on(file);
  }
  shake_hands();
  CHECK(text_of(file).empty());
}

TEST_CASE("an unusable key log is an error that names it", "[tls]") {
  temporary_directory dir;
  const auto missing = tls::start_key_log(dir.path() / "none" / "keys.log");
  REQUIRE_FALSE(missing);
  CHECK_THAT(missing.error().detail, Contains("none/keys.log") && Contains("No such file"));
  const auto link = dir.path() / "link";
  std::filesystem::create_symlink(dir.put("elsewhere", ""), link);
  CHECK_FALSE(tls::start_key_log(link));
  CHECK_FALSE(tls::start_key_log("/dev/null"));
}
