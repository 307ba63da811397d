"""A fixture that imitates many registry dialects, and a regpass that has a credential for each of them.

    with Fixture(scenario, table) as fixture, fixture.regpass() as regpass: ...
"""

import base64
import json
import secrets
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from testbed import PATH

import certificates
import processes
from network import ADDRESSES, hosts_file_text, inside, listening
from sidecar import Sidecar

SERVER = Path(__file__).resolve().parents[1] / "support/dialect_server.py"
ADDRESS = ADDRESSES["many.test"]


class Fixture:
    def __init__(self, scenario, table: Path):
        self._scenario = scenario
        self._table = table
        self._directory = scenario.directory
        self.rows = {row["name"]: row for row in tomllib.loads(table.read_text())["dialect"]}
        self._accounts = {name: _account(row) for name, row in self.rows.items()}
        self.ca = self._directory / "trust-of-storage/many.pem"

    def __enter__(self) -> "Fixture":
        self._write_certificates()
        self.write_state()
        names = {host_of(authority) for row in self.rows.values() for authority in authorities(row)}
        lines = "".join(f"{ADDRESS} {name}\n" for name in sorted(names))
        (self._directory / "hosts").write_text(hosts_file_text() + lines)
        (self._directory / "many.jsonl").touch()
        argv = ["/usr/bin/python3", "-B", str(SERVER), "--table", str(self._table), "--address", ADDRESS]
        argv += ["--certificate", f"{self._directory}/many.crt", "--key", f"{self._directory}/many.key"]
        argv += ["--state", str(self._state), "--log", f"{self._directory}/many.jsonl"]
        network = self._scenario.testbed.network
        output = self._directory / "many.output"
        self._process = processes.spawn(inside(network.servers, {}, argv), {"PATH": PATH}, output)
        ports = {port_of(row["host"]) for row in self.rows.values()} | {443}

        def ready() -> bool:
            up = {port for address, port in listening(network.servers) if address == ADDRESS}
            return ports <= up or processes.start_time(self._process.pid) is None

        if not processes.wait_until(ready, 20) or processes.start_time(self._process.pid) is None:
            processes.end_child(self._process, 1)
            raise AssertionError(f"the fixture did not start: {output.read_text()}")
        return self

    def __exit__(self, *_) -> None:
        processes.end_child(self._process, 5)

    def regpass(self, secret_files: dict[str, str] | None = None):
        files = {"config.json": self.docker_config()} if secret_files is None else secret_files
        return self._scenario.sidecar(files, self._settings(), FixtureSidecar)

    def docker_config(self, *names: str) -> str:
        """Returns a docker config.json with the credentials of the named dialects, or of all of them."""
        entries = {}
        for name in names or self.rows:
            row = self.rows[name]
            entries[row.get("key", row["image"].partition("/")[0])] = self._entry(row, self.secret(name))
        return json.dumps({"auths": entries}, indent=1)

    # Each account's last secret is the current one.

    def secret(self, name: str) -> str:
        return list(self._accounts[name]["passwords"])[-1]

    def change_secret(self, name: str, grace: float) -> int:
        """Issues a new secret and returns its index; the previous one stays valid for `grace` seconds."""
        passwords = self._accounts[name]["passwords"]
        passwords[self.secret(name)] = time.time() + grace
        passwords[_new_secret(self.rows[name])] = None
        self.write_state()
        return len(passwords) - 1

    def write_state(self) -> None:
        fresh = self._directory / "state.new"
        fresh.write_text(json.dumps(self._accounts))
        fresh.replace(self._state)  # atomically, since the server may read it at any time

    def records(self, **fields) -> list[dict]:
        """Entries of the fixture's request log whose fields have these values."""
        *complete, _ = (self._directory / "many.jsonl").read_text().split("\n")
        lines = map(json.loads, complete)
        return [line for line in lines if all(line.get(name) == fields[name] for name in fields)]

    # Inside

    @property
    def _state(self) -> Path:
        return self._directory / "state.json"

    def _write_certificates(self) -> None:
        authority = certificates.Authority("CA of many registries")
        names = {host_of(authority) for row in self.rows.values() for authority in authorities(row)}
        certificates.write_pair(self._directory / "many", *authority.issue("many.test", *sorted(names)))
        self.ca.parent.mkdir()
        self.ca.write_bytes(certificates.pem(authority.certificate))

    def _settings(self) -> str:
        text = "\n[other_hosts]\ndeny_private_addresses = false\n"  # the testbed uses private addresses
        for row in self.rows.values():
            text += f'\n[[registry]]\nhost = "{row["image"].partition("/")[0]}"\npush = ["*"]\nca_file = "{self.ca}"\n'
            text += f"realms = {json.dumps(row.get('realms', []))}\n"
        return text

    @staticmethod
    def _entry(row: dict, secret: str) -> dict:
        if row.get("login") == "identitytoken":
            return {"auth": _base64(f"{row['username']}:"), "identitytoken": secret}
        return {"auth": _base64(f"{row['username']}:{secret}")}


class FixtureSidecar(Sidecar):
    """A sidecar for which every host name in the table resolves to the fixture."""

    def _command(self, config: Path) -> list[str]:
        argv = super()._command(config)
        at = argv.index("--")  # end of the bind mounts
        return [*argv[:at], str(self._directory / "hosts"), "/etc/hosts", *argv[at:]]


def authorities(row: dict) -> list[str]:
    """Every host[:port] in a row: registry, token server and storage."""
    urls = [row[name] for name in ("token_url", "storage") if row.get(name)]
    return [row["host"], *(urlsplit(url).netloc for url in urls)]


def host_of(authority: str) -> str:
    return authority.partition(":")[0]


def port_of(authority: str) -> int:
    return int(authority.partition(":")[2] or 443)


def _account(row: dict) -> dict:
    return {"username": row["username"], "passwords": {_new_secret(row): None}}


def _new_secret(row: dict) -> str:
    length = row.get("password_length", 0)
    return row["password"] + secrets.token_hex(max(16, length // 2)) + row.get("password_end", "")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
