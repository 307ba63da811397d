"""buildah, without any credential, builds on a private base image, runs a step in it and pushes the result."""

import expect
from e2e import Scenario

with Scenario("buildah", programs=["buildah"]) as scenario:
    buildah = ["buildah", "--storage-driver", "vfs"]
    # Without --http-proxy=false, buildah would pass the proxy variables on to the build steps.
    bud = [*buildah, "bud", "--isolation", "chroot", "--http-proxy=false", "--pull-always"]

    def context(registry):
        run = 'test -z "$HTTPS_PROXY" && sha256sum /unique > /sum'
        return scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\nRUN {run}\n")

    with scenario.regpass("alice") as regpass:
        for registry in scenario.registries:
            built = f"{registry.host}/{scenario.repository}:1"
            scenario.succeed(*bud, "-t", built, context(registry))
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
            scenario.succeed(*buildah, "push", built)
            expect.pushed(scenario, regpass, registry, "alice", "1")

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail(*bud, context(registry))
            expect.explained(scenario, regpass, registry, "credential-rejected")
            scenario.fail(*buildah, "push", f"{registry.host}/{scenario.repository}:1")
            expect.explained(scenario, regpass, registry, "credential-rejected")

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            built = f"{registry.host}/{scenario.repository}:2"
            scenario.succeed(*bud, "-t", built, context(registry))
            scenario.fail(*buildah, "push", built)
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "2") is None, "a user without push access was able to push"
