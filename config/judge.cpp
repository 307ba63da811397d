#include "judge.hpp"

#include "grammar.hpp"
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

// What the key wants, as the end of "must be …".
std::string wanted(const key_facts& k) {
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
      return "a part of a URL's path, such as \"hub\"";
    case kind::text:
      return "a text";
    case kind::path_list:
      return "a list of paths";
    case kind::port_list:
      return "a list of ports from 1 to 65535";
    case kind::pattern_list:
      return "a list of repository patterns, such as [\"team-a/*\"]";
    case kind::url_list:
      return "a list of absolute https URLs, such as [\"https://auth.example.com/token\"]";
    case kind::choice_list:
      return fmt::format("a list of some of {}", fmt::join(k.choices, ", "));
    case kind::text_list:
      return "a list of texts";
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
  // A list that was given for one key by --set or in the environment and is no TOML.
  if (list && text && trim(*text).starts_with('[')) {
    return k.kind == kind::port_list
               ? fmt::format("write numbers, commas between them and a bracket at either end: {}=[443, 8443]", k.name)
               : fmt::format("put each element in quotes, with a bracket at either end: '{}=[\"first\", \"second\"]'",
                             k.name);
  }
  if (list && text) return fmt::format("write a list: {} = [{}]", k.name, shown(w));
  return fmt::format("correct or remove {}", k.name);
}

// A proxy's text may hold a password wherever a slip of the pen put it.
std::string shown_for(const key_facts& k, const written& w) {
  const auto* v = std::get_if<value>(&w);
  const auto* text = v ? std::get_if<std::string>(v) : nullptr;
  return k.kind == kind::proxy && text ? fmt::format("\"{}\"", clean(http::masked_proxy(*text), 120)) : shown(w);
}

std::unexpected<problem> misfit(const key_facts& k, const written& w, const std::string& detail = {}) {
  auto what = fmt::format("`{}` must be {}, not {}", k.name, wanted(k), shown_for(k, w));
  if (!detail.empty()) what += ": " + detail;
  return std::unexpected(problem{std::move(what), correction(k, w)});
}

// One element of a list is wrong.
std::unexpected<problem> misfit_in_list(const key_facts& k, const value& element, const std::string& detail = {}) {
  auto what = fmt::format("`{}` must be {}; {} is none", k.name, wanted(k), shown(element));
  if (!detail.empty()) what += ": " + detail;
  return std::unexpected(problem{std::move(what), fmt::format("correct or remove {}", shown(element))});
}

// Reads one text against the kind's grammar; the reason why it does not fit, or nothing.
std::optional<std::string> flaw(const key_facts& k, const std::string& text) {
  if (clean(text, text.size()) != text) return "it has a control character or is not valid UTF-8";
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

std::expected<value, problem> fitting_text(const key_facts& k, const std::string& text) {
  if (!in_bounds(k, text)) return misfit(k, value(text));
  if (const auto why = flaw(k, text)) return misfit(k, value(text), *why);
  return text;
}

std::expected<value, problem> fitting_texts(const key_facts& k, const texts& list) {
  for (const auto& text : list) {
    if (k.kind == kind::choice_list && !is_choice(k, text)) return misfit_in_list(k, text);
    if (text.empty()) return misfit_in_list(k, text, "an empty text stands for nothing");
    if (const auto why = flaw(k, text)) return misfit_in_list(k, text, *why);
  }
  return list;
}

std::expected<value, problem> fitting_ports(const key_facts& k, const value& v) {
  if (const auto* list = std::get_if<texts>(&v); list && list->empty()) return numbers();
  const auto* list = std::get_if<numbers>(&v);
  if (!list) return misfit(k, v);
  const auto wrong = std::ranges::find_if(*list, [](std::int64_t port) { return port < 1 || port > 65535; });
  if (wrong != list->end()) return misfit_in_list(k, *wrong);
  return *list;
}

}  // namespace

std::string shown(const written& w) {
  if (const auto* other = std::get_if<unusable>(&w)) return other->what;
  const auto& v = std::get<value>(w);
  if (const auto* yes = std::get_if<bool>(&v)) return *yes ? "`true`" : "`false`";
  if (const auto* number = std::get_if<std::int64_t>(&v)) return fmt::format("`{}`", *number);
  if (const auto* text = std::get_if<std::string>(&v)) return fmt::format("\"{}\"", clean(masked_url(*text), 120));
  return "a list";
}

std::expected<value, problem> fitting(const key_facts& k, const written& w) {
  const auto* v = std::get_if<value>(&w);
  if (!v) return misfit(k, w);
  const auto* text = std::get_if<std::string>(v);
  const auto* list = std::get_if<texts>(v);
  switch (k.kind) {
    case kind::boolean:
      return std::holds_alternative<bool>(*v) ? std::expected<value, problem>(*v) : misfit(k, w);
    case kind::integer: {
      const auto* number = std::get_if<std::int64_t>(v);
      if (!number || *number < k.least || *number > k.most) return misfit(k, w);
      return *v;
    }
    case kind::port_list:
      return fitting_ports(k, *v);
    case kind::path_list:
    case kind::pattern_list:
    case kind::url_list:
    case kind::choice_list:
    case kind::text_list:
      return list ? fitting_texts(k, *list) : misfit(k, w);
    default:
      return text ? fitting_text(k, *text) : misfit(k, w);
  }
}

}  // namespace regpass::config
