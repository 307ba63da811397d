#include "tls/authority/constraints.hpp"

#include "tls/authority/certificate.hpp"
#include "tls/authority/names.hpp"

#include <fmt/format.h>

#include <utility>

namespace regpass::tls {
namespace {

using subtrees = STACK_OF(GENERAL_SUBTREE);

// Reserved by RFC 6761 section 6.4: a CA that is permitted only this name cannot sign for any real host.
constexpr std::string_view nobody = "invalid";

bool append(subtrees*& list, general_name_ptr base) {
  if (list == nullptr) list = sk_GENERAL_SUBTREE_new_null();
  GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
  if (list == nullptr || subtree == nullptr || !base) {
    GENERAL_SUBTREE_free(subtree);
    return false;
  }
  GENERAL_NAME_free(subtree->base);
  subtree->base = base.release();
  return sk_GENERAL_SUBTREE_push(list, subtree) > 0;
}

constexpr unsigned all_bits(const std::string& address) {
  return static_cast<unsigned>(address.size()) * 8;
}

bool permit(NAME_CONSTRAINTS& constraints, const subject_name& name) {
  return append(constraints.permittedSubtrees,
                name.address.empty() ? to_general_name(name) : to_subtree(name.address, all_bits(name.address)));
}

bool forbid_addresses(NAME_CONSTRAINTS& constraints) {
  return append(constraints.excludedSubtrees, to_subtree(std::string(4, '\0'), 0)) &&
         append(constraints.excludedSubtrees, to_subtree(std::string(16, '\0'), 0));
}

result<constraints_ptr> constraints_for(const std::vector<std::string>& names) {
  constraints_ptr constraints(NAME_CONSTRAINTS_new());
  bool dns = false;
  bool addresses = false;
  bool made = constraints != nullptr;
  for (const std::string& name : names) {
    auto parsed = parse_name(name);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    (parsed->address.empty() ? dns : addresses) = true;
    made = made && permit(*constraints, *parsed);
  }
  if (!dns) made = made && permit(*constraints, {.text = std::string(nobody), .address = {}});
  if (!addresses) made = made && forbid_addresses(*constraints);
  if (!made) return fail(errc::io, fmt::format("cannot make name constraints: {}", queue_text()));
  return constraints;
}

struct found_constraints {
  constraints_ptr constraints;
  bool absent;  // false with no constraints: there are some, but they cannot be read
};

found_constraints constraints_of(const X509& certificate) {
  int critical = 0;
  constraints_ptr constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(&certificate, NID_name_constraints, &critical, nullptr)));
  return {std::move(constraints), critical == -1};
}

x509_ptr certificate_for(const subject_name& name) {
  static const key_ptr key = make_p256_key();
  x509_ptr certificate = key ? begin_certificate(*key, {}) : nullptr;
  const bool made = certificate && set_only_name(*certificate, name) && sign(*certificate, *key);
  return made ? std::move(certificate) : nullptr;
}

}  // namespace

result<void> add_constraints(X509& certificate, const std::vector<std::string>& names) {
  auto constraints = constraints_for(names);
  if (!constraints) return std::unexpected(std::move(constraints.error()));
  const int added = X509_add1_ext_i2d(&certificate, NID_name_constraints, constraints->get(), 1, X509V3_ADD_DEFAULT);
  if (added != 1) return fail(errc::io, fmt::format("cannot add name constraints: {}", queue_text()));
  return {};
}

std::vector<std::string> permitted_names(const X509& certificate) {
  std::vector<std::string> names;
  const auto found = constraints_of(certificate);
  const subtrees* list = found.constraints ? found.constraints->permittedSubtrees : nullptr;
  for (int i = 0; list != nullptr && i < sk_GENERAL_SUBTREE_num(list); ++i) {
    std::string text = to_text(*sk_GENERAL_SUBTREE_value(list, i)->base);
    if (!text.empty()) names.push_back(std::move(text));
  }
  return names;
}

// NAME_CONSTRAINTS_check takes a certificate whose extensions OpenSSL has not yet looked over for one without names:
// hence the purpose.
bool permits(const X509& issuer, X509& certificate) {
  const auto found = constraints_of(issuer);
  if (!found.constraints) return found.absent;
  return X509_check_purpose(&certificate, -1, 0) == 1 &&
         NAME_CONSTRAINTS_check(&certificate, found.constraints.get()) == X509_V_OK;
}

bool permits(const X509& issuer, std::string_view name) {
  const auto parsed = parse_name(name);
  if (!parsed) return false;
  const x509_ptr probe = certificate_for(*parsed);
  return probe && permits(issuer, *probe);
}

}  // namespace regpass::tls
