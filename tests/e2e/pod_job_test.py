"""The Jobs of deploy/: the sidecar exits with the build; in clusters without native sidecars, a file tells it to."""

import expect
from pod_scenario import HOST, SIDECAR, USER, PodScenario, assert_restricted

BUILDER = "buildkit"
PATIENCE = 60


def built(scenario: PodScenario, pod, sidecar_ends) -> None:
    assert_restricted(pod, BUILDER)
    status = pod.containers[BUILDER].status(PATIENCE)
    assert status == 0, f"the build exited with {status}: {pod.containers[BUILDER].log_file.read_text()[-2000:]}"
    sidecar_ends()
    assert pod.containers[SIDECAR].status(20) == 0, "regpass did not exit with status 0, so the Job would not complete"
    expect.pushed(scenario, pod.log(SIDECAR), scenario.registry, USER, "1")


with PodScenario("job") as scenario:
    first = scenario.repository

    def named(repository: str) -> tuple[str, str]:
        scenario.repository = repository
        return f"{HOST}/team-a/app:1", scenario.image("1")

    with scenario.pod("job", named(f"{first}-native")) as pod:
        # The kubelet stops native sidecars when no other container is running.
        built(scenario, pod, sidecar_ends=lambda: pod.containers[SIDECAR].signal("TERM"))

    with scenario.pod("job-plain-container", named(f"{first}-plain")) as pod:
        built(scenario, pod, sidecar_ends=lambda: None)
