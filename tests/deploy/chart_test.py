"""The Helm chart: lints, and makes the same objects as the Kustomize examples (T32, T34)."""

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
# What makes a chart's objects those of an example.
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
    made = helm("template", RELEASE, str(CHART), values=values)
    assert made.returncode == 0, made.stderr
    return [one for one in yaml.safe_load_all(made.stdout) if one]


def comparable(objects: list[dict]) -> dict:
    """Without Helm's labels, and with configurations as what they say."""
    made = {}
    for one in copy.deepcopy(objects):
        name = one["metadata"]["name"].removeprefix(f"{RELEASE}-")
        for metadata in (one["metadata"], one.get("spec", {}).get("template", {}).get("metadata", {})):
            labels = metadata.pop("labels", {})
            metadata["labels"] = {key: value for key, value in labels.items() if "/" not in key}
        one["metadata"]["name"] = name
        one["metadata"].pop("labels")
        if one["kind"] == "ConfigMap":
            one["data"] = {key: tomllib.loads(text) for key, text in one["data"].items()}
        for volume in one.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
            if "configMap" in volume:
                volume["configMap"]["name"] = volume["configMap"]["name"].removeprefix(f"{RELEASE}-")
        made[f"{one['kind']} {name}"] = sorted_lists(one)
    return made


def sorted_lists(value):
    """Lists whose order means nothing, and none that are empty."""
    if isinstance(value, list):
        return [sorted_lists(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: sorted_lists(inner) for key, inner in value.items() if inner != []}
    for key in {"volumes", "volumeMounts", "env"} & set(made):
        made[key].sort(key=lambda one: one["name"])
    return made


class Chart(unittest.TestCase):
    maxDiff = None

    def test_it_lints(self):
        for name, values in SAME.items():
            with self.subTest(values=name):
                said = helm("lint", "--strict", str(CHART), values=values)
                self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
                self.assertNotIn("[WARNING]", said.stdout)

    def test_T32_T34_it_makes_what_the_examples_are(self):
        examples = {one.name: one for one in manifests.examples()}
        for name, values in SAME.items():
            with self.subTest(example=name):
                made, wanted = comparable(templated(values)), comparable(examples[name].objects)
                self.assertEqual(set(made), set(wanted))
                for one in wanted:
                    self.assertEqual(made[one], wanted[one], one)

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
        self.assertIn("PodMonitor", {one["kind"] for one in objects})
        self.assertEqual(tools.problems(objects), [])
        egress = next(one for one in objects if one["kind"] == "NetworkPolicy")["spec"]["egress"]
        self.assertIn({"cidr": "10.1.2.3/32"}, [peer.get("ipBlock") for rule in egress for peer in rule["to"]])

    def test_parts_can_be_left_out(self):
        off = {"networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}}
        self.assertEqual({one["kind"] for one in templated(off)}, {"ConfigMap", "StatefulSet"})

    def test_a_configuration_may_say_more(self):
        more = {
            "registries": [{"host": HOST, "realms": ["https://auth.example.com/token"]}, {"host": "docker.io"}],
            "extraConfig": '[log]\nlevel = "debug"\n',
            "mode": "mirror",
            "mirror": {"path": "9f3c"},
        }
        by_name = {one["metadata"]["name"]: one for one in templated(more) if one["kind"] == "ConfigMap"}
        settings = tomllib.loads(by_name[f"{RELEASE}-regpass"]["data"]["regpass.toml"])
        self.assertEqual(settings["registry"], more["registries"])
        self.assertEqual(settings["log"]["level"], "debug")
        self.assertEqual(settings["mirror"][0]["path"], "9f3c")
        known = tomllib.loads(by_name[f"{RELEASE}-regpass-buildkitd"]["data"]["buildkitd.toml"])
        self.assertEqual(known["registry"]["docker.io"]["mirrors"], ["127.0.0.1:5000/9f3c"])

    def test_mistakes_in_values_are_told(self):
        for wrong, named in [
            ({"mode": "implicit"}, "mode"),
            ({"registries": [{"host": "https://harbor.example.com"}]}, "host"),
            ({"registry": []}, "registry"),
            ({"workload": {"kind": "DaemonSet"}}, "kind"),
            ({"existingSecret": ""}, "existingSecret"),
        ]:
            with self.subTest(wrong=wrong):
                said = helm("template", RELEASE, str(CHART), values=wrong)
                self.assertNotEqual(said.returncode, 0)
                self.assertIn(named, said.stderr)

    def test_it_has_the_version_of_the_program(self):
        version = (manifests.ROOT / "CMakeLists.txt").read_text().split("VERSION ", 2)[2].split()[0]
        chart = yaml.safe_load(Path(CHART / "Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version)


if __name__ == "__main__":
    tools.helm()
    unittest.main()
