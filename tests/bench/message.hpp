// Requests and responses, independent of the HTTP version.
#pragma once

#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

inline constexpr std::size_t turn = 131'072;   // maximum size of one write or receive; fits in the L2 cache
inline constexpr std::size_t record = 16'384;  // SSL_read never returns more than one TLS record
inline constexpr std::string_view repository = "/v2/bench/blob/";
inline constexpr std::string_view count_field =
    "bench-requests";  // the number of requests that the origin has received so far

using Fields = std::vector<std::pair<std::string, std::string>>;  // with lower-case names
inline constexpr std::string_view accepted = "application/vnd.oci.image.index.v1+json";

struct Request {
  std::string method;
  std::string path;
  std::string authority;
  std::string authorization;
  std::uint64_t body = 0;  // bytes of filler
};

struct Answer {
  int status = 0;
  Fields fields;             // without Content-Length
  std::string text;          // a small body, which the client ignores
  std::uint64_t filler = 0;  // size of a large body
};

inline bool alike(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    return lower(a) == lower(b);
  });
}

inline std::string field(const Fields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& each) { return each.first == name; });
  return found == fields.end() ? std::string() : found->second;
}

inline std::string digest_of_size(std::uint64_t size) {
  return fmt::format("sha256:{:064x}", size);
}

/// The filler for bodies: `turn` bytes.
inline const std::string& filler() {
  static const std::string bytes(turn, 'x');
  return bytes;
}

}  // namespace bench
