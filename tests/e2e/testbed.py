#!/usr/bin/python3
"""Private registries and token servers in separate network namespaces, for end-to-end tests and demonstrations.

    testbed.py up DIR [--only HOST]...       start everything (or just these registries); no-op if already running
    testbed.py down DIR                      stop everything; the logs stay in DIR
    testbed.py run DIR [NAME=VALUE]... COMMAND...      run a command in the pod's namespace
    testbed.py docker-config DIR USER HOST...          print a docker config.json that holds USER's credentials

| registry           | front                          | authentication                                  |
| registry.test:5443 | nginx terminates TLS           | token, realm on the registry's own origin       |
| split.test         | docker-registry terminates TLS | token, realm https://auth.test/token            |
| basic.test         | docker-registry terminates TLS | HTTP Basic (htpasswd)                           |

Their certificates are issued by DIR/upstream-ca.crt, which nothing on the machine trusts. alice can pull and push team-a/*,
bob can only pull it, and both can pull shared/*. Registries with tokens allow anonymous pulls of team-a/public-*. See USERS.
"""

import argparse
import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import certificates
import oci_image
import processes
from network import ADDRESSES, Network, hosts_file_text, inside, listening
from registry import TOKEN_ISSUER, TOKEN_SERVICE, Registry

SKIPPED = 77  # exit status that CTest treats as skipped
PROGRAMS = ("docker-registry", "skopeo", "nsenter", "ip", oci_image.BUSYBOX)
PROGRAMS_OF = {"registry.test:5443": "nginx", "basic.test": "htpasswd"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOKEN_SERVER = Path(__file__).resolve().parents[1] / "support/token_server.py"

# registry.test:5443 behind another nginx server, which requires a client certificate (DIR/client.crt and .key) for both the
# registry and the token server.
MUTUAL_TLS = "registry.test:6443"

READ = {"repository:team-a/*": ["pull"], "repository:shared/*": ["pull"]}
USERS = {
    "admin": {"repository:*": ["pull", "push", "delete"]},
    "alice": READ | {"repository:team-a/*": ["pull", "push"]},
    "bob": READ,
    "carol": READ,  # tests change her password
    "robot": READ | {"repository:team-a/*": ["pull", "push"]},  # tests change its password too, and it can push
    "librarian": {"registry:catalog": ["*"]},
}
SEEDS = ("shared/base:1", "team-a/seed:1")  # runnable busybox images, in each registry
REALMS = {
    "registry.test:5443": "https://registry.test:5443/auth/token",
    "split.test": "https://auth.test/token",
    "basic.test": None,
}


class Testbed:
    def __init__(self, directory: Path):
        self.directory = directory.resolve()
        # Named after the directory, so that two testbeds do not collide.
        self.network = Network("rp-" + hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:8])
        self.hosts_file = self.directory / "hosts"
        self.upstream_ca = self.directory / "upstream-ca.crt"
        self.token_log = self.directory / "token-server.log"
        self.registries = {
            host: Registry(host, self.directory / host.partition(":")[0], realm) for host, realm in REALMS.items()
        }

    # Using a running testbed

    def password(self, user: str) -> str:
        return self._accounts()["users"][user]["password"]

    def set_password(self, user: str, password: str) -> None:
        """Changes a password; the token servers apply it from the next request on."""
        accounts = self._accounts()
        accounts["users"][user]["password"] = password
        self._write_accounts(accounts)

    def docker_config(self, user: str, *hosts: str, password: str | None = None) -> str:
        pair = f"{user}:{self.password(user) if password is None else password}"
        auth = base64.b64encode(pair.encode()).decode()
        return json.dumps({"auths": {host: {"auth": auth} for host in hosts}}, indent=1)

    def token_requests(self, since: int = 0) -> list[dict]:
        with self.token_log.open() as file:
            file.seek(since)
            return [json.loads(line) for line in file]

    def in_pod(self, argv: list[str], machine: Path | None = None, binds: dict[str, Path] | None = None) -> list[str]:
        """The command line that runs `argv` in the pod, with private machine state.

        `machine` (by default the testbed's own) contains its /var/lib and /run. Clients keep state there, such as which
        registry has which blob, which must not mix with that of the real machine.
        """
        machine = machine or self.directory / "machine"
        private = {"/etc/hosts": self.hosts_file, "/var/lib": machine / "var/lib", "/run": machine / "run"}
        for target in ("/var/lib", "/run"):
            private[target].mkdir(parents=True, exist_ok=True)
        return inside(self.network.pod, private | (binds or {}), argv)

    def is_up(self) -> bool:
        started = self._started()
        return bool(started) and all(processes.start_time(pid) == start for pid, start in started)

    # Starting and stopping

    def up(self, hosts: list[str]) -> None:
        if self.is_up():
            return
        self.down()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.hosts_file.write_text(hosts_file_text())
        self.token_log.touch()
        self._make_certificates()
        self._write_accounts(self._new_accounts())
        if "basic.test" in hosts:
            self._write_htpasswd()
        self.network.up()
        try:
            self._start_servers(hosts)
            self._seed(hosts)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        for pid, start in self._started():
            processes.end(pid, start)
        self._state_file.unlink(missing_ok=True)
        self.network.down()

    @property
    def _state_file(self) -> Path:
        return self.directory / "processes.json"

    def _started(self) -> list[list[int]]:
        return json.loads(self._state_file.read_text()) if self._state_file.exists() else []

    def _accounts(self) -> dict:
        return json.loads((self.directory / "accounts.json").read_text())

    def _write_accounts(self, accounts: dict) -> None:
        new = self.directory / "accounts.json.new"
        new.write_text(json.dumps(accounts, indent=1))
        new.replace(self.directory / "accounts.json")  # atomically, since the token servers may read it at any time

    def _new_accounts(self) -> dict:
        return {
            "issuer": TOKEN_ISSUER,
            "signing_key": "token.key",
            "signing_certificate": "token.crt",
            "token_life": 300,
            "users": {
                user: {"password": secrets.token_urlsafe(16), "access": access} for user, access in USERS.items()
            },
            "anonymous": {"repository:team-a/public-*": ["pull"]},
        }

    def _write_htpasswd(self) -> None:
        """docker-registry accepts only bcrypt. Everyone in the file has full access, as htpasswd has no notion of permissions."""
        file = self.directory / "htpasswd"
        file.touch(mode=0o600)
        for user in USERS:
            subprocess.run(
                ["htpasswd", "-iB", "-C", "4", str(file), user],
                input=self.password(user),
                text=True,
                check=True,
                capture_output=True,
                timeout=20,
            )

    def _make_certificates(self) -> None:
        authority = certificates.Authority("testbed upstream CA")
        self.upstream_ca.write_bytes(certificates.pem(authority.certificate))
        certificates.write_pair(self.directory / "token", *certificates.signing_pair(TOKEN_ISSUER))
        for name in ADDRESSES:
            certificates.write_pair(self.directory / "tls" / name, *authority.issue(name))
        clients = certificates.Authority("testbed client CA")
        (self.directory / "client-ca.crt").write_bytes(certificates.pem(clients.certificate))
        certificates.write_pair(self.directory / "client", *clients.issue("regpass", client=True))

    def _start_servers(self, hosts: list[str]) -> None:
        if "registry.test:5443" in hosts:
            self._start_token_server("registry-auth", ("127.0.0.1", 5002), tls=None)
            self._start_registry("registry.test:5443", ("127.0.0.1", 5001), tls=None)
            self._start_nginx()
        if "split.test" in hosts:
            self._start_token_server("auth", (ADDRESSES["auth.test"], 443), self._tls("auth.test"))
            self._start_registry("split.test", (ADDRESSES["split.test"], 443), self._tls("split.test"))
        if "basic.test" in hosts:
            self._start_registry("basic.test", (ADDRESSES["basic.test"], 443), self._tls("basic.test"))

    def _tls(self, host: str) -> Path:
        return self.directory / "tls" / host

    def _start_registry(self, host: str, address: tuple[str, int], tls: Path | None) -> None:
        registry = self.registries[host]
        registry.directory.mkdir()
        accounts = self.directory / ("token.crt" if registry.realm else "htpasswd")
        config = registry.directory / "config.json"  # the format is YAML, a superset of JSON
        config.write_text(json.dumps(registry.config(address, tls, accounts), indent=1))
        self._start(["docker-registry", "serve", str(config)], address, registry.log)

    def _start_token_server(self, name: str, address: tuple[str, int], tls: Path | None) -> None:
        argv = ["/usr/bin/python3", str(TOKEN_SERVER), "--listen", "{}:{}".format(*address)]
        argv += ["--config", str(self.directory / "accounts.json"), "--log", str(self.token_log)]
        if tls:
            argv += ["--tls-cert", f"{tls}.crt", "--tls-key", f"{tls}.key"]
        self._start(argv, address, self.directory / f"{name}.output")

    def _start_nginx(self) -> None:
        template = (Path(__file__).parent / "nginx.conf.in").read_text()
        config = self.directory / "nginx.conf"
        config.write_text(template.replace("@DIR@", str(self.directory)))
        argv = ["nginx", "-e", "stderr", "-c", str(config)]
        self._start(argv, (ADDRESSES["registry.test"], 5443), self.directory / "nginx.output")

    def _start(self, argv: list[str], address: tuple[str, int], log: Path) -> None:
        log.touch()
        command = inside(self.network.servers, {"/etc/hosts": self.hosts_file}, argv)
        child = processes.spawn(command, {"PATH": PATH, "HOME": str(self.directory)}, log)
        if (start := processes.start_time(child.pid)) is not None:
            self._state_file.write_text(json.dumps([*self._started(), [child.pid, start]]))

        def ready() -> bool:
            return child.poll() is not None or address in listening(self.network.servers)

        if not processes.wait_until(ready, 60) or child.returncode is not None:
            raise SystemExit(f"testbed: {argv[0]} is not listening on {address}:\n{log.read_text()[-2000:]}")

    def _seed(self, hosts: list[str]) -> None:
        layout = self.directory / "oci"
        auth_file = self.directory / "admin.json"
        auth_file.write_text(self.docker_config("admin", *hosts))
        for host in hosts:
            for name in SEEDS:
                # Unique, so that a client that has pulled it from one registry still has to fetch it from the next.
                tag = f"{host}/{name}".replace("/", "-").replace(":", "-")
                oci_image.write_image(layout, tag, unique=True)
                copy = ["skopeo", "copy", "--quiet", "--authfile", str(auth_file)]
                copy += [f"oci:{layout}:{tag}", f"docker://{host}/{name}"]
                environment = {"PATH": PATH, "HOME": str(self.directory), "SSL_CERT_FILE": str(self.upstream_ca)}
                result = subprocess.run(self.in_pod(copy), env=environment, capture_output=True, text=True, timeout=60)
                if result.returncode:
                    raise SystemExit(f"testbed: cannot seed {host}/{name}: {result.stderr}")


def missing(hosts: list[str]) -> str | None:
    """The reason why the testbed cannot run here, or None."""
    if os.geteuid() != 0:
        return "the testbed creates network namespaces, which requires root"
    for program in (*PROGRAMS, *(PROGRAMS_OF[host] for host in hosts if host in PROGRAMS_OF)):
        if shutil.which(program, path=PATH) is None:
            return f"{program} is not installed"
    return None


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "run", "docker-config"):
        command = commands.add_parser(name)
        command.add_argument("directory", type=Path, metavar="DIR")
        if name == "up":
            command.add_argument("--only", action="append", choices=list(REALMS), help="start only this registry")
        elif name == "run":
            command.add_argument("argv", nargs=argparse.REMAINDER, metavar="[NAME=VALUE]... COMMAND...")
        elif name == "docker-config":
            command.add_argument("user", choices=list(USERS))
            command.add_argument("hosts", nargs="+", metavar="HOST")
    options = arguments.parse_args()
    testbed = Testbed(options.directory)

    if options.command == "up":
        hosts = options.only or list(REALMS)
        if reason := missing(hosts):
            print(f"SKIPPED: {reason}")
            return SKIPPED
        testbed.up(hosts)
    elif options.command == "down":
        testbed.down()
    elif options.command == "docker-config":
        print(testbed.docker_config(options.user, *options.hosts))
    elif options.command == "run":
        command = testbed.in_pod(["env", "-i", f"PATH={PATH}", *options.argv])
        os.execvp(command[0], command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
