"""F10 T22 Hundreds of clients at once: some only connect, some do not read their response, some stall an upload. Then all vanish.

Memory grows with their number, within a bound per client; another client is served in the meantime; and their resources, memory
included, are released soon after they have gone. Bounds tested: limits.workers, limits.connections.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import expect
import processes
from e2e import Scenario

IDLE, READERS, WRITERS = 600, 120, 120
IDLE_KIB = 90  # resident memory per connection
BUSY_KIB = 600
ROUNDS = 3
KEPT_KIB = 48 << 10  # resident memory that may remain after a crowd, as heap fragmentation
BLOB_SIZE = 8 << 20
BYSTANDER_SECONDS = 20
GIVEN_BACK_SECONDS = 20  # until closed connections are noticed, on a busy machine
KEPT = 8  # descriptors of pooled connections to the registry and the token server
FEW = 50

CROWD = Path(__file__).parent / "crowd.py"


def memory_kib(pid):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rounded(seconds):
    return [round(value, 1) for value in seconds]


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


with Scenario("crowd", programs=["skopeo", "curl"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    secrets = {"config.json": scenario.docker_config("alice")}
    base = f"docker://{registry.host}/shared/base:1"
    curl = ["curl", "--silent", "--show-error", "--cacert", scenario.directory / "trust/bundle.crt"]
    ca = scenario.directory / "trust/ca.crt"
    uploads = f"/v2/{scenario.repository}/blobs/uploads/"

    def limited(workers, connections=0):
        """A sidecar whose client deadlines do not expire while the crowd is connecting."""
        return scenario.sidecar(
            secrets, f"\n[limits]\nworkers = {workers}\nconnections = {connections}\ntls_timeout = '5m'\n"
        )

    def blob():
        image = scenario.image("big", big=BLOB_SIZE)
        scenario.succeed("skopeo", "copy", image.source, f"docker://{registry.host}/{scenario.repository}:big")
        sizes = {digest: len(registry.content(digest)) for digest in expect.blobs(registry, image.digest)}
        return f"/v2/{scenario.repository}/blobs/{max(sizes, key=sizes.get)}"

    @contextlib.contextmanager
    def crowd(layer, *counts):
        """Connects the crowd; at the end it vanishes in the middle of its transfers."""
        argv = [sys.executable, CROWD, scenario.port, ca, registry.host, layer, uploads, *counts]
        crowded = subprocess.Popen(
            scenario.testbed.in_pod(list(map(str, argv)), scenario.machine),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert crowded.stdout.readline() == "held\n", "the connections could not be opened"
            yield
            crowded.stdin.write("vanish\n")
            crowded.stdin.flush()
            assert crowded.stdout.readline() == "gone\n"
        finally:
            crowded.communicate()

    def wait_until_released(pid, before, descriptors_before):
        """The time until the resources of a crowd have been released."""
        began = time.monotonic()
        closed = processes.wait_until(lambda: descriptors(pid) <= descriptors_before + KEPT, GIVEN_BACK_SECONDS)
        assert closed, f"{descriptors(pid) - descriptors_before} descriptors are still open {GIVEN_BACK_SECONDS} s later"
        smaller = processes.wait_until(lambda: memory_kib(pid) <= before + KEPT_KIB, GIVEN_BACK_SECONDS)
        assert smaller, f"{memory_kib(pid) - before} KiB of {peaks} are still in use {GIVEN_BACK_SECONDS} s later, before that {left}"
        return time.monotonic() - began

    with limited(workers=1) as regpass:
        alone = threads(regpass._process.pid)
        layer = blob()

    with limited(workers=3) as regpass:
        pid = regpass._process.pid
        assert threads(pid) == alone + 2, f"{threads(pid)} threads, but {alone} with one worker"
        scenario.succeed("skopeo", "inspect", base)
        before, open_before = memory_kib(pid), descriptors(pid)
        peaks, waits, backs, left = [], [], [], []
        with crowd(layer, IDLE, 0, 0):
            peaks.append(memory_kib(pid) - before)
        backs.append(wait_until_released(pid, before, open_before))
        for _ in range(ROUNDS):
            with crowd(layer, IDLE, READERS, WRITERS):
                peaks.append(memory_kib(pid) - before)
                began = time.monotonic()
                scenario.succeed("skopeo", "inspect", base)
                waits.append(time.monotonic() - began)
            backs.append(wait_until_released(pid, before, open_before))
            left.append(memory_kib(pid) - before)
        print(f"KiB for {IDLE} idle clients, then with {READERS + WRITERS} busy ones as well: {peaks}; still in use afterwards: {left}")
        print(f"seconds that another client waited: {rounded(waits)}; until everything was released: {rounded(backs)}")
        assert max(waits) < BYSTANDER_SECONDS, f"another client waited {max(waits):.1f} s"
        assert peaks[0] < IDLE * IDLE_KIB, f"{peaks[0]} KiB for {IDLE} silent connections"
        most = IDLE * IDLE_KIB + (READERS + WRITERS) * BUSY_KIB
        assert max(peaks) < most, f"{peaks} KiB for {IDLE} idle and {READERS + WRITERS} busy clients, more than {most}"
        scenario.succeed("skopeo", "inspect", base)

    # With all connections taken, the next client waits until one is free and is then served.
    with limited(workers=1, connections=FEW) as regpass:
        with crowd(layer, FEW, 0, 0):
            status = scenario.client(*curl, "--max-time", "2", "-o", "/dev/null", f"https://{registry.host}/v2/")
            messages = [line["msg"] for line in regpass.events("client-rejected")]
            once = len(messages) == 1 and "limits.connections" in messages[0]
            assert once, f"reaching limits.connections is not logged exactly once: {messages}"
            assert status == 28, f"a client beyond limits.connections: curl's exit status {status}"
        scenario.succeed("skopeo", "inspect", base)
