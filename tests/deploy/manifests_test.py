"""The Kubernetes examples as they are rendered: valid, and nothing in them hands out secrets or privilege (T32)."""

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
        names = {one.name for one in manifests.examples()}
        both = {"statefulset", "statefulset-transparent", "statefulset-mirror", "job"}
        self.assertLessEqual(both | {f"{name}-plain-container" for name in both} | {"deployment", "buildah", "kaniko"}, names)

    def test_the_rendered_files_are_what_the_examples_make(self):
        render = manifests.renderer()
        files = {file.stem: file.read_text() for file in (manifests.KUBERNETES / "rendered").glob("*.yaml")}
        made = {one.name: render.rendered(one, tools.kubectl()) for one in render.examples()}
        self.assertEqual(files, made, "run deploy/kubernetes/render")

    def test_kubernetes_models_know_every_field(self):
        monitor = manifests.kustomized(manifests.KUBERNETES / "components/podmonitor")
        objects = [made for one in manifests.examples() for made in one.objects]
        self.assertEqual(tools.problems([*objects, *monitor]), [])

    def test_kubernetes_models_find_what_is_wrong(self):
        wrong = copy.deepcopy(manifests.examples()[0].workload)
        wrong["spec"]["template"]["spec"]["initContainers"][0] |= {"restartPolice": "Always", "image": 5}
        said = " ".join(tools.problems([wrong]))
        self.assertIn("restartPolice", said)
        self.assertIn("image must be string", said)

    @each
    def test_regpass_takes_its_configuration(self, one):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(one.toml)
            file.flush()
            asked = [os.environ["REGPASS"], "config", "check", "--without-files", "--config", file.name]
            said = subprocess.run(asked, capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stderr)


class Secrets(unittest.TestCase):
    @each
    def test_T32_no_container_but_regpass_gets_a_secret(self, one):
        private = {name for name, volume in one.volumes.items() if {"secret", "projected", "csi"} & set(volume)}
        self.assertIn("regpass-credentials", private)
        self.assertIs(one.pod["automountServiceAccountToken"], False)
        for container in one.containers:
            if container["name"] != "regpass":
                self.assertFalse(private & set(mounts(container)), f"{container['name']} mounts a Secret")
            self.assertNotIn("envFrom", container)
            for variable in container.get("env", []):
                self.assertNotIn("valueFrom", variable, f"{container['name']} has {variable['name']} from elsewhere")

    @each
    def test_T32_the_key_of_the_CA_is_for_regpass_alone(self, one):
        key = one.settings.get("tls", {}).get("ca_dir", one.settings["state_dir"] + "/ca")
        self.assertEqual(str(Path(key).parent), mounts(one.regpass)["regpass-state"]["mountPath"])
        holders = [container["name"] for container in one.containers if "regpass-state" in mounts(container)]
        self.assertEqual(holders, ["regpass"])

    @each
    def test_T32_what_regpass_shares_is_in_memory_and_read_only_for_others(self, one):
        for volume in ("regpass-state", "regpass-trust", "regpass-client"):
            self.assertEqual(one.volumes[volume]["emptyDir"]["medium"], "Memory")
            self.assertFalse(mounts(one.regpass)[volume].get("readOnly"), "regpass cannot write there")
        for container in one.containers:
            for volume in ("regpass-trust", "regpass-client", "regpass-config", "regpass-buildkitd"):
                mount = mounts(container).get(volume, {"readOnly": True})
                self.assertTrue(container is one.regpass or mount.get("readOnly"), f"{container['name']} writes {volume}")

    @each
    def test_T32_the_password_of_an_explicit_builder_stands_nowhere(self, one):
        variables = {variable["name"]: variable.get("value") for variable in one.builder.get("env", [])}
        proxies = {variables.get(name) for name in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy")} - {None}
        if one.mode != "explicit":
            self.assertLessEqual(proxies, {"http://127.0.0.1:3128"})
            self.assertNotIn("regpass-client", mounts(one.builder))
            self.assertNotIn("*", one.settings["registry"][0]["push"], "whatever runs in the pod may push everywhere")
            return
        self.assertFalse(proxies, "a URL in plain sight")
        auth = one.settings["client_auth"]
        self.assertTrue(auth["create"])
        self.assertEqual(auth["readable_by"], "everyone")
        self.assertIn(f"$(cat {auth['secret_file']})", one.builder["command"][2].replace("secret=", ""))


class Privilege(unittest.TestCase):
    @each
    def test_T32_regpass_is_restricted(self, one):
        self.assertEqual(one.regpass["securityContext"], RESTRICTED)
        self.assertNotIn("hostPort", one.regpass["ports"][0])

    @each
    def test_T32_the_pod_shares_nothing_with_its_node_nor_processes_among_containers(self, one):
        for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
            self.assertFalse(one.pod.get(key), key)
        self.assertNotIn("fsGroup", one.pod.get("securityContext", {}), "it opens regpass's files to every container")
        self.assertFalse([name for name, volume in one.volumes.items() if "hostPath" in volume])
        self.assertNotEqual(one.builder["securityContext"]["runAsUser"], USER, "nobody could tell it from regpass")

    @each
    def test_T32_only_an_init_container_that_ends_may_administer_the_network(self, one):
        able = {}
        for container in one.containers:
            context = container.get("securityContext", {})
            self.assertFalse(context.get("privileged"))
            if added := context.get("capabilities", {}).get("add"):
                able[container["name"]] = added
        self.assertEqual(able, {"regpass-redirect": ["NET_ADMIN"]} if one.mode == "transparent" else {})
        if not able:
            return
        redirect = one.container("regpass-redirect")
        self.assertIn(redirect, one.pod["initContainers"])
        self.assertNotIn("restartPolicy", redirect)
        self.assertNotIn("volumeMounts", redirect)
        self.assertEqual(redirect["securityContext"]["capabilities"]["drop"], ["ALL"])
        self.assertEqual(redirect["args"][redirect["args"].index("--uid") + 1], str(USER))
        self.assertTrue(one.settings["listen"]["transparent"].endswith(":" + redirect["args"][-1]))


class Life(unittest.TestCase):
    @each
    def test_regpass_starts_before_the_builder(self, one):
        if one.native:
            self.assertIs(one.pod["initContainers"][0], one.regpass)
            self.assertEqual(one.regpass["restartPolicy"], "Always")
            # A preStop hook would run when the pod's end begins, not when regpass's turn comes.
            self.assertNotIn("lifecycle", one.regpass)
        else:
            self.assertIs(one.pod["containers"][0], one.regpass)
            self.assertNotIn("restartPolicy", one.regpass)
            self.assertIn("--wait", one.regpass["lifecycle"]["postStart"]["exec"]["command"])

    @each
    def test_probes_come_to_the_address_of_the_pod(self, one):
        (port,) = one.regpass["ports"]
        self.assertEqual(one.settings["listen"]["health"], f"0.0.0.0:{port['containerPort']}")
        for probe, path in (("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            self.assertEqual(one.regpass[probe]["httpGet"], {"path": path, "port": port["name"]})

    @each
    def test_pushes_may_end_with_their_pod(self, one):
        grace = one.pod["terminationGracePeriodSeconds"]
        self.assertGreaterEqual(grace, 600)
        timeout = one.settings["drain"]["timeout"]
        self.assertTrue(timeout.endswith("m") and int(timeout[:-1]) * 60 < grace, timeout)

    @each
    def test_memory_is_bounded_and_the_processor_is_not(self, one):
        self.assertEqual(set(one.regpass["resources"]["limits"]), {"memory"})
        self.assertEqual(set(one.regpass["resources"]["requests"]), {"cpu", "memory"})

    @each
    def test_builders_trust_the_CA_beside_their_own_roots(self, one):
        variables = {variable["name"]: variable.get("value") for variable in one.builder.get("env", [])}
        if one.mode == "mirror":
            self.assertNotIn("SSL_CERT_DIR", variables)
            return
        published = one.settings["tls"]["publish_dir"]
        own = "/kaniko/ssl/certs" if one.mode == "kaniko" else "/etc/ssl/certs"
        if variables.get("SSL_CERT_FILE") != f"{published}/bundle.crt":
            self.assertEqual(variables["SSL_CERT_DIR"], f"{own}:{published}")
        self.assertEqual(mounts(one.builder)["regpass-trust"]["mountPath"], published)


if __name__ == "__main__":
    tools.kubectl()
    unittest.main()
