"""F01 F09 Network faults during a transfer: resets in a body, packet loss, low bandwidth, and complete loss of connectivity.

No truncated body looks complete, transfers that can complete do, and requests to a healthy registry are served in the meantime.
Bounds tested: upstream.connect_timeout, limits.idle_timeout.
"""

import contextlib
import subprocess

import expect
from e2e import Scenario
from network import ADDRESSES

BLOB_SIZE = 12 << 20
CUT = (18, 56, 92)  # curl's exit statuses for an incomplete body and for an HTTP/2 stream that was reset
LIMITS = """
[upstream]
connect_timeout = "2s"

[limits]
idle_timeout = "3s"
response_timeout = "3s"
"""

with Scenario("network-faults", programs=["skopeo", "curl", "nft", "tc"], hosts=["split.test", "basic.test"]) as scenario:
    victim, bystander = scenario.registries
    address = ADDRESSES["split.test"]
    curl = ["curl", "--silent", "--show-error", "--cacert", scenario.directory / "trust/bundle.crt"]

    def in_servers(*argv):
        namespace = f"--net=/run/netns/{scenario.testbed.network.servers}"
        subprocess.run(["nsenter", namespace, *argv], check=True, timeout=20)

    @contextlib.contextmanager
    def rule(*statements):
        """Applies nftables rules to the packets between the victim and the pod."""
        in_servers("nft", "add table inet faults")
        try:
            in_servers("nft", "add chain inet faults out { type filter hook output priority 0; }")
            in_servers("nft", "add chain inet faults in { type filter hook input priority 0; }")
            for statement in statements:
                in_servers("nft", f"add rule inet faults {statement}")
            yield
        finally:
            in_servers("nft", "delete table inet faults")

    @contextlib.contextmanager
    def narrow(rate):
        in_servers("tc", "qdisc", "add", "dev", "tb0", "root", "tbf", "rate", rate, "burst", "32k", "latency", "300ms")
        try:
            yield
        finally:
            in_servers("tc", "qdisc", "del", "dev", "tb0", "root")

    def bystander_is_served():
        scenario.succeed("skopeo", "inspect", f"docker://{bystander.host}/shared/base:1")

    def copy_and_back(tag):
        image = scenario.image(tag, big=BLOB_SIZE // 4)
        remote = f"docker://{victim.host}/{scenario.repository}:{tag}"
        scenario.succeed("skopeo", "copy", image.source, remote, seconds=120)
        assert victim.digest(scenario.repository, tag) == image.digest
        scenario.succeed("skopeo", "copy", remote, f"oci:{scenario.directory}/back-{tag}", seconds=120)

    def fetch(path, *more):
        """curl's exit status and the number of body bytes it received."""
        url = f"https://{victim.host}{path}"
        status = scenario.client(*curl, "-o", scenario.directory / "body", "-w", "%{size_download}\n", *more, url)
        return status, int(scenario.output.split()[-1])

    def causes():
        return [line["explanation"]["cause"] for line in regpass.exchanges(registry=victim.host) if "explanation" in line]

    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, LIMITS) as regpass:
        image = scenario.image("big", big=BLOB_SIZE)
        scenario.succeed("skopeo", "copy", image.source, f"docker://{victim.host}/{scenario.repository}:big")
        sizes = {digest: len(victim.content(digest)) for digest in expect.blobs(victim, image.digest)}
        layer = max(sizes, key=sizes.get)
        blob = f"/v2/{scenario.repository}/blobs/{layer}"
        assert fetch(blob) == (0, sizes[layer])

        # F01: the connection is reset in the middle of the body, once the client side has sent this much in acknowledgements.
        with rule(f"in ip daddr {address} quota over 4 kbytes reject with tcp reset"):
            status, size = fetch(blob)
            assert status in CUT, f"curl accepted a body that was truncated to {size} bytes: {status}"
            assert 0 < size < sizes[layer], f"{size} of {sizes[layer]} bytes"
            bystander_is_served()
        cut = expect.eventually(lambda: "upstream-broken" in causes())
        assert cut, f"the log does not say that the registry broke off: {causes()}"
        assert fetch(blob) == (0, sizes[layer])

        # The same during an upload: the client gets an error, and nothing is stored.
        upload = scenario.directory / "upload"
        upload.write_bytes(bytes(BLOB_SIZE))
        uploads = f"https://{victim.host}/v2/{scenario.repository}/blobs/uploads/"
        location = scenario.succeed(*curl, "-X", "POST", "-o", "/dev/null", "-w", "%header{location}", uploads)
        with rule(f"in ip daddr {address} quota over 4 mbytes reject with tcp reset"):
            written = ["-T", upload, "-o", "/dev/null", "-w", "%{http_code}", f"{location}&digest={layer}"]
            status = scenario.client(*curl, *written)
            assert status != 0 or scenario.output[-3:] in ("502", "503", "504"), f"{status}: {scenario.output}"
            bystander_is_served()

        # Packet loss in both directions makes the transfer slower but does not break it.
        lost = [f"{chain} ip {side} {address} numgen random mod 100 < 3 drop" for chain, side in (("in", "daddr"), ("out", "saddr"))]
        with rule(*lost):
            copy_and_back("lossy")
        with narrow("60mbit"):
            copy_and_back("narrow")

        # F09: no more packets arrive. A new connection fails after connect_timeout, an established one after idle_timeout
        # without progress.
        with rule(f"out ip saddr {address} quota over 4 mbytes drop"):
            status, size = fetch(blob, "--max-time", "30")
            assert status in CUT and size < sizes[layer], f"curl's exit status {status}, {size} bytes"
            status, _ = fetch(f"/v2/{scenario.repository}/manifests/big", "--fail-with-body")
            assert status == 22 and "504" in scenario.output, f"{status}: {scenario.output}"
            bystander_is_served()
        assert expect.eventually(lambda: "upstream-timeout" in causes()), causes()
        assert fetch(blob) == (0, sizes[layer])
