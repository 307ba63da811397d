"""Clients that use regpass as a plain HTTP registry on loopback, without a proxy, a CA or a credential.

Each pulls or pushes with the mirror's own name; BuildKit and ctr also use it as a configured mirror of the registry.
"""

import shutil

import buildkit
import expect
from e2e import Scenario

CLIENTS = ["skopeo", "buildah", "podman", "ctr", "containerd", "dockerd", "/usr/bin/docker", "runc"]

with Scenario("mirror", programs=CLIENTS) as scenario:
    alone = {"through_regpass": False}
    ports = {registry: scenario.port + 1 + i for i, registry in enumerate(scenario.registries)}
    mirrors = "".join(
        f'\n[[mirror]]\nlisten = "127.0.0.1:{port}"\nregistry = "{registry.host}"\n' for registry, port in ports.items()
    )
    prefixed_port = scenario.port + 10
    mirrors += f'\n[[mirror]]\nlisten = "127.0.0.1:{prefixed_port}"\nregistry = "split.test"\npath = "hub"\n'

    def at(registry, tag):
        return f"127.0.0.1:{ports[registry]}/{scenario.repository}:{tag}"

    def skopeo(regpass, registry):
        image = scenario.image(f"skopeo-{registry.name}", big=1 << 20)
        remote = f"docker://{at(registry, 'skopeo')}"
        scenario.succeed("skopeo", "copy", "--dest-tls-verify=false", image.source, remote, **alone)
        expect.pushed(scenario, regpass, registry, "alice", "skopeo", image.digest)
        destination = f"dir:{scenario.directory}/{registry.name}"
        scenario.succeed("skopeo", "copy", "--src-tls-verify=false", remote, destination, **alone)
        expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "skopeo")

    def prefixed(regpass, registry):
        """skopeo pings without the path prefix and otherwise puts it after /v2."""
        image = scenario.image("prefixed")
        repository = f"docker://127.0.0.1:{prefixed_port}/hub/{scenario.repository}:prefixed"
        scenario.succeed("skopeo", "copy", "--dest-tls-verify=false", image.source, repository, **alone)
        expect.pushed(scenario, regpass, registry, "alice", "prefixed", image.digest)
        wrong_path = repository.replace("/hub/", "/other/")
        scenario.fail("skopeo", "inspect", "--tls-verify=false", wrong_path, **alone)
        assert "the path is none of this mirror's" in scenario.output, "the client does not say what is wrong"

    def storage(regpass, registry, program, *options):
        """Runs buildah or podman, which share their storage."""
        image = scenario.image(f"{program}-{registry.name}")
        command = [program, "--storage-driver", "vfs", *options]
        scenario.succeed(*command, "pull", image.source, **alone)
        identity = scenario.output.split()[-1]
        scenario.succeed(*command, "push", "--tls-verify=false", identity, at(registry, program), **alone)
        expect.pushed(scenario, regpass, registry, "alice", program)
        scenario.succeed(*command, "rmi", "--all", "--force", **alone)
        scenario.succeed(*command, "pull", "--tls-verify=false", at(registry, program), **alone)
        expect.pulled(scenario, regpass, registry, "alice", scenario.repository, program)

    def ctr(regpass, registry):
        image = scenario.image(f"ctr-{registry.name}")
        archive = shutil.make_archive(scenario.directory / f"ctr-{registry.name}", "tar", image.layout)
        scenario.succeed("ctr", "images", "import", "--base-name", registry.name, archive, **alone)
        hosts = scenario.directory / "hosts" / registry.host / "hosts.toml"
        hosts.parent.mkdir(parents=True)
        hosts.write_text(
            f'server = "https://{registry.host}"\n[host."http://127.0.0.1:{ports[registry]}"]\n'
            'capabilities = ["pull", "resolve", "push"]\n'
        )
        flags = ["--hosts-dir", hosts.parent.parent]
        remote = f"{registry.host}/{scenario.repository}:ctr"
        scenario.succeed("ctr", "images", "tag", f"{registry.name}:ctr-{registry.name}", remote, **alone)
        scenario.succeed("ctr", "images", "push", *flags, remote, **alone)
        expect.pushed(scenario, regpass, registry, "alice", "ctr", image.digest)
        base = f"{registry.host}/shared/base:1"
        scenario.succeed("ctr", "images", "pull", *flags, "--snapshotter", "native", base, **alone)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")

    def containers_image(regpass, registry):
        """skopeo with the mirror in its registries.conf pulls with the registry's own name."""
        config = scenario.directory / f"registries-{registry.name}.conf"
        config.write_text(
            f'[[registry]]\nlocation = "{registry.host}"\n'
            f'[[registry.mirror]]\nlocation = "127.0.0.1:{ports[registry]}"\ninsecure = true\n'
        )
        destination = f"dir:{scenario.directory}/by-name-{registry.name}"
        skopeo = ["skopeo", "--registries-conf", config]
        scenario.succeed(*skopeo, "copy", f"docker://{registry.host}/shared/base:1", destination, **alone)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")

    def docker_hub(regpass, registry):
        """dockerd's registry-mirrors apply only to Docker Hub; here the registry takes its role."""
        scenario.succeed("/usr/bin/docker", "pull", "shared/base:1", **alone)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")

    def docker(regpass, registry):
        docker = "/usr/bin/docker"
        context = scenario.context(f"FROM 127.0.0.1:{ports[registry]}/team-a/seed:1\nCOPY unique /unique\n")
        build = [docker, "build", "--network=none", "--progress=plain", "-t", at(registry, "docker"), context]
        scenario.succeed(*build, environment={"DOCKER_BUILDKIT": "1"}, **alone)
        expect.pulled(scenario, regpass, registry, "alice", "team-a/seed", "1")
        scenario.succeed(docker, "push", at(registry, "docker"), **alone)
        expect.pushed(scenario, regpass, registry, "alice", "docker")
        scenario.succeed(docker, "rmi", at(registry, "docker"), **alone)
        scenario.succeed(docker, "pull", at(registry, "docker"), **alone)

    def buildkitd(programs, first_port):
        """Starts buildkitd with one mirror for all registries; ?ns= selects the registry."""
        config = scenario.directory / "buildkitd.toml"
        config.write_text(
            "".join(f'[registry."{r.host}"]\nmirrors = ["127.0.0.1:{first_port}"]\n' for r in scenario.registries)
        )
        options = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        command = [programs / "buildkitd", "--config", config, "--containerd-worker=false", *options]
        scenario.daemon(*command, ready=[programs / "buildctl", "debug", "workers"], **alone)

    def build(regpass, registry, programs):
        context = scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\n")
        local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        output = f"--output=type=image,name={at(registry, 'buildkit')},push=true"
        mark = registry.mark()
        scenario.succeed(
            programs / "buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local, output, **alone
        )
        expect.pushed(scenario, regpass, registry, "alice", "buildkit")
        received = [request["uri"] for request in registry.received(mark) if request["repository"] == "shared/base"]
        assert received, "the base image was not pulled through the mirror"
        assert not any("ns=" in uri for uri in received), f"{registry.host} received ns=: {received}"

    programs = buildkit.programs()
    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, mirrors) as regpass:
        scenario.daemon("containerd", ready=["ctr", "version"], **alone)
        dockerd = ["dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        dockerd += [f"--registry-mirror=http://127.0.0.1:{ports[scenario.registries[0]]}"]
        scenario.daemon(*dockerd, ready=["/usr/bin/docker", "version"], **alone)
        buildkitd(programs, ports[scenario.registries[0]])
        docker_hub(regpass, scenario.registries[0])
        for registry in scenario.registries:
            skopeo(regpass, registry)
            storage(regpass, registry, "buildah")
            storage(regpass, registry, "podman", "--cgroup-manager", "cgroupfs", "--events-backend", "file")
            containers_image(regpass, registry)
            ctr(regpass, registry)
            docker(regpass, registry)
            build(regpass, registry, programs)
        prefixed(regpass, scenario.testbed.registries["split.test"])
        for line in regpass.events("client-rejected"):
            raise AssertionError(f"a client of a mirror was rejected: {line['msg']}")
        modes = {line["mode"] for line in regpass.events("exchange")}
        assert modes == {"mirror"}, f"the exchanges' modes are {modes}"

    with scenario.sidecar({"config.json": scenario.docker_config("bob")}, mirrors) as regpass:
        for registry in scenario.registries_with_scopes:
            image = scenario.image("refused")
            remote = f"docker://{at(registry, 'refused')}"
            scenario.fail("skopeo", "copy", "--dest-tls-verify=false", image.source, remote, **alone)
            expect.explained(scenario, regpass, registry, "granted-less")
            assert registry.digest(scenario.repository, "refused") is None, "a user without push access was able to push"
