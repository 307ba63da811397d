"""Images in an OCI layout (github.com/opencontainers/image-spec, image-layout.md): what they say, and their files unpacked."""

import json
import subprocess
import tarfile
from pathlib import Path


class Image:
    def __init__(self, layout: Path, tag: str = ""):
        """The layout's only image, unless a tag says which."""
        self._layout = layout
        self.digest = self._digest_of(tag)
        self.manifest = json.loads(self._blob(self.digest).read_text())
        self.config = json.loads(self._blob(self.manifest["config"]["digest"]).read_text())

    @property
    def layers(self) -> list[Path]:
        return [self._blob(layer["digest"]) for layer in self.manifest["layers"]]

    def members(self) -> dict[str, tarfile.TarInfo]:
        """Of all layers, by name without slashes around."""
        found: dict[str, tarfile.TarInfo] = {}
        for layer in self.layers:
            with tarfile.open(layer) as archive:
                found |= {member.name.strip("/"): member for member in archive}
        return found

    def unpack(self, root: Path) -> Path:
        """Into a directory, with owners. Our layers delete nothing, so one after the other will do."""
        root.mkdir(parents=True)
        for layer in self.layers:
            subprocess.run(["tar", "--extract", "--same-owner", "--file", layer, "--directory", root], check=True)
        return root

    def command(self, root: Path, *arguments: str) -> list[str]:
        """That runs the unpacked image's program as a container runtime would: its user, its environment and no other."""
        settings = self.config["config"]
        user = ["/usr/sbin/chroot", f"--userspec={settings['User']}", str(root)]
        return ["env", "--ignore-environment", *settings["Env"], "HOME=/", *user, *settings["Entrypoint"], *arguments]

    def _digest_of(self, tag: str) -> str:
        index = json.loads((self._layout / "index.json").read_text())
        if not tag:
            (only,) = index["manifests"]
            return only["digest"]
        named = {one["annotations"]["org.opencontainers.image.ref.name"]: one["digest"] for one in index["manifests"]}
        return named[tag]

    def _blob(self, digest: str) -> Path:
        return self._layout / "blobs" / digest.replace(":", "/")
