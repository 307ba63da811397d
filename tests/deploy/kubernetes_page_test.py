"""Runs the commands in deploy/kubernetes/README.md, and checks that what it shows is valid and matches the components (T32)."""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import manifests
import pages
import tools
import yaml

PAGE = manifests.KUBERNETES / "README.md"
# A fake kubectl that renders objects instead of applying them and logs its arguments.
KUBECTL = """#!/bin/sh
echo "$*" >>"$ASKED"
case "$*" in
  *"apply -k "*) for last; do :; done; exec "$REAL" kustomize "$last" >"$APPLIED" ;;
  *"create secret"*) exec "$REAL" "$@" --dry-run=client -o yaml >"$APPLIED.secret" ;;
esac
"""
ADDED = ("image", "imagePullPolicy", "args", "ports", "resources", "securityContext", "volumeMounts")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        shutil.copytree(manifests.ROOT / "deploy", cls.work / "deploy")
        cls.here = cls.work / "deploy/kubernetes"
        for name, text in (("kubectl", KUBECTL), ("helm", f'#!/bin/sh\nexec {tools.helm()} "$@" >"$APPLIED.chart"\n')):
            program = cls.work / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
        cls.blocks = pages.blocks(PAGE)
        cls.sidecar = next(example for example in manifests.examples() if example.name == "job")

    def shown(self, beginning: str) -> dict:
        (block,) = [block for block in self.blocks if beginning in block.text]
        return yaml.safe_load(block.text)

    def same_sidecar(self, shown: dict) -> None:
        for key in (*ADDED, *PROBES):
            self.assertEqual(shown[key], self.sidecar.regpass[key], key)

    def same_volumes(self, shown: list[dict]) -> None:
        ours = {name: volume for name, volume in self.sidecar.volumes.items() if name.startswith("regpass-")}
        self.assertEqual({volume["name"]: volume for volume in shown if volume["name"].startswith("regpass-")}, ours)

    def test_the_ten_minutes_with_another_registry_and_secret(self):
        script = "".join(block.text for block in self.blocks if block.language == "sh")
        # The two values that users change, and the names that depend on them.
        script = script.replace("harbor.example.com/'", "registry.test/'").replace("registry-login", "my-login")
        self.assertEqual(script.count("registry.test"), 1)
        kubectl_log, applied = self.work / "asked", self.work / "applied"
        environment = {"PATH": f"{self.work}/bin:/usr/bin:/bin", "HOME": str(self.work), "PASSWORD": "1"}
        environment |= {"ASKED": str(kubectl_log), "APPLIED": str(applied), "REAL": tools.kubectl()}
        subprocess.run(["sh", "-euc", script], cwd=self.here, env=environment, check=True)
        example = manifests.Example("statefulset", list(yaml.safe_load_all(applied.read_text())))
        self.assertEqual([registry["host"] for registry in example.settings["registry"]], ["registry.test"])
        self.assertEqual(example.volumes["regpass-credentials"]["secret"]["secretName"], "my-login")
        self.assertEqual(tools.problems(example.objects), [])
        secret = yaml.safe_load(applied.with_name("applied.secret").read_text())
        self.assertEqual((secret["type"], secret["metadata"]["name"]), ("kubernetes.io/dockerconfigjson", "my-login"))
        self.assertIn(example.volumes["regpass-credentials"]["secret"]["items"][0]["key"], secret["data"])
        self.assertIn("my-login", applied.with_name("applied.chart").read_text())
        name = example.workload["metadata"]["name"]
        self.assertIn(f"rollout status {example.workload['kind'].lower()}/{name}", kubectl_log.read_text())
        self.assertIn(f"exec {name}-0 -c {example.regpass['name']} -- /usr/bin/regpass check", kubectl_log.read_text())

    def test_your_own_workload(self):
        directory = self.work / "own"
        shutil.copytree(manifests.KUBERNETES / "components", directory / "components")
        shutil.copy(manifests.KUBERNETES / "examples/statefulset/regpass.toml", directory)
        shutil.copy(manifests.KUBERNETES / "base/deployment/deployment.yaml", directory / "buildkitd.yaml")
        (block,) = [block for block in self.blocks if block.text.startswith("# kustomization.yaml")]
        (directory / "kustomization.yaml").write_text(block.text)
        example = manifests.Example("own", manifests.kustomized(directory))
        self.assertEqual(example.regpass, self.sidecar.regpass)
        self.assertEqual(example.volumes["regpass-credentials"]["secret"]["secretName"], "regpass-credentials")

    def test_a_registry_on_a_private_address(self):
        directory = self.here / "examples/private"
        shutil.copytree(manifests.KUBERNETES / "examples/statefulset", directory)
        kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
        kustomization["patches"] += self.shown("kind: NetworkPolicy")
        (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        (policy,) = manifests.Example("private", manifests.kustomized(directory)).of_kind("NetworkPolicy")
        self.assertIn({"ipBlock": {"cidr": "10.1.2.3/32"}}, policy["spec"]["egress"][-1]["to"])
        self.assertEqual(tools.problems([policy]), [])

    def test_T32_tekton_sidecar_matches_the_component(self):
        spec = self.shown("kind: Task")["spec"]
        self.same_sidecar(spec["sidecars"][0])
        self.same_volumes(spec["volumes"])
        (step,) = spec["steps"]
        self.assertFalse({"regpass-credentials", "regpass-state"} & set(manifests.mounts(step)))
        self.assertTrue(all(mount.get("readOnly") for name, mount in manifests.mounts(step).items() if "regpass" in name))

    def test_T32_gitlab_sidecar_matches_the_component(self):
        (block,) = [block for block in self.blocks if "runners.kubernetes.pod_spec" in block.text]
        (runner,) = tomllib.loads(block.text)["runners"]
        patch = yaml.safe_load(runner["kubernetes"]["pod_spec"][0]["patch"])
        (regpass,) = patch["initContainers"]
        self.same_sidecar(regpass)
        self.assertEqual(regpass["restartPolicy"], "Always")
        self.same_volumes(patch["volumes"])
        for container in patch["containers"]:
            self.assertEqual(set(manifests.mounts(container)), {"regpass-trust"})
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job"}, "spec": patch}
        self.assertEqual(tools.problems([pod]), [])

    def test_examples_and_paths_exist(self):
        text = PAGE.read_text()
        for path in re.findall(r"`((?:examples|components)/[\w./-]+)`", text):
            self.assertTrue((manifests.KUBERNETES / path).exists(), path)
        known_names = {example.name for example in manifests.examples()}
        rows = text.partition("| example | what |")[2].partition("\n\n")[0]
        named = {name for name in re.findall(r"`([\w-]+)`", rows)}
        self.assertEqual(named, {name for name in known_names if not name.endswith("plain-container")})

    def test_causes_exist(self):
        table = PAGE.read_text().partition("## When it fails")[2].partition("\n## ")[0]
        known_names = subprocess.run([os.environ["REGPASS"], "explain", "--list"], capture_output=True, text=True).stdout
        for cause in re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)`", table, re.MULTILINE):
            self.assertIn(cause, known_names)


if __name__ == "__main__":
    tools.kubectl()
    unittest.main()
