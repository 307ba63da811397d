"""The user units of deploy/systemd: regpass in rootlesskit's namespaces, and a rootless buildkitd that joins them.

Nothing listens in the pod's own network; regpass and buildkitd reach each other only through the shared namespaces.
"""

import os
import sys
from pathlib import Path

import buildkit
import expect
import processes
import rootless
from e2e import Scenario
from network import listening
from rootless import HOME, ID
from sidecar import SECRETS, Sidecar
from testbed import PATH, REALMS

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/deploy"))

from unit import Manager, Unit  # noqa: E402

UNITS = SOURCE / "deploy/systemd/user"
DAEMON_TOML = """\
[worker.oci]
  noProcessSandbox = true
  snapshotter = "native"
  binary = "runc"
[worker.containerd]
  enabled = false
"""


class UserUnits(Sidecar):
    """Starts what systemd would start for the user. Its log is regpass's, like that of a Sidecar."""

    def __init__(self, scenario: Scenario, programs: Path):
        self._scenario = scenario
        self.log_file = scenario.directory / "regpass.log"
        builder = rootless.Rootless(scenario, programs)
        self._home = scenario.machine / HOME.lstrip("/")
        for folder in ("regpass", "buildkit", ".config", ".config/buildkit", "state"):
            (self._home / folder).mkdir()
            os.chown(self._home / folder, ID, ID)
        (self._home / ".config/buildkit/buildkitd.toml").write_text(DAEMON_TOML)
        (self._home / "regpass.toml").write_text(
            f'[credentials]\ndocker_config = ["{SECRETS}"]\n[drain]\nidle = "300ms"\n'
            f'[[registry]]\nhost = "split.test"\npush = ["team-a/*"]\nrealms = ["{REALMS["split.test"]}"]\n'
        )
        self._binds = builder.accounts | self._reachable(programs)
        self._environment = builder.environment | {
            "PATH": f"{HOME}/programs:{PATH}",
            "STATE_DIRECTORY": f"{HOME}/state",
            "SSL_CERT_FILE": f"{HOME}/upstream-ca.crt",
            "REGPASS_CONFIG": f"{HOME}/regpass.toml",
            "NOTIFY_SOCKET": f"{HOME}/notify",
        }
        self.manager = Manager(self._home / "notify")
        self.buildctl = [programs / "buildctl", "--addr", f"unix://{HOME}/buildkit/buildkitd.sock"]

    def __enter__(self) -> "UserUnits":
        unit = Unit((UNITS / "regpass.service").read_text())
        command = self._scenario.testbed.in_pod(self._command(unit), self._scenario.machine, self._binds)
        environment = self._environment | self._variables(unit)
        self._process = processes.spawn(command, environment, self.log_file)
        assert "1 usable" in self.manager.hear("READY", 30)["STATUS"], "regpass has no usable credential"
        return self

    def start_buildkitd(self) -> None:
        unit = Unit((UNITS / "regpass-buildkit.service").read_text())
        self._scenario.daemon(
            *self._command(unit),
            ready=[*self.buildctl, "debug", "workers"],
            environment=self._environment | self._variables(unit),
            through_regpass=False,
            binds=self._binds,
        )

    def _command(self, unit: Unit) -> list[str]:
        as_user = ["setpriv", f"--reuid={ID}", f"--regid={ID}", "--clear-groups"]
        return as_user + [
            part.replace("%t", HOME).replace("/usr/bin/regpass", f"{HOME}/regpass-program") for part in unit.command
        ]

    def _variables(self, unit: Unit) -> dict[str, str]:
        words = " ".join(unit.all("Environment")).replace("%t", HOME).split()
        return dict(word.split("=", 1) for word in words)

    def _reachable(self, programs: Path) -> dict[str, Path]:
        """The files that the user must be able to read, mounted at readable paths: target and source."""
        login = self._scenario.directory / "login"
        login.mkdir()
        (login / "config.json").write_text(self._scenario.docker_config("alice"))
        (self._scenario.machine / SECRETS.lstrip("/")).mkdir(parents=True)
        for file in ("regpass-program", "upstream-ca.crt"):
            (self._home / file).touch()
        tunnels = self._scenario.directory / "tun"
        os.mknod(tunnels, 0o020666, os.makedev(10, 200))
        tunnels.chmod(0o666)  # the usual mode outside containers
        return {
            SECRETS: login,
            "/dev/net/tun": tunnels,
            f"{HOME}/programs": programs,
            f"{HOME}/regpass-program": Path(os.environ["REGPASS"]),
            f"{HOME}/upstream-ca.crt": self._scenario.testbed.upstream_ca,
        }


PROGRAMS = [*rootless.PROGRAMS, "slirp4netns", "nsenter"]
with Scenario("user-units", programs=PROGRAMS, hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    client = {"through_regpass": False}
    with UserUnits(scenario, buildkit.programs()) as regpass:
        regpass.start_buildkitd()
        assert ("127.0.0.1", 3128) not in listening(scenario.testbed.network.pod), "regpass is listening in the pod's network"
        context = scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
        local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:1,push=true"
        build = [*regpass.buildctl, "build", "--progress=plain", "--frontend=dockerfile.v0", *local, output]
        scenario.succeed(*build, **client)
        expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
        expect.pushed(scenario, regpass, registry, "alice", "1")
