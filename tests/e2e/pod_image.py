"""The images of the pod's containers: regpass's as deploy/image builds it, and a substitute for BuildKit's.

The builder's image consists of this machine's own files, with BuildKit's programs at the paths of its rootless image.
"""

import json
import os
import shutil
import struct
from pathlib import Path

import regpass_image
from e2e import Scenario, Skip
from pod_container import Image

PROGRAMS = ["runc", "rootlesskit", "newuidmap", "buildah"]
USER, ID = "user", 1000  # those of moby/buildkit:rootless, which common manifests rely on
HOME = f"/home/{USER}"
RUNTIME = f"/run/user/{ID}"
MAPPERS = {"newuidmap": 7, "newgidmap": 6}  # the capabilities they need: SETUID and SETGID
SUBORDINATE_IDS = f"{USER}:100000:65536\n"

DAEMONLESS = """#!/bin/sh
set -u
rootlesskit buildkitd $BUILDKITD_FLAGS --addr="$BUILDKIT_HOST" &
until buildctl debug workers >/dev/null 2>&1; do sleep 0.1; done
buildctl "$@"
status=$?
kill $!
wait $!
exit $status
"""


def regpass(scenario: Scenario) -> Image:
    kept = scenario.testbed.directory / "image"
    regpass_image.make(Path(os.environ["REGPASS"]), kept)
    config = json.loads((kept / "config.json").read_text())["config"]
    user, group = map(int, config["User"].split(":"))
    return Image(
        kept / "rootfs", config.get("Entrypoint", []), config.get("Cmd", []), config.get("Env", []), (user, group)
    )


def builder(scenario: Scenario, programs: Path, more_binds: dict[str, Path]) -> Image:
    if shutil.which("rootlesskit") is None:
        raise Skip("rootlesskit is not installed")
    users = scenario.directory / "passwd"
    users.write_text(f"root:x:0:0::/root:/bin/sh\n{USER}:x:{ID}:{ID}::{HOME}:/bin/sh\n")
    subordinates = scenario.directory / "subordinate-ids"
    subordinates.write_text(SUBORDINATE_IDS)
    binds = {"/etc/passwd": users, "/etc/subuid": subordinates, "/etc/subgid": subordinates}
    binds |= {f"/usr/bin/{name}": programs / name for name in ("buildkitd", "buildctl")}
    binds |= {"/usr/bin/buildkit-runc": Path(shutil.which("runc"))}
    binds |= {"/usr/bin/buildctl-daemonless.sh": _daemonless(scenario)}
    binds |= {f"/usr/bin/{name}": _privileged(scenario, name, number) for name, number in MAPPERS.items()}
    environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        *(f"HOME={HOME}", f"USER={USER}", f"XDG_RUNTIME_DIR={RUNTIME}", f"TMPDIR={HOME}/.local/tmp"),
        f"BUILDKIT_HOST=unix://{RUNTIME}/buildkit/buildkitd.sock",
    ]
    writable = {"/run": 0, "/run/user": 0, RUNTIME: ID, "/home": 0}
    writable |= {f"{HOME}{folder}": ID for folder in ("", "/.local", "/.local/tmp", "/.local/share", "/.config")}
    return Image(Path("/"), ["rootlesskit", "buildkitd"], [], environment, (ID, ID), binds | more_binds, writable)


def _daemonless(scenario: Scenario) -> Path:
    """A minimal version of BuildKit's buildctl-daemonless.sh."""
    script = scenario.directory / "buildctl-daemonless.sh"
    script.write_text(DAEMONLESS)
    script.chmod(0o755)
    return script


def _privileged(scenario: Scenario, name: str, capability: int) -> Path:
    """A copy of the program with that file capability: with setuid alone, Debian's also needs SYS_ADMIN, which containers lack."""
    program = scenario.directory / name
    shutil.copyfile(shutil.which(name), program)
    program.chmod(0o755)
    revision_2_effective = 0x02000001
    os.setxattr(program, "security.capability", struct.pack("<5I", revision_2_effective, 1 << capability, 0, 0, 0))
    return program
