"""The pod of deploy/ for clusters without native sidecars: all containers get SIGTERM at the same time (F08)."""

from pod_life import exercise, terminate
from pod_scenario import BUILDER, SIDECAR, PodScenario, assert_restricted

# The shipped configuration waits for two idle minutes.
CHANGES = (('idle = "2m"', 'idle = "3s"'),)

with PodScenario("plain-container") as scenario, scenario.pod("statefulset-plain-container", *CHANGES) as pod:
    assert_restricted(pod)
    exercise(scenario, pod)
    terminate(scenario, pod, first=(BUILDER, SIDECAR))
