"""buildkitd running as root, without any credential: private FROM, RUN, push, and registry cache import and export."""

import buildkit
from e2e import Scenario

with Scenario("buildkitd", programs=["runc"]) as scenario:
    programs = buildkit.programs()
    buildctl = [programs / "buildctl"]

    def start_buildkitd():
        options = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        ready = [*buildctl, "debug", "workers"]
        scenario.daemon(programs / "buildkitd", "--containerd-worker=false", *options, ready=ready)

    buildkit.exercise(scenario, start_buildkitd, buildctl)
