"""Build steps that use BuildKit's exec proxy (`buildctl build --proxy-network`), which uses the daemon's own proxy variables."""

from collections.abc import Sequence
from pathlib import Path

import buildkit
from e2e import Scenario
from registry import Registry
from sidecar import Sidecar

OTHER_HOST = "plain.test"  # not a registry configured in regpass
ALLOWED = "[other_hosts]\ndeny_private_addresses = false\n"  # the testbed uses private addresses
DAEMON = ["--containerd-worker=false", "--oci-worker-binary=runc", "--oci-worker-snapshotter=native"]
DAEMON += ["--oci-worker-net=host"]
FORGED = "-U buildkit/v0.34 --header 'Accept-Encoding: gzip' --header 'Connection: Upgrade' --header 'Upgrade: websocket'"


def environment(scenario: Scenario, password: str) -> dict[str, str]:
    """The daemon's environment. It also trusts the testbed's CA, so that its exec proxy can reach other hosts."""
    roots = scenario.directory / "roots"
    roots.mkdir(exist_ok=True)
    (roots / "upstream-ca.crt").write_bytes(scenario.testbed.upstream_ca.read_bytes())
    url = f"http://anyone:{password}@127.0.0.1:{scenario.port}"
    return {"HTTPS_PROXY": url, "HTTP_PROXY": url, "SSL_CERT_DIR": str(roots)}


def build(programs: Path, context: Path, *options) -> list:
    local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
    return [programs / "buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]


def assert_steps_refused(
    scenario: Scenario, regpass: Sidecar, registry: Registry, programs: Path, begin: str, commands: Sequence[str]
) -> None:
    """Asserts that each of `commands` fails as a build step and that none reaches the registry. `begin` is the Dockerfile before the step."""
    # Before 0.33 the exec proxy connects directly and ignores the daemon's proxy variables.
    by_regpass = buildkit.minor(programs) >= 33
    for command in commands:
        mark = registry.mark()
        context = scenario.context(f"{begin}COPY unique /unique\nRUN {command} 2>&1\n")
        scenario.fail(*build(programs, context, "--proxy-network"), through_regpass=False)
        received = [request for request in registry.received(mark) if request["repository"] == scenario.repository]
        let_in = [request for request in received if request["user"]]
        assert not let_in, f"{command}: the registry served the step: {let_in}"
        assert not (by_regpass and received), f"{command}: the registry received the step's request: {received}"
        assert not by_regpass or "403" in scenario.output, f"{command}: the step was not refused"
    summaries = [line["explanation"]["summary"] for line in regpass.events("exchange") if "explanation" in line]
    assert not by_regpass or any("build step" in summary for summary in summaries), f"the log contains {summaries}"


def assert_steps_reach_other_hosts(scenario: Scenario, regpass: Sidecar, programs: Path, begin: str) -> None:
    step = f"RUN wget -O /answer https://{OTHER_HOST}/ && grep -q {OTHER_HOST} /answer\n"
    context = scenario.context(f"{begin}COPY unique /unique\n{step}")
    scenario.succeed(*build(programs, context, "--proxy-network"), through_regpass=False)
    tunnels = [line for line in regpass.events("tunnel") if OTHER_HOST in line.get("host", "")]
    assert tunnels or buildkit.minor(programs) < 33, "the step's request did not go through regpass"
