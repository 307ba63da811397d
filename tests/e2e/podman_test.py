"""podman pulls and pushes without any credential."""

import expect
from e2e import Scenario

with Scenario("podman", programs=["podman"]) as scenario:
    podman = ["podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]

    with scenario.regpass("alice") as regpass:
        for registry in scenario.registries:
            base, pushed = f"{registry.host}/shared/base:1", f"{registry.host}/{scenario.repository}:1"
            scenario.succeed(*podman, "pull", base)
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")

            scenario.succeed(*podman, "pull", scenario.image(registry.name).source)
            image = scenario.output.split()[-1]
            scenario.succeed(*podman, "push", image, pushed)
            expect.pushed(scenario, regpass, registry, "alice", "1")

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail(*podman, "pull", f"{registry.host}/team-a/seed:1")
            expect.explained(scenario, regpass, registry, "credential-rejected")
            scenario.fail(*podman, "push", image, f"{registry.host}/{scenario.repository}:2")
            expect.explained(scenario, regpass, registry, "credential-rejected")

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            scenario.succeed(*podman, "pull", f"{registry.host}/team-a/seed:1")
            scenario.fail(*podman, "push", image, f"{registry.host}/{scenario.repository}:3")
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "3") is None, "a user without push access was able to push"
