#include "forward/exchange/exchange_secrets.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

namespace regpass::forward {
namespace {

// Texts that were found to hold no secret: a registry says the same Server and Content-Type with every answer, and
// looking through a text takes far longer than recognising it.
class known_texts {
 public:
  bool contains(std::uint64_t one) const noexcept { return one != 0 && table_[place(one)] == one; }
  void add(std::uint64_t one) noexcept { table_[place(one)] = one; }

 private:
  static std::size_t place(std::uint64_t one) noexcept { return one % 251; }
  std::array<std::uint64_t, 251> table_{};
};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text.substr(i, 1))) return false;
  }
  return true;
}

bool is_digest(std::string_view text, bool behind_algorithm) {
  constexpr std::string_view algorithm = "sha256:";
  constexpr std::size_t length = 64;
  const bool named = text.starts_with(algorithm);
  if (named) text.remove_prefix(algorithm.size());
  return (named || behind_algorithm) && text.size() == length && is_hex(text);
}

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
  return (a ^ (b + 0x9E3779B97F4A7C15 + (a << 6U) + (a >> 2U))) * 0xFF51AFD7ED558CCD;
}

}  // namespace

void exchange_secrets::add(const auth::credential_ptr& credential) {
  if (!credential || std::ranges::find(credentials_, credential) != credentials_.end()) return;
  credentials_.push_back(credential);
  mark_ = mixed(mark_, credential->generation);
  mask_.reset();
}

void exchange_secrets::add(const auth::token_ptr& token) {
  if (!token || std::ranges::find(tokens_, token) != tokens_.end()) return;
  tokens_.push_back(token);
  mark_ = mixed(mark_, reinterpret_cast<std::uintptr_t>(token.get()));
  mark_ = mixed(mark_, static_cast<std::uint64_t>(token->obtained_at.time_since_epoch().count()));
  mask_.reset();
}

void exchange_secrets::add(const net::upstream_proxy_ptr& way) {
  if (!way || !way->proxy || way->proxy->login.empty()) return;
  way_ = way;
  mark_ = mixed(mark_, std::hash<std::string_view>()(way->proxy->login.expose()));
  mask_.reset();
}

void exchange_secrets::add_client(const http::fields& of) {
  for (const auto* name : {"Authorization", "Proxy-Authorization"}) {
    for (const auto value : of.all(name)) {
      client_.emplace_back(value);
      mark_ = mixed(mark_, std::hash<std::string_view>()(value));
      mask_.reset();
    }
  }
}

const secret_mask& exchange_secrets::mask() const {
  if (mask_) return *mask_;
  mask_.emplace();
  for (const auto& one : credentials_) auth::add_to(*mask_, *one);
  for (const auto& one : tokens_) mask_->add(one->value.expose());
  for (const auto& one : client_) mask_->add_authorization(one.expose());
  if (way_) http::add_to(*mask_, *way_->proxy);
  return *mask_;
}

std::string exchange_secrets::masked(std::string_view text) const {
  if (text.empty()) return {};
  static thread_local known_texts harmless;
  const auto key = mixed(mark_, std::hash<std::string_view>()(text));
  if (harmless.contains(key)) return std::string(text);
  auto made = mask_recognisable(mask().apply(text));
  if (made == text) harmless.add(key);
  return made;
}

std::string exchange_secrets::masked_reference(std::string_view url) const {
  std::string out;
  bool algorithm = false;  // a segment "sha256" was there
  for (;;) {
    const auto end = url.find('/');
    const auto segment = url.substr(0, end);
    const bool plain = is_uuid(segment) || is_digest(segment, algorithm);
    out += plain ? std::string(segment) : masked(segment);
    algorithm = algorithm || segment == "sha256";
    if (end == std::string_view::npos) return out;
    out += '/';
    url.remove_prefix(end + 1);
  }
}

// Masked before it is cut: a cut could leave a piece that is too short to be recognised. No more than that is looked
// at, because nothing shortens a text as much.
std::string exchange_secrets::quoted(std::string_view text, std::size_t cap) const {
  constexpr std::size_t margin = 8;
  return clean(masked(text.substr(0, cap * margin)), cap);
}

void exchange_secrets::mask(http::fields& of) const {
  http::fields made;
  bool changed = false;
  for (const auto one : of) {
    const auto value = mask().apply(one.value);
    changed = changed || value != one.value;
    made.add(one.name, value);
  }
  if (changed) of = std::move(made);
}

}  // namespace regpass::forward
