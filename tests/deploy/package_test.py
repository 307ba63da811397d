#!/usr/bin/python3
"""The Debian package: built by cpack in BUILD, installed by dpkg in a minimal root, and its service run as its unit specifies."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/e2e"), str(SOURCE / "deploy/package")]

import help_tree  # noqa: E402
import processes  # noqa: E402

from installed import dpkg, install, make_package, output  # noqa: E402
from unit import USER, Prepared, Unit  # noqa: E402

SKIPPED = 77
NEEDED = ("cpack", "dpkg-deb", "lintian", "man", "zsh", "fish", "unshare")
PASSWORD = "p4ss-of-the-package-test"
DOCKER_CONFIG = {"auths": {"harbor.example.com": {"auth": base64.b64encode(f"ann:{PASSWORD}".encode()).decode()}}}
LOGIN = "etc/credstore/regpass.json"


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.package = make_package(cls.work)
        cls.root = cls.work / "root"
        install(cls.package, cls.root)
        cls.program = cls.root / "usr/bin/regpass"

    def in_root(self, *command) -> list[str]:
        return ["/usr/sbin/chroot", f"--userspec={USER}:{USER}", str(self.root), *map(str, command)]

    def test_package_is_well_formed(self):
        complaints = output("lintian", "--profile", "debian", "--fail-on", "error,warning", "--allow-root", self.package)
        self.assertEqual(complaints, "")

    def test_installs_with_its_dependencies(self):
        self.assertIn("Status: install ok installed", dpkg(self.root, "--status", "regpass"))
        self.assertIn("/etc/regpass/regpass.toml", dpkg(self.root, "--status", "regpass"), "the configuration would not be preserved on upgrades")
        self.assertIn("regpass ", output(*self.in_root("regpass", "version")))
        self.assertIn("is valid", output(*self.in_root("regpass", "config", "check")))

    def test_manual_pages_are_complete(self):
        pages = {}
        for page in ("man1/regpass.1.gz", "man5/regpass.toml.5.gz"):
            environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MANROFFOPT": "-ww"}
            shown = subprocess.run(
                ["man", "--warnings", "-l", self.root / "usr/share/man" / page], capture_output=True, text=True, env=environment
            )
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            pages[page[3]] = re.sub(r"[\u2010\xad]\s*|\s+", " ", shown.stdout)
        for command in help_tree.read(str(self.program)).leaves():
            self.assertIn(command.usage, pages["1"])
        for key in re.findall(r'"description":"([^"\\]+)', output(self.program, "config", "schema")):
            self.assertIn(" ".join(key.split()[:3]), pages["5"])

    def test_completions_complete(self):
        share = self.root / "usr/share"
        bash = f'source {share}/bash-completion/completions/regpass; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _regpass; echo "${{COMPREPLY[@]}}"'
        for words, wanted in (
            (["regpass", "red"], ["redirect"]),
            (["regpass", "redirect", ""], ["apply", "remove", "show"]),
            (["regpass", "serve", "--color", "a"], ["auto", "always"]),
            (["regpass", "serve", "--set", "log.l"], ["log.level="]),
            (["regpass", "explain", "realm-r"], ["realm-refused"]),
            (["regpass", "check", "--pu"], ["--push"]),
        ):
            # Outside an interactive shell compopt prints an error.
            shown = output("bash", "-c", bash, "bash", *words).split()
            self.assertEqual(shown, wanted)
            fish = f"source {share}/fish/vendor_completions.d/regpass.fish; complete -C {json.dumps(' '.join(words))}"
            shown = output("fish", "--no-config", "-c", fish, env={"PATH": "/usr/bin:/bin", "HOME": str(self.work)})
            self.assertEqual(sorted(re.findall(r"^\S+", shown, re.MULTILINE)), sorted(wanted))
        zsh = f"fpath=({share}/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[regpass]"
        self.assertEqual(output("zsh", "-f", "-c", zsh).strip(), "_regpass")
        output("zsh", "-f", "-n", share / "zsh/vendor-completions/_regpass")

    def test_service_serves_and_keeps_systemd_informed(self):
        login = self.root / LOGIN
        login.parent.mkdir(exist_ok=True)
        login.write_text(json.dumps(DOCKER_CONFIG))
        unit = Unit((self.root / "lib/systemd/system/regpass.service").read_text())
        prepared = Prepared(unit, self.root)
        # Even with its strictest sandbox, regpass must be able to reach the service manager.
        prepared.environment["REGPASS_CREDENTIALS_HELPERS"] = "false"
        manager = prepared.manager
        self.addCleanup(manager.close)
        log = self.work / "serve.log"
        # A separate network namespace avoids conflicts with services on the default ports.
        alone = ["unshare", "--net", "sh", "-c", 'umask 0077; ip link set lo up; exec "$@"', "sh"]
        process = processes.spawn([*alone, *self.in_root(*unit.command)], prepared.environment, log)
        try:
            ready = manager.hear("READY", 20)
            self.assertIn("credentials: 1 entries, 1 usable", ready["STATUS"])
            self.assertIn("listening: proxy 127.0.0.1:3128", ready["STATUS"])
            inside = ["nsenter", f"--target={process.pid}", "--net"]
            output(*inside, *self.in_root("regpass", "healthcheck", "ready"))
            manager.hear("WATCHDOG", int(unit.value("WatchdogSec").removesuffix("s")))
            os.kill(process.pid, 1)
            self.assertGreater(int(manager.hear("RELOADING", 5)["MONOTONIC_USEC"]), 0)
            manager.hear("READY", 5)
            for name in ("bundle.crt", "ca.crt"):
                self.assertEqual(self.readable_by_all(self.root / "run/regpass/trust" / name), "", "for clients")
            key = self.root / "var/lib/regpass/ca/ca.key"
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        finally:
            os.kill(process.pid, 15)
            stopping = manager.hear("STOPPING", 5)
            status = processes.end_child(process, 15)
        self.assertGreater(int(stopping["EXTEND_TIMEOUT_USEC"]), 60_000_000)
        self.assertEqual(status, 0, log.read_text())
        self.assertNotIn(PASSWORD, log.read_text())

    def readable_by_all(self, path: Path) -> str:
        for ancestor in (path, *path.relative_to(self.root).parents):
            mode = (self.root / ancestor).stat().st_mode
            if not mode & (0o001 if (self.root / ancestor).is_dir() else 0o004):
                return f"{ancestor} is {mode & 0o777:o}"
        return ""

    def test_purging_leaves_nothing_behind(self):
        before = {path for path in self.root.rglob("*") if "regpass" in path.name}
        self.assertTrue(before)
        dpkg(self.root, "--purge", "regpass")
        kept = {str(path.relative_to(self.root)) for path in before if path.exists() and "run" not in path.parts}
        self.assertEqual(kept - {LOGIN}, set())
        dpkg(self.root, "--install", self.package)


if __name__ == "__main__":
    missing = [path for path in NEEDED if not shutil.which(path)]
    if missing or os.getuid() != 0:
        print(f"SKIPPED: needs root and {' '.join(missing)}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
