"""Creates a root directory with a few of this machine's Debian packages and their dependencies: a minimal system for dpkg.

The files are copied and recorded as installed in the root's dpkg database. Anything that a package does not depend on is missing.
"""

import functools
import re
import shutil
import subprocess
from pathlib import Path

# The essential packages that maintainer scripts and dpkg use here.
ESSENTIAL = ("base-files", "coreutils", "dash", "dpkg", "libc-bin")
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")


def make(root: Path, depends: str) -> None:
    """Creates the root. `depends` has the format of the field in a control file."""
    chosen: set[str] = set()
    for name in (*ESSENTIAL, *alternatives(depends)):
        _close(name, chosen)
    for folder in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to(f"usr/{folder}")
    files = {line for name in chosen for line in _files(name)}
    listed = "".join(f"{line.lstrip('/')}\n" for line in sorted(files))
    packed = subprocess.run(
        ["tar", "--create", "--file=-", "--no-recursion", "--files-from=-"], input=listed.encode(), cwd="/", capture_output=True
    )
    subprocess.run(["tar", "--extract", "--file=-", "--directory", root], input=packed.stdout, check=True)
    database = root / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True, exist_ok=True)
    for name in chosen:
        of_one_architecture = f":{_architecture()}" if "\nMulti-Arch: same\n" in _stanza(name) else ""
        (database / f"info/{name}{of_one_architecture}.list").touch()  # dpkg warns if it is missing
    (database / "status").write_text("\n".join(_stanza(name) for name in sorted(chosen)))
    # Normally created when ca-certificates is configured.
    (root / CERTIFICATES).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path("/") / CERTIFICATES, root / CERTIFICATES)


def alternatives(depends: str) -> list[str]:
    """For each dependency, the first alternative that is installed on this machine."""
    chosen_names = []
    for dependency in filter(None, map(str.strip, depends.split(","))):
        names = [re.match(r"[a-z0-9.+-]+", choice.strip())[0] for choice in dependency.split("|")]
        candidates = [name if _stanza(name) else _providers().get(name, "") for name in names]
        chosen_names.append(next(filter(None, candidates), names[0]))
    return chosen_names


@functools.cache
def _providers() -> dict[str, str]:
    """For each virtual package, an installed package that provides it."""
    result = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package}|${Provides}\n"], check=True, capture_output=True, text=True
    )
    lines = [line.split("|", 1) for line in result.stdout.splitlines() if not line.endswith("|")]
    return {provided.strip().split()[0]: name for name, all_of in lines for provided in all_of.split(",")}


def _close(name: str, chosen: set[str]) -> None:
    if name in chosen or not (stanza := _stanza(name)):
        return  # dpkg reports missing dependencies when the package is installed
    chosen.add(name)
    for field in ("Depends", "Pre-Depends"):
        if value := re.search(rf"^{field}: (.*)$", stanza, re.MULTILINE):
            for dependency_name in alternatives(value[1]):
                _close(dependency_name, chosen)


@functools.cache
def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


@functools.cache
def _stanza(name: str) -> str:
    result = subprocess.run(["dpkg-query", "--status", name], capture_output=True, text=True)
    return result.stdout if "Status: install ok installed" in result.stdout else ""


def _files(name: str) -> list[str]:
    result = subprocess.run(["dpkg-query", "--listfiles", name], check=True, capture_output=True, text=True)
    return [line for line in result.stdout.splitlines() if line.startswith("/") and not Path(line).is_dir()]
