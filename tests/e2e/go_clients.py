"""Registry clients written in Go that Debian does not package, built by get_go_client.sh."""

import subprocess
from pathlib import Path

from e2e import Skip


def program(name: str, build: bool = True) -> Path:
    """The path of crane, regctl, oras, helm3, helm4 or cosign. Without `build`, skips unless it has been built already."""
    script = Path(__file__).parent / "get_go_client.sh"
    result = subprocess.run([script, *([] if build else ["--built"]), name], capture_output=True, text=True)
    if result.returncode:
        raise Skip(f"{name} is not available: {result.stderr.strip()}")
    return Path(result.stdout.strip())
