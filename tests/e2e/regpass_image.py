"""Builds regpass's image with deploy/image and unpacks it: regpass_image.py PROGRAM DIRECTORY

DIRECTORY/rootfs gets its files and DIRECTORY/config.json its configuration. Does nothing if they were built from this PROGRAM already.
"""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "deploy/image/build"
SKIPPED = 77


def make(program: Path, kept: Path) -> None:
    made_from = kept / "made-from"
    program = program.resolve()
    identity = f"{program} {program.stat().st_mtime_ns}"
    if made_from.exists() and made_from.read_text() == identity:
        return
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    result = subprocess.run([BUILD, program, kept / "layout"], capture_output=True, text=True)
    assert result.returncode == 0, f"deploy/image/build failed: {result.stdout}{result.stderr}"
    _unpack(kept)
    made_from.write_text(identity)


def _unpack(kept: Path) -> None:
    """Unpacks the first image of the layout, which is the one without a shell."""
    layout, rootfs = kept / "layout", kept / "rootfs"
    rootfs.mkdir()

    def blob(descriptor: dict) -> Path:
        return layout / "blobs" / descriptor["digest"].replace(":", "/")

    images = json.loads((layout / "index.json").read_text())["manifests"]
    names = {image["annotations"]["org.opencontainers.image.ref.name"]: image for image in images}
    (plain,) = [image for name, image in names.items() if not name.endswith("-debug")]
    manifest = json.loads(blob(plain).read_text())
    shutil.copy(blob(manifest["config"]), kept / "config.json")
    for layer in manifest["layers"]:
        with tarfile.open(blob(layer)) as tar:
            tar.extractall(rootfs, numeric_owner=True)


if __name__ == "__main__":
    if shutil.which("buildah") is None:
        print("SKIPPED: buildah is not installed")
        sys.exit(SKIPPED)
    make(*map(Path, sys.argv[1:]))
