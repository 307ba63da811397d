#include "tls/authority/names.hpp"

#include "regpass/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstddef>
#include <tuple>
#include <utility>

namespace regpass::tls {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t v4 = 4;
constexpr std::size_t v6 = 16;

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const std::string& text) {
  std::array<char, v6> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), v4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), v6};
  return {};
}

bool host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_dns_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_name) return false;
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos) return false;
  for (const char c : name) {
    if (!host_character(c)) return false;
  }
  return true;
}

general_name_ptr general_name(int type, int string_type, std::string_view bytes) {
  general_name_ptr name(GENERAL_NAME_new());
  ASN1_STRING* value = ASN1_STRING_type_new(string_type);
  if (name && value != nullptr && ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1) {
    GENERAL_NAME_set0_value(name.get(), type, value);
    return name;
  }
  ASN1_STRING_free(value);
  return {};
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string range_text(std::string_view bytes) {
  const std::size_t half = bytes.size() / 2;
  std::size_t bits = 0;
  for (const char byte : bytes.substr(half))
    bits += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(byte)));
  const std::string address = address_text(bytes.substr(0, half));
  return bits == half * 8 ? address : fmt::format("{}/{}", address, bits);
}

std::string ip_text(std::string_view bytes) {
  if (bytes.size() == v4 || bytes.size() == v6) return address_text(bytes);
  if (bytes.size() == 2 * v4 || bytes.size() == 2 * v6) return range_text(bytes);
  return {};
}

}  // namespace

result<subject_name> parse_name(std::string_view name) {
  subject_name parsed{.text = lower(name), .address = {}};
  if (parsed.text.ends_with('.')) parsed.text.pop_back();
  if (parsed.text.find('\0') == std::string::npos) parsed.address = address_of(parsed.text);
  if (!parsed.address.empty() || is_dns_name(parsed.text)) return parsed;
  return fail(errc::bad_input,
              fmt::format("\"{}\" is neither a host name nor an IP address", clean(name, longest_name)));
}

general_name_ptr to_general_name(const subject_name& name) {
  if (name.address.empty()) return general_name(GEN_DNS, V_ASN1_IA5STRING, name.text);
  return general_name(GEN_IPADD, V_ASN1_OCTET_STRING, name.address);
}

general_name_ptr to_subtree(const std::string& address, unsigned bits) {
  std::string range = address;
  for (std::size_t i = 0; i < address.size(); ++i) range += i * 8 < bits ? '\xFF' : '\0';
  return general_name(GEN_IPADD, V_ASN1_OCTET_STRING, range);
}

bool set_only_name(X509& certificate, const subject_name& name) {
  const general_names_ptr names(sk_GENERAL_NAME_new_null());
  general_name_ptr only = to_general_name(name);
  if (!names || !only || sk_GENERAL_NAME_push(names.get(), only.get()) <= 0) return false;
  std::ignore = only.release();  // the list's now
  return X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

std::string to_text(const GENERAL_NAME& name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type == GEN_DNS) return clean(bytes_of(value), longest_name);
  if (type == GEN_IPADD) return ip_text(bytes_of(value));
  return {};
}

std::vector<std::string> names_in(const X509& certificate, std::size_t most) {
  std::vector<std::string> names;
  const general_names_ptr all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    std::string text = to_text(*sk_GENERAL_NAME_value(all.get(), i));
    if (text.empty()) continue;
    if (names.size() == most) {
      names.emplace_back("…");
      break;
    }
    names.push_back(std::move(text));
  }
  return names;
}

}  // namespace regpass::tls
