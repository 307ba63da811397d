"""skopeo copies an image to a registry and back without any credential."""

import expect
from e2e import Scenario

with Scenario("skopeo", programs=["skopeo"]) as scenario:
    image = scenario.image("app", big=2 << 20)

    with scenario.regpass("alice") as regpass:
        for registry in scenario.registries:
            remote = f"docker://{registry.host}/{scenario.repository}:1"

            scenario.succeed("skopeo", "copy", image.source, remote)
            expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)

            scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/{registry.name}")
            expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "1")

            listed = scenario.succeed("skopeo", "list-tags", remote.removesuffix(":1"))
            assert '"1"' in listed, "the list of tags does not contain 1"

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail("skopeo", "copy", f"docker://{registry.host}/shared/base:1", f"dir:{scenario.directory}/none")
            expect.explained(scenario, regpass, registry, "credential-rejected")

            scenario.fail("skopeo", "copy", image.source, f"docker://{registry.host}/{scenario.repository}:2")
            expect.explained(scenario, regpass, registry, "credential-rejected")
            assert registry.digest(scenario.repository, "2") is None, "a push with a wrong password succeeded"

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            scenario.fail("skopeo", "copy", image.source, f"docker://{registry.host}/{scenario.repository}:3")
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "3") is None, "a user without push access was able to push"
