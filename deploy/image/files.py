#!/usr/bin/env python3
"""Collects the image's files, for both the Dockerfile and `build`: files.py PROGRAM DIRECTORY

    DIRECTORY/image   the program, its shared libraries and loader, CA certificates, licences, SBOM
    DIRECTORY/state   empty directories owned by the program's user
    DIRECTORY/debug   busybox, for the -debug variant

Runs on the Debian system that the program was built for. Its output depends only on the program, Debian's packages and
SOURCE_DATE_EPOCH, so that the image can be reproduced bit for bit.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import sbom
from packages import Package, owner_of

PROGRAM = "usr/bin/regpass"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
SBOM = "usr/share/sbom/regpass.spdx.json"
BUSYBOX = Path("/bin/busybox")
# Header-only libraries, which are part of the program without being linked.
COMPILED_IN = ("libboost1.81-dev", "libcli11-dev")
OTHER_FILES = {
    # The usual name lookup: /etc/hosts, then DNS.
    "etc/nsswitch.conf": "hosts: files dns\n",
    # Image scanners need it to identify the distribution.
    "etc/os-release": Path("/usr/lib/os-release"),
}
# The parents of the user's directories belong to root.
ROOTS_FOLDERS = ("run", "var/lib")


def libraries(program: Path) -> list[Path]:
    """The shared libraries under the names that the loader looks up, including the loader itself."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    if "not found" in listed:
        sys.exit(f"files.py: {program} cannot run here:\n{listed}")
    return [Path(name) for name in sorted(set(re.findall(r"(?:=> |^\t)(/\S+) \(", listed, re.MULTILINE)))]


def certificates() -> str:
    """Debian's CA certificates, joined like `update-ca-certificates` does, without any added by this machine's administrator."""
    files = sorted(path for path in Package.needed("ca-certificates").files() if path.suffix == ".crt")
    return "".join(path.read_text() for path in files)


def put(root: Path, name: str, content: Path | str, mode: int = 0o644) -> None:
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, target)
    else:
        target.write_text(content)
    target.chmod(mode)


def fill_image(root: Path, program: Path, epoch: int) -> list[Package]:
    put(root, PROGRAM, program, 0o755)
    put(root, CERTIFICATES, certificates())
    linked = libraries(program)
    for path in linked:
        put(root, str(path).lstrip("/"), path.resolve(), 0o755)
    for name, content in OTHER_FILES.items():
        put(root, name, content)
    for name in ROOTS_FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    packages = {owner.name: owner for owner in [*map(owner_of, linked), Package.needed("ca-certificates")]}
    held = [packages[name] for name in sorted(packages)]
    for package in held:
        put(root, f"usr/share/doc/{package.name}/copyright", package.licence)
        put(root, f"var/lib/dpkg/status.d/{package.name}", package.status)
    inside = [found for name in COMPILED_IN if (found := Package.installed(name))]
    put(root, SBOM, sbom.document(root / PROGRAM, held, inside, epoch))
    return held


def fill_debug(root: Path) -> None:
    put(root, "busybox/busybox", BUSYBOX.resolve(), 0o755)
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout
    for applet in listed.split():
        if applet != "busybox":
            (root / "busybox" / applet).symlink_to("busybox")
    package = owner_of(BUSYBOX)
    put(root, f"usr/share/doc/{package.name}/copyright", package.licence)
    put(root, f"var/lib/dpkg/status.d/{package.name}", package.status)


def settle(directory: Path, epoch: int) -> None:
    """Sets a single timestamp, and permissions that do not depend on the builder's umask."""
    for path in [directory, *directory.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: files.py PROGRAM DIRECTORY")
    program, directory = map(Path, sys.argv[1:])
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    if directory.exists():
        sys.exit(f"files.py: {directory} already exists")
    (directory / "state").mkdir(parents=True)
    fill_image(directory / "image", program, epoch)
    fill_debug(directory / "debug")
    settle(directory, epoch)


if __name__ == "__main__":
    main()
