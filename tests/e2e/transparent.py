"""Transparent mode: a sidecar that runs as its own user, and a relay that makes the servers reachable over IPv6."""

import os
import random
import shutil
from pathlib import Path

import processes
from network import ADDRESSES, hosts_file_text, inside, listening, listening_v6, v6
from sidecar import Sidecar
from testbed import PATH

USER = 2000  # used by nothing else; this user's connections are not redirected
# Mount points that exist on every machine; the user may not be able to reach these files at their original paths.
SCENARIO, PROGRAMS = Path("/opt"), Path("/mnt")

RELAY = """
import asyncio, sys

async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()

async def relay(reader, writer):
    server_reader, server_writer = await asyncio.open_connection(sys.argv[2], 443)
    await asyncio.gather(pump(reader, server_writer), pump(server_reader, writer), return_exceptions=True)
    for end in (writer, server_writer):
        end.close()

async def main():
    server = await asyncio.start_server(relay, sys.argv[1], 443)
    await server.serve_forever()

asyncio.run(main())
"""


class OwnUser(Sidecar):
    """Accepts redirected connections on `transparent_port` and runs without any capabilities."""

    transparent_port = 0

    def _command(self, config: Path) -> list[str]:
        for name in ("ca", "trust", "state"):
            folder = self._directory / name
            folder.mkdir(exist_ok=True)
            os.chown(folder, USER, USER)
        config.write_text(config.read_text().replace(str(self._directory), str(SCENARIO)))
        shutil.copy(self._testbed.upstream_ca, self._directory / "upstream-ca.crt")
        argv = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all"]
        argv += [str(PROGRAMS / "regpass"), "serve", "--config", str(SCENARIO / config.name)]
        binds = {str(SCENARIO): self._directory, str(PROGRAMS): Path(os.environ["REGPASS"]).parent}
        return self._testbed.in_pod(argv, self._machine, binds | self.more_binds)

    more_binds: dict[str, Path] = {}

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": PATH,
            "HOME": str(SCENARIO / "state"),
            "SSL_CERT_FILE": str(SCENARIO / "upstream-ca.crt"),
            "REGPASS_STATE_DIR": str(SCENARIO / "state"),
            "REGPASS_LISTEN_TRANSPARENT": f"127.0.0.1:{self.transparent_port}",
        }


class Redirection:
    """Redirects the connections of a scenario's clients, which have no proxy configured.

    The registry `only_v6` is reachable only at its IPv6 address.
    """

    def __init__(self, scenario, only_v6: str):
        self._scenario = scenario
        testbed = scenario.testbed
        scenario.proxy_environment = {"SSL_CERT_FILE": scenario.proxy_environment["SSL_CERT_FILE"]}
        taken = {port for _, port in listening(testbed.network.pod)} | {scenario.port}
        OwnUser.transparent_port = random.choice([port for port in range(20000, 30000) if port not in taken])
        address = ADDRESSES[only_v6]
        command, output = relay_command(testbed, address), scenario.directory / "relay.output"
        scenario.at_end(processes.end_child, processes.spawn(command, {"PATH": "/usr/bin"}, output), 5)
        assert processes.wait_until(lambda: relay_listens(testbed, address), 20), "the relay did not start"
        self.hosts = {"/etc/hosts": hosts_file(scenario.directory, (only_v6,))}
        OwnUser.more_binds = self.hosts
        scenario.at_end(scenario.client, os.environ["REGPASS"], "redirect", "remove")

    def command(self, *arguments: str) -> str:
        return self._scenario.succeed(os.environ["REGPASS"], "redirect", *arguments, binds=self.hosts)

    def apply(self, uid: int = USER) -> None:
        self.command("apply", "--uid", str(uid), "--to", str(OwnUser.transparent_port))


def relay_command(testbed, address: str) -> list[str]:
    """Runs in the servers' namespace and forwards port 443 of the IPv6 address to the IPv4 address."""
    return inside(testbed.network.servers, {}, ["/usr/bin/python3", "-c", RELAY, v6(address), address])


def relay_listens(testbed, address: str) -> bool:
    return (v6(address), 443) in listening_v6(testbed.network.servers)


def hosts_file(directory: Path, only_v6: tuple[str, ...]) -> Path:
    file = directory / "hosts"
    file.write_text(hosts_file_text(only_v6))
    return file
