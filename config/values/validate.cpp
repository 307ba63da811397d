#include "config/values/validate.hpp"

#include "config/values/grammar.hpp"
#include "config/values/toml_reader.hpp"
#include "regpass/base/text.hpp"
#include "regpass/base/time.hpp"
#include "regpass/http/proxy_server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace regpass::config {
namespace {

using texts = std::vector<std::string>;
using numbers = std::vector<std::int64_t>;
using std::chrono::milliseconds;

// The valid values of a key, as the end of "must be …".
std::string expected_form(const key_facts& k) {
  switch (k.kind) {
    case kind::boolean:
      return "true or false";
    case kind::integer:
      return fmt::format("a whole number from {} to {}", k.least, k.most);
    case kind::duration:
      return fmt::format("a duration from {} to {}, such as \"10s\"", duration_text(milliseconds(k.least)),
                         duration_text(milliseconds(k.most)));
    case kind::choice:
      return fmt::format("one of {}", fmt::join(k.choices, ", "));
    case kind::endpoint:
      return "an address with a port, such as \"127.0.0.1:3128\"";
    case kind::host:
      return "a registry's host, such as \"harbor.example.com\" or \"registry.test:5443\"";
    case kind::proxy:
      return "a proxy, such as \"http://proxy.corp:3128\", or \"direct\"";
    case kind::path:
      return "a path";
    case kind::prefix:
      return "part of a URL path, such as \"hub\"";
    case kind::text:
      return "a string";
    case kind::path_list:
      return "a list of paths";
    case kind::port_list:
      return "a list of ports from 1 to 65535";
    case kind::pattern_list:
      return "a list of repository patterns, such as [\"team-a/*\"]";
    case kind::url_list:
      return "a list of absolute https URLs, such as [\"https://auth.example.com/token\"]";
    case kind::choice_list:
      return fmt::format("a list of values from {}", fmt::join(k.choices, ", "));
    case kind::text_list:
      return "a list of strings";
  }
  return {};
}

std::string correction(const key_facts& k, const written& w) {
  const auto* v = std::get_if<value>(&w);
  const auto* text = v ? std::get_if<std::string>(v) : nullptr;
  const auto* number = v ? std::get_if<std::int64_t>(v) : nullptr;
  if (k.kind == kind::choice && text) {
    const texts names(k.choices.begin(), k.choices.end());
    if (const auto near = nearest(*text, names)) return fmt::format("did you mean `{}`?", *near);
  }
  if (k.kind == kind::host && text) {
    if (const auto host = host_meant(*text)) return fmt::format("write {} = \"{}\"", k.name, *host);
  }
  if (k.kind == kind::integer && number)
    return fmt::format("write {} = {}", k.name, std::clamp(*number, k.least, k.most));
  if (k.kind == kind::integer) return "write the number without quotes and unit; sizes are in bytes";
  if (k.kind == kind::duration) return "write a number and its unit (ms, s, m, h or d) in quotes";
  const bool list = k.kind >= kind::path_list;
  // A list from --set or the environment that is not valid TOML.
  if (list && text && trim(*text).starts_with('[')) {
    return k.kind == kind::port_list
               ? fmt::format("write comma-separated numbers in brackets: {}=[443, 8443]", k.name)
               : fmt::format("quote each element and put brackets around the list: '{}=[\"first\", \"second\"]'",
                             k.name);
  }
  if (list && text) return fmt::format("write a list: {} = [{}]", k.name, shown(w));
  return fmt::format("correct or remove {}", k.name);
}

// A mistyped proxy URL may have its password in an unexpected place.
std::string shown_for(const key_facts& k, const written& w) {
  const auto* v = std::get_if<value>(&w);
  const auto* text = v ? std::get_if<std::string>(v) : nullptr;
  return k.kind == kind::proxy && text ? fmt::format("\"{}\"", clean(http::masked_proxy(*text), 120)) : shown(w);
}

std::unexpected<problem> invalid(const key_facts& k, const written& w, const std::string& detail = {}) {
  auto what = fmt::format("`{}` must be {}, not {}", k.name, expected_form(k), shown_for(k, w));
  if (!detail.empty()) what += ": " + detail;
  return std::unexpected(problem{std::move(what), correction(k, w)});
}

// An element of a list is invalid.
std::unexpected<problem> invalid_element(const key_facts& k, const value& element, const std::string& detail = {}) {
  auto what = fmt::format("`{}` must be {}, got {}", k.name, expected_form(k), shown(element));
  if (!detail.empty()) what += ": " + detail;
  return std::unexpected(problem{std::move(what), fmt::format("correct or remove {}", shown(element))});
}

// Checks text against the kind's grammar; returns what is wrong, or nothing.
std::optional<std::string> flaw(const key_facts& k, const std::string& text) {
  if (clean(text, text.size()) != text) return "it contains a control character or is not valid UTF-8";
  switch (k.kind) {
    case kind::endpoint:
      return endpoint_flaw(text);
    case kind::host:
      return host_flaw(text);
    case kind::proxy:
      return proxy_flaw(text);
    case kind::path:
    case kind::path_list:
      return path_flaw(text);
    case kind::prefix:
      return prefix_flaw(text);
    case kind::pattern_list:
      return pattern_flaw(text);
    case kind::url_list:
      return url_flaw(text);
    default:
      return std::nullopt;
  }
}

bool is_choice(const key_facts& k, const std::string& text) {
  return std::ranges::find(k.choices, text) != k.choices.end();
}

bool in_bounds(const key_facts& k, const std::string& text) {
  if (k.kind == kind::choice) return is_choice(k, text);
  if (k.kind != kind::duration) return true;
  const auto span = parse_duration(text);
  return span && span->count() >= k.least && span->count() <= k.most;
}

std::expected<value, problem> validate_text(const key_facts& k, const std::string& text) {
  if (!in_bounds(k, text)) return invalid(k, value(text));
  if (const auto why = flaw(k, text)) return invalid(k, value(text), *why);
  return text;
}

std::expected<value, problem> validate_texts(const key_facts& k, const texts& list) {
  for (const auto& text : list) {
    if (k.kind == kind::choice_list && !is_choice(k, text)) return invalid_element(k, text);
    if (text.empty()) return invalid_element(k, text, "an empty string has no meaning here");
    if (const auto why = flaw(k, text)) return invalid_element(k, text, *why);
  }
  return list;
}

std::expected<value, problem> validate_ports(const key_facts& k, const value& v) {
  if (const auto* list = std::get_if<texts>(&v); list && list->empty()) return numbers();
  const auto* list = std::get_if<numbers>(&v);
  if (!list) return invalid(k, v);
  const auto wrong = std::ranges::find_if(*list, [](std::int64_t port) { return port < 1 || port > 65535; });
  if (wrong != list->end()) return invalid_element(k, *wrong);
  return *list;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  while (!trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    out.emplace_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

value number_list(const std::vector<std::string>& elements) {
  std::vector<std::int64_t> out;
  for (const auto& text : elements) {
    const auto parsed = number(text);
    if (!parsed) return text;
    out.push_back(*parsed);
  }
  return out;
}

}  // namespace

std::string shown(const written& w) {
  if (const auto* other = std::get_if<unsupported>(&w)) return other->what;
  const auto& v = std::get<value>(w);
  if (const auto* yes = std::get_if<bool>(&v)) return *yes ? "`true`" : "`false`";
  if (const auto* number = std::get_if<std::int64_t>(&v)) return fmt::format("`{}`", *number);
  if (const auto* text = std::get_if<std::string>(&v)) return fmt::format("\"{}\"", clean(masked_url(*text), 120));
  return "a list";
}

std::expected<value, problem> validate(const key_facts& k, const written& w) {
  const auto* v = std::get_if<value>(&w);
  if (!v) return invalid(k, w);
  const auto* text = std::get_if<std::string>(v);
  const auto* list = std::get_if<texts>(v);
  switch (k.kind) {
    case kind::boolean:
      return std::holds_alternative<bool>(*v) ? std::expected<value, problem>(*v) : invalid(k, w);
    case kind::integer: {
      const auto* number = std::get_if<std::int64_t>(v);
      if (!number || *number < k.least || *number > k.most) return invalid(k, w);
      return *v;
    }
    case kind::port_list:
      return validate_ports(k, *v);
    case kind::path_list:
    case kind::pattern_list:
    case kind::url_list:
    case kind::choice_list:
    case kind::text_list:
      return list ? validate_texts(k, *list) : invalid(k, w);
    default:
      return text ? validate_text(k, *text) : invalid(k, w);
  }
}

written from_text(const key_facts& k, std::string_view text) {
  const auto bare = trim(text);
  const bool list = k.kind >= kind::path_list && bare.starts_with('[');
  const bool quoted = k.kind < kind::path_list && bare.size() > 1 && bare.starts_with('"') && bare.ends_with('"');
  if (list || quoted) return read_toml_value(bare).value_or(value(std::string(text)));
  switch (k.kind) {
    case kind::boolean:
      return text == "true" || text == "false" ? value(text == "true") : value(std::string(text));
    case kind::integer: {
      const auto parsed = number(text);
      return parsed ? value(*parsed) : value(std::string(text));
    }
    case kind::port_list:
      return number_list(pieces(text));
    case kind::path_list:
    case kind::pattern_list:
    case kind::url_list:
      return value(pieces(text));
    default:
      return value(std::string(text));
  }
}

}  // namespace regpass::config
