"""Build steps that go through BuildKit's exec proxy (`buildctl build --proxy-network`) by the daemon's own variables."""

from collections.abc import Sequence
from pathlib import Path

import buildkit
from e2e import Scenario
from registry import Registry
from sidecar import Sidecar

OTHER_HOST = "plain.test"  # no registry of regpass's
ALLOWED = "[other_hosts]\ndeny_private_addresses = false\n"  # the testbed's addresses are private ones
DAEMON = ["--containerd-worker=false", "--oci-worker-binary=runc", "--oci-worker-snapshotter=native"]
DAEMON += ["--oci-worker-net=host"]
FORGED = "-U buildkit/v0.34 --header 'Accept-Encoding: gzip' --header 'Connection: Upgrade' --header 'Upgrade: websocket'"


def environment(scenario: Scenario, password: str) -> dict[str, str]:
    """The daemon's variables. It also trusts the testbed's own CA, so that its exec proxy can reach other hosts."""
    roots = scenario.directory / "roots"
    roots.mkdir(exist_ok=True)
    (roots / "upstream-ca.crt").write_bytes(scenario.testbed.upstream_ca.read_bytes())
    url = f"http://anyone:{password}@127.0.0.1:{scenario.port}"
    return {"HTTPS_PROXY": url, "HTTP_PROXY": url, "SSL_CERT_DIR": str(roots)}


def build(programs: Path, context: Path, *options) -> list:
    local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
    return [programs / "buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]


def steps_get_nothing(
    scenario: Scenario, regpass: Sidecar, registry: Registry, programs: Path, begin: str, commands: Sequence[str]
) -> None:
    """Each of `commands` fails as a step, and the registry hears of none. `begin`: the Dockerfile before it."""
    # Before 0.33 the exec proxy goes directly, whatever the daemon's variables say.
    by_regpass = buildkit.minor(programs) >= 33
    for command in commands:
        mark = registry.mark()
        context = scenario.context(f"{begin}COPY unique /unique\nRUN {command} 2>&1\n")
        scenario.fail(*build(programs, context, "--proxy-network"), through_regpass=False)
        asked = [one for one in registry.received(mark) if one["repository"] == scenario.repository]
        let_in = [one for one in asked if one["user"]]
        assert not let_in, f"{command}: a step was let in: {let_in}"
        assert not (by_regpass and asked), f"{command}: the registry heard of the step: {asked}"
        assert not by_regpass or "403" in scenario.output, f"{command}: the step was not refused"
    told = [line["explanation"]["summary"] for line in regpass.events("exchange") if "explanation" in line]
    assert not by_regpass or any("build step" in summary for summary in told), f"the log has {told}"


def steps_reach_other_hosts(scenario: Scenario, regpass: Sidecar, programs: Path, begin: str) -> None:
    step = f"RUN wget -O /answer https://{OTHER_HOST}/ && grep -q {OTHER_HOST} /answer\n"
    context = scenario.context(f"{begin}COPY unique /unique\n{step}")
    scenario.succeed(*build(programs, context, "--proxy-network"), through_regpass=False)
    tunnels = [line for line in regpass.events("tunnel") if OTHER_HOST in line.get("host", "")]
    assert tunnels or buildkit.minor(programs) < 33, "the step's request did not come by regpass"
