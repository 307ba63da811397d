"""A running `regpass serve` and its log."""

import json
import os
from pathlib import Path

import processes
from network import listening
from testbed import PATH, REALMS, Testbed

# Where regpass finds its credentials. Clients have their own /run and cannot see them.
SECRETS = "/run/secrets/regpass"
DOCKER_CONFIG = f"{SECRETS}/config.json"


class Log:
    """The log of a regpass process."""

    def __init__(self, log_file: Path):
        self.log_file = log_file

    def events(self, event: str) -> list[dict]:
        *complete, _ = self.log_file.read_text().split("\n")  # the last line may be incomplete
        lines = [json.loads(line) for line in complete if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def exchanges(self, **fields) -> list[dict]:
        """The `exchange` lines whose fields have these values, such as action="push", repository="team-a/app"."""
        return [line for line in self.events("exchange") if all(line.get(name) == fields[name] for name in fields)]


class Sidecar(Log):
    """Starts regpass in the pod on entry and drains it on exit.

    Sidecars with the same `directory` share the CA: daemons load their trusted certificates only once and must trust the
    next sidecar too.
    """

    def __init__(self, testbed: Testbed, directory: Path, port: int, name: str, secrets: dict[str, str], settings: str):
        super().__init__(directory / f"{name}.log")
        self._testbed = testbed
        self._directory = directory
        self._address = ("127.0.0.1", port)
        self._machine = directory / f"{name}-machine"
        self._settings = settings
        self.state = self._machine / "var/lib/regpass"
        self.secrets = self._machine / SECRETS.lstrip("/")
        self.secrets.mkdir(parents=True)
        for file, content in secrets.items():
            (self.secrets / file).write_text(content)

    def __enter__(self) -> "Sidecar":
        config = self.log_file.with_suffix(".toml")
        config.write_text(self._settings)
        self._process = processes.spawn(self._command(config), self._environment(), self.log_file)
        published = self._directory / "trust/ca.crt"

        def ready() -> bool:
            listens = self._address in listening(self._testbed.network.pod)
            return not self._runs() or (listens and published.exists())

        if not processes.wait_until(ready, 30) or not self._runs():
            self._end()
            raise AssertionError("regpass serve did not start")
        return self

    def __exit__(self, kind, *_) -> None:
        ran, status = self._runs(), self._end()
        if kind is None:
            assert ran, f"regpass had already exited with status {status}"
            assert status == 0, f"regpass did not drain on SIGTERM: status {status} (None: it had to be killed)"

    def _command(self, config: Path) -> list[str]:
        argv = [os.environ["REGPASS"], "serve", "--config", str(config)]
        return self._testbed.in_pod(argv, self._machine)

    def _environment(self) -> dict[str, str]:
        return {"PATH": PATH, "HOME": "/var/lib", "SSL_CERT_FILE": str(self._testbed.upstream_ca)}

    def _runs(self) -> bool:
        return processes.start_time(self._process.pid) is not None

    def _end(self) -> int | None:
        return processes.end_child(self._process, 15)


def health_port(port: int) -> int:
    """The health port of the sidecar whose proxy listens on `port`."""
    return port - 10_000


def settings(directory: Path, port: int, hosts: list[str]) -> str:
    """regpass's configuration for a scenario."""
    text = f"""\
[listen]
proxy = "127.0.0.1:{port}"
health = "127.0.0.1:{health_port(port)}"

[credentials]
docker_config = ["{SECRETS}"]

[tls]
ca_dir = "{directory}/ca"
publish_dir = "{directory}/trust"
certs_dir = "{directory}/certs.d"

[drain]
idle = "300ms"
"""
    for host in hosts:
        text += f'\n[[registry]]\nhost = "{host}"\npush = ["team-a/*"]\n'
        realm = REALMS[host]
        if realm and not realm.startswith(f"https://{host}/"):
            text += f'realms = ["{realm}"]\n'
    return text
