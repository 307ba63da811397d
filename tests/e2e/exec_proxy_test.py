"""X1: RUN steps behind BuildKit's exec proxy, which uses the daemon's own proxy variables; only BuildKit has the password.

TEST_BUILDKIT selects a release other than the pinned one; tests labelled `release` cover each minor with an exec proxy.
"""

import buildkit
import exec_proxy
import expect
from e2e import Scenario

with Scenario("exec-proxy", programs=["runc"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    secret_file = scenario.directory / "client-secret"
    mirror_port = scenario.port + 1
    settings = f"""
[client_auth]
secret_file = "{secret_file}"
create = true
builder = "buildkit"
{exec_proxy.ALLOWED}
[[mirror]]
listen = "127.0.0.1:{mirror_port}"
registry = "{registry.host}"
path = "cannot-be-guessed"
"""
    programs = buildkit.programs()
    buildctl = programs / "buildctl"
    alone = {"through_regpass": False}
    base = f"FROM {registry.host}/shared/base:1\n"
    tags = f"/v2/{scenario.repository}/tags/list"
    url = f"https://{registry.host}{tags}"

    def build(dockerfile, *options):
        return exec_proxy.build(programs, scenario.context(dockerfile), *options)

    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, settings) as regpass:
        secret = secret_file.read_text()
        daemon = {"environment": exec_proxy.environment(scenario, secret)}
        ready = [buildctl, "debug", "workers"]
        scenario.daemon(programs / "buildkitd", *exec_proxy.DAEMON, ready=ready, **daemon)

        # The daemon's own requests.
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:built,push=true"
        scenario.succeed(*build(f"{base}COPY unique /unique\nRUN sha256sum /unique > /sum\n", output), **alone)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
        expect.pushed(scenario, regpass, registry, "alice", "built")
        scenario.succeed(*build(f"{base}ADD {url} /tags\n"), **alone)

        # A step's requests.
        options = ("", exec_proxy.FORGED, "--header 'Range: bytes=0-'", "--spider", "--post-data=x")
        commands = [f"wget {option} -O /stolen {url}" for option in options]
        exec_proxy.assert_steps_refused(scenario, regpass, registry, programs, base, commands)
        exec_proxy.assert_steps_reach_other_hosts(scenario, regpass, programs, base)
        assert secret not in scenario.output, "the step can read the password"

        # The exec proxy can reach a mirror on loopback, but the step does not know the mirror's path.
        mark = registry.mark()
        step = f"RUN no_proxy= NO_PROXY= wget -O /stolen http://127.0.0.1:{mirror_port}{tags} 2>&1\n"
        scenario.fail(*build(f"{base}COPY unique /unique\n{step}", "--proxy-network"), **alone)
        received = [request for request in registry.received(mark) if request["repository"] == scenario.repository]
        assert not received, f"a step that does not know the mirror's path got through: {received}"

    assert secret not in regpass.log_file.read_text(), "the log contains the password"
