#include "daemon/credential_counts.hpp"

#include "daemon/credential_remarks.hpp"

namespace regpass::daemon {

credential_counts count_usable(const auth::credential_store& store) {
  credential_counts made{.entries = store.entries.size()};
  for (const auto& one : store.entries) {
    if (one.credential) ++made.credentials;
    if (one.program && !is_missing(*one.program)) ++made.programs;
  }
  return made;
}

std::string text_of(const credential_counts& counts) {
  auto text = std::to_string(counts.entries) + " entries, " + std::to_string(counts.credentials) + " usable";
  if (counts.programs > 0) text += ", " + std::to_string(counts.programs) + " asked of a program";
  return text;
}

}  // namespace regpass::daemon
