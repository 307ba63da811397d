"""An expired token and an unreachable token server: each client prints regpass's message, and `regpass check` predicts the
same cause."""

import base64
import json
import os

import buildkit
import expect
from corporate import Unreachable
from e2e import Scenario

HOST = "split.test"
DOCKER = "/usr/bin/docker"  # not the first on PATH: a newer docker would build with its own buildx plugin
CLIENTS = ["skopeo", "buildah", "podman", "ctr", "containerd", "dockerd", DOCKER, "runc"]


def encoded(part: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def expired_token() -> str:
    """A well-formed token that expired long ago. Its signature does not matter: registries check the expiry first."""
    access = [{"type": "repository", "name": "*", "actions": ["pull", "push"]}]
    claims = {"iss": "e2e", "aud": "e2e", "sub": "alice", "access": access, "iat": 1_600_000_000, "exp": 1_600_000_300}
    return f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims)}.c2lnbmF0dXJl"


with Scenario("refusals", programs=CLIENTS, hosts=(HOST,)) as scenario:
    (registry,) = scenario.registries
    programs = buildkit.programs()
    image = scenario.image("app")
    alone = {"through_regpass": False}

    def check() -> str:
        """The output of `regpass check` with the sidecar's own configuration and credentials."""
        config = ["--config", regpass.log_file.with_suffix(".toml"), "--set", "credentials.docker_config=/srv"]
        environment = {"SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}
        command = [os.environ["REGPASS"], "check", f"{HOST}/team-a/seed:1", *config]
        return scenario.fail(*command, environment=environment, binds={"/srv": regpass.secrets}, **alone)

    def clients():
        """The name of each client and a command that must fail."""
        seed = f"{HOST}/team-a/seed:1"
        yield "skopeo", ["skopeo", "copy", image.source, f"docker://{HOST}/{scenario.repository}:skopeo"], {}
        yield "buildah", ["buildah", "--storage-driver", "vfs", "pull", seed], {}
        podman = ["podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        yield "podman", [*podman, "pull", seed], {}
        yield "ctr", ["ctr", "images", "pull", "--snapshotter", "native", seed], {}
        yield "docker", [DOCKER, "pull", seed], alone
        context = scenario.context(f"FROM {seed}\nCOPY unique /unique\n")
        local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        buildctl = [programs / "buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local]
        yield "buildctl", buildctl, alone

    def daemons():
        scenario.daemon("containerd", ready=["ctr", "version"], **alone)
        bridgeless = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        scenario.daemon("dockerd", *bridgeless, ready=[DOCKER, "version"])
        worker = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        command = [programs / "buildkitd", "--containerd-worker=false", *worker]
        scenario.daemon(*command, ready=[programs / "buildctl", "debug", "workers"])

    def all_explained(cause):
        for name, command, options in clients():
            scenario.fail(*command, **options)
            try:
                expect.explained(scenario, regpass, registry, cause)
            except AssertionError as problem:
                raise AssertionError(f"{name}: {problem}") from problem
        assert cause in check(), "the check reports a different cause than the log"

    expired = {"config.json": json.dumps({"auths": {HOST: {"registrytoken": expired_token()}}})}
    with scenario.sidecar(expired) as regpass:
        daemons()
        all_explained("ready-made-token-expired")

    with scenario.regpass("alice") as regpass, Unreachable(scenario.testbed, ("auth.test",)):
        all_explained("token-server-error")

    with scenario.regpass("alice", password="wrong-password") as regpass:
        all_explained("credential-rejected")
