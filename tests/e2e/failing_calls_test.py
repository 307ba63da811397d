"""F06 F12 Allocations and system calls of regpass fail, one in some hundred, while clients push and pull through it.

What cannot be done fails visibly: no blob comes through changed or cut and looks complete. System calls may fail as they like,
and as soon as they do not any more everybody is served; without memory the process ends at once, and its successor has its CA.
"""

import mmap
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import expect
import processes
from e2e import Scenario, Skip
from sidecar import Sidecar

LIBRARY = Path(__file__).resolve().parents[1] / "support/faults.c"
BLOB_SIZE = 3 << 20
ROUNDS = 60
ALLOCATIONS, CALLS, FAILED = range(3)


class Failing(Sidecar):
    """One whose calls fail as a file in its directory says."""

    def __enter__(self):
        self._told = open(self._file, "w+b")
        self._told.truncate(mmap.PAGESIZE)
        self.words = mmap.mmap(self._told.fileno(), mmap.PAGESIZE)
        return super().__enter__()

    @property
    def _file(self):
        return self._directory / "faults.bin"

    def _command(self, config):
        argv = super()._command(config)
        at = argv.index("--") + 1  # regpass alone, none of the programs that lead to it
        preload = ["env", f"LD_PRELOAD={self._directory}/faults.so", f"TEST_FAULTS={self._file}"]
        return [*argv[:at], *preload, *argv[at:]]

    def fail(self, what, one_in):
        self.words[4 * what : 4 * what + 4] = struct.pack("=I", one_in)

    def failed(self):
        return struct.unpack("=I", self.words[4 * FAILED : 4 * FAILED + 4])[0]

    def lives(self):
        return self._process.poll() is None

    def status(self):
        return self._process.wait(5)

    def end(self):
        if self.lives():
            self._end()

    def __exit__(self, *_):
        self.end()


with Scenario("failing-calls", programs=["skopeo", "curl"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    compiler = shutil.which("cc")
    if not compiler:
        raise Skip("there is no C compiler")
    build = [compiler, "-O1", "-shared", "-fPIC", "-o", scenario.directory / "faults.so", LIBRARY, "-ldl"]
    subprocess.run(build, check=True, timeout=60)
    secrets = {"config.json": scenario.docker_config("alice")}
    curl = ["curl", "--silent", "--max-time", "20", "--cacert", scenario.directory / "trust/bundle.crt"]

    with scenario.sidecar(secrets, "\n[limits]\nidle_timeout = '5s'\n", kind=Failing) as regpass:
        image = scenario.image("big", big=BLOB_SIZE)
        remote = f"docker://{registry.host}/{scenario.repository}:big"
        scenario.succeed("skopeo", "copy", image.source, remote)
        contents = {digest: registry.content(digest) for digest in expect.blobs(registry, image.digest)}
        layer = max(contents, key=lambda digest: len(contents[digest]))
        url = f"https://{registry.host}/v2/{scenario.repository}/blobs/{layer}"
        body = scenario.directory / "body"

        def fetch():
            body.unlink(missing_ok=True)
            status = scenario.client(*curl, "-o", body, "-w", "%{http_code}", url)
            complete = status == 0 and scenario.output == "200"
            assert not complete or body.read_bytes() == contents[layer], "a blob came through changed, and looks complete"
            return complete

        def push(tag):
            fresh = scenario.image(tag, big=BLOB_SIZE // 4)
            status = scenario.client("skopeo", "copy", fresh.source, f"docker://{registry.host}/{scenario.repository}:{tag}")
            stored = registry.digest(scenario.repository, tag)
            assert stored in (None, fresh.digest), "an image came through changed"
            assert status != 0 or stored == fresh.digest, "skopeo was told that an image is there that is not"

        def survive(what, rate):
            """So many pulls and a push while one call in `rate` fails; false: regpass has ended meanwhile."""
            before = regpass.failed()
            regpass.fail(what, rate)
            outcomes = [fetch() for _ in range(ROUNDS) if regpass.lives()]
            if regpass.lives():
                push(f"pushed-{what}-{rate}")
            regpass.fail(what, 0)
            print(f"one in {rate}: {regpass.failed() - before} failed, {sum(outcomes)} of {len(outcomes)} pulls came through")
            assert regpass.failed() > before, "nothing failed"
            return regpass.lives()

        for rate in (211, 31):
            assert survive(CALLS, rate), f"regpass has ended: {regpass.status()}"
            assert processes.wait_until(fetch, 20), "nothing fails any more, and nobody is served"
        assert expect.eventually(lambda: regpass.exchanges(status=200)), "the log has ended"

        # Without memory nothing goes on half-done: the process aborts and says why.
        ca = regpass.events("ca")[0]["fingerprint"]
        if not survive(ALLOCATIONS, 307):
            assert regpass.status() == -signal.SIGABRT, f"it ended otherwise: {regpass.status()}"
            assert "out of memory" in regpass.log_file.read_text(), "it does not say why it ended"
        regpass.end()
    with scenario.sidecar(secrets) as regpass:
        assert regpass.events("ca")[0]["fingerprint"] == ca
        scenario.succeed("skopeo", "copy", image.source, remote)
