"""Parses unit files and sets up the main process as systemd would, without a running systemd (systemd.exec(5))."""

import os
import shlex
import shutil
import socket
from pathlib import Path

USER = 65532  # stands for the dynamic user of DynamicUser=


class Unit:
    def __init__(self, text: str):
        self._values: dict[str, list[str]] = {}
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def value(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def command(self) -> list[str]:
        return shlex.split(self.value("ExecStart"))


class Prepared:
    """The directories, credentials and environment of a system unit's process, below `root`."""

    def __init__(self, unit: Unit, root: Path):
        self.unit = unit
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"}
        for setting, variable, parent in (
            ("StateDirectory", "STATE_DIRECTORY", "/var/lib"),
            ("RuntimeDirectory", "RUNTIME_DIRECTORY", "/run"),
        ):
            path = f"{parent}/{unit.value(setting)}"
            mode = int((unit.all(f"{setting}Mode") or ["0755"])[0], 8)
            self._make(root / path.lstrip("/"), mode)
            self.environment[variable] = path
        self._load_credentials(root)
        self.environment["NOTIFY_SOCKET"] = "/run/systemd/notify"
        self.manager = Manager(root / "run/systemd/notify")
        self.environment["WATCHDOG_USEC"] = str(int(unit.value("WatchdogSec").removesuffix("s")) * 1_000_000)

    def _make(self, path: Path, mode: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        os.chown(path, USER, USER)

    def _load_credentials(self, root: Path) -> None:
        given = root / "run/credentials/regpass.service"
        self._make(given, 0o500)
        for setting in self.unit.all("LoadCredential"):
            name, _, source = setting.partition(":")
            held = root / "etc/credstore" / source
            if held.exists():
                shutil.copy(held, given / name)
                (given / name).chmod(0o400)
                os.chown(given / name, USER, USER)
        self.environment["CREDENTIALS_DIRECTORY"] = "/run/credentials/regpass.service"


class Manager:
    """Plays the service manager at the other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o777)

    def hear(self, wanted: str, seconds: float) -> dict[str, str]:
        """Waits for the next message with the variable `wanted`, skipping watchdog messages."""
        self._socket.settimeout(seconds)
        while True:
            lines = self._socket.recv(4096).decode().splitlines()
            message = dict(line.split("=", 1) for line in lines)
            if wanted in message:
                return message
            assert "WATCHDOG" in message, f"{message} instead of {wanted}"

    def close(self) -> None:
        self._socket.close()
