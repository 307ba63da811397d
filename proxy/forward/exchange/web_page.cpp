#include "forward/exchange/web_page.hpp"

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

std::string_view without_path(std::string_view url) {
  const auto mark = url.find("://");
  return mark == std::string_view::npos ? url : url.substr(0, url.find('/', mark + 3));
}

bool begins_with(std::string_view name, std::string_view beginning) {
  return iequals(name.substr(0, beginning.size()), beginning);
}

// Fields that only browsers send. Where Sec-Fetch-Site is, it says more.
bool has_page_field(const http::fields& of) {
  const bool judged = of.count("Sec-Fetch-Site") > 0;
  for (const auto field : of) {
    if (begins_with(field.name, "Access-Control-Request-")) return true;
    if (!judged && (begins_with(field.name, "Sec-Fetch-") || iequals(field.name, "Sec-Purpose"))) return true;
  }
  return false;
}

// Browsers without Fetch Metadata send at least this for images and scripts. Go's clients send a Referer, too, when
// they follow a redirect.
std::string_view browser_referer(const http::fields& of) {
  const bool browser = of.get("User-Agent").value_or("").starts_with("Mozilla/");
  return browser ? of.get("Referer").value_or("") : "";
}

}  // namespace

bool is_from_page(const http::fields& of) {
  return of.count("Origin") > 0 || !site_is_one_of(of, {"none"}) || has_page_field(of) || !browser_referer(of).empty();
}

bool is_from_foreign_page(const http::fields& of, const http::origin& own) {
  const auto origins = of.all("Origin");
  const bool same = std::ranges::all_of(origins, [&](std::string_view one) { return names_origin(one, own); });
  const auto referer = browser_referer(of);
  const bool from_own_page = referer.empty() || names_origin(without_path(referer), own);
  return !same || !site_is_one_of(of, {"none", "same-origin"}) || has_page_field(of) || !from_own_page;
}

}  // namespace regpass::forward
