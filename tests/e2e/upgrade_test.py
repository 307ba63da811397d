"""buildkitd and ctr treat the registry as a plain HTTP registry; they have a proxy, but no CA and no credential."""

import shutil

import buildkit
import expect
from e2e import Scenario

with Scenario("upgrade", programs=["ctr", "containerd", "runc"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    client = {"through_regpass": False, "environment": {"HTTP_PROXY": f"http://127.0.0.1:{scenario.port}"}}
    alone = {"through_regpass": False}
    programs = buildkit.programs()
    buildctl = programs / "buildctl"

    def start_buildkitd():
        config = scenario.directory / "buildkitd.toml"
        config.write_text(f'[registry."{registry.host}"]\nhttp = true\n')
        options = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        command = [programs / "buildkitd", "--config", config, "--containerd-worker=false", *options]
        scenario.daemon(*command, ready=[buildctl, "debug", "workers"], **client)

    def build(tag):
        context = scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\n")
        local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:{tag},push=true"
        return [buildctl, "build", "--progress=plain", "--frontend=dockerfile.v0", *local, output]

    def remote(tag):
        return f"{registry.host}/{scenario.repository}:{tag}"

    # The settings text ends in split.test's [[registry]] table.
    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, "upgrade_plain_http = true\n") as regpass:
        start_buildkitd()
        scenario.succeed(*build("buildkit"), **alone)
        expect.pushed(scenario, regpass, registry, "alice", "buildkit")

        scenario.daemon("containerd", ready=["ctr", "version"], **alone)
        image = scenario.image("app")
        archive = shutil.make_archive(scenario.directory / "app", "tar", image.layout)
        scenario.succeed("ctr", "images", "import", "--base-name", "imported", archive, **alone)
        scenario.succeed("ctr", "images", "tag", "imported:app", remote("ctr"), **alone)
        scenario.succeed("ctr", "images", "push", "--plain-http", remote("ctr"), **client)
        expect.pushed(scenario, regpass, registry, "alice", "ctr", image.digest)
        base = f"{registry.host}/shared/base:1"
        scenario.succeed("ctr", "images", "pull", "--plain-http", "--snapshotter", "native", base, **client)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
        intercepted = regpass.events("client-rejected")
        assert not intercepted, f"a client was shown a certificate: {intercepted}"

    with scenario.sidecar({"config.json": scenario.docker_config("bob")}, "upgrade_plain_http = true\n") as regpass:
        scenario.fail(*build("refused"), **alone)
        expect.explained(scenario, regpass, registry, "granted-less")
        assert registry.digest(scenario.repository, "refused") is None, "a user without push access was able to push"
