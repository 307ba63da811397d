"""R3c: wrong password, no entry, no push access, token server down: regpass's message reaches the terminal with every client.

crane, regctl and oras are built from their Go modules (get_go_client.sh); helm and cosign have their own scenario.
"""

import buildkit
import go_clients
import sentences
from e2e import Scenario
from sentences import HOST, SEED

DOCKER = "/usr/bin/docker"  # not the first on PATH: a newer docker would build with its own buildx plugin
CLIENTS = ["skopeo", "buildah", "podman", "ctr", "containerd", "dockerd", DOCKER, "runc"]

with Scenario("sentences", programs=CLIENTS, hosts=(HOST,)) as scenario:
    programs = buildkit.programs()
    crane, regctl, oras = (go_clients.program(name) for name in ("crane", "regctl", "oras"))
    image = scenario.image("app")
    alone = {"through_regpass": False}
    (scenario.directory / "note.txt").write_text("a note")

    def import_images():
        """Imports the images that the daemons push, before any failure is provoked."""
        scenario.daemon("containerd", ready=["ctr", "version"], **alone)
        bridgeless = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        scenario.daemon("dockerd", *bridgeless, ready=[DOCKER, "version"])
        worker = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        command = [programs / "buildkitd", "--containerd-worker=false", *worker]
        scenario.daemon(*command, ready=[programs / "buildctl", "debug", "workers"])
        archive = scenario.directory / "app.tar"
        target = f"{HOST}/{scenario.repository}:app"
        scenario.succeed("skopeo", "copy", image.source, f"docker-archive:{archive}:{target}", **alone)
        scenario.succeed(DOCKER, "load", "-i", archive, **alone)
        scenario.succeed("ctr", "images", "import", "--snapshotter", "native", archive, **alone)
        for program in ("buildah", "podman"):
            scenario.succeed(program, "--storage-driver", "vfs", "pull", f"docker-archive:{archive}", **alone)

    def commands(tag):
        local = f"{HOST}/{scenario.repository}:app"
        target = f"{HOST}/{scenario.repository}:{tag}"
        storage = ["--storage-driver", "vfs"]
        podman = ["podman", *storage, "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        copy = scenario.directory / "copy"
        yield "skopeo pull", ["skopeo", "copy", f"docker://{SEED}", f"dir:{copy}"], {}, False
        yield "skopeo push", ["skopeo", "copy", image.source, f"docker://{target}"], {}, True
        yield "buildah pull", ["buildah", *storage, "pull", SEED], {}, False
        yield "buildah push", ["buildah", *storage, "push", local, f"docker://{target}"], {}, True
        yield "podman pull", [*podman, "pull", SEED], {}, False
        yield "podman push", [*podman, "push", local, target], {}, True
        yield "ctr pull", ["ctr", "images", "pull", "--snapshotter", "native", SEED], {}, False
        yield "ctr push", ["ctr", "images", "push", local], {}, True
        yield "docker pull", [DOCKER, "pull", SEED], alone, False
        yield "docker push", [DOCKER, "push", local], alone, True
        for name, dockerfile, output, pushes in (
            ("buildctl pull", f"FROM {SEED}\nCOPY unique /unique\n", [], False),
            ("buildctl push", "FROM scratch\nCOPY unique /unique\n",
             [f"--output=type=image,name={target},push=true"], True),
        ):
            context = scenario.context(dockerfile)
            local_context = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
            build = [programs / "buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0"]
            yield name, [*build, *local_context, *output], alone, pushes
        yield "crane pull", [crane, "pull", SEED, scenario.directory / "pulled.tar"], {}, False
        yield "crane push", [crane, "push", image.layout, target], {}, True
        yield "crane ls", [crane, "ls", f"{HOST}/team-a/seed"], {}, False
        yield "regctl copy out", [regctl, "image", "copy", SEED, f"ocidir://{scenario.directory}/regctl:1"], {}, False
        yield "regctl copy in", [regctl, "image", "copy", f"ocidir://{image.layout}:app", target], {}, True
        yield "regctl tag delete", [regctl, "tag", "delete", SEED], {}, True
        yield "oras pull", [oras, "pull", SEED, "-o", scenario.directory / "oras"], {}, False
        yield "oras push", [oras, "push", "--disable-path-validation", target, scenario.directory / "note.txt"], {}, True
        attach = [oras, "attach", "--disable-path-validation", "--artifact-type", "test/note", SEED]
        yield "oras attach", [*attach, scenario.directory / "note.txt"], {}, True
        yield "oras discover", [oras, "discover", SEED], {}, False

    sentences.check(scenario, commands, daemons=import_images)
