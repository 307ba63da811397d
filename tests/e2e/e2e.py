"""Framework for end-to-end scenarios: real clients in the testbed's pod, each scenario with its own regpass.

    with Scenario("skopeo", programs=["skopeo"]) as scenario:
        with scenario.regpass("alice") as regpass:
            scenario.succeed("skopeo", "copy", ...)

Clients get the proxy and the CA and nothing else: HOME is empty, the environment is built from scratch, and /var/lib
and /run are private to the scenario, so daemons can use their default paths.
Expects the environment variables REGPASS (the program) and TESTBED (the directory of a running testbed).
"""

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

from testbed import PATH, SKIPPED, Testbed

import oci_image
import processes
from network import listening
from registry import Registry
from sidecar import Log, Sidecar, settings

OUTPUT_SHOWN = 3000  # characters of a client's output to include in a failure report
TOKEN_PREFIX = b"eyJhbGciOi"  # `{"alg":` in base64
LOG_LINES_SHOWN = 15
LOG_LINE_SHOWN = 400
# To start a RUN step, buildah and podman execute a sealed memfd copy of themselves. While anything else, such as
# compaction, holds a reference to one of its pages, F_SEAL_WRITE fails with EBUSY (memfd_wait_for_pins in mm/memfd.c).
# They do not retry, so the scenario does.
SEAL_FAILED = "sealing memfd copy: Device or resource busy"
SEALING_ATTEMPTS = 3


class Skip(Exception):
    """A prerequisite of the scenario is missing."""


class Scenario:
    def __init__(self, name: str, programs: Sequence[str] = (), hosts: Sequence[str] = ("split.test", "basic.test")):
        self.name = name
        self._programs = programs
        self._hosts = hosts
        self._clean_up = contextlib.ExitStack()
        self._sidecar: Log | None = None
        self._passwords: set[str] = set()
        self._count = 0
        self.output = ""  # printed by the last client

    def __enter__(self) -> "Scenario":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # run the exit handlers, which stop the processes
        try:
            self._prepare()
        except Skip as reason:
            self._skip(reason)
        return self

    def __exit__(self, _, error, __) -> None:
        problem = error
        try:
            self._clean_up.close()
            if problem is None:
                self._assert_clients_held_no_credential()
        except Exception as late:
            problem = problem or late
        if isinstance(problem, Skip):
            self._skip(problem)
        if isinstance(problem, Exception):
            self._report(problem)
            sys.exit(1)

    # Interface for scenarios

    @property
    def registries(self) -> list[Registry]:
        return [self.testbed.registries[host] for host in self._hosts]

    @property
    def registries_with_scopes(self) -> list[Registry]:
        """Registries where a user can have pull access without push access; with HTTP Basic, access is all or nothing."""
        return [registry for registry in self.registries if registry.realm]

    def docker_config(self, user: str, password: str | None = None) -> str:
        """A docker config.json with `user`'s credentials for the registries; `password` overrides the correct password."""
        self._passwords |= {self.testbed.password(user), *([password] if password else [])}
        return self.testbed.docker_config(user, *self._hosts, password=password)

    def regpass(self, user: str, password: str | None = None) -> Sidecar:
        """A sidecar that holds this docker config.

        All sidecars of a scenario share the same registries, port and CA, because daemons outlive them.
        """
        return self.sidecar({"config.json": self.docker_config(user, password)})

    def sidecar(
        self, secret_files: dict[str, str], extra_settings: str = "", kind: type[Sidecar] = Sidecar
    ) -> Sidecar:
        self._count += 1
        text = settings(self.directory, self.port, list(self._hosts)) + extra_settings
        name = f"{self._count:02}-regpass"
        self._sidecar = kind(self.testbed, self.directory, self.port, name, secret_files, text)
        return self._sidecar

    def image(self, tag: str, big: int = 0, more: int = 0) -> SimpleNamespace:
        """Creates an image that no registry has seen: an OCI `layout`, its `source` for skopeo, and its `digest`."""
        layout = self.directory / f"oci-{tag}"
        digest = oci_image.write_image(layout, tag, big, unique=True, more=more)
        return SimpleNamespace(layout=layout, source=f"oci:{layout}:{tag}", digest=digest)

    def context(self, dockerfile: str) -> Path:
        """Creates a build context with this Dockerfile and a random file that makes every build unique."""
        self._count += 1
        directory = self.directory / f"context-{self._count:02}"
        directory.mkdir()
        (directory / "Dockerfile").write_text(dockerfile)
        (directory / "unique").write_bytes(secrets.token_bytes(4096))
        return directory

    def succeed(self, *argv, **options) -> str:
        status = self.client(*argv, **options)
        assert status == 0, f"{shown(argv)}: exit status {status}"
        return self.output

    def fail(self, *argv, **options) -> str:
        status = self.client(*argv, **options)
        assert status != 0, f"{shown(argv)} succeeded but should have failed"
        return self.output

    def client(self, *argv, seconds: float = 60, **options) -> int:
        """Runs a client to completion and returns its exit status; its output is stored in `output`."""
        for _ in range(SEALING_ATTEMPTS):
            status = self._run(argv, seconds, options)
            if status == 0 or SEAL_FAILED not in self.output:
                break
        return status

    def daemon(self, *argv, ready: list[str], **options) -> None:
        """Starts a daemon that runs until the scenario ends, and waits until the command `ready` succeeds."""
        process, log = self._start(argv, **options)
        self._clean_up.callback(processes.end_child, process, 20)
        up = processes.wait_until(
            lambda: processes.start_time(process.pid) is None or self.client(*ready) == 0, 30
        )
        if not up or processes.start_time(process.pid) is None:
            self.output = log.read_text(errors="replace")
            raise AssertionError(f"{shown(argv)} did not start")

    def report_log(self, log: Log) -> None:
        """Makes failure reports include the end of this log."""
        self._sidecar = log

    def forbid_in_output(self, password: str) -> None:
        """Registers a password that must not appear in the output of clients or regpass, nor in any client's file."""
        self._passwords.add(password)

    def at_end(self, call, *arguments) -> None:
        self._clean_up.callback(call, *arguments)

    # Implementation

    def _run(self, argv, seconds: float, options: dict) -> int:
        process, log = self._start(argv, **options)
        try:
            in_time = processes.wait_until(lambda: processes.start_time(process.pid) is None, seconds)
        finally:
            status = processes.end_child(process, 1)
        self.output = log.read_text(errors="replace")
        assert in_time, f"{shown(argv)} was still running after {seconds} s"
        return status

    def _start(
        self,
        argv,
        environment: dict[str, str] | None = None,
        through_regpass: bool = True,
        binds: dict[str, Path] | None = None,
    ) -> tuple[subprocess.Popen, Path]:
        self._count += 1
        argv = [os.fspath(part) for part in argv]
        log = self.directory / f"{self._count:02}-{Path(argv[0]).name}.output"
        variables = {"PATH": PATH, "HOME": str(self.home), "TMPDIR": str(self.directory / "tmp")}
        if through_regpass:
            variables |= self.proxy_environment
        command = self.testbed.in_pod(argv, self.machine, binds)
        return processes.spawn(command, variables | (environment or {}), log), log

    def _prepare(self) -> None:
        for variable in ("REGPASS", "TESTBED"):
            if variable not in os.environ:
                raise Skip(f"the environment variable {variable} is not set")
        self.testbed = Testbed(Path(os.environ["TESTBED"]))
        if not self.testbed.is_up():
            raise Skip(f"no testbed runs in {self.testbed.directory} (testbed.py up DIR)")
        for program in self._programs:
            if shutil.which(program, path=PATH) is None:
                raise Skip(f"{program} is not installed")
        self.directory = self.testbed.directory / "scenarios" / self.name
        shutil.rmtree(self.directory, ignore_errors=True)
        self.home = self.directory / "home"
        self.machine = self.directory / "machine"
        for folder in (self.home, self.directory / "tmp"):
            folder.mkdir(parents=True)
        taken = {port for _, port in listening(self.testbed.network.pod)}
        self.port = random.choice([port for port in range(20000, 30000) if port not in taken])
        # Never used by an earlier run, so the repository is empty and every blob has to be pushed.
        self.repository = f"team-a/{self.name}-{secrets.token_hex(3)}"
        self._token_mark = self.testbed.token_log.stat().st_size
        self.proxy_environment = {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "NO_PROXY": "localhost,127.0.0.1",
            "SSL_CERT_FILE": str(self.directory / "trust/bundle.crt"),
        }

    def token_requests(self) -> list[dict]:
        """The requests that the token servers received since the scenario started."""
        return self.testbed.token_requests(self._token_mark)

    def _assert_clients_held_no_credential(self) -> None:
        """Asserts that no file of a client and no output of clients or regpass contains a password or token."""
        printed = [*self.directory.glob("*.output"), *self.directory.glob("*.log")]
        for file in [*printed, *self.home.rglob("*"), *self.machine.rglob("*")]:
            if file.is_symlink() or not file.is_file():
                continue
            content = file.read_bytes()
            assert TOKEN_PREFIX not in content, f"{file} contains a token"
            for password in self._passwords:
                assert password.encode() not in content, f"{file} contains a password"

    def _report(self, problem: Exception) -> None:
        if not isinstance(problem, AssertionError):  # a bug in the scenario, or a log line in an unexpected format
            traceback.print_exception(problem)
        print(f"FAILED: {problem}")
        if self.output:
            print(f"--- the last client's output (all of them: {self.directory})\n{self.output[-OUTPUT_SHOWN:]}")
        if self._sidecar and self._sidecar.log_file.exists():
            print(f"--- the end of {self._sidecar.log_file}")
            for line in self._sidecar.log_file.read_text().splitlines()[-LOG_LINES_SHOWN:]:
                print(abridged(line))

    @staticmethod
    def _skip(reason: Skip) -> None:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)


def shown(argv) -> str:
    return " ".join(map(str, argv))


def abridged(line: str) -> str:
    """Shortens a regpass log line to about the width of a terminal."""
    try:
        event = json.loads(line)
    except ValueError:
        return line[:LOG_LINE_SHOWN]
    if event.get("event") != "exchange":
        return line[:LOG_LINE_SHOWN]
    explanation = event.get("explanation", {})
    facts = [event.get(name) for name in ("id", "registry", "method", "path", "status", "auth", "attempts")]
    return f"{shown(facts)[:160]} {explanation.get('cause', '')} {explanation.get('summary', '')}".rstrip()
