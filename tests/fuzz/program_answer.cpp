// What credential helpers and kubelet plugins print (T30).
#include "fuzz.hpp"
#include "regpass/auth/program.hpp"

#include <string>

using namespace regpass;

REGPASS_FUZZ_TARGET(program_answer) {
  auth::credential_program program;
  const auto how = fuzz::take(bytes);
  program.command = {"docker-credential-x"};
  if (how % 2 == 1) program.speaks = auth::credential_program::protocol::kubelet_provider;
  auth::program_output output;
  output.status = how / 2 % 3;
  output.errors = fuzz::take_line(bytes);
  output.output = bytes;
  const auto said = auth::read_answer(program, {"registry.test", 443}, "team-a/app", output);
  fuzz::promise(output.output.empty(), "what may hold a secret is wiped");
  fuzz::promise(!said.credential || said.problem.empty() || output.status == 0, "a failure gives no credential");
  fuzz::promise(!said.life || said.life->count() >= 0, "a credential does not live backwards");
  (void)auth::parse_go_duration(bytes);
  (void)auth::is_for_image(bytes, "registry.test/team-a/app");
}
