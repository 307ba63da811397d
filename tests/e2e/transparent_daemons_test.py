"""podman, dockerd and buildkitd, rootful and rootless, without a configured proxy: their connections are redirected."""

import buildkit
import expect
import rootless
from e2e import Scenario
from transparent import OwnUser, Redirection

ALLOWED = "\n[other_hosts]\ndeny_private_addresses = false\n"  # the testbed uses private addresses
DOCKER = "/usr/bin/docker"  # not the first on PATH: a newer docker would build with its own buildx plugin

PROGRAMS = ["nft", "setpriv", "podman", "dockerd", DOCKER, "runc", *rootless.PROGRAMS]

with Scenario("transparent-daemons", programs=PROGRAMS) as scenario:
    redirection = Redirection(scenario, only_v6="basic.test")
    hosts = redirection.hosts
    programs = buildkit.programs()
    builder = rootless.Rootless(scenario, programs)
    redirection.apply()

    def succeed(*argv, **options):
        return scenario.succeed(*argv, binds=hosts, **options)

    def context(registry):
        base = f"{registry.host}/shared/base:1"
        return scenario.context(f"FROM {base}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")

    def push(registry, buildctl, tag):
        directory = context(registry)
        local = ["--local", f"context={directory}", "--local", f"dockerfile={directory}"]
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:{tag},push=true"
        succeed(*buildctl, "build", "--frontend=dockerfile.v0", *local, output)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
        expect.pushed(scenario, regpass, registry, "alice", tag)

    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, ALLOWED, OwnUser) as regpass:
        podman = ["podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        for registry in scenario.registries:
            succeed(*podman, "pull", f"{registry.host}/shared/base:1")
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
            succeed(*podman, "push", f"{registry.host}/shared/base:1", f"{registry.host}/{scenario.repository}:podman")
            expect.pushed(scenario, regpass, registry, "alice", "podman")

        options = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        scenario.daemon("dockerd", *options, ready=[DOCKER, "version"], binds=hosts)
        buildkit_mode = {"environment": {"DOCKER_BUILDKIT": "1"}}
        for registry in scenario.registries:
            built = f"{registry.host}/{scenario.repository}:docker"
            succeed(DOCKER, "build", "--network=none", "--pull", "-t", built, context(registry), **buildkit_mode)
            succeed(DOCKER, "push", built)
            expect.pushed(scenario, regpass, registry, "alice", "docker")
            succeed(DOCKER, "pull", f"{registry.host}/team-a/seed:1")
            expect.pulled(scenario, regpass, registry, "alice", "team-a/seed", "1")

        worker = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        buildctl = programs / "buildctl"
        ready = [buildctl, "debug", "workers"]
        scenario.daemon(programs / "buildkitd", "--containerd-worker=false", *worker, ready=ready, binds=hosts)
        for registry in scenario.registries:
            push(registry, [buildctl], "buildkit")

        builder.start_buildkitd(binds=hosts)
        for registry in scenario.registries:
            push(registry, builder.buildctl, "rootless")

        modes = {line["mode"] for line in regpass.events("exchange")}
        assert modes == {"transparent"}, f"the exchanges' modes are {modes}"
