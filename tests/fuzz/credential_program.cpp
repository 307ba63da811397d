// What credential helpers and the kubelet's provider plugins answer, and the patterns and durations in it.
#include "fuzz.hpp"
#include "regpass/auth/program.hpp"

using namespace regpass;

REGPASS_FUZZ_TARGET(credential_program) {
  using protocol = auth::credential_program::protocol;
  const registry::host host{"registry.test", 443};
  for (const auto speaks : {protocol::docker_helper, protocol::kubelet_provider}) {
    const auth::credential_program program{.speaks = speaks, .command = {"/opt/program"}, .images = {}};
    for (const int status : {0, 1}) {
      auth::program_output got{status, std::string(bytes), std::string(bytes)};
      const auto says = auth::read_answer(program, host, "team-a/app", got);
      fuzz::promise(got.output.empty(), "what may be a secret is wiped");
      fuzz::promise(!says.credential || says.problem.empty(), "a credential or a problem, not both");
      fuzz::promise(!says.credential || !says.credential->value.empty(), "a credential has a value");
      fuzz::promise(says.problem.size() < 1024, "a problem is short");
    }
  }
  const std::string pattern(bytes.substr(0, 256));
  const bool fits = auth::is_for_image(pattern, "registry.test/team-a/app");
  const auto named = auth::host_of(pattern);
  fuzz::promise(!fits || !named || *named == host, "a host that is written out is no other one");
  const auto life = auth::parse_go_duration(bytes.substr(0, 64));
  fuzz::promise(!life || life->count() >= 0, "no life is negative");
}
