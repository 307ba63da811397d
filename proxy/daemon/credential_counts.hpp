// How many of the entries can be used.
#pragma once

#include "regpass/auth/credential.hpp"

#include <cstddef>
#include <string>

namespace regpass::daemon {

// A program that is found may have a credential; whether it does is known when it is asked.
struct credential_counts {
  std::size_t entries = 0;
  std::size_t credentials = 0;
  std::size_t programs = 0;
};

credential_counts count_usable(const auth::credential_store&);
std::string text_of(const credential_counts&);  // "3 entries, 1 usable, 1 asked of a program"

}  // namespace regpass::daemon
