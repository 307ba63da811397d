"""Reads and unpacks images in an OCI layout (github.com/opencontainers/image-spec, image-layout.md)."""

import json
import subprocess
import tarfile
from pathlib import Path


class Image:
    def __init__(self, layout: Path, tag: str = ""):
        """Opens the image with the tag, or the layout's only image."""
        self._layout = layout
        self.digest = self._digest_of(tag)
        self.manifest = json.loads(self._blob(self.digest).read_text())
        self.config = json.loads(self._blob(self.manifest["config"]["digest"]).read_text())

    @property
    def layers(self) -> list[Path]:
        return [self._blob(layer["digest"]) for layer in self.manifest["layers"]]

    def members(self) -> dict[str, tarfile.TarInfo]:
        """The members of all layers, by name without leading or trailing slashes."""
        matches: dict[str, tarfile.TarInfo] = {}
        for layer in self.layers:
            with tarfile.open(layer) as archive:
                matches |= {member.name.strip("/"): member for member in archive}
        return matches

    def unpack(self, root: Path) -> Path:
        """Unpacks the layers into a directory, preserving owners. The layers delete no files, so whiteouts are not handled."""
        root.mkdir(parents=True)
        for layer in self.layers:
            subprocess.run(["tar", "--extract", "--same-owner", "--file", layer, "--directory", root], check=True)
        return root

    def command(self, root: Path, *arguments: str) -> list[str]:
        """The command line that runs the unpacked image's program as a container runtime would, with only its user and environment."""
        settings = self.config["config"]
        user = ["/usr/sbin/chroot", f"--userspec={settings['User']}", str(root)]
        return ["env", "--ignore-environment", *settings["Env"], "HOME=/", *user, *settings["Entrypoint"], *arguments]

    def _digest_of(self, tag: str) -> str:
        index = json.loads((self._layout / "index.json").read_text())
        if not tag:
            (only,) = index["manifests"]
            return only["digest"]
        named = {entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"] for entry in index["manifests"]}
        return named[tag]

    def _blob(self, digest: str) -> Path:
        return self._layout / "blobs" / digest.replace(":", "/")
