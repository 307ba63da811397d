"""The rendered Kubernetes examples are valid and expose neither secrets nor privileges (T32)."""

import copy
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import manifests
import tools
from manifests import each, mounts

USER = 65532
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Rendered(unittest.TestCase):
    def test_there_is_an_example_for_each_mode_with_and_without_native_sidecars(self):
        names = {example.name for example in manifests.examples()}
        both = {"statefulset", "statefulset-transparent", "statefulset-mirror", "job"}
        self.assertLessEqual(both | {f"{name}-plain-container" for name in both} | {"deployment", "buildah", "kaniko"}, names)

    def test_rendered_files_are_up_to_date(self):
        render = manifests.renderer()
        files = {file.stem: file.read_text() for file in (manifests.KUBERNETES / "rendered").glob("*.yaml")}
        rendered = {example.name: render.rendered(example, tools.kubectl()) for example in render.examples()}
        self.assertEqual(files, rendered, "run deploy/kubernetes/render")

    def test_kubernetes_models_know_every_field(self):
        monitor = manifests.kustomized(manifests.KUBERNETES / "components/podmonitor")
        objects = [item for example in manifests.examples() for item in example.objects]
        self.assertEqual(tools.problems([*objects, *monitor]), [])

    def test_kubernetes_models_report_mistakes(self):
        wrong = copy.deepcopy(manifests.examples()[0].workload)
        wrong["spec"]["template"]["spec"]["initContainers"][0] |= {"restartPolice": "Always", "image": 5}
        problems = " ".join(tools.problems([wrong]))
        self.assertIn("restartPolice", problems)
        self.assertIn("image must be string", problems)

    @each
    def test_regpass_accepts_its_configuration(self, example):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(example.toml)
            file.flush()
            argv = [os.environ["REGPASS"], "config", "check", "--without-files", "--config", file.name]
            problems = subprocess.run(argv, capture_output=True, text=True)
        self.assertEqual(problems.returncode, 0, problems.stderr)


class Secrets(unittest.TestCase):
    @each
    def test_T32_no_container_but_regpass_gets_a_secret(self, example):
        private = {name for name, volume in example.volumes.items() if {"secret", "projected", "csi"} & set(volume)}
        self.assertIn("regpass-credentials", private)
        self.assertIs(example.pod["automountServiceAccountToken"], False)
        for container in example.containers:
            if container["name"] != "regpass":
                self.assertFalse(private & set(mounts(container)), f"{container['name']} mounts a Secret")
            self.assertNotIn("envFrom", container)
            for variable in container.get("env", []):
                self.assertNotIn("valueFrom", variable, f"{container['name']} gets {variable['name']} from a reference")

    @each
    def test_T32_the_key_of_the_CA_is_for_regpass_alone(self, example):
        key = example.settings.get("tls", {}).get("ca_dir", example.settings["state_dir"] + "/ca")
        self.assertEqual(str(Path(key).parent), mounts(example.regpass)["regpass-state"]["mountPath"])
        holders = [container["name"] for container in example.containers if "regpass-state" in mounts(container)]
        self.assertEqual(holders, ["regpass"])

    @each
    def test_T32_what_regpass_shares_is_in_memory_and_read_only_for_others(self, example):
        for volume in ("regpass-state", "regpass-trust", "regpass-client"):
            self.assertEqual(example.volumes[volume]["emptyDir"]["medium"], "Memory")
            self.assertFalse(mounts(example.regpass)[volume].get("readOnly"), "regpass cannot write to this volume")
        for container in example.containers:
            for volume in ("regpass-trust", "regpass-client", "regpass-config", "regpass-buildkitd"):
                mount = mounts(container).get(volume, {"readOnly": True})
                self.assertTrue(container is example.regpass or mount.get("readOnly"), f"{container['name']} can write to {volume}")

    @each
    def test_T32_the_password_of_an_explicit_builder_is_not_in_the_manifest(self, example):
        variables = {variable["name"]: variable.get("value") for variable in example.builder.get("env", [])}
        proxies = {variables.get(name) for name in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy")} - {None}
        if example.mode != "explicit":
            self.assertLessEqual(proxies, {"http://127.0.0.1:3128"})
            self.assertNotIn("regpass-client", mounts(example.builder))
            self.assertNotIn("*", example.settings["registry"][0]["push"], "anything in the pod could push to every repository")
            return
        self.assertFalse(proxies, "a proxy URL is visible in the manifest")
        auth = example.settings["client_auth"]
        self.assertTrue(auth["create"])
        self.assertEqual(auth["readable_by"], "everyone")
        self.assertIn(f"$(cat {auth['secret_file']})", example.builder["command"][2].replace("secret=", ""))


class Privilege(unittest.TestCase):
    @each
    def test_T32_regpass_is_restricted(self, example):
        self.assertEqual(example.regpass["securityContext"], RESTRICTED)
        self.assertNotIn("hostPort", example.regpass["ports"][0])

    @each
    def test_T32_the_pod_shares_nothing_with_its_node_and_containers_share_no_processes(self, example):
        for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
            self.assertFalse(example.pod.get(key), key)
        self.assertNotIn("fsGroup", example.pod.get("securityContext", {}), "it makes regpass's files accessible to every container")
        self.assertFalse([name for name, volume in example.volumes.items() if "hostPath" in volume])
        self.assertNotEqual(example.builder["securityContext"]["runAsUser"], USER, "the builder must not run as regpass's user")

    @each
    def test_T32_only_an_init_container_may_administer_the_network(self, example):
        able = {}
        for container in example.containers:
            context = container.get("securityContext", {})
            self.assertFalse(context.get("privileged"))
            if added := context.get("capabilities", {}).get("add"):
                able[container["name"]] = added
        self.assertEqual(able, {"regpass-redirect": ["NET_ADMIN"]} if example.mode == "transparent" else {})
        if not able:
            return
        redirect = example.container("regpass-redirect")
        self.assertIn(redirect, example.pod["initContainers"])
        self.assertNotIn("restartPolicy", redirect)
        self.assertNotIn("volumeMounts", redirect)
        self.assertEqual(redirect["securityContext"]["capabilities"]["drop"], ["ALL"])
        self.assertEqual(redirect["args"][redirect["args"].index("--uid") + 1], str(USER))
        self.assertTrue(example.settings["listen"]["transparent"].endswith(":" + redirect["args"][-1]))


class Life(unittest.TestCase):
    @each
    def test_regpass_starts_before_the_builder(self, example):
        if example.native:
            self.assertIs(example.pod["initContainers"][0], example.regpass)
            self.assertEqual(example.regpass["restartPolicy"], "Always")
            # A preStop hook would run as soon as the pod starts terminating, not when it is regpass's turn.
            self.assertNotIn("lifecycle", example.regpass)
        else:
            self.assertIs(example.pod["containers"][0], example.regpass)
            self.assertNotIn("restartPolicy", example.regpass)
            self.assertIn("--wait", example.regpass["lifecycle"]["postStart"]["exec"]["command"])

    @each
    def test_probes_connect_to_the_pod_address(self, example):
        (port,) = example.regpass["ports"]
        self.assertEqual(example.settings["listen"]["health"], f"0.0.0.0:{port['containerPort']}")
        for probe, path in (("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            self.assertEqual(example.regpass[probe]["httpGet"], {"path": path, "port": port["name"]})

    @each
    def test_pushes_can_complete_before_the_pod_ends(self, example):
        grace = example.pod["terminationGracePeriodSeconds"]
        self.assertGreaterEqual(grace, 600)
        timeout = example.settings["drain"]["timeout"]
        self.assertTrue(timeout.endswith("m") and int(timeout[:-1]) * 60 < grace, timeout)

    @each
    def test_memory_is_limited_and_cpu_is_not(self, example):
        self.assertEqual(set(example.regpass["resources"]["limits"]), {"memory"})
        self.assertEqual(set(example.regpass["resources"]["requests"]), {"cpu", "memory"})

    @each
    def test_builders_trust_the_CA_in_addition_to_their_own_roots(self, example):
        variables = {variable["name"]: variable.get("value") for variable in example.builder.get("env", [])}
        if example.mode == "mirror":
            self.assertNotIn("SSL_CERT_DIR", variables)
            return
        published = example.settings["tls"]["publish_dir"]
        own = "/kaniko/ssl/certs" if example.mode == "kaniko" else "/etc/ssl/certs"
        if variables.get("SSL_CERT_FILE") != f"{published}/bundle.crt":
            self.assertEqual(variables["SSL_CERT_DIR"], f"{own}:{published}")
        self.assertEqual(mounts(example.builder)["regpass-trust"]["mountPath"], published)


if __name__ == "__main__":
    tools.kubectl()
    unittest.main()
