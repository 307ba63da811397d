"""What the scenarios of the pod share: the pod from its spec, builds in it as its users run them, what must be true."""

import re
import secrets
import subprocess
from pathlib import Path

import yaml

import buildkit
import expect
import pod_image
import processes
from e2e import Scenario
from network import inside
from pod import Pod
from testbed import PATH

HOST, REALM = "split.test", "https://auth.test/token"
USER = "robot"
SIDECAR, BUILDER = "regpass", "buildkitd"
SECRET = "registry-credentials"
CONTEXTS = "/contexts"  # in the builder
BASE = f"{HOST}/shared/base:1"
LAYER, RATE = 64 << 20, "160mbit"  # of a push that takes three seconds
PLACEHOLDER = "registry.example.com"


class PodScenario(Scenario):
    """A scenario of the pod whose spec and ConfigMap are those of deploy/, of which two values are changed."""

    def __init__(self, flavour: str):
        super().__init__(f"pod-{flavour}", programs=[*pod_image.PROGRAMS, "dnsmasq", "curl"], hosts=[HOST])
        self.flavour = flavour

    @property
    def registry(self):
        return self.registries[0]

    def pod(self, **options) -> Pod:
        spec, config = _shipped(self.flavour)
        self.config = config.replace(PLACEHOLDER, HOST) + f'realms = ["{REALM}"]\n'
        _trust_testbed(spec)
        objects = {
            ("configMap", "regpass"): {"regpass.toml": self.config} | options.pop("more_config", {}),
            ("configMap", "upstream-ca"): {"ca.crt": self.testbed.upstream_ca.read_text()},
            ("secret", SECRET): {".dockerconfigjson": self.docker_config(USER)},
        }
        self._contexts = self.directory / "contexts"
        self._contexts.mkdir()
        builder = pod_image.builder(self, buildkit.programs(), {CONTEXTS: self._contexts})
        return Pod(self, spec, objects, {"buildkit": builder, "regpass": pod_image.regpass(self)})

    def context(self, dockerfile: str, files: dict[str, str | bytes] | None = None) -> Path:
        """Where the builder finds it."""
        directory = self._contexts / secrets.token_hex(4)
        directory.mkdir()
        for name, content in ({"Dockerfile": dockerfile, "unique": secrets.token_bytes(4096)} | (files or {})).items():
            (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Path(CONTEXTS, directory.name)

    def image(self, tag: str, repository: str = "") -> str:
        return f"{HOST}/{repository or self.repository}:{tag}"


def build(context: Path, *options: str) -> list:
    local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
    return ["buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]


def pushing(image: str) -> str:
    return f"--output=type=image,name={image},push=true"


def restricted(pod: Pod) -> None:
    """The sidecar runs as an unprivileged user, from a root that it cannot write, without any way to more (T32)."""
    process = pod.containers[SIDECAR].pid
    status = dict(re.findall(r"^(\w+):\t(.*)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE))
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65532"}, status
    assert all(int(status[kind], 16) == 0 for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh")), status
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    mounts = [line.split() for line in Path(f"/proc/{process}/mountinfo").read_text().splitlines()]
    rights = {fields[4]: fields[5].split(",")[0] for fields in mounts}
    assert rights["/"] == "ro", f"regpass can write to its root: {rights}"
    assert rights["/run/secrets/regpass"] == "ro", f"regpass can write to its secret: {rights}"
    volumes = Path(f"/proc/{pod.containers[BUILDER].pid}/mountinfo").read_text()
    assert "/run/secrets/regpass" not in volumes, "the builder mounts the credentials"


def exercise(scenario: PodScenario, pod: Pod, image=None) -> None:
    """Pulls a private base image, pushes, keeps its cache in the registry and builds from that cache."""
    image = image or scenario.image
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    cache = f"type=registry,ref={image('cache')}"
    pod.succeed(BUILDER, *build(context, pushing(image("1")), f"--export-cache={cache},mode=max"))
    expect.pulled(scenario, log, registry, USER, "shared/base", "1")
    expect.pushed(scenario, log, registry, USER, "1")
    expect.pushed(scenario, log, registry, USER, "cache")
    pod.succeed(BUILDER, "buildctl", "prune", "--all")
    pod.succeed(BUILDER, *build(context, pushing(image("again")), f"--import-cache={cache}"))
    assert "CACHED" in scenario.output, "the build's steps did not come from the registry's cache"
    assert registry.digest(scenario.repository, "again"), "the image built from the cache was not pushed"


def rotate(scenario: PodScenario, pod: Pod, image=None) -> None:
    """The old password is revoked, builds fail and say so; the Secret is swapped, and they work again."""
    image = image or scenario.image
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY unique /unique\n")
    old, new = scenario.testbed.password(USER), secrets.token_urlsafe(16)
    scenario.at_end(scenario.testbed.set_password, USER, old)
    scenario.testbed.set_password(USER, new)
    first = scenario.repository
    scenario.repository = f"{first}-revoked"  # for which there is no token yet
    pod.fail(BUILDER, *build(context, pushing(image("1"))))
    expect.explained(scenario, log, registry, "credential-rejected")
    loaded = len(log.events("credentials-loaded"))
    pod.volumes.swap("secret", SECRET, {".dockerconfigjson": scenario.docker_config(USER)})
    seen = expect.eventually(lambda: len(log.events("credentials-loaded")) > loaded)
    assert seen, "regpass does not see the new Secret"
    scenario.repository = f"{first}-rotated"
    pod.succeed(BUILDER, *build(context, pushing(image("1"))))
    expect.pushed(scenario, log, registry, USER, "1")


def crash(scenario: PodScenario, pod: Pod, image=None) -> None:
    """F11 kill -9: the next sidecar has the same CA, and the builder, which was started once, goes on with it."""
    image = image or scenario.image
    builder = pod.containers[BUILDER].pid
    fingerprint = pod.log(SIDECAR).events("ca")[0]["fingerprint"]
    pod.containers[SIDECAR].signal("KILL")
    assert pod.containers[SIDECAR].status(10) == 137
    pod.start(SIDECAR)
    log = pod.log(SIDECAR)
    assert log.events("ca")[0]["fingerprint"] == fingerprint, "another CA: the builder would have to be started again"
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    pod.succeed(BUILDER, *build(context, pushing(image("after-crash"))))
    expect.pushed(scenario, log, scenario.registry, USER, "after-crash")
    assert pod.containers[BUILDER].pid == builder


def terminate(scenario: PodScenario, pod: Pod, image=None) -> None:
    """F08 SIGTERM in the middle of a push: it ends well, new connections included, and then the sidecar ends with 0."""
    image = image or scenario.image
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY big /big\n", {"big": secrets.token_bytes(LAYER)})
    pod.network.slow_down(RATE)
    push = pod.background(BUILDER, *build(context, pushing(image("big"))))
    uploads = registry.directory / "storage/docker/registry/v2/repositories" / scenario.repository / "_uploads"

    def arrived() -> int:
        return sum(file.stat().st_size for file in uploads.glob("*/data"))

    assert processes.wait_until(lambda: arrived() > LAYER // 8, 30), "the layer does not reach the registry"
    pod.containers[SIDECAR].signal("TERM")
    assert arrived() < LAYER, "the push was over already"
    assert expect.eventually(lambda: log.events("drain")), "regpass does not drain"
    assert pod.get(9128, "/readyz")[0] == 503, "a pod that drains calls itself ready"
    output, _ = push.communicate(timeout=60)
    assert push.returncode == 0, f"the push was cut: {output}"
    expect.pushed(scenario, log, registry, USER, "big")
    assert pod.containers[SIDECAR].status(20) == 0, "regpass did not end well"
    assert log.events("stopped")[0]["busy"] == 0
    pod.containers[BUILDER].signal("TERM")
    pod.containers[BUILDER].status(20)


def in_network(pod: Pod, *argv) -> str:
    """What a command prints that runs in the pod's network, and nothing else of the pod's."""
    command = inside(pod.network.namespace, {"/etc/resolv.conf": pod.resolv_conf}, list(map(str, argv)))
    done = subprocess.run(command, env={"PATH": PATH}, capture_output=True, text=True, timeout=60)
    return done.stdout


def _shipped(flavour: str) -> tuple[dict, str]:
    documents = list(yaml.safe_load_all((Path(__file__).parent / f"pod_{flavour}.yaml").read_text()))
    (config,) = [one["data"]["regpass.toml"] for one in documents if one["kind"] == "ConfigMap"]
    (spec,) = [one["spec"] for one in documents if one["kind"] == "Pod"]
    return spec, config


def _trust_testbed(spec: dict) -> None:
    """The registry's private CA, where docker has such."""
    (sidecar,) = [one for one in spec["initContainers"] if one["name"] == SIDECAR]
    place = {"name": "upstream-ca", "mountPath": f"/etc/docker/certs.d/{HOST}", "readOnly": True}
    sidecar["volumeMounts"].append(place)
    spec["volumes"].append({"name": "upstream-ca", "configMap": {"name": "upstream-ca"}})
