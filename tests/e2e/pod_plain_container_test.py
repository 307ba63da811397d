"""The pod of deploy/ for clusters without native sidecars: all containers are told to end at once (F08 SIGTERM)."""

from pod_life import exercise, terminate
from pod_scenario import BUILDER, SIDECAR, PodScenario, restricted

# Two minutes of silence are waited for, in what is shipped.
CHANGES = (('idle = "2m"', 'idle = "3s"'),)

with PodScenario("plain-container") as scenario, scenario.pod("statefulset-plain-container", *CHANGES) as pod:
    restricted(pod)
    exercise(scenario, pod)
    terminate(scenario, pod, first=(BUILDER, SIDECAR))
