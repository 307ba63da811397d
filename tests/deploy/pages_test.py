#!/usr/bin/python3
"""Runs the commands in deploy's pages in a minimal root with the package installed, and checks that what they show is valid."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/e2e"), str(SOURCE / "deploy/package")]

import help_tree  # noqa: E402

import pages  # noqa: E402
from installed import install, make_package, output  # noqa: E402

SKIPPED = 77
HERE = SOURCE / "deploy"
PAGES = [HERE / "README.md", *(HERE / folder / "README.md" for folder in ("compose", "docker", "image", "kubernetes", "systemd"))]
# Service and container managers are replaced with scripts that log their arguments.
FAKE_PROGRAMS = ("systemctl", "docker", "docker-compose")
ASKED = "tmp/asked"
# The variables with which e2e/dockerd_test.py runs dockerd.
DOCKERD = {
    "HTTPS_PROXY": "http://127.0.0.1:3128",
    "HTTP_PROXY": "http://127.0.0.1:3128",
    "NO_PROXY": "localhost,127.0.0.1",
    "SSL_CERT_FILE": "/run/regpass/trust/bundle.crt",
}


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-pages-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.program = os.environ["REGPASS"]
        cls.root = cls.work / "root"
        install(make_package(cls.work), cls.root)
        for name in FAKE_PROGRAMS:
            program = cls.root / "usr/local/bin" / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f'#!/bin/sh\necho "{name} $*" >>/{ASKED}\n')
            program.chmod(0o755)
        for folder in ("dev", "tmp", "root/.docker"):
            (cls.root / folder).mkdir(parents=True, exist_ok=True)
        os.mknod(cls.root / "dev/urandom", stat.S_IFCHR | 0o666, os.makedev(1, 9))
        (cls.root / "root/.docker/config.json").write_text('{"auths": {}}')
        for page in PAGES:
            shutil.copytree(page.parent, cls.root / "page" / page.parent.name)

    def run_blocks(self, folder: str, which: slice = slice(None)) -> None:
        """Runs a page's `sh` blocks one after another in the same shell."""
        marked = [item.text for item in pages.blocks(HERE / folder / "README.md") if item.language == "sh"][which]
        self.assertTrue(marked)
        script = "".join([f"cd /page/{folder}\n", *marked])
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        output("/usr/sbin/chroot", self.root, "sh", "-euc", script, env=environment)

    def verify(self, *units: str, user: bool = False) -> None:
        """Verifies the units together with the drop-ins that a page creates."""
        directories = ["root/.config/systemd/user", "usr/lib/systemd/user"] if user else ["etc/systemd/system", "lib/systemd/system"]
        for unit in self.root.glob("usr/lib/systemd/*/*.service"):
            # The units are verified on this machine, where the programs are not installed.
            unit.write_text(re.sub(r"^(Exec\w+)=/\S+", r"\1=/bin/true", unit.read_text(), flags=re.MULTILINE))
        path = ":".join([*(str(self.root / directory) for directory in directories), ""])
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.work), "XDG_RUNTIME_DIR": str(self.work)}
        command = ["systemd-analyze", *(["--user"] if user else []), "verify", "--man=no", *units]
        result = subprocess.run(
            command, env=environment | {"SYSTEMD_UNIT_PATH": path}, capture_output=True, text=True
        )  # fmt: skip
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def asked(self) -> str:
        return (self.root / ASKED).read_text()

    def test_systemd(self):
        self.run_blocks("systemd")
        self.assertEqual((self.root / "etc/credstore/regpass.json").stat().st_mode & 0o777, 0o600)
        shown = output("/usr/sbin/chroot", self.root, "regpass", "config", "show")
        self.assertIn('push = ["team-a/*"]  # /etc/regpass/regpass.toml:', shown)
        self.assertIn("systemctl enable --now regpass\n", self.asked())
        self.verify("regpass.service")
        self.verify("regpass.service", "regpass-buildkit.service", user=True)
        output(self.program, "config", "check", "--config", self.root / "root/.config/regpass/regpass.toml")

    def test_docker(self):
        drop_in = self.root / "etc/systemd/system/docker.service.d/regpass.conf"
        self.run_blocks("docker", slice(1))
        (self.root / "lib/systemd/system/docker.service").write_text("[Service]\nExecStart=/bin/true\n")
        self.verify("docker.service")
        variables = dict(re.findall(r"(\w+)=(\S+)", drop_in.read_text().split("[Service]")[1].replace("Environment=", "")))
        self.assertEqual(variables, DOCKERD)
        self.run_blocks("docker", slice(1, None))
        self.assertFalse(drop_in.exists())
        self.assertTrue(self.asked().endswith("systemctl daemon-reload\nsystemctl restart docker\n"))

    def test_compose(self):
        self.run_blocks("compose")
        password = (self.root / "page/compose/secrets/builder-password").read_text()
        self.assertRegex(password, r"\A[A-Za-z0-9_-]{32}\Z", "the password must be usable in a URL")
        self.assertIn("docker-compose config", self.asked())

    def test_what_is_shown_is_valid(self):
        for page in PAGES:
            for block in pages.blocks(page):
                with self.subTest(str(block)):
                    if block.language == "toml":
                        file = self.work / "shown.toml"
                        file.write_text(block.text)
                        output(self.program, "config", "check", "--config", file)
                    if block.language == "json":
                        json.loads(block.text)

    def test_commands_of_regpass_exist(self):
        commands = {" ".join(item.path): item for item in help_tree.read(self.program).leaves()}
        for page in PAGES:
            for words in pages.commands(page):
                with self.subTest(f"{page.parent.name}: regpass {' '.join(words)}"):
                    command = commands.get(words[0]) or commands.get(" ".join(words[:2]))
                    self.assertIsNotNone(command)
                    flags = {name for item in command.options for name in item.names}
                    own = words[: words.index("--")] if "--" in words else words
                    self.assertLessEqual({word.split("=")[0] for word in own if word.startswith("-") and word != "-"}, flags)

    def test_links_have_targets(self):
        for page in PAGES:
            for link in pages.links(page):
                self.assertTrue((page.parent / link).exists(), f"{page}: {link}")


if __name__ == "__main__":
    if os.getuid() != 0 or not shutil.which("cpack") or not shutil.which("systemd-analyze"):
        print("SKIPPED: needs root, cpack and systemd-analyze")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
