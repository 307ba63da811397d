#!/usr/bin/python3
"""Writes OCI image layouts without a network: a runnable busybox image, plus random data if required.

    oci_image.py DIR[:TAG] [--big BYTES] [--unique]

`skopeo copy oci:DIR:TAG docker://…` and `podman load` read the result.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import tarfile
from pathlib import Path

BUSYBOX = "/bin/busybox"  # Debian's busybox-static
APPLETS = ("sh", "cat", "cp", "echo", "ls", "mkdir", "rm", "sha256sum", "sleep", "true", "wget")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # kernel names to OCI names
ZERO_TIME = "1970-01-01T00:00:00Z"  # images with the same content have the same digest


def write_image(directory: Path, tag: str = "latest", big: int = 0, unique: bool = False, more: int = 0) -> str:
    """Adds an image to the layout in `directory` and returns its manifest's digest.

    `big` adds an incompressible layer of that many bytes. With `unique`, no registry or client has seen any of the layers
    before, so all of them must be transferred. `more` adds that many small layers, for which the same is true.
    """
    directory = Path(directory)
    contents = [list(_system()), [("etc/motd", b"made for a test\n", 0o644)]]
    if unique:
        for content in contents:
            content.append(("etc/unique", os.urandom(16 * 1024), 0o644))
    contents += [[(f"etc/layer-{number}", os.urandom(1024), 0o644)] for number in range(more)]
    layers = [_layer(content) for content in contents]
    if big:
        layers.append(_layer([("big", os.urandom(big), 0o644)], level=0))

    descriptors = [
        _blob(directory, layer, "application/vnd.oci.image.layer.v1.tar+gzip") for layer, _ in layers
    ]
    config = {
        "created": ZERO_TIME,
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
        "history": [{"created": ZERO_TIME, "created_by": "oci_image.py"} for _ in layers],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _blob(directory, _json(config), "application/vnd.oci.image.config.v1+json"),
        "layers": descriptors,
    }
    entry = _blob(directory, _json(manifest), manifest["mediaType"])
    _add_to_index(directory, entry | {"annotations": {"org.opencontainers.image.ref.name": tag}})
    return entry["digest"]


def _system():
    """The files of the first layer: busybox under the names of its applets, and a root user."""
    yield "bin/busybox", Path(BUSYBOX).read_bytes(), 0o755
    for applet in APPLETS:
        yield f"bin/{applet}", "busybox", None
    yield "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644
    yield "tmp/.keep", b"", 0o644


def _layer(files, level: int = 6):
    """(gzip bytes, digest of the tar inside) of a layer; a file whose mode is None is a symbolic link."""
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content, mode in files:
            member = tarfile.TarInfo(name)
            if mode is None:
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.mode, member.size = mode, len(content)
                tar.addfile(member, io.BytesIO(content))
    raw = tar_bytes.getvalue()
    return gzip.compress(raw, compresslevel=level, mtime=0), _digest(raw)


def _blob(directory: Path, content: bytes, media_type: str) -> dict:
    digest = _digest(content)
    path = directory / "blobs" / digest.replace(":", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _add_to_index(directory: Path, entry: dict) -> None:
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    path = directory / "index.json"
    index = json.loads(path.read_text()) if path.exists() else {"schemaVersion": 2, "manifests": []}
    index["manifests"] = [old for old in index["manifests"] if old["annotations"] != entry["annotations"]] + [entry]
    path.write_text(json.dumps(index))


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(value) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("layout", metavar="DIR[:TAG]")
    arguments.add_argument("--big", type=int, default=0, metavar="BYTES", help="add an incompressible layer")
    arguments.add_argument("--unique", action="store_true", help="create layers that no registry has seen before")
    options = arguments.parse_args()
    directory, _, tag = options.layout.partition(":")
    print(write_image(Path(directory), tag or "latest", options.big, options.unique))


if __name__ == "__main__":
    main()
