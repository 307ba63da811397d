#include "fields.hpp"
#include "schema.hpp"

namespace regpass::config {
namespace {

using forward::mirror_options;

key<mirror_options> of(key_facts facts, auto field) {
  return row<mirror_options>(std::move(facts), field);
}

std::vector<key<mirror_options>> all() {
  return {
      of({"listen", kind::endpoint, "Where clients reach the mirror by plain HTTP; a loopback address of its own."},
         [](auto& m) -> auto& { return m.listen; }),
      of({"registry", kind::host,
          "The registry that requests go to, unless ?ns=HOST names another one that is served."},
         [](auto& m) -> auto& { return m.registry; }),
      of({"path", kind::prefix,
          "What clients write before or behind /v2; one that cannot be guessed keeps others out. Default: nothing."},
         [](auto& m) -> auto& { return m.path; }),
      of({"names", kind::text_list,
          "Hosts that clients know the mirror by, besides loopback addresses, localhost and the names of registries. "
          "Requests for any other host are refused."},
         [](auto& m) -> auto& { return m.names; }),
  };
}

constexpr std::array<std::string_view, 4> lists{"registry", "mirror", "registry.credential",
                                                "credentials.kubelet_provider"};

}  // namespace

std::span<const key<mirror_options>> mirror_keys() {
  static const auto table = all();
  return table;
}

std::span<const std::string_view> list_names() {
  return lists;
}

}  // namespace regpass::config
