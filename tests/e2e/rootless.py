"""An unprivileged user in the pod, and rootlesskit as rootless BuildKit uses it, in the pod's own network namespace."""

import os
from pathlib import Path

from e2e import Scenario, Skip

PROGRAMS = ["rootlesskit", "newuidmap", "setpriv", "runc"]
USER, ID = "builder", 61000
SUBORDINATE_IDS = "builder:200000:65536\n"
HOME = "/var/lib/builder"
ADDRESS = f"unix://{HOME}/buildkitd.sock"


class Rootless:
    def __init__(self, scenario: Scenario, programs: Path):
        self._scenario = scenario
        self._programs = programs
        # The user does not exist on this machine, so the pod gets its own /etc/passwd.
        users = scenario.directory / "passwd"
        users.write_text(f"root:x:0:0::/root:/bin/sh\n{USER}:x:{ID}:{ID}::{HOME}:/bin/sh\n")
        subordinates = scenario.directory / "subordinate-ids"
        subordinates.write_text(SUBORDINATE_IDS)
        self.accounts = {"/etc/passwd": users, "/etc/subuid": subordinates, "/etc/subgid": subordinates}
        home = scenario.machine / HOME.lstrip("/")
        for folder in (home, home / "programs", home / "trust", home / "tmp"):
            folder.mkdir(parents=True)
            os.chown(folder, ID, ID)
        self.environment = {"HOME": HOME, "USER": USER, "XDG_RUNTIME_DIR": HOME, "TMPDIR": f"{HOME}/tmp"}
        self._rootlesskit = ["setpriv", f"--reuid={ID}", f"--regid={ID}", "--clear-groups", "rootlesskit", "--net=host"]
        works = scenario.client(
            *[*self._rootlesskit, "true"], through_regpass=False, environment=self.environment, binds=self.accounts
        )
        if works != 0:
            raise Skip(f"rootlesskit does not work here: {scenario.output.strip()}")

    @property
    def buildctl(self) -> list:
        return [self._programs / "buildctl", "--addr", ADDRESS]

    def start_buildkitd(self, binds: dict[str, Path] | None = None) -> None:
        options = ["--oci-worker-no-process-sandbox", "--oci-worker-binary=runc", "--oci-worker-snapshotter=native"]
        self._scenario.daemon(
            *[*self._rootlesskit, f"{HOME}/programs/buildkitd", "--rootless", "--addr", ADDRESS],
            *["--containerd-worker=false", *options],
            ready=[*self.buildctl, "debug", "workers"],
            environment=self.environment | {"SSL_CERT_FILE": f"{HOME}/trust/bundle.crt"},
            # The unprivileged user may not be able to reach these at their original paths.
            binds=self.accounts
            | {f"{HOME}/programs": self._programs, f"{HOME}/trust": self._scenario.directory / "trust"}
            | (binds or {}),
        )
