#include "regpass/registry/operation.hpp"

#include "registry/api_path.hpp"
#include "regpass/base/text.hpp"
#include "regpass/registry/reference.hpp"

#include <boost/url/decode_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace regpass::registry {
namespace {

namespace urls = boost::urls;

std::unexpected<error> malformed(std::string_view why) {
  return fail(errc::bad_message, std::string(why));
}

struct rule {
  registry::endpoint endpoint;
  std::string_view method;
  registry::action action;
  std::array<std::string_view, 2> scope;  // actions on the repository
};

// clients-on-the-wire, section 2. For the policy, querying and cancelling an upload are parts of a push, whatever
// the scope is.
constexpr rule rules[] = {
    {endpoint::base, "GET", action::ping, {}},
    {endpoint::base, "HEAD", action::ping, {}},
    {endpoint::catalog, "GET", action::catalog, {}},
    {endpoint::manifest, "GET", action::pull, {"pull"}},
    {endpoint::manifest, "HEAD", action::pull, {"pull"}},
    {endpoint::manifest, "PUT", action::push, {"pull", "push"}},
    {endpoint::manifest, "DELETE", action::remove, {"delete"}},
    {endpoint::blob, "GET", action::pull, {"pull"}},
    {endpoint::blob, "HEAD", action::pull, {"pull"}},
    {endpoint::blob, "DELETE", action::remove, {"delete"}},
    {endpoint::upload_start, "POST", action::push, {"pull", "push"}},
    {endpoint::upload, "PATCH", action::push, {"pull", "push"}},
    {endpoint::upload, "PUT", action::push, {"pull", "push"}},
    {endpoint::upload, "GET", action::push, {"pull"}},
    {endpoint::upload, "HEAD", action::push, {"pull"}},
    {endpoint::upload, "DELETE", action::push, {"delete"}},
    {endpoint::tags, "GET", action::pull, {"pull"}},
    {endpoint::tags, "HEAD", action::pull, {"pull"}},
    {endpoint::referrers, "GET", action::pull, {"pull"}},
    {endpoint::referrers, "HEAD", action::pull, {"pull"}},
};

scope scope_of(const rule& r, std::string_view repository) {
  auto out = repository_scope(repository, {});
  for (const auto action : r.scope) {
    if (!action.empty()) out.actions.emplace(action);
  }
  return out;
}

struct parameters {
  std::optional<std::string> mount, from, digest;
};

result<parameters> read_query(const urls::url_view& url) {
  parameters out;
  // Some parsers treat ';' like '&', and would see parameters that we do not (T06).
  if (url.encoded_query().find(';') != std::string_view::npos) return malformed("';' in the query");
  for (const auto& param : url.params()) {
    auto* known = param.key == "mount"    ? &out.mount
                  : param.key == "from"   ? &out.from
                  : param.key == "digest" ? &out.digest
                                          : nullptr;
    if (known == nullptr) continue;
    if (known->has_value()) return malformed("repeated " + param.key + " in the query");
    *known = param.value;
  }
  if (out.mount && !is_digest(*out.mount)) return malformed("mount is no digest");
  if (out.from && !is_repository(*out.from)) return malformed("from is no repository");
  if (out.digest && !is_digest(*out.digest)) return malformed("digest is no digest");
  return out;
}

// Unreserved characters, slashes and colons, as nearly all are: a URL's grammar has no say in them.
bool is_plain_path(std::string_view target) noexcept {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= ':') || c == '_' || c == '~';
  };
  return target.starts_with('/') && std::ranges::all_of(target, plain);
}

}  // namespace

std::string_view name_of(action a) noexcept {
  switch (a) {
    case action::ping:
      return "ping";
    case action::pull:
      return "pull";
    case action::push:
      return "push";
    case action::remove:
      return "delete";
    case action::catalog:
      return "catalog";
  }
  return "unknown";
}

result<operation> parse_operation(std::string_view method, std::string_view target) {
  std::optional<urls::url_view> url;
  if (!is_plain_path(target)) {
    const auto parsed = urls::parse_origin_form(target);
    if (!parsed) return malformed("the request target is not a path with query");
    url = *parsed;
  }
  const std::string_view path = target.substr(0, target.find('?'));
  auto where = read_path(path);
  if (!where) return std::unexpected(where.error());
  const auto matches = [&](const rule& r) { return r.endpoint == where->endpoint && r.method == method; };
  const auto known = std::ranges::find_if(rules, matches);
  if (known == std::end(rules)) return fail(errc::unsupported, clean(method, 32) + " is no method for " + clean(path));
  auto query = url ? read_query(*url) : parameters();
  if (!query) return std::unexpected(query.error());

  operation out{known->action, where->endpoint, std::move(where->repository), std::move(where->reference), {}, {}};
  if (!out.repository.empty()) out.needed.add(scope_of(*known, out.repository));
  if (out.endpoint == endpoint::catalog) out.needed.add(scope{"registry", "catalog", {"*"}});
  if (out.endpoint == endpoint::upload_start) out.mount_from = std::move(query->from);
  if (out.mount_from) out.needed.add(repository_scope(*out.mount_from, {"pull"}));
  return out;
}

result<operation> upload_operation(std::string_view method, std::string_view repository) {
  const auto fits = [&](const rule& r) { return r.endpoint == endpoint::upload && r.method == method; };
  const auto known = std::ranges::find_if(rules, fits);
  if (known == std::end(rules)) return fail(errc::unsupported, clean(method, 32) + " is no method for an upload");
  operation out{known->action, endpoint::upload, std::string(repository), {}, {}, {}};
  out.needed.add(scope_of(*known, repository));
  return out;
}

std::string without_mount(std::string_view target) {
  const auto url = urls::parse_origin_form(target);
  if (!url) return std::string(target);
  std::string out(target.substr(0, target.find('?')));
  char mark = '?';
  for (const auto& param : url->encoded_params()) {
    const auto key = *param.key;
    if (key == "mount" || key == "from" || key == "origin") continue;
    out.append(1, std::exchange(mark, '&')).append(std::string_view(param.key));
    if (param.has_value) out.append("=").append(std::string_view(param.value));
  }
  return out;
}

}  // namespace regpass::registry
