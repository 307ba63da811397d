"""F05 The system clock jumps days forward and back while regpass runs, and clients are still served.

Ages are measured with the monotonic clock, so a cached token is not requested again. Leaf certificates are reissued when they
are not valid at the new time, and each jump is logged once. Upstream certificates are validated against the system clock.
"""

from pathlib import Path

import expect
import processes
from e2e import Scenario, Skip
from sidecar import Sidecar

DAY = 86_400
BACK = 3000  # no further back: the testbed's certificates are valid from an hour ago


class SidecarWithFakeClock(Sidecar):
    """A sidecar whose wall clock is controlled by a file; its monotonic clock is the machine's."""

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
        """Fetches as a client on the same machine: its clock jumps too, and it validates regpass's certificate with it."""
        accept = "Accept: application/vnd.oci.image.manifest.v1+json"
        curl = ["curl", "--silent", "--show-error", "--cacert", bundle, "-H", accept, "-o", "/dev/null"]
        status = scenario.client(*curl, "-w", "%{http_code}", manifest, environment=clock)
        return status, scenario.output

    def pull():
        status, output = fetch()
        assert (status, output) == (0, "200"), f"{status}: {output}"

    jump(0)
    with scenario.sidecar(secrets, kind=SidecarWithFakeClock) as regpass:
        pull()
        token_count = tokens()
        for seconds in (3 * DAY, -BACK, 0):
            before = len(regpass.events("clock-jumped"))
            jump(seconds)
            pull()
            pull()
            assert tokens() == token_count, f"a token was requested again after the clock was set to {seconds:+d} s"
            logged = processes.wait_until(lambda: len(regpass.events("clock-jumped")) > before, 15)
            assert logged, "the clock jump is not logged"
        jumps = [line["by_s"] for line in regpass.events("clock-jumped")]
        wanted = [3 * DAY, -3 * DAY - BACK, BACK]
        assert all(abs(actual - expected) <= 2 for actual, expected in zip(jumps, wanted, strict=True)), jumps
        first = regpass.events("ca")[0]
    # By then the registry's certificate has expired: nothing is sent to it, and the log names the reason.
    jump(30 * DAY)
    with scenario.sidecar(secrets, kind=SidecarWithFakeClock) as regpass:
        assert regpass.events("ca")[0]["fingerprint"] == first["fingerprint"], "the CA was replaced although it is still valid"
        before = tokens()
        assert fetch() == (0, "502")
        ended = expect.eventually(lambda: [line for line in regpass.exchanges() if "explanation" in line])
        assert ended[0]["explanation"]["cause"].startswith("upstream-certificate"), ended
        assert tokens() == before, "a credential was sent"
