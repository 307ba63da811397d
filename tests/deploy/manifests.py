"""Access to the rendered manifests for the tests."""

import functools
import importlib.machinery
import importlib.util
import subprocess
import tomllib
from pathlib import Path

import tools
import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"


def renderer():
    """deploy/kubernetes/render, which has no suffix."""
    loader = importlib.machinery.SourceFileLoader("render", str(KUBERNETES / "render"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("render", loader))
    loader.exec_module(module)
    return module


def kustomized(directory: Path) -> list[dict]:
    result = subprocess.run([tools.kubectl(), "kustomize", directory], capture_output=True, text=True)
    assert result.returncode == 0, f"{directory}: {result.stderr}"
    return list(yaml.safe_load_all(result.stdout))


class Example:
    """The objects of one example; its workload has regpass in its pod."""

    def __init__(self, name: str, objects: list[dict]):
        self.name = name
        self.objects = objects
        (self.workload,) = self.of_kind("StatefulSet", "Deployment", "Job")
        self.pod: dict = self.workload["spec"]["template"]["spec"]
        self.regpass = self.container("regpass")
        self.builder: dict = self.pod["containers"][-1]
        self.native = not name.endswith("plain-container")
        # kaniko's image has no shell that could read the password.
        self.mode = next((mode for mode in ("transparent", "mirror", "kaniko") if mode in name), "explicit")

    def of_kind(self, *kinds: str) -> list[dict]:
        return [item for item in self.objects if item["kind"] in kinds]

    @property
    def containers(self) -> list[dict]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    def container(self, name: str) -> dict:
        (match,) = [item for item in self.containers if item["name"] == name]
        return match

    @property
    def volumes(self) -> dict[str, dict]:
        return {volume["name"]: volume for volume in self.pod["volumes"]}

    def config_map(self, volume: str) -> dict[str, str]:
        """The data of the ConfigMap that a volume mounts."""
        name = self.volumes[volume]["configMap"]["name"]
        (match,) = [item for item in self.of_kind("ConfigMap") if item["metadata"]["name"] == name]
        return match["data"]

    @property
    def toml(self) -> str:
        return self.config_map("regpass-config")["regpass.toml"]

    @property
    def settings(self) -> dict:
        return tomllib.loads(self.toml)


def mounts(container: dict) -> dict[str, dict]:
    """A container's mounts, by volume name."""
    return {mount["name"]: mount for mount in container.get("volumeMounts", [])}


@functools.cache
def examples() -> list[Example]:
    return [Example(directory.name, kustomized(directory)) for directory in renderer().examples()]


def each(test):
    """Decorator that runs a unittest method once for each example."""

    @functools.wraps(test)
    def run(self):
        for example in examples():
            with self.subTest(example=example.name):
                test(self, example)

    return run
