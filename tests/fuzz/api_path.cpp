// The distribution API's paths: "METHOD TARGET" (T05, T06).
#include "auth/policy.hpp"
#include "fuzz.hpp"
#include "regpass/registry/operation.hpp"
#include "regpass/registry/reference.hpp"

#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(api_path) {
  const auto blank = bytes.find(' ');
  if (blank == std::string_view::npos) return;
  const auto method = bytes.substr(0, blank);
  const auto target = bytes.substr(blank + 1);
  const auto read = registry::parse_operation(method, target);
  if (!read) return;
  const auto path = target.substr(0, target.find('?'));
  fuzz::promise(path.find("..") == std::string_view::npos || path.find("/../") == std::string_view::npos,
                "no dot segment is judged");
  fuzz::promise(read->repository.empty() || registry::is_repository(read->repository), "a repository has its grammar");
  fuzz::promise(read->repository.empty() || path.find(read->repository) != std::string_view::npos,
                "the repository judged is the one that is sent");
  fuzz::promise(!read->mount_from || registry::is_repository(*read->mount_from), "so has a mount's source");
  for (const auto& one : read->needed.list()) {
    const bool known =
        one.name == read->repository || one.name == "catalog" || (read->mount_from && one.name == *read->mount_from);
    fuzz::promise(known, "no scope is for anything else");
  }
  const auto verdict = auth::judge(auth::policy(), {"registry.test", 443}, *read);
  const bool reads = read->action == registry::action::ping || read->action == registry::action::pull;
  fuzz::promise(!verdict.allowed || reads, "by default nothing but pulls is allowed (P3)");
  if (read->endpoint != registry::endpoint::upload_start) return;
  const auto plain = registry::parse_operation(method, registry::without_mount(target));
  fuzz::promise(plain && !plain->mount_from, "a mount can be taken out");
  fuzz::promise(plain->repository == read->repository, "and the repository stays");
}
