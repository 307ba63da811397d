#include "web_page.hpp"

#include "regpass/base/text.hpp"

#include <algorithm>

namespace regpass::forward {
namespace {

// "none": a person typed the address.
bool site_is_one_of(const http::fields& of, std::initializer_list<std::string_view> harmless) {
  return std::ranges::all_of(of.all("Sec-Fetch-Site"), [&](std::string_view site) {
    return std::ranges::any_of(harmless, [&](std::string_view one) { return iequals(site, one); });
  });
}

bool names_origin(std::string_view text, const http::origin& own) {
  const auto mark = text.find("://");
  if (mark == std::string_view::npos || !iequals(text.substr(0, mark), own.scheme)) return false;
  const auto parts = http::parse_authority(text.substr(mark + 3), http::default_port(own.scheme));
  return parts && parts->host == own.host && parts->port == own.port;
}

}  // namespace

bool is_from_page(const http::fields& of) {
  return of.count("Origin") > 0 || !site_is_one_of(of, {"none"});
}

bool is_from_foreign_page(const http::fields& of, const http::origin& own) {
  const auto origins = of.all("Origin");
  const bool same = std::ranges::all_of(origins, [&](std::string_view one) { return names_origin(one, own); });
  return !same || !site_is_one_of(of, {"none", "same-origin"});
}

}  // namespace regpass::forward
