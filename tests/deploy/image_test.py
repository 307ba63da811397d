#!/usr/bin/python3
"""The image that deploy/image/build creates from the program in REGPASS: what it contains, what it does not, and that it runs."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

import processes  # noqa: E402
from oci_layout import Image  # noqa: E402

SKIPPED = 77
EPOCH = 1_700_000_000
CREATED = datetime.fromtimestamp(EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
USER = 65532
OWNED = {"run/regpass", "var/lib/regpass"}
SHELLS = {"sh", "bash", "dash", "ash", "busybox", "env", "perl", "python3"}
MOST_BESIDE_PROGRAM = 30 << 20
PROGRAM = Path(os.environ.get("REGPASS", ""))


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in held]
    for item in held:
        item.close()
    return ports


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-image-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        result = subprocess.run([PROGRAM, "version"], check=True, capture_output=True, text=True).stdout
        cls.version, cls.commit = re.match(r"regpass (\S+) \(commit (\S+)\)", result).groups()
        cls.layout = cls.build("layout")
        cls.image = Image(cls.layout, cls.version)
        cls.root = cls.image.unpack(cls.work / "root")

    @classmethod
    def build(cls, name: str) -> Path:
        layout = cls.work / name
        command = [SOURCE / "deploy/image/build", PROGRAM, layout]
        subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH)})
        return layout

    def run_in_image(self, *arguments: str) -> subprocess.CompletedProcess:
        command = self.image.command(self.root, *arguments)
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    def test_is_reproducible(self):
        again = self.build("again")
        for tag in (self.version, f"{self.version}-debug"):
            self.assertEqual(Image(again, tag).digest, Image(self.layout, tag).digest)

    def test_has_labels_and_settings(self):
        shown = subprocess.run(
            ["skopeo", "inspect", "--config", f"oci:{self.layout}:{self.version}"], check=True, capture_output=True
        )
        config = json.loads(shown.stdout)
        self.assertEqual(config["created"], CREATED)
        settings = config["config"]
        self.assertEqual(settings["User"], f"{USER}:{USER}")  # numeric, because runAsNonRoot cannot verify user names
        self.assertEqual(settings["Entrypoint"], ["/usr/bin/regpass"])
        self.assertEqual(settings["Cmd"], ["serve"])
        labels = {name.removeprefix("org.opencontainers.image."): text for name, text in settings["Labels"].items()}
        self.assertEqual(labels["version"], self.version)
        self.assertEqual(labels["revision"], self.commit)
        self.assertEqual(labels["created"], CREATED)
        self.assertEqual(labels["licenses"], "Apache-2.0")

    def test_contains_no_shell_and_nothing_that_grants_privileges(self):
        for name, member in self.image.members().items():
            with self.subTest(name):
                self.assertNotIn(Path(name).name, SHELLS)
                self.assertFalse(member.mode & 0o7022, "setuid, setgid, sticky, or writable by others")
                self.assertTrue(member.isfile() or member.isdir())
                self.assertEqual((member.uid, member.gid), (USER, USER) if name in OWNED else (0, 0))
                self.assertEqual(member.mtime, EPOCH)
                self.assertNotIn("SCHILY.xattr.security.capability", member.pax_headers)

    def test_is_small(self):
        beside = sum(member.size for name, member in self.image.members().items() if name != "usr/bin/regpass")
        self.assertLess(beside, MOST_BESIDE_PROGRAM)

    def test_trusts_debians_roots_but_not_this_machines(self):
        listed = subprocess.run(["dpkg-query", "--listfiles", "ca-certificates"], check=True, capture_output=True, text=True)
        roots = [line for line in listed.stdout.splitlines() if line.endswith(".crt")]
        held = (self.root / "etc/ssl/certs/ca-certificates.crt").read_text()
        self.assertGreater(len(roots), 50)
        self.assertEqual(held.count("BEGIN CERTIFICATE"), len(roots))

    def test_bill_of_materials_is_complete(self):
        bill = json.loads((self.root / "usr/share/sbom/regpass.spdx.json").read_text())
        packages = {item["SPDXID"]: item for item in bill["packages"]}
        main = packages["SPDXRef-regpass"]
        self.assertEqual(main["versionInfo"], self.version)
        self.assertEqual(main["checksums"][0]["checksumValue"], hashlib.sha256(PROGRAM.read_bytes()).hexdigest())
        for item in bill["relationships"]:
            self.assertIn(item["relatedSpdxElement"], packages)
        names = {item["name"] for item in packages.values()}
        self.assertLessEqual({"libc6", "libssl3", "libstdc++6", "ca-certificates"}, names)
        # The location that image scanners read lists the same packages.
        self.assertLessEqual({path.name for path in (self.root / "var/lib/dpkg/status.d").iterdir()}, names)
        for library in (self.root / "lib").rglob("*.so*"):
            owner = self.owner(library)
            self.assertIn(owner, names)
            self.assertTrue((self.root / "usr/share/doc" / owner / "copyright").is_file(), f"the licence of {library.name} is missing")

    def owner(self, library: Path) -> str:
        real = (Path("/") / library.relative_to(self.root)).resolve()
        for name in (real, Path("/", *real.parts[2:])):
            query = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
            if query.returncode == 0:
                return query.stdout.split(":")[0]
        raise AssertionError(f"{real} belongs to no package")

    def test_runs(self):
        result = self.run_in_image("version")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"regpass {self.version} (commit {self.commit})", result.stdout)

    def test_serves_and_answers_its_own_probe(self):
        proxy, health = free_ports(2)
        listeners = ["--set", f"listen.proxy=127.0.0.1:{proxy}", "--set", f"listen.health=127.0.0.1:{health}"]
        log = self.work / "serve.log"
        running = processes.spawn(self.image.command(self.root, "serve", *listeners), {}, log)
        try:
            up = processes.wait_until(lambda: self.run_in_image("healthcheck", "ready", *listeners).returncode == 0, 20)
        finally:
            status = processes.end_child(running, 15)
        self.assertTrue(up, log.read_text())
        self.assertEqual(status, 0, log.read_text())
        self.assertTrue((self.root / "var/lib/regpass/ca/ca.crt").exists(), "the state is not in the volume's directory")

    def test_debug_variant_differs_only_by_its_shell(self):
        debug = Image(self.layout, f"{self.version}-debug")
        self.assertEqual(debug.layers[: len(self.image.layers)], self.image.layers)
        self.assertEqual(debug.config["config"]["User"], f"{USER}:{USER}")
        root = debug.unpack(self.work / "debug")
        path = next(item for item in debug.config["config"]["Env"] if item.startswith("PATH="))
        shell = ["env", "--ignore-environment", path, "/usr/sbin/chroot", f"--userspec={USER}:{USER}", root, "/busybox/sh", "-c"]
        result = subprocess.run([*shell, "id -u; regpass version"], check=True, capture_output=True, text=True).stdout
        self.assertTrue(result.startswith(f"{USER}\nregpass {self.version}"), result)

    def test_dockerfile_installs_what_tests_run_installs(self):
        dockerfile = (SOURCE / "deploy/image/Dockerfile").read_text()
        installed = re.search(r"--no-install-recommends \\\n(.*?[^\\])\n", dockerfile, re.DOTALL)[1].replace("\\\n", " ")
        listed = re.search(r"packages=\(\n(.*?)\n\)", (SOURCE / "tests/run").read_text(), re.DOTALL)[1]
        self.assertLessEqual(set(installed.split()), set(re.sub(r"#.*", "", listed).split()))


if __name__ == "__main__":
    if os.getuid() != 0 or not shutil.which("buildah") or not shutil.which("skopeo"):
        print("SKIPPED: needs root, buildah and skopeo")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
