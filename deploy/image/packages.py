"""Debian packages in dpkg's database."""

import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The stanza of dpkg's status file that image scanners read, one file per package below status.d.
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
        result = subprocess.run(
            ["dpkg-query", "--show", f"--showformat={separated}", name], capture_output=True, text=True
        )
        if result.returncode != 0:
            return None
        values = dict(zip(_FIELDS, result.stdout.split("\x1f"), strict=True))
        status = "".join(f"{field}: {value}\n" for field, value in values.items() if value)
        return Package(values["Package"], values["Version"], values["Architecture"], status, values["Homepage"])

    @staticmethod
    def needed(name: str) -> "Package":
        package = Package.installed(name)
        if package is None:
            raise SystemExit(f"the Debian package {name} is required but not installed")
        return package

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
    """The package that owns a file, which may be recorded with its path before or after Debian merged /lib into /usr/lib."""
    real = path.resolve()
    for name in (path, real, Path("/usr", *path.parts[1:]), Path("/", *real.parts[2:])):
        result = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if result.returncode == 0:
            return Package.needed(result.stdout.split(": ")[0].split(", ")[0])
    raise SystemExit(f"{path} belongs to no package: only libraries from Debian packages can go into the image")
