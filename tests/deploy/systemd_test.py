#!/usr/bin/python3
"""systemd accepts all unit files, and the service is well sandboxed."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

UNITS = Path(__file__).resolve().parents[2] / "deploy/systemd"
SKIPPED = 77
MOST_EXPOSED = 20  # systemd-analyze's exposure level, in tenths (0 to 100)
HARMLESS = "/bin/true"  # so that regpass and rootlesskit need not be installed


class UnitsTest(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="regpass-units-"))
        self.addCleanup(shutil.rmtree, self.work)

    def analyze(self, *arguments) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.work), "XDG_RUNTIME_DIR": str(self.work)}
        command = ["systemd-analyze", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    def copies(self, directory: Path) -> list[Path]:
        copies_made = []
        for file in directory.glob("*.service"):
            text = file.read_text()
            for program in ("/usr/bin/regpass", "/usr/bin/rootlesskit"):
                text = text.replace(f"ExecStart={program}", f"ExecStart={HARMLESS}")
            copy = self.work / file.name
            copy.write_text(text)
            copies_made.append(copy)
        return copies_made

    def test_system_unit_is_valid(self):
        result = self.analyze("verify", "--man=no", *self.copies(UNITS))
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_user_units_are_valid(self):
        result = self.analyze("--user", "verify", "--man=no", *self.copies(UNITS / "user"))
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_service_is_sandboxed(self):
        (unit,) = self.copies(UNITS)
        result = self.analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
        self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("SKIPPED: systemd-analyze is not installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
