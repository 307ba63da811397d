"""Builds the Debian package and installs it with dpkg in a minimal root directory."""

import os
import subprocess
from pathlib import Path

import bare_root


def output(*command, **options) -> str:
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


def make_package(work: Path) -> Path:
    build = os.environ["BUILD"]
    output("cmake", "--build", build, "--target", "package_files")
    output("cpack", "-B", work, cwd=build)
    (package,) = work.glob("*.deb")
    return package


def install(package: Path, root: Path) -> None:
    root.mkdir()
    bare_root.make(root, output("dpkg-deb", "--field", package, "Depends"))
    dpkg(root, "--install", package)


def dpkg(root: Path, *arguments) -> str:
    return output("dpkg", f"--root={root}", *arguments)
