#include "regpass/http/content_coding.hpp"

#include "regpass/base/text.hpp"

#include <catch2/catch.hpp>

namespace regpass::http {
namespace {

std::string bytes_of(std::string_view base64_text) {
  std::string out;
  REQUIRE_FALSE(decode_base64(base64_text, out));
  return out;
}

fields coded(std::string_view coding) {
  fields head;
  head.add("Content-Encoding", coding);
  return head;
}

const std::string plain = R"({"errors":[{"code":"DENIED","message":"no"}]})";

TEST_CASE("gzip and deflate are undone, whatever their headers have") {
  const auto [coding, text] = GENERATE(table<std::string, std::string>({
      {"gzip", "H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"},
      {"x-gzip", "H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"},
      {"GZIP", "H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"},
      {"gzip", "H4sICAAAAAACA2ZpbGUuanNvbgCrVkotKsovKlayiq5WSs5PSVWyUnJx9fN0dVHSUcpNLS5OTAcJ5eUr1cbWAgAth4aDLQAAAA=="},
      {"gzip",
       "H4sIFgAAAAACAwMAYWJjY29tbWVudAASNKtWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"},
      {"gzip", "H4sIAAAAAAACAwEtANL/eyJlcnJvcnMiOlt7ImNvZGUiOiJERU5JRUQiLCJtZXNzYWdlIjoibm8ifV19LYeGgy0AAAA="},
      {"deflate", "eJyrVkotKsovKlayiq5WSs5PSVWyUnJx9fN0dVHSUcpNLS5OTAcJ5eUr1cbWAgBQ0A56"},
      {"deflate", "q1ZKLSrKLypWsoquVkrOT0lVslJycfXzdHVR0lHKTS0uTkwHCeXlK9XG1gIA"},
  }));
  INFO(coding << " " << text);
  CHECK(decode_content(coded(coding), bytes_of(text), 1000) == plain);
}

TEST_CASE("a body without a coding is itself") {
  CHECK(decode_content({}, plain, 1000) == plain);
  CHECK(decode_content(coded("identity"), plain, 1000) == plain);
  CHECK_FALSE(decode_content({}, plain, 10));
}

TEST_CASE("codings that are not known, and two of them, are left alone") {
  for (const auto* coding : {"br", "zstd", "compress", "gzip, br", "aes128gcm"}) {
    CHECK_FALSE(decode_content(
        coded(coding), bytes_of("H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"),
        1000));
  }
}

TEST_CASE("what is cut off, changed or followed by more is damaged") {
  const auto whole = bytes_of("H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_content(coded("gzip"), std::string_view(whole).substr(0, size), 1000));
  }
  CHECK_FALSE(decode_content(coded("gzip"), whole + "x", 1000));
  for (auto at = whole.size() - 8; at < whole.size(); ++at) {  // checksum and length
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    CHECK_FALSE(decode_content(coded("gzip"), changed, 1000));
  }
}

TEST_CASE("no more comes out than may") {
  CHECK(decode_content(coded("gzip"),
                       bytes_of("H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"),
                       plain.size()) == plain);
  CHECK_FALSE(decode_content(
      coded("gzip"), bytes_of("H4sIAAAAAAACA6tWSi0qyi8qVrKKrlZKzk9JVbJScnH183R1UdJRyk0tLk5MBwnl5SvVxtYCAC2HhoMtAAAA"),
      plain.size() - 1));
  CHECK_FALSE(
      decode_content(coded("gzip"),
                     bytes_of("H4sIAAAAAAACA+"
                              "3BAQ0AAADCoKzvX8IcbkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADAnwG2EmogALAEAA=="),
                     256 * 1024));
}

}  // namespace
}  // namespace regpass::http
