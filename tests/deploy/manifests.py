"""The manifests, as the tests look at them."""

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
    made = subprocess.run([tools.kubectl(), "kustomize", directory], capture_output=True, text=True)
    assert made.returncode == 0, f"{directory}: {made.stderr}"
    return list(yaml.safe_load_all(made.stdout))


class Example:
    """One set of objects with a workload that has regpass in its pod."""

    def __init__(self, name: str, objects: list[dict]):
        self.name = name
        self.objects = objects
        (self.workload,) = self.of_kind("StatefulSet", "Deployment", "Job")
        self.pod: dict = self.workload["spec"]["template"]["spec"]
        self.regpass = self.container("regpass")
        self.builder: dict = self.pod["containers"][-1]
        self.native = not name.endswith("plain-container")
        # kaniko has no shell that could read a password.
        self.mode = next((mode for mode in ("transparent", "mirror", "kaniko") if mode in name), "explicit")

    def of_kind(self, *kinds: str) -> list[dict]:
        return [one for one in self.objects if one["kind"] in kinds]

    @property
    def containers(self) -> list[dict]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    def container(self, name: str) -> dict:
        (found,) = [one for one in self.containers if one["name"] == name]
        return found

    @property
    def volumes(self) -> dict[str, dict]:
        return {volume["name"]: volume for volume in self.pod["volumes"]}

    def config_map(self, volume: str) -> dict[str, str]:
        """What the volume of a ConfigMap holds."""
        name = self.volumes[volume]["configMap"]["name"]
        (found,) = [one for one in self.of_kind("ConfigMap") if one["metadata"]["name"] == name]
        return found["data"]

    @property
    def toml(self) -> str:
        return self.config_map("regpass-config")["regpass.toml"]

    @property
    def settings(self) -> dict:
        return tomllib.loads(self.toml)


def mounts(one: dict) -> dict[str, dict]:
    """A container's mounts by the volume's name."""
    return {mount["name"]: mount for mount in one.get("volumeMounts", [])}


@functools.cache
def examples() -> list[Example]:
    return [Example(one.name, kustomized(one)) for one in renderer().examples()]


def each(test):
    """A test of unittest's that is run for each example."""

    @functools.wraps(test)
    def run(self):
        for one in examples():
            with self.subTest(example=one.name):
                test(self, one)

    return run
