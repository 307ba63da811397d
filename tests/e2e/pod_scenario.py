"""A scenario around the pod of deploy/kubernetes, with builds run the way users run them."""

import os
import re
import secrets
import subprocess
from pathlib import Path

import yaml

import buildkit
import pod_image
from e2e import Scenario
from network import inside
from pod import Pod
from pod_volumes import Mounts
from testbed import PATH

HOST, REALM = "split.test", "https://auth.test/token"
USER = "robot"
SIDECAR, BUILDER = "regpass", "buildkitd"
SECRET = "the-login"
CONTEXTS = "/contexts"  # path in the builder
BASE = f"{HOST}/shared/base:1"
RENDERED = Path(__file__).resolve().parents[2] / "deploy/kubernetes/rendered"
# What users have to change: the names of the registry and the Secret, and what may be pushed.
CHANGES = {"harbor.example.com": HOST, "registry-login": SECRET}
# The only parts of regpass's volumes that the builder mounts.
READ_BY_BUILDER, WRITTEN_BY_BUILDER = {"/run/regpass/trust", "/run/regpass/client"}, {"/run/regpass/quit"}
PUSH = r"^( *)push = .*$"


class PodScenario(Scenario):
    """Runs the pod of deploy/kubernetes with only the changes that users make."""

    def __init__(self, name: str):
        super().__init__(f"pod-{name}", programs=[*pod_image.PROGRAMS, "dnsmasq", "curl"], hosts=[HOST])
        self.pushed_to = HOST

    def _prepare(self) -> None:
        # Unmount whatever a killed run left behind before its directory is emptied.
        if "TESTBED" in os.environ:
            Mounts(Path(os.environ["TESTBED"]).resolve() / "scenarios" / self.name).undo()
        super()._prepare()

    @property
    def _contexts(self) -> Path:
        folder = self.directory / "contexts"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def registry(self):
        return self.registries[0]

    def pod(self, example: str, *changes: tuple[str, str]) -> Pod:
        """The example's pod. `changes` are applied to the shipped text in addition to the standard ones."""
        text = (RENDERED / f"{example}.yaml").read_text()
        for old, new in (*CHANGES.items(), *changes):
            assert old in text, f"{example} no longer contains {old}"
            text = text.replace(old, new)
        policy = rf'\1push = ["team-a/*"]\n\1realms = ["{REALM}"]'
        documents = list(yaml.safe_load_all(re.sub(PUSH, policy, text, flags=re.MULTILINE)))
        (spec,) = [item["spec"]["template"]["spec"] for item in documents if item["kind"] in ("StatefulSet", "Job")]
        _trust_testbed(spec)
        configs = [item for item in documents if item["kind"] == "ConfigMap"]
        objects = {("configMap", item["metadata"]["name"]): item["data"] for item in configs}
        objects["configMap", "upstream-ca"] = {"ca.crt": self.testbed.upstream_ca.read_text()}
        objects["secret", SECRET] = {".dockerconfigjson": self.docker_config(USER)}
        builder = pod_image.builder(self, buildkit.programs(), {CONTEXTS: self._contexts})
        images = {"moby/buildkit:": builder, "busybox:": builder, "regpass:": pod_image.regpass(self)}
        return Pod(self, spec, objects, images)

    def context(self, dockerfile: str, files: dict[str, str | bytes] | None = None) -> Path:
        """Creates a build context and returns its path in the builder."""
        directory = self._contexts / secrets.token_hex(4)
        directory.mkdir()
        for name, content in ({"Dockerfile": dockerfile, "unique": secrets.token_bytes(4096)} | (files or {})).items():
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            file.chmod(0o755)
        return Path(CONTEXTS, directory.name)

    def image(self, tag: str) -> str:
        """The name under which the builder pushes an image."""
        return f"{self.pushed_to}/{self.repository}:{tag}"


def build(context: Path, *options: str) -> list:
    local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
    return ["buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]


def pushing(image: str) -> str:
    return f"--output=type=image,name={image},push=true"


def assert_restricted(pod: Pod, builder: str = BUILDER) -> None:
    """The sidecar runs as an unprivileged user with a read-only root and cannot gain privileges (T32)."""
    process = pod.containers[SIDECAR].pid
    status = dict(re.findall(r"^(\w+):\t(.*)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE))
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65532"}, status
    assert all(int(status[kind], 16) == 0 for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh")), status
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    mounts = [line.split() for line in Path(f"/proc/{process}/mountinfo").read_text().splitlines()]
    rights = {fields[4]: fields[5].split(",")[0] for fields in mounts}
    assert rights["/"] == "ro", f"regpass can write to its root file system: {rights}"
    assert rights["/run/secrets/regpass"] == "ro", f"regpass can write to its Secret: {rights}"
    mounts = [line.split() for line in Path(f"/proc/{pod.containers[builder].pid}/mountinfo").read_text().splitlines()]
    shared = {fields[4]: fields[5].split(",")[0] for fields in mounts if "regpass" in fields[4]}
    writable = {path for path, rights in shared.items() if rights == "rw"}
    assert writable <= WRITTEN_BY_BUILDER, f"the builder can write to {writable}"
    assert shared.keys() - writable <= READ_BY_BUILDER, f"the builder mounts {shared}"


def run_in_pod_network(pod: Pod, *argv) -> str:
    """The output of a command that runs in the pod's network namespace but shares nothing else with the pod."""
    command = inside(pod.network.namespace, {"/etc/resolv.conf": pod.resolv_conf}, list(map(str, argv)))
    result = subprocess.run(command, env={"PATH": PATH}, capture_output=True, text=True, timeout=60)
    return result.stdout


def _trust_testbed(spec: dict) -> None:
    """Mounts the registry's private CA in a certs.d directory, as docker does."""
    (sidecar,) = [item for item in [*spec["initContainers"], *spec["containers"]] if item["name"] == SIDECAR]
    mount = {"name": "upstream-ca", "mountPath": f"/etc/docker/certs.d/{HOST}", "readOnly": True}
    sidecar["volumeMounts"].append(mount)
    spec["volumes"].append({"name": "upstream-ca", "configMap": {"name": "upstream-ca"}})
