// The table of causes. Adding one is adding a row here and a pair of files under tests/explain/cases.
#pragma once

#include "regpass/explain/facts.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::explain {

enum class certainty : std::uint8_t { observed, likely, possible };
std::string_view name_of(certainty) noexcept;

struct cause {
  std::string_view name;   // kebab-case, stable: part of the contract with users
  std::string_view title;  // "The password was rejected"
  // How sure it is from these facts, or nothing when it is ruled out.
  std::optional<certainty> (*judge)(const facts&);
  std::string (*summary)(
      const facts&);  // one plain sentence: registry, repository, credential's source, what to change
  std::vector<std::string> (*fix)(const facts&);           // concrete steps, with the configuration line or command
  std::vector<std::string> (*observations)(const facts&);  // the facts it rests on
};

// In order of precedence: of equally certain causes the first one leads.
std::span<const cause> causes() noexcept;

}  // namespace regpass::explain
