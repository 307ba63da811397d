"""A pod's volumes as the kubelet creates them: emptyDirs, and Secrets and ConfigMaps whose content is replaced by a rename."""

import os
import shutil
import subprocess
import time
from pathlib import Path

DEFAULT_MODE = 0o644


class Mounts:
    """Mounts below one directory, unmounted in reverse order."""

    def __init__(self, directory: Path):
        self.directory = directory

    def mount(self, *options: str, at: Path) -> Path:
        at.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *options, str(at)], check=True, timeout=20)
        return at

    def undo(self, below: Path | None = None) -> None:
        begin = f"{below or self.directory}/"
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for point in reversed([point for point in points if point.startswith(begin)]):
            subprocess.run(["umount", "--lazy", point], check=True, timeout=20)


class Projected:
    """A Secret or ConfigMap volume: a timestamped directory, a `..data` link to it, and links to the files through `..data`.

    `update` writes a new directory and renames a new link onto `..data`; a watcher sees no other change.
    """

    def __init__(self, at: Path, mode: int, group: int | None):
        self.at = at
        self._mode = mode
        self._group = group
        at.chmod(0o1777)
        if group is not None:
            os.chown(at, 0, group)
            at.chmod(0o3777)

    def update(self, content: dict[str, str]) -> None:
        fresh = self.at / time.strftime(f"..%Y_%m_%d_%H_%M_%S.{time.monotonic_ns() % 10**9}")
        fresh.mkdir()
        fresh.chmod(0o755)
        for path, text in content.items():
            file = fresh / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(self._mode if self._group is None else self._mode | 0o440)
            if self._group is not None:
                os.chown(file, 0, self._group)
        data, link = self.at / "..data", self.at / "..data_tmp"
        old = data.readlink() if data.is_symlink() else None
        link.symlink_to(fresh.name)
        link.replace(data)
        for top in {path.partition("/")[0] for path in content}:
            if not (self.at / top).is_symlink():
                (self.at / top).symlink_to(f"..data/{top}")
        if old:
            shutil.rmtree(self.at / old)


class Volumes:
    """The volumes of a pod's spec. `objects` holds the data of the Secrets and ConfigMaps it refers to."""

    def __init__(self, mounts: Mounts, spec: dict, objects: dict[tuple[str, str], dict[str, str]]):
        self._mounts = mounts
        self._objects = objects
        self._group = spec.get("securityContext", {}).get("fsGroup")
        self._projected: dict[str, tuple[Projected, dict, str]] = {}
        self.paths = {volume["name"]: self._make(volume) for volume in spec.get("volumes", [])}

    def data(self, kind: str, name: str) -> dict[str, str]:
        """The current data of the Secret or ConfigMap."""
        return self._objects[kind, name]

    def swap(self, kind: str, name: str, data: dict[str, str]) -> None:
        """Does what the kubelet does some time after a changed Secret or ConfigMap is applied."""
        self._objects[kind, name] = data
        for projected, source, source_kind in self._projected.values():
            if (source_kind, _name(source)) == (kind, name):
                projected.update(_selected(source, data))

    def _make(self, volume: dict) -> Path:
        at = self._mounts.directory / volume["name"]
        if "emptyDir" in volume:
            return self._empty_dir(at, volume["emptyDir"] or {})
        for kind in ("secret", "configMap"):
            if kind in volume:
                return self._project(volume["name"], at, kind, volume[kind])
        raise AssertionError(f"the volume {volume['name']} has a type that is not supported here")

    def _empty_dir(self, at: Path, source: dict) -> Path:
        if source.get("medium") == "Memory":
            self._mounts.mount("-t", "tmpfs", "-o", f"size={size(source.get('sizeLimit', '64Mi'))}", "tmpfs", at=at)
        at.mkdir(parents=True, exist_ok=True)
        at.chmod(0o777)
        if self._group is not None:
            os.chown(at, 0, self._group)
            at.chmod(0o2777)
        return at

    def _project(self, name: str, at: Path, kind: str, source: dict) -> Path:
        self._mounts.mount("-t", "tmpfs", "tmpfs", at=at)
        key = (kind, _name(source))
        if key not in self._objects:
            assert source.get("optional"), f"{kind} {key[1]} does not exist"
            return at
        projected = Projected(at, source.get("defaultMode", DEFAULT_MODE), self._group)
        projected.update(_selected(source, self._objects[key]))
        self._projected[name] = (projected, source, kind)
        return at


def size(text: str | int) -> int:
    """The number of bytes in a Kubernetes quantity."""
    units = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
    text = str(text)
    return int(text[:-2]) * units[text[-2:]] if text[-2:] in units else int(text)


def _name(source: dict) -> str:
    return source.get("secretName") or source["name"]


def _selected(source: dict, data: dict[str, str]) -> dict[str, str]:
    items = source.get("items")
    return {item["path"]: data[item["key"]] for item in items} if items else data
