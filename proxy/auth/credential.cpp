#include "regpass/auth/credential.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

namespace regpass::auth {
namespace {

using place = std::pair<std::string_view, std::string_view>;  // source and key

constexpr std::string_view identity_token_user = "<token>";

bool same(const credential& a, const credential& b) noexcept {
  return a.kind == b.kind && a.username == b.username && a.value == b.value;
}

std::map<place, credential_ptr> by_place(const credential_store& store) {
  std::map<place, credential_ptr> all;
  for (const auto& one : store.entries) {
    if (one.credential) all.emplace(place{one.source, one.key}, one.credential);
  }
  return all;
}

// The text is wiped where it was built; reserving keeps it from leaving copies behind while it grows.
secret joined(std::string_view a, std::string_view b, std::string_view c) {
  std::string text;
  text.reserve(a.size() + b.size() + c.size());
  text.append(a).append(b).append(c);
  secret made(text);
  wipe(text);
  return made;
}

secret basic_value(const credential& one) {
  const bool unnamed = one.kind == credential_kind::identity_token && one.username.empty();
  const auto user = unnamed ? identity_token_user : std::string_view(one.username);
  const auto pair = joined(user, ":", one.value.expose());
  auto encoded = base64(pair.expose());
  auto made = joined("Basic ", encoded, "");
  wipe(encoded);
  return made;
}

}  // namespace

std::string_view name_of(credential_kind kind) noexcept {
  switch (kind) {
    case credential_kind::basic:
      return "basic";
    case credential_kind::identity_token:
      return "identity-token";
    case credential_kind::bearer:
      return "bearer";
  }
  return "unknown";
}

std::string name_of(const credential_program& one) {
  if (one.command.empty()) return {};
  const auto& path = one.command.front();
  return path.substr(path.rfind('/') + 1);
}

secret authorization_of(const credential& one) {
  switch (one.kind) {
    case credential_kind::basic:
    case credential_kind::identity_token:
      return basic_value(one);
    case credential_kind::bearer:
      return joined("Bearer ", one.value.expose(), "");
  }
  return {};
}

std::string shown_host(const credential_entry& entry) {
  if (!entry.host.name.empty()) return registry::to_text(entry.host);
  if (!entry.host_pattern.empty()) return entry.host_pattern;
  return entry.program ? "any" : "";
}

void add_to(secret_mask& mask, const credential& one) {
  if (one.kind == credential_kind::bearer) {
    mask.add(one.value.expose());
  } else {
    mask.add_login(one.username.empty() ? identity_token_user : std::string_view(one.username), one.value.expose());
  }
}

bool may_be_identity_token(const credential& one) noexcept {
  return one.kind == credential_kind::identity_token ||
         (one.kind == credential_kind::basic && one.username == identity_token_user);
}

std::uint64_t next_generation() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void carry_over(const credential_store& old, credential_store& fresh) {
  const auto known = by_place(old);
  for (auto& one : fresh.entries) {
    if (!one.credential) continue;
    const auto before = known.find(place{one.source, one.key});
    if (before != known.end() && same(*before->second, *one.credential)) one.credential = before->second;
  }
}

std::vector<std::uint64_t> retired(const credential_store& old, const credential_store& fresh) {
  std::set<std::uint64_t> alive;
  for (const auto& one : fresh.entries) {
    if (one.credential) alive.insert(one.credential->generation);
  }
  std::set<std::uint64_t> gone;
  for (const auto& one : old.entries) {
    if (one.credential && !alive.contains(one.credential->generation)) gone.insert(one.credential->generation);
  }
  return {gone.begin(), gone.end()};
}

}  // namespace regpass::auth
