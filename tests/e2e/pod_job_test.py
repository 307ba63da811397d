"""The Jobs of deploy/: the sidecar ends with the build; without native sidecars by the file that says so."""

import expect
from pod_scenario import HOST, SIDECAR, USER, PodScenario, restricted

BUILDER = "buildkit"
PATIENCE = 60


def built(scenario: PodScenario, pod, sidecar_ends) -> None:
    restricted(pod, BUILDER)
    status = pod.containers[BUILDER].status(PATIENCE)
    assert status == 0, f"the build ended with {status}: {pod.containers[BUILDER].log_file.read_text()[-2000:]}"
    sidecar_ends()
    assert pod.containers[SIDECAR].status(20) == 0, "the Job would not be done: regpass did not end well"
    expect.pushed(scenario, pod.log(SIDECAR), scenario.registry, USER, "1")


with PodScenario("job") as scenario:
    first = scenario.repository

    def named(repository: str) -> tuple[str, str]:
        scenario.repository = repository
        return f"{HOST}/team-a/app:1", scenario.image("1")

    with scenario.pod("job", named(f"{first}-native")) as pod:
        # The kubelet's part: sidecars are ended when nothing else runs.
        built(scenario, pod, sidecar_ends=lambda: pod.containers[SIDECAR].signal("TERM"))

    with scenario.pod("job-plain-container", named(f"{first}-plain")) as pod:
        built(scenario, pod, sidecar_ends=lambda: None)
