#include "tls/client_hello.hpp"

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <charconv>
#include <string>
#include <vector>

using namespace regpass::testing;
using namespace regpass::tls;

namespace {

using kind = first_bytes::kind;

// Bytes that a client sent, from a file of hexadecimal digits.
std::string seen_on_the_wire(const std::string& client) {
  const auto text = content_of(std::string(REGPASS_SOURCE_DIR "/tests/tls/hellos/") + client + ".hex");
  std::string digits;
  for (const char c : text)
    if (c != '\n') digits += c;
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

// `size` in `width` bytes.
std::string number(std::size_t size, int width) {
  std::string made;
  for (int i = width - 1; i >= 0; --i) made += static_cast<char>(size >> (8 * i));
  return made;
}

std::string vector(int width, const std::string& content) {
  return number(content.size(), width) + content;
}

std::string extension(std::size_t type, const std::string& content) {
  return number(type, 2) + vector(2, content);
}

std::string name_extension(const std::string& name) {
  return extension(0, vector(2, std::string(1, '\0') + vector(2, name)));
}

std::string message_with(const std::string& extensions) {
  const std::string body = number(0x0303, 2) + std::string(32, 'r') + vector(1, "session") + vector(2, "\x13\x01") +
                           vector(1, std::string(1, '\0')) + extensions;
  return "\x01" + vector(3, body);
}

std::string record(const std::string& content) {
  return "\x16" + number(0x0301, 2) + vector(2, content);
}

std::string in_records_of(std::size_t size, const std::string& message) {
  std::string made;
  for (std::size_t at = 0; at < message.size(); at += size) made += record(message.substr(at, size));
  return made;
}

std::string hello_with(const std::string& extensions) {
  return record(message_with(vector(2, extensions)));
}

}  // namespace

TEST_CASE("real clients' hellos: name, protocols, and every beginning of them asks for more", "[tls]") {
  struct row {
    std::string client, name;
    std::vector<std::string> alpn;
  };
  const auto expected = GENERATE(values<row>({{"openssl", "registry.test", {"h2", "http/1.1"}},
                                              {"openssl-no-name", "", {}},
                                              {"skopeo", "registry.test", {}},
                                              {"curl", "registry.test", {"h2", "http/1.1"}}}));
  INFO(expected.client);
  const auto bytes = seen_on_the_wire(expected.client);
  REQUIRE(bytes.size() > 200);
  const auto seen = peek_client_hello(bytes);
  REQUIRE(seen.what == kind::hello);
  CHECK(seen.hello.server_name == expected.name);
  CHECK(seen.hello.alpn == expected.alpn);
  CHECK_FALSE(seen.hello.encrypted);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    INFO(cut);
    REQUIRE(peek_client_hello(bytes.substr(0, cut)).what == kind::need_more);
  }
}

TEST_CASE("bytes after the hello are ignored", "[tls]") {
  const auto bytes = hello_with(name_extension("a.test"));
  CHECK(peek_client_hello(bytes + "anything").hello.server_name == "a.test");
  CHECK(peek_client_hello(bytes + std::string(40'000, 'x')).what == kind::hello);
}

TEST_CASE("a hello spread over many records is read, whatever the cut", "[tls]") {
  const auto size = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}, std::size_t{100});
  const auto bytes = in_records_of(size, message_with(vector(2, name_extension("a.test"))));
  const auto seen = peek_client_hello(bytes);
  REQUIRE(seen.what == kind::hello);
  CHECK(seen.hello.server_name == "a.test");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    REQUIRE(peek_client_hello(bytes.substr(0, cut)).what == kind::need_more);
}

TEST_CASE("an encrypted ClientHello is reported, with and without a name outside", "[tls]") {
  const auto bare = peek_client_hello(hello_with(extension(0xfe0d, "sealed")));
  CHECK(bare.what == kind::hello);
  CHECK(bare.hello.encrypted);
  CHECK(bare.hello.server_name.empty());
  const auto named = peek_client_hello(hello_with(extension(0xfe0d, "sealed") + name_extension("public.test")));
  CHECK(named.hello.encrypted);
  CHECK(named.hello.server_name == "public.test");
}

TEST_CASE("a hello of TLS 1.2 may end without extensions", "[tls]") {
  const auto seen = peek_client_hello(record(message_with("")));
  CHECK(seen.what == kind::hello);
  CHECK(seen.hello.server_name.empty());
}

TEST_CASE("hellos beyond the bounds are distinguished from incomplete ones", "[tls]") {
  CHECK(peek_client_hello(record("\x01" + number(most_hello - 4, 3))).what == kind::need_more);
  CHECK(peek_client_hello(record("\x01" + number(most_hello - 3, 3))).what == kind::too_large);
  const auto padded = message_with(vector(2, extension(21, std::string(10'000, '\0'))));
  CHECK(peek_client_hello(in_records_of(1, padded)).what == kind::too_large);
  CHECK(peek_client_hello(in_records_of(1'000, padded)).what == kind::hello);
}

TEST_CASE("input that is not TLS is recognised at its first deviating byte", "[tls]") {
  for (const std::string bytes : {"GET / HTTP/1.1\r\n", "S", "\x16\x02", "\x15\x03\x01"}) {
    INFO(bytes);
    CHECK(peek_client_hello(bytes).what == kind::not_tls);
  }
  CHECK(peek_client_hello(std::string("\x80\x2e\x01\x03\x01", 5)).what == kind::not_tls);      // SSL 2
  CHECK(peek_client_hello(std::string("\x16\x03\x01\x00\x00", 5)).what == kind::not_tls);      // an empty record
  CHECK(peek_client_hello(std::string("\x16\x03\x01\x40\x01", 5)).what == kind::not_tls);      // too large a record
  CHECK(peek_client_hello(std::string("\x16\x03\x01\x00\x01\x02", 6)).what == kind::not_tls);  // a ServerHello
  const auto half = record(message_with(vector(2, name_extension("a.test"))).substr(0, 30));
  CHECK(peek_client_hello(half + "\x17\x03\x03").what == kind::not_tls);  // another record in between
}

TEST_CASE("malformed hellos are rejected", "[tls]") {
  const auto name = name_extension("a.test");
  const std::string no_type = number(0, 1);
  for (const auto& extensions : {
           name + name,                                                                   // twice
           extension(0, ""),                                                              // no list
           extension(0, vector(2, "")),                                                   // no name
           extension(0, vector(2, no_type + vector(2, ""))),                              // an empty name
           extension(0, vector(2, "\x01" + vector(2, "a.test"))),                         // another type
           extension(0, vector(2, no_type + vector(2, "a") + no_type + vector(2, "b"))),  // two names
           extension(0, vector(2, no_type + vector(2, "a.test")) + "x"),                  // more behind
           extension(16, vector(2, "")),                                                  // no protocol
           extension(16, vector(2, vector(1, ""))),                                       // an empty one
           name.substr(0, name.size() - 1),                                               // cut off
           name + "\x01",                                                                 // half an extension
       }) {
    CHECK(peek_client_hello(hello_with(extensions)).what == kind::not_tls);
  }
  CHECK(peek_client_hello(record(message_with(vector(2, name) + "x"))).what == kind::not_tls);
}
