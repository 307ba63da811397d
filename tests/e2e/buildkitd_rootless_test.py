"""buildkitd the way rootless BuildKit runs it: as an unprivileged user, inside rootlesskit, in the pod's network namespace."""

import buildkit
import rootless
from e2e import Scenario

with Scenario("buildkitd-rootless", programs=rootless.PROGRAMS) as scenario:
    builder = rootless.Rootless(scenario, buildkit.programs())
    buildkit.exercise(scenario, builder.start_buildkitd, builder.buildctl)
