#!/usr/bin/python3
"""The Dockerfile with BuildKit: from the same files, its last stages build the same image as deploy/image/build."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

import processes  # noqa: E402
from oci_layout import Image  # noqa: E402

SKIPPED = 77
EPOCH = "1700000000"
PROGRAM = os.environ.get("REGPASS", "")


def buildkit_programs() -> Path:
    result = subprocess.run([SOURCE / "tests/e2e/get_buildkit.sh"], capture_output=True, text=True)
    if result.returncode != 0 or os.getuid() != 0 or not shutil.which("buildah"):
        print(f"SKIPPED: needs root, buildah and BuildKit. {result.stderr.strip()}")
        sys.exit(SKIPPED)
    return Path(result.stdout.strip())


class BuildKitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-buildkit-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
        cls.files = cls.work / "files"
        subprocess.run([SOURCE / "deploy/image/files.py", PROGRAM, cls.files], check=True, env=cls.environment)
        (cls.work / "nothing").mkdir()
        cls.socket = f"unix://{cls.work}/buildkitd.sock"
        cls.log = cls.work / "buildkitd.log"
        options = ["--oci-worker-snapshotter=native", "--oci-worker-net=host", "--containerd-worker=false"]
        daemon = [PROGRAMS / "buildkitd", "--root", cls.work / "state", "--addr", cls.socket, *options]
        started = processes.spawn(list(map(str, daemon)), dict(os.environ), cls.log)
        cls.addClassCleanup(processes.end_child, started, 20)
        ask = [PROGRAMS / "buildctl", "--addr", cls.socket, "debug", "workers"]
        up = processes.wait_until(lambda: subprocess.run(ask, capture_output=True).returncode == 0, 30)
        assert up, cls.log.read_text()

    def build(self, target: str, arguments: dict[str, str]) -> Image:
        output = self.work / f"by-buildkit-{target or 'default'}"
        options = [f"build-arg:{name}={value}" for name, value in arguments.items()]
        # Nothing has to be compiled: a directory replaces the stage `files`.
        options += ["build-arg:BASE=scratch", "context:files=local:files", *([f"target={target}"] if target else [])]
        local = {"dockerfile": SOURCE / "deploy/image", "context": self.work / "nothing", "files": self.files}
        command = [PROGRAMS / "buildctl", "--addr", self.socket, "build", "--frontend=dockerfile.v0"]
        command += [f"--local={name}={path}" for name, path in local.items()]
        command += [part for option in options for part in ("--opt", option)]
        command += ["--output", f"type=oci,rewrite-timestamp=true,dest={output}.tar"]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        with tarfile.open(f"{output}.tar") as archive:
            archive.extractall(output)
        return Image(output)

    def offline(self) -> tuple[Path, str]:
        layout = self.work / "offline"
        if not layout.exists():
            subprocess.run([SOURCE / "deploy/image/build", PROGRAM, layout], check=True, env=self.environment)
        version = subprocess.run([PROGRAM, "version"], check=True, capture_output=True, text=True).stdout
        return layout, re.match(r"regpass (\S+)", version)[1]

    def tree(self, image: Image, name: str) -> dict[str, tuple]:
        root = image.unpack(self.work / name)
        entries = {}
        for path in sorted(root.rglob("*")):
            info = path.lstat()
            content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            entries[str(path.relative_to(root))] = (oct(info.st_mode), info.st_uid, info.st_gid, int(info.st_mtime), content)
        return entries

    def test_builds_the_same_image(self):
        layout, version = self.offline()
        for target, tag in (("", version), ("debug", f"{version}-debug")):
            with self.subTest(tag):
                wanted = Image(layout, tag)
                labels = wanted.config["config"]["Labels"]
                own = {name: labels[f"org.opencontainers.image.{name.lower()}"] for name in ("VERSION", "REVISION", "CREATED")}
                image = self.build(target, own | {"SOURCE_DATE_EPOCH": EPOCH})
                ours, reference = image.config["config"], wanted.config["config"]
                for setting in ("User", "Entrypoint", "Cmd", "Labels"):
                    self.assertEqual(ours[setting], reference[setting])
                self.assertEqual(sorted(ours["Env"]), sorted(reference["Env"]))
                self.assertEqual(image.config["created"], wanted.config["created"])
                self.assertEqual(self.tree(image, f"made-{tag}"), self.tree(wanted, f"wanted-{tag}"))


if __name__ == "__main__":
    PROGRAMS = buildkit_programs()
    unittest.main(verbosity=2)
