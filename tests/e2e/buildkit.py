"""Exercises that every buildkitd must pass through regpass, whichever way it is run."""

import re
import subprocess
from pathlib import Path

import expect
from e2e import Scenario, Skip


def programs() -> Path:
    """Returns the directory that contains buildctl and buildkitd."""
    script = Path(__file__).parent / "get_buildkit.sh"
    result = subprocess.run([script], capture_output=True, text=True)
    if result.returncode:
        raise Skip(f"BuildKit is not available: {result.stderr.strip()}")
    return Path(result.stdout.strip())


def minor(directory: Path) -> int:
    """The minor version (MINOR of 0.MINOR). Programs built from the Go module do not know their own version."""
    go_mod = directory.parent / "module/go.mod"
    version = subprocess.run([directory / "buildkitd", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v0\.(\d+)\.", go_mod.read_text() if go_mod.exists() else version)
    assert found, f"cannot determine the BuildKit version in {directory}"
    return int(found[1])


def exercise(scenario: Scenario, start_buildkitd, buildctl: list) -> None:
    """Builds on private base images, pushes, and uses a registry cache; then checks the expected failures.

    buildctl gets neither the proxy nor the CA: if it were asked to fetch a token, the build would fail.

    The cache is not exported in the same build as the image. The two share blobs, and docker-registry sometimes rejects
    a manifest while one of its blobs is being pushed again (see `regpass explain concurrent-push`).
    """

    def context(registry):
        base = f"{registry.host}/shared/base:1"
        return scenario.context(f"FROM {base}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")

    def build(directory, *options):
        local = ["--local", f"context={directory}", "--local", f"dockerfile={directory}"]
        return [*buildctl, "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]

    def output(registry, tag):
        return f"--output=type=image,name={registry.host}/{scenario.repository}:{tag},push=true"

    client = {"through_regpass": False}

    with scenario.regpass("alice") as regpass:
        start_buildkitd()
        for registry in scenario.registries:
            directory = context(registry)
            cache = f"type=registry,ref={registry.host}/{scenario.repository}:cache"
            scenario.succeed(*build(directory, output(registry, "1")), **client)
            scenario.succeed(*build(directory, f"--export-cache={cache},mode=max"), **client)
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
            expect.pushed(scenario, regpass, registry, "alice", "1")
            expect.pushed(scenario, regpass, registry, "alice", "cache")

            scenario.succeed(*buildctl, "prune", "--all", **client)
            scenario.succeed(*build(directory, output(registry, "again"), f"--import-cache={cache}"), **client)
            assert "CACHED" in scenario.output, "the build steps were not restored from the registry cache"
            expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "cache")
            assert registry.digest(scenario.repository, "again"), "the image built from the cache was not pushed"

    with scenario.regpass("alice", password="wrong-password") as regpass:
        for registry in scenario.registries:
            scenario.fail(*build(context(registry)), **client)
            expect.explained(scenario, regpass, registry, "credential-rejected")
            nothing_private = scenario.context("FROM scratch\nCOPY unique /unique\n")
            scenario.fail(*build(nothing_private, output(registry, "2")), **client)
            expect.explained(scenario, regpass, registry, "credential-rejected")

    with scenario.regpass("bob") as regpass:
        for registry in scenario.registries_with_scopes:
            scenario.fail(*build(context(registry), output(registry, "3")), **client)
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "3") is None, "a user without push access was able to push"
