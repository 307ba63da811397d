"""Debian's packages, as dpkg knows them."""

import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

# A stanza of dpkg's status file, as scanners of images read it (one file for each package below status.d).
_FIELDS = ("Package", "Status", "Version", "Architecture", "Maintainer", "Source", "Homepage")


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    architecture: str
    status: str
    homepage: str

    @staticmethod
    def installed(name: str) -> "Package | None":
        separated = "\x1f".join(f"${{{field}}}" for field in _FIELDS)
        asked = subprocess.run(
            ["dpkg-query", "--show", f"--showformat={separated}", name], capture_output=True, text=True
        )
        if asked.returncode != 0:
            return None
        values = dict(zip(_FIELDS, asked.stdout.split("\x1f"), strict=True))
        status = "".join(f"{field}: {value}\n" for field, value in values.items() if value)
        return Package(values["Package"], values["Version"], values["Architecture"], status, values["Homepage"])

    @staticmethod
    def needed(name: str) -> "Package":
        found = Package.installed(name)
        if found is None:
            raise SystemExit(f"Debian's package {name} is needed and not installed")
        return found

    def files(self) -> list[Path]:
        listed = subprocess.run(["dpkg-query", "--listfiles", self.name], check=True, capture_output=True, text=True)
        return [Path(line) for line in listed.stdout.splitlines()]

    @property
    def licence(self) -> Path:
        return Path("/usr/share/doc", self.name, "copyright").resolve()

    @property
    def purl(self) -> str:
        """github.com/package-url/purl-spec"""
        return f"pkg:deb/debian/{self.name}@{self.version.replace(':', '%3A').replace('+', '%2B')}?arch={self.architecture}"


@functools.cache
def owner_of(path: Path) -> Package:
    """The package of a file, whether it is named by the path before or after Debian merged /lib into /usr/lib."""
    real = path.resolve()
    for name in (path, real, Path("/usr", *path.parts[1:]), Path("/", *real.parts[2:])):
        asked = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if asked.returncode == 0:
            return Package.needed(asked.stdout.split(": ")[0].split(", ")[0])
    raise SystemExit(f"{path} is of no package: only Debian's libraries can go into the image")
