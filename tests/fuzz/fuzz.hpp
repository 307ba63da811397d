// A fuzz target: one function of bytes that must end well and keep its promises, whatever the bytes are.
//
//   REGPASS_FUZZ_TARGET(reference) { … bytes … }
//
// Compiled alone with libFuzzer it is a fuzzer; all targets together are test_fuzz, which replays their corpora as an
// ordinary test.
#pragma once

#include "registration.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace regpass::fuzz {

// A promise. Its breach must end the process: that is what fuzzers take for a finding.
inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// Takes a byte from the front, to choose by; 0 when there is none.
inline std::uint8_t take(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return first;
}

// Takes what stands before the first line break, and the break.
inline std::string_view take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  const auto line = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  return line;
}

}  // namespace regpass::fuzz

static void run_target(std::string_view bytes);

#ifdef REGPASS_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run_target(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
#define REGPASS_FUZZ_TARGET(name) static void run_target(std::string_view bytes)
#else
#define REGPASS_FUZZ_TARGET(name)                                         \
  static const regpass::fuzz::registration registered(#name, run_target); \
  static void run_target(std::string_view bytes)
#endif
