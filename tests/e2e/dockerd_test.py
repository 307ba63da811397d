"""docker, without any credential in dockerd, builds on a private base image with its embedded BuildKit, pushes and pulls."""

import expect
from e2e import Scenario

with Scenario("dockerd", programs=["dockerd", "/usr/bin/docker"]) as scenario:
    docker = "/usr/bin/docker"  # not the first on PATH: a newer docker would build with its own buildx plugin
    # Only dockerd needs the proxy and the CA; the command line gets neither.
    client = {"through_regpass": False, "environment": {"DOCKER_BUILDKIT": "1"}}
    build = [docker, "build", "--network=none", "--progress=plain", "--pull"]

    def context(registry):
        base = f"{registry.host}/shared/base:1"
        return scenario.context(f"FROM {base}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")

    with scenario.regpass("alice") as regpass:
        options = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        scenario.daemon("dockerd", *options, ready=[docker, "version"])
        for registry in scenario.registries:
            built = f"{registry.host}/{scenario.repository}:1"
            scenario.succeed(*build, "-t", built, context(registry), **client)
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
            scenario.succeed(docker, "push", built, **client)
            expect.pushed(scenario, regpass, registry, "alice", "1")

            scenario.succeed(docker, "pull", f"{registry.host}/team-a/seed:1", **client)
            expect.pulled(scenario, regpass, registry, "alice", "team-a/seed", "1")

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail(*build, context(registry), **client)
            expect.explained(scenario, regpass, registry, "credential-rejected")
            scenario.fail(docker, "pull", f"{registry.host}/team-a/seed:1", **client)
            expect.explained(scenario, regpass, registry, "credential-rejected")
            built = f"{registry.host}/{scenario.repository}"
            scenario.succeed(docker, "tag", f"{built}:1", f"{built}:2", **client)
            scenario.fail(docker, "push", f"{built}:2", **client)
            expect.explained(scenario, regpass, registry, "credential-rejected")

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            built = f"{registry.host}/{scenario.repository}:3"
            scenario.succeed(*build, "-t", built, context(registry), **client)
            scenario.fail(docker, "push", built, **client)
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "3") is None, "a user without push access was able to push"
