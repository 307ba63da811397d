"""F05 The clock of the machine jumps, days forward and back, under a running regpass: everybody is served on.

Ages are measured by a clock that does not jump: a token that is there is not asked for anew. Certificates are made anew when they
do not fit the new time, and each jump is in the log once. What is upstream is judged by the clock there is.
"""

from pathlib import Path

import expect
import processes
from e2e import Scenario, Skip
from sidecar import Sidecar

DAY = 86_400
BACK = 3000  # not farther: the testbed's certificates begin an hour ago


class Jumping(Sidecar):
    """Has a wall clock that a file moves; its steady clock is the machine's."""

    def _environment(self):
        return super()._environment() | clock


with Scenario("clock", programs=["skopeo", "curl"], hosts=["split.test"]) as scenario:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise Skip("libfaketime is not installed")
    offset = scenario.directory / "clock"
    clock = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    registry = scenario.registries[0]
    secrets = {"config.json": scenario.docker_config("alice")}
    bundle = scenario.directory / "trust/bundle.crt"
    manifest = f"https://{registry.host}/v2/shared/base/manifests/1"

    def jump(seconds):
        offset.write_text(f"{seconds:+d}")

    def tokens():
        return len(scenario.token_requests())

    def fetch():
        """By a client of the same machine, whose clock jumps, too: it judges regpass's certificate by it."""
        accept = "Accept: application/vnd.oci.image.manifest.v1+json"
        curl = ["curl", "--silent", "--show-error", "--cacert", bundle, "-H", accept, "-o", "/dev/null"]
        status = scenario.client(*curl, "-w", "%{http_code}", manifest, environment=clock)
        return status, scenario.output

    def pull():
        status, output = fetch()
        assert (status, output) == (0, "200"), f"{status}: {output}"

    jump(0)
    with scenario.sidecar(secrets, kind=Jumping) as regpass:
        pull()
        asked = tokens()
        for seconds in (3 * DAY, -BACK, 0):
            before = len(regpass.events("clock-jumped"))
            jump(seconds)
            pull()
            pull()
            assert tokens() == asked, f"a token was asked for anew after the clock was set to {seconds:+d} s"
            said = processes.wait_until(lambda: len(regpass.events("clock-jumped")) > before, 15)
            assert said, "the log says nothing"
        jumps = [line["by_s"] for line in regpass.events("clock-jumped")]
        wanted = [3 * DAY, -3 * DAY - BACK, BACK]
        assert all(abs(one - other) <= 2 for one, other in zip(jumps, wanted, strict=True)), jumps
        first = regpass.events("ca")[0]
    # The registry's certificate has ended by then: nothing is sent to it, and the reason is said.
    jump(30 * DAY)
    with scenario.sidecar(secrets, kind=Jumping) as regpass:
        assert regpass.events("ca")[0]["fingerprint"] == first["fingerprint"], "another CA, though that one holds"
        before = tokens()
        assert fetch() == (0, "502")
        ended = expect.eventually(lambda: [line for line in regpass.exchanges() if "explanation" in line])
        assert ended[0]["explanation"]["cause"].startswith("upstream-certificate"), ended
        assert tokens() == before, "a credential went out"
