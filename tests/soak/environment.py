"""The soak test's environment: a registry, its token server, the unreliable link to it, and a regpass whose credential changes."""

import json
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "conformance"))

import sandbox

import certificates
import processes
from registry import TOKEN_ISSUER, Registry

HOST = "registry.test"
REALM = "https://auth.test:8443/token"
REGISTRY_ADDRESS = ("127.0.0.1", 5001)
TOKEN_ADDRESS = (sandbox.ADDRESS, 8443)
BAD_SHARE = 0.15
SUPPORT = Path(__file__).resolve().parents[1] / "support"

SETTINGS = f"""\
[[registry]]
host = "{HOST}"
push = ["*"]
realms = ["{REALM}"]
[limits]
response_timeout = "20s"
idle_timeout = "20s"
"""


class Environment:
    def __init__(self, directory: Path):
        self.directory = directory
        self.registry = Registry(HOST, directory / "registry", REALM)
        self.registry.directory.mkdir()
        self.secrets = directory / "secrets"
        self.secrets.mkdir()
        self.children = {}
        self._password = ""
        self._make_certificates()
        self.rotate()

    def start(self) -> None:
        config = self.registry.directory / "config.json"
        pair, signer = self.directory / "server", self.directory / "token.crt"
        config.write_text(json.dumps(self.registry.config(REGISTRY_ADDRESS, pair, signer)))
        self.start_registry()
        self.start_token_server()
        directory = Path(__file__).resolve().parent
        relay = [sys.executable, "-B", str(directory / "relay.py"), f"{sandbox.ADDRESS}:443", "{}:{}".format(*REGISTRY_ADDRESS)]
        self._serve("relay", [*relay, str(BAD_SHARE), "7"], (sandbox.ADDRESS, 443))

    def start_registry(self) -> None:
        argv = ["docker-registry", "serve", str(self.registry.directory / "config.json")]
        self._serve("registry", argv, REGISTRY_ADDRESS)

    def start_token_server(self) -> None:
        argv = [sys.executable, "-B", str(SUPPORT / "token_server.py"), "--listen", "{}:{}".format(*TOKEN_ADDRESS)]
        argv += ["--config", str(self.directory / "accounts.json"), "--log", str(self.directory / "tokens.jsonl")]
        argv += ["--tls-cert", f"{self.directory}/server.crt", "--tls-key", f"{self.directory}/server.key"]
        self._serve("token-server", argv, TOKEN_ADDRESS)

    def stop(self, name: str) -> None:
        processes.end_child(self.children.pop(name), 10)

    def stop_all(self) -> None:
        for name in list(self.children):
            self.stop(name)

    def no_more_faults(self) -> None:
        os.kill(self.children["relay"].pid, signal.SIGUSR1)

    def regpass(self) -> sandbox.Regpass:
        trust = {"SSL_CERT_FILE": str(self.directory / "upstream.crt"), "DOCKER_CONFIG": str(self.secrets)}
        return sandbox.Regpass(self.directory, SETTINGS, trust)

    def rotate(self) -> None:
        """Sets a new password. Tokens issued for the old one stay valid, as with real registries."""
        self._password = secrets.token_urlsafe(16)
        user = {"password": self._password, "access": {"repository:*": ["pull", "push"]}}
        accounts = {"issuer": TOKEN_ISSUER, "signing_key": "token.key", "signing_certificate": "token.crt",
                    "token_life": 60, "users": {"robot": user}, "anonymous": {}}
        self._replace(self.directory / "accounts.json", accounts)
        login = {"username": "robot", "password": self._password}
        self._replace(self.secrets / "config.json", {"auths": {HOST: login}})

    def forget(self, digest: str) -> None:
        """Deletes a blob that has been read back, since the registry's disk would fill up otherwise."""
        algorithm, _, number = digest.partition(":")
        blobs = self.registry.directory / "storage/docker/registry/v2/blobs"
        shutil.rmtree(blobs / algorithm / number[:2] / number, ignore_errors=True)

    def _make_certificates(self) -> None:
        authority = certificates.Authority("soak CA")
        (self.directory / "upstream.crt").write_bytes(certificates.pem(authority.certificate))
        certificates.write_pair(self.directory / "server", *authority.issue(HOST, "auth.test"))
        certificates.write_pair(self.directory / "token", *certificates.signing_pair(TOKEN_ISSUER))

    @staticmethod
    def _replace(file: Path, content: dict) -> None:
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(content))
        fresh.replace(file)

    def _serve(self, name: str, argv: list[str], address) -> None:
        self.children[name] = sandbox.serve_in_background(argv, address, self.directory / f"{name}.output")
