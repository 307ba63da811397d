"""The Helm chart passes helm lint and renders the same objects as the Kustomize examples (T32, T34)."""

import copy
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import manifests
import tools
import yaml

CHART = manifests.ROOT / "deploy/helm/regpass"
RELEASE = "buildkitd"
HOST = "harbor.example.com"
# The values for which the chart renders the objects of an example.
SAME = {
    "statefulset": {},
    "statefulset-transparent": {"mode": "transparent", "registries": [{"host": HOST, "push": ["team-a/*"]}]},
    "statefulset-mirror": {"mode": "mirror", "registries": [{"host": HOST, "push": []}]},
    "deployment": {"workload": {"kind": "Deployment"}},
}
SAME |= {
    f"{name}-plain-container": SAME[name] | {"nativeSidecar": False}
    for name in ("statefulset", "statefulset-transparent", "statefulset-mirror")
}


def helm(*command: str, values: dict) -> subprocess.CompletedProcess:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        return subprocess.run([tools.helm(), *command, "--values", file.name], capture_output=True, text=True)


def templated(values: dict) -> list[dict]:
    rendered = helm("template", RELEASE, str(CHART), values=values)
    assert rendered.returncode == 0, rendered.stderr
    return [item for item in yaml.safe_load_all(rendered.stdout) if item]


def comparable(objects: list[dict]) -> dict:
    """The objects without Helm's labels, with configuration texts parsed."""
    rendered = {}
    for item in copy.deepcopy(objects):
        name = item["metadata"]["name"].removeprefix(f"{RELEASE}-")
        for metadata in (item["metadata"], item.get("spec", {}).get("template", {}).get("metadata", {})):
            labels = metadata.pop("labels", {})
            metadata["labels"] = {key: value for key, value in labels.items() if "/" not in key}
        item["metadata"]["name"] = name
        item["metadata"].pop("labels")
        if item["kind"] == "ConfigMap":
            item["data"] = {key: tomllib.loads(text) for key, text in item["data"].items()}
        for volume in item.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
            if "configMap" in volume:
                volume["configMap"]["name"] = volume["configMap"]["name"].removeprefix(f"{RELEASE}-")
        rendered[f"{item['kind']} {name}"] = sorted_lists(item)
    return rendered


def sorted_lists(value):
    """Sorts lists whose order is irrelevant and drops empty ones."""
    if isinstance(value, list):
        return [sorted_lists(item) for item in value]
    if not isinstance(value, dict):
        return value
    rendered = {key: sorted_lists(inner) for key, inner in value.items() if inner != []}
    for key in {"volumes", "volumeMounts", "env"} & set(rendered):
        rendered[key].sort(key=lambda item: item["name"])
    return rendered


class Chart(unittest.TestCase):
    maxDiff = None

    def test_passes_helm_lint(self):
        for name, values in SAME.items():
            with self.subTest(values=name):
                result = helm("lint", "--strict", str(CHART), values=values)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertNotIn("[WARNING]", result.stdout)

    def test_T32_T34_renders_the_same_objects_as_the_examples(self):
        examples = {item.name: item for item in manifests.examples()}
        for name, values in SAME.items():
            with self.subTest(example=name):
                rendered, wanted = comparable(templated(values)), comparable(examples[name].objects)
                self.assertEqual(set(rendered), set(wanted))
                for item in wanted:
                    self.assertEqual(rendered[item], wanted[item], item)

    def test_kubernetes_models_know_every_field_of_every_option(self):
        most = {
            "podMonitor": {"enabled": True},
            "imagePullSecrets": [{"name": "mine"}],
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "builders", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "buildkitd": {"resources": {"requests": {"cpu": "1"}}},
            "networkPolicy": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}], "ports": [{"port": 443}]}]},
        }
        objects = templated(most)
        self.assertIn("PodMonitor", {item["kind"] for item in objects})
        self.assertEqual(tools.problems(objects), [])
        egress = next(item for item in objects if item["kind"] == "NetworkPolicy")["spec"]["egress"]
        self.assertIn({"cidr": "10.1.2.3/32"}, [peer.get("ipBlock") for rule in egress for peer in rule["to"]])

    def test_parts_can_be_left_out(self):
        off = {"networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}}
        self.assertEqual({item["kind"] for item in templated(off)}, {"ConfigMap", "StatefulSet"})

    def test_extra_configuration_is_added(self):
        values_with_more = {
            "registries": [{"host": HOST, "realms": ["https://auth.example.com/token"]}, {"host": "docker.io"}],
            "extraConfig": '[log]\nlevel = "debug"\n',
            "mode": "mirror",
            "mirror": {"path": "9f3c"},
        }
        by_name = {item["metadata"]["name"]: item for item in templated(values_with_more) if item["kind"] == "ConfigMap"}
        settings = tomllib.loads(by_name[f"{RELEASE}-regpass"]["data"]["regpass.toml"])
        self.assertEqual(settings["registry"], values_with_more["registries"])
        self.assertEqual(settings["log"]["level"], "debug")
        self.assertEqual(settings["mirror"][0]["path"], "9f3c")
        buildkitd_config = tomllib.loads(by_name[f"{RELEASE}-regpass-buildkitd"]["data"]["buildkitd.toml"])
        self.assertEqual(buildkitd_config["registry"]["docker.io"]["mirrors"], ["127.0.0.1:5000/9f3c"])

    def test_mistakes_in_values_are_reported(self):
        for wrong, named in [
            ({"mode": "implicit"}, "mode"),
            ({"registries": [{"host": "https://harbor.example.com"}]}, "host"),
            ({"registry": []}, "registry"),
            ({"workload": {"kind": "DaemonSet"}}, "kind"),
            ({"existingSecret": ""}, "existingSecret"),
        ]:
            with self.subTest(wrong=wrong):
                result = helm("template", RELEASE, str(CHART), values=wrong)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(named, result.stderr)

    def test_it_has_the_version_of_the_program(self):
        version = (manifests.ROOT / "CMakeLists.txt").read_text().split("VERSION ", 2)[2].split()[0]
        chart = yaml.safe_load(Path(CHART / "Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version)


if __name__ == "__main__":
    tools.helm()
    unittest.main()
