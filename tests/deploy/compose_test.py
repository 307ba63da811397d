#!/usr/bin/python3
"""compose.yaml is valid for docker-compose, and only the right services have secrets and privileges (T32)."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

COMPOSE = Path(__file__).resolve().parents[2] / "deploy/compose"
SKIPPED = 77
IMAGES_USER = "65532"


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Follows the README, on a copy.
        cls.work = Path(tempfile.mkdtemp(prefix="regpass-compose-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        shutil.copytree(COMPOSE, cls.work / "compose")
        import yaml  # docker-compose depends on it

        shown = subprocess.run(["docker-compose", "config"], cwd=cls.work / "compose", capture_output=True, text=True)
        assert shown.returncode == 0, shown.stderr
        cls.all = yaml.safe_load(shown.stdout)
        cls.regpass, cls.builder = (cls.all["services"][name] for name in ("regpass", "buildkitd"))

    def sources(self, service: dict) -> dict[str, str]:
        """Where each secret and volume of a service is mounted, and how."""
        mounts = {part.split(":")[0]: part.split(":", 1)[1] for part in service.get("volumes", [])}
        return mounts | {part["source"]: "secret" for part in service.get("secrets", [])}

    def test_only_regpass_has_the_login_and_the_ca_key(self):
        held = self.sources(self.builder)
        self.assertNotIn("registry-login", held)
        self.assertNotIn("state", held)
        self.assertTrue(held["trust"].endswith(":ro"), "a builder that can write there could plant a CA")
        self.assertLessEqual({"registry-login", "state", "builder-password"}, set(self.sources(self.regpass)))

    def test_only_regpass_is_sandboxed(self):
        self.assertTrue(self.regpass["read_only"])
        self.assertEqual(self.regpass["cap_drop"], ["ALL"])
        self.assertEqual(self.regpass["security_opt"], ["no-new-privileges:true"])
        self.assertNotIn("privileged", self.builder)

    def test_builder_starts_when_regpass_is_ready(self):
        self.assertEqual(self.builder["network_mode"], "service:regpass")
        self.assertEqual(self.builder["depends_on"]["regpass"]["condition"], "service_healthy")
        self.assertEqual(self.regpass["healthcheck"]["test"][1:], ["/usr/bin/regpass", "healthcheck", "ready"])

    def test_nothing_is_published(self):
        for service in (self.regpass, self.builder):
            self.assertNotIn("ports", service)

    def test_password_reaches_the_builder(self):
        """Runs the entrypoint with a fake rootlesskit that prints its environment and arguments."""
        programs = self.work / "programs"
        programs.mkdir()
        (programs / "rootlesskit").write_text('#!/bin/sh\necho "$HTTPS_PROXY $HTTP_PROXY $NO_PROXY"\necho "$@"\n')
        (programs / "rootlesskit").chmod(0o755)
        secret = self.work / "builder-password"
        secret.write_text("abc-_123")
        # docker-compose prints each dollar sign twice.
        entrypoint = [part.replace("$$", "$") for part in self.builder["entrypoint"]]
        entrypoint[2] = entrypoint[2].replace("/run/secrets/builder-password", str(secret))
        output = subprocess.run(
            [*entrypoint, *self.builder["command"]],
            env={"PATH": f"{programs}:/usr/bin:/bin"}, check=True, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        proxy = "http://buildkitd:abc-_123@127.0.0.1:3128"
        self.assertEqual(output[0], f"{proxy} {proxy} localhost,127.0.0.1")
        self.assertTrue(output[1].startswith("buildkitd --oci-worker-no-process-sandbox"))

    def test_configuration_is_valid(self):
        variables = {name: value for name, value in self.regpass["environment"].items()}
        files = {}
        for name in ("REGPASS_CREDENTIALS_DOCKER_CONFIG", "REGPASS_CLIENT_AUTH_SECRET_FILE"):
            files[name] = self.work / Path(variables[name]).name
            files[name].write_text("{}")
        result = subprocess.run(
            [os.environ["REGPASS"], "config", "check", "--config", COMPOSE / "regpass.toml"],
            env=variables | {name: str(path) for name, path in files.items()},
            capture_output=True,
            text=True,
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    if not shutil.which("docker-compose"):
        print("SKIPPED: docker-compose is not installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
