// The table of causes. To add one, add a row to the file of its subject (proxy/diagnosis/causes/causes_*.cpp), a line
// of tests/diagnosis/diagnose_test.cpp or a case of tests/cases, and the generated index (docs/failures.md).
#pragma once

#include "diagnosis/causes/facts.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::diagnosis {

enum class certainty : std::uint8_t { observed, likely, possible };
std::string_view name_of(certainty) noexcept;

// The long text, for `regpass explain CAUSE` and the index. Paragraphs without markup.
struct documentation {
  std::string_view seen;         // what it looks like on the wire
  std::string_view why;          // why it happens
  std::string_view apart;        // how to distinguish it from similar causes
  std::string_view look_alikes;  // names of those causes, blank-separated
};

// Sentences are either a function or a text in which {host}, {repository}, {activity}, {user}, {holder}, {entry},
// {identity}, {token-server}, {said}, {status}, {place}, {key} and {detail} stand for what was seen
// (present/wording.hpp).
struct cause {
  std::string_view name;   // kebab-case, stable: part of the contract with users
  std::string_view title;  // "The password was rejected"
  // The general causes of which this is a specific form, blank-separated: it replaces them when it applies.
  std::string_view general{};
  // How certain it is from these facts, or nothing when it is ruled out. Null: never the cause of a failure.
  std::optional<certainty> (*judge)(const facts&) = nullptr;
  // Whether a successful exchange is worth a notice. Null: never.
  bool (*notice)(const facts&) = nullptr;
  // One plain sentence: registry, repository, credential's source, what to change.
  std::string (*summary)(const facts&) = nullptr;
  std::string_view summary_text{};
  // Concrete steps, with the configuration line or command; in a text, one step per line.
  std::vector<std::string> (*fix)(const facts&) = nullptr;
  std::string_view fix_text{};
  documentation doc;
};

std::string summary_of(const cause&, const facts&);
std::vector<std::string> fix_of(const cause&, const facts&);
const cause* find_cause(std::string_view name) noexcept;

// In order of precedence: of equally certain causes the first one leads.
std::span<const cause> causes() noexcept;

}  // namespace regpass::diagnosis
