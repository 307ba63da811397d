// The pairs of files in tests/diagnosis/cases: NAME.json is evidence as to_json writes it, NAME.txt what a user reads.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace regpass::diagnosis::cases {

inline std::filesystem::path directory() {
  return std::filesystem::path(REGPASS_SOURCE_DIR) / "tests/diagnosis/cases";
}

inline std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& file : std::filesystem::directory_iterator(directory())) {
    if (file.path().extension() == ".json") all.push_back(file.path().stem().string());
  }
  std::ranges::sort(all);
  return all;
}

inline std::string read(const std::string& file) {
  std::ifstream in(directory() / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline boost::json::value json_of(const std::string& name) {
  return boost::json::parse(read(name + ".json"));
}

}  // namespace regpass::diagnosis::cases
