"""buildkitd as rootless BuildKit runs it: by an unprivileged user, inside rootlesskit, in the pod's network."""

import os

import buildkit
from e2e import Scenario, Skip

USER, ID = "builder", 61000
SUBORDINATE_IDS = "builder:200000:65536\n"
HOME = "/var/lib/builder"

with Scenario("buildkitd-rootless", programs=["rootlesskit", "newuidmap", "setpriv", "runc"]) as scenario:
    programs = buildkit.programs()
    address = f"unix://{HOME}/buildkitd.sock"

    # The machine has no such user, so the pod gets its own idea of who there is.
    users = scenario.directory / "passwd"
    users.write_text(f"root:x:0:0::/root:/bin/sh\n{USER}:x:{ID}:{ID}::{HOME}:/bin/sh\n")
    subordinates = scenario.directory / "subordinate-ids"
    subordinates.write_text(SUBORDINATE_IDS)
    accounts = {"/etc/passwd": users, "/etc/subuid": subordinates, "/etc/subgid": subordinates}

    home = scenario.machine / HOME.lstrip("/")
    for folder in (home, home / "programs", home / "trust", home / "tmp"):
        folder.mkdir(parents=True)
        os.chown(folder, ID, ID)
    environment = {"HOME": HOME, "USER": USER, "XDG_RUNTIME_DIR": HOME, "TMPDIR": f"{HOME}/tmp"}
    rootlesskit = ["setpriv", f"--reuid={ID}", f"--regid={ID}", "--clear-groups", "rootlesskit", "--net=host"]

    if scenario.client(*rootlesskit, "true", through_regpass=False, environment=environment, binds=accounts) != 0:
        raise Skip(f"rootlesskit does not work here: {scenario.output.strip()}")

    buildctl = [programs / "buildctl", "--addr", address]

    def start_buildkitd():
        options = ["--oci-worker-no-process-sandbox", "--oci-worker-binary=runc", "--oci-worker-snapshotter=native"]
        scenario.daemon(
            *[*rootlesskit, f"{HOME}/programs/buildkitd", "--rootless", "--addr", address],
            *["--containerd-worker=false", *options],
            ready=[*buildctl, "debug", "workers"],
            environment=environment | {"SSL_CERT_FILE": f"{HOME}/trust/bundle.crt"},
            # Under their own paths an unprivileged user may not be able to reach these.
            binds=accounts | {f"{HOME}/programs": programs, f"{HOME}/trust": scenario.directory / "trust"},
        )

    buildkit.exercise(scenario, start_buildkitd, buildctl)
