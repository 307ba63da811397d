// The long texts, and that the index that is published is the table's.
#include "diagnosis/present/manual.hpp"

#include "cases.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace regpass::diagnosis {
namespace {

TEST_CASE("docs/failures.md is what `regpass explain --index` prints") {
  std::ifstream in(std::filesystem::path(REGPASS_SOURCE_DIR) / "docs/failures.md", std::ios::binary);
  const std::string written(std::istreambuf_iterator<char>(in), {});
  INFO("regenerate it: build/debug/proxy/regpass explain --index > docs/failures.md");
  CHECK((written == failure_index()));
}

TEST_CASE("each cause has its text, in 80 columns, without placeholders") {
  for (const auto& row : causes()) {
    INFO(row.name);
    const auto text = manual(row);
    CHECK(text.find(std::string(row.name)) != std::string::npos);
    for (const auto* title : {"What it looks like", "Why it happens", "What to do", "How to tell it apart"}) {
      CHECK(text.find(title) != std::string::npos);
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
    for (const auto* holder : {"{host}", "{entry}", "{user}", "{place}", "{check}", "{said}", "{repository}"}) {
      CHECK(text.find(holder) == std::string::npos);
    }
    CHECK(text.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a cause is rendered in colour only on request") {
  CHECK(manual(causes().front(), {.colour = true}).find("\x1b[1m") != std::string::npos);
  CHECK(list_of_causes().find("granted-less") != std::string::npos);
}

}  // namespace
}  // namespace regpass::diagnosis
