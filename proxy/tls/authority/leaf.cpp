#include "tls/authority/leaf.hpp"

#include "tls/authority/certificate.hpp"
#include "tls/authority/constraints.hpp"
#include "tls/authority/names.hpp"
#include "tls/openssl_ptr.hpp"
#include "tls/time_range.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace regpass::tls {
namespace {

using namespace std::chrono_literals;

constexpr auto life = 48h;
constexpr auto backdated_by = 1h;
constexpr auto renewed_before_end = 1h;

std::unexpected<error> not_covered(const authority& ca, std::string_view name) {
  return fail(errc::denied,
              fmt::format("the CA certificate may not sign for {}: its name constraints permit {}; delete ca.key and "
                          "ca.crt in tls.ca_dir and restart to have a CA made that may",
                          name, fmt::join(ca.names(), ", ")));
}

bool add_leaf_extensions(X509& certificate, X509& issuer, const subject_name& name) {
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") && set_only_name(certificate, name);
}

// The subject has no common name: clients check the alternative name only, and some would check a common name that
// looks like a host against the CA's constraints.
x509_ptr make_leaf(const authority& ca, EVP_PKEY& key, const subject_name& name, const validity& dates) {
  x509_ptr certificate = begin_certificate(key, dates);
  const bool made = certificate && append_to_name(X509_get_subject_name(certificate.get()), "O", "regpass") &&
                    X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.certificate())) == 1 &&
                    add_leaf_extensions(*certificate, *ca.certificate(), name) && sign(*certificate, *ca.key());
  return made ? std::move(certificate) : nullptr;
}

// What is sent beside the leaf: a CA that is not self-signed is an intermediate, which clients need.
std::vector<X509*> chain_of(const leaf& made, const authority& ca) {
  std::vector<X509*> chain{made.certificate.get()};
  if (X509_check_issued(ca.certificate(), ca.certificate()) != X509_V_OK) chain.push_back(ca.certificate());
  return chain;
}

}  // namespace

namespace {

result<leaf> mint_for(const authority& ca, EVP_PKEY* leaf_key, std::string_view name, const time_range& times) {
  const auto parsed = parse_name(name);
  if (!parsed) return std::unexpected(parsed.error());
  const validity dates{times.earliest - backdated_by, times.latest - backdated_by + life};
  x509_ptr certificate = make_leaf(ca, *leaf_key, *parsed, dates);
  if (!certificate)
    return fail(errc::io, fmt::format("cannot make a certificate for {}: {}", parsed->text, queue_text()));
  if (!permits(*ca.certificate(), *certificate)) return not_covered(ca, parsed->text);
  return leaf{std::shared_ptr<X509>(std::move(certificate)), dates.from, dates.to};
}

}  // namespace

result<leaf> mint(const authority& ca, EVP_PKEY* leaf_key, std::string_view name, wall_time now) {
  return mint_for(ca, leaf_key, name, possible_times(now));
}

struct leaf_cache::state {
  struct entry {
    std::string name;
    context presented;
    wall_time not_before;
    wall_time not_after;

    bool usable(const time_range& times) const {
      return times.earliest >= not_before && times.latest < not_after - renewed_before_end;
    }
  };

  state(authority own, std::size_t most) : ca(std::move(own)), capacity(std::max<std::size_t>(most, 1)) {}
  time_range times(const instant& now);
  std::optional<context> find(const std::string& name, const time_range& times);
  void store(entry fresh);
  result<entry> make(const std::string& name, const time_range& times) const;
  result<context> get(std::string_view name, const time_range& times);

  authority ca;
  key_ptr key = make_p256_key();
  std::size_t capacity;
  mutable std::mutex guard;
  clock_tracker clocks{now()};
  std::list<entry> entries;  // the most recently used first
  std::unordered_map<std::string, std::list<entry>::iterator> by_name;
};

time_range leaf_cache::state::times(const instant& now) {
  const std::scoped_lock lock(guard);
  return clocks.at(now);
}

std::optional<context> leaf_cache::state::find(const std::string& name, const time_range& times) {
  const std::scoped_lock lock(guard);
  const auto found = by_name.find(name);
  if (found == by_name.end() || !found->second->usable(times)) return std::nullopt;
  entries.splice(entries.begin(), entries, found->second);
  return found->second->presented;
}

void leaf_cache::state::store(entry fresh) {
  const std::scoped_lock lock(guard);
  if (const auto old = by_name.find(fresh.name); old != by_name.end()) {
    entries.erase(old->second);
    by_name.erase(old);
  }
  if (entries.size() >= capacity) {
    by_name.erase(entries.back().name);
    entries.pop_back();
  }
  entries.push_front(std::move(fresh));
  by_name.emplace(entries.front().name, entries.begin());
}

result<leaf_cache::state::entry> leaf_cache::state::make(const std::string& name, const time_range& times) const {
  if (!key) return fail(errc::io, "cannot make a key for certificates");
  auto made = mint_for(ca, key.get(), name, times);
  if (!made) return std::unexpected(std::move(made.error()));
  auto presented = make_server_context(key.get(), chain_of(*made, ca));
  if (!presented) return std::unexpected(std::move(presented.error()));
  return entry{name, std::move(*presented), made->not_before, made->not_after};
}

leaf_cache::leaf_cache(authority ca, std::size_t capacity) : state_(std::make_unique<state>(std::move(ca), capacity)) {}
leaf_cache::~leaf_cache() = default;

// Minting happens outside the lock: two threads may mint the same name at the same time, and the later one is kept.
result<context> leaf_cache::state::get(std::string_view name, const time_range& times) {
  const auto parsed = parse_name(name);
  if (!parsed) return std::unexpected(parsed.error());
  if (auto known = find(parsed->text, times)) return std::move(*known);
  auto made = make(parsed->text, times);
  if (!made) return std::unexpected(std::move(made.error()));
  context presented = made->presented;
  store(std::move(*made));
  return presented;
}

result<context> leaf_cache::get(std::string_view name, wall_time now) {
  return state_->get(name, possible_times(now));
}

result<context> leaf_cache::get(std::string_view name, const instant& now) {
  return state_->get(name, state_->times(now));
}

std::size_t leaf_cache::size() const {
  const std::scoped_lock lock(state_->guard);
  return state_->entries.size();
}

}  // namespace regpass::tls
