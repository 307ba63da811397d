"""F10 T22 Hundreds of clients at once: those that only connect, readers that do not read, writers that do not go on. All vanish.

Memory grows with their number, within a bound for each; a bystander is served meanwhile; what they held, memory too, is given back
soon after they went. The bounds that are tried: limits.workers, limits.connections.
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
IDLE_KIB = 90  # for each, resident
BUSY_KIB = 600
ROUNDS = 3
KEPT_KIB = 48 << 10  # resident, of what a crowd needed: pieces of heaps in use
BLOB_SIZE = 8 << 20
BYSTANDER_SECONDS = 20
GIVEN_BACK_SECONDS = 20  # how soon it is noticed that somebody went, on a machine that has other things to do
KEPT = 8  # descriptors: the connections to registry and token server that are kept for the next request
FEW = 50

CROWD = Path(__file__).parent / "crowd.py"


def memory_kib(pid):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rounded(seconds):
    return [round(one, 1) for one in seconds]


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
        """No deadline of a client's ends while the crowd comes together."""
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
        """Vanishes at the end, in the middle of everything."""
        argv = [sys.executable, CROWD, scenario.port, ca, registry.host, layer, uploads, *counts]
        crowded = subprocess.Popen(
            scenario.testbed.in_pod(list(map(str, argv)), scenario.machine),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert crowded.stdout.readline() == "held\n", "the connections cannot be opened"
            yield
            crowded.stdin.write("vanish\n")
            crowded.stdin.flush()
            assert crowded.stdout.readline() == "gone\n"
        finally:
            crowded.communicate()

    def given_back(pid, before, descriptors_before):
        """How long it took until nothing was left of a crowd."""
        began = time.monotonic()
        closed = processes.wait_until(lambda: descriptors(pid) <= descriptors_before + KEPT, GIVEN_BACK_SECONDS)
        assert closed, f"{descriptors(pid) - descriptors_before} descriptors are left {GIVEN_BACK_SECONDS} s later"
        smaller = processes.wait_until(lambda: memory_kib(pid) <= before + KEPT_KIB, GIVEN_BACK_SECONDS)
        assert smaller, f"{memory_kib(pid) - before} KiB of {peaks} are left {GIVEN_BACK_SECONDS} s later, before that {left}"
        return time.monotonic() - began

    with limited(workers=1) as regpass:
        alone = threads(regpass._process.pid)
        layer = blob()

    with limited(workers=3) as regpass:
        pid = regpass._process.pid
        assert threads(pid) == alone + 2, f"{threads(pid)} threads, {alone} with one worker"
        scenario.succeed("skopeo", "inspect", base)
        before, open_before = memory_kib(pid), descriptors(pid)
        peaks, waits, backs, left = [], [], [], []
        with crowd(layer, IDLE, 0, 0):
            peaks.append(memory_kib(pid) - before)
        backs.append(given_back(pid, before, open_before))
        for _ in range(ROUNDS):
            with crowd(layer, IDLE, READERS, WRITERS):
                peaks.append(memory_kib(pid) - before)
                began = time.monotonic()
                scenario.succeed("skopeo", "inspect", base)
                waits.append(time.monotonic() - began)
            backs.append(given_back(pid, before, open_before))
            left.append(memory_kib(pid) - before)
        print(f"KiB for {IDLE} idle ones, then with {READERS + WRITERS} busy ones: {peaks}; left of them: {left}")
        print(f"seconds that a bystander waited: {rounded(waits)}; until all was given back: {rounded(backs)}")
        assert max(waits) < BYSTANDER_SECONDS, f"a bystander waited {max(waits):.1f} s"
        assert peaks[0] < IDLE * IDLE_KIB, f"{peaks[0]} KiB for {IDLE} connections that say nothing"
        most = IDLE * IDLE_KIB + (READERS + WRITERS) * BUSY_KIB
        assert max(peaks) < most, f"{peaks} KiB for {IDLE} idle and {READERS + WRITERS} busy ones: more than {most}"
        scenario.succeed("skopeo", "inspect", base)

    # The last place is taken: the next client waits until there is one, and is served then.
    with limited(workers=1, connections=FEW) as regpass:
        with crowd(layer, FEW, 0, 0):
            status = scenario.client(*curl, "--max-time", "2", "-o", "/dev/null", f"https://{registry.host}/v2/")
            told = [line["msg"] for line in regpass.events("client-rejected")]
            assert len(told) == 1 and "limits.connections" in told[0], f"what is full is not told, or not once: {told}"
            assert status == 28, f"a client beyond limits.connections: curl's exit status {status}"
        scenario.succeed("skopeo", "inspect", base)
