"""ctr pulls and pushes without any credential. ctr does its network I/O in its own process, not in containerd."""

import shutil

import expect
from e2e import Scenario

with Scenario("ctr", programs=["ctr", "containerd"]) as scenario:
    scenario.daemon("containerd", ready=["ctr", "version"], through_regpass=False)

    image = scenario.image("app")
    archive = shutil.make_archive(scenario.directory / "app", "tar", image.layout)
    scenario.succeed("ctr", "images", "import", "--base-name", "imported", archive)

    def push(registry, tag):
        remote = f"{registry.host}/{scenario.repository}:{tag}"
        scenario.succeed("ctr", "images", "tag", "imported:app", remote)
        return ["ctr", "images", "push", remote]

    def pull(registry, name):
        return ["ctr", "images", "pull", "--snapshotter", "native", f"{registry.host}/{name}:1"]

    with scenario.regpass("alice") as regpass:
        for registry in scenario.registries:
            scenario.succeed(*push(registry, "1"))
            expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)
            scenario.succeed(*pull(registry, "shared/base"))
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail(*pull(registry, "team-a/seed"))
            expect.explained(scenario, regpass, registry, "credential-rejected")
            scenario.fail(*push(registry, "2"))
            expect.explained(scenario, regpass, registry, "credential-rejected")

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            scenario.fail(*push(registry, "3"))
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "3") is None, "a user without push access was able to push"
