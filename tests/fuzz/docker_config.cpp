// Docker's credential files, and the choice among what is in them (T31).
#include "auth/docker_config.hpp"

#include "fuzz.hpp"
#include "regpass/auth/choice.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(docker_config) {
  auto read = auth::parse_docker_config(bytes, "config.json");
  if (!read) {
    fuzz::promise(!read.error().detail.empty(), "an error says what is wrong");
    return;
  }
  auth::credential_store store;
  for (const auto& one : read->entries)
    fuzz::promise(one.credential || one.program || !one.problem.empty(), "an entry has a credential or a reason");
  store.entries = read->helpers;
  store.entries.insert(store.entries.end(), read->entries.begin(), read->entries.end());
  for (const auto* name : {"docker.io", "registry.test", "a"}) {
    const registry::host host{name, 443};
    const auto chosen = auth::choose(store, {host, "team-a/app", registry::action::push});
    fuzz::promise(!chosen.credential || chosen.missing == auth::absence::none, "a credential is not missing");
  }
  auto again = store;
  auth::carry_over(store, again);
  fuzz::promise(auth::retired(store, again).empty(), "the same file twice retires nothing");
}
