#!/usr/bin/python3
"""The unit files: systemd understands all of them, and the service is shut in."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

UNITS = Path(__file__).resolve().parents[2] / "deploy/systemd"
SKIPPED = 77
MOST_EXPOSED = 20  # tenths of systemd-analyze's points, of 100
HARMLESS = "/bin/true"  # regpass and rootlesskit need not be installed


class UnitsTest(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="regpass-units-"))
        self.addCleanup(shutil.rmtree, self.work)

    def analyze(self, *arguments) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.work), "XDG_RUNTIME_DIR": str(self.work)}
        command = ["systemd-analyze", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    def copies(self, directory: Path) -> list[Path]:
        made = []
        for file in directory.glob("*.service"):
            text = file.read_text()
            for program in ("/usr/bin/regpass", "/usr/bin/rootlesskit"):
                text = text.replace(f"ExecStart={program}", f"ExecStart={HARMLESS}")
            copy = self.work / file.name
            copy.write_text(text)
            made.append(copy)
        return made

    def test_system_unit_is_understood(self):
        done = self.analyze("verify", "--man=no", *self.copies(UNITS))
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_user_units_are_understood(self):
        done = self.analyze("--user", "verify", "--man=no", *self.copies(UNITS / "user"))
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_service_is_shut_in(self):
        (unit,) = self.copies(UNITS)
        done = self.analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("SKIPPED: systemd-analyze is not installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
