"""Two network namespaces joined by a veth pair: the servers in one, "the pod" (regpass and the clients) in the other."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ADDRESSES = {
    "registry.test": "10.231.0.10",
    "split.test": "10.231.0.11",
    "auth.test": "10.231.0.12",
    "basic.test": "10.231.0.13",
    "plain.test": "10.231.0.14",  # a server that is not a registry
    "proxy.test": "10.231.0.15",  # an upstream proxy, in scenarios that start one
    "many.test": "10.231.0.16",  # registries that a scenario starts itself
}
POD_ADDRESS = "10.231.0.1"
V6_PREFIX = "fd0a:e7::"  # …:11 is the same server as 10.231.0.11. Nothing listens there unless a scenario arranges it


MOUNT_AND_EXECUTE = """
while [ "$1" != -- ]; do
    mount --bind "$1" "$2" || exit 125
    shift 2
done
shift
exec "$@"
"""


class Network:
    """The pair of namespaces called NAME-pod and NAME-srv."""

    def __init__(self, name: str):
        self.pod = f"{name}-pod"
        self.servers = f"{name}-srv"

    def up(self) -> None:
        for namespace in (self.pod, self.servers):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("link", "add", "tb0", "netns", self.pod, "type", "veth", "peer", "name", "tb0", "netns", self.servers)
        _ip("-n", self.pod, "addr", "add", f"{POD_ADDRESS}/24", "dev", "tb0")
        _ip("-n", self.pod, "addr", "add", f"{v6(POD_ADDRESS)}/64", "dev", "tb0", "nodad")
        for address in ADDRESSES.values():
            _ip("-n", self.servers, "addr", "add", f"{address}/24", "dev", "tb0")
            _ip("-n", self.servers, "addr", "add", f"{v6(address)}/64", "dev", "tb0", "nodad")
        for namespace in (self.pod, self.servers):
            _ip("-n", namespace, "link", "set", "tb0", "up")

    def down(self) -> None:
        for namespace in (self.pod, self.servers):
            if Path("/run/netns", namespace).exists():
                _ip("netns", "delete", namespace)


def v6(address: str) -> str:
    return V6_PREFIX + address.rpartition(".")[2]


def hosts_file_text(only_v6: tuple[str, ...] = ()) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for name, address in ADDRESSES.items():
        lines.append(f"{v6(address) if name in only_v6 else address} {name}")
    return "\n".join(lines) + "\n"


def inside(namespace: str, binds: dict[str, Path], argv: list[str]) -> list[str]:
    """The command line that runs `argv` in `namespace`, with `binds` (target: source) mounted only for it.

    `ip netns exec` is not an option: it remounts /sys, which hides the cgroups, and runc fails. Each program in the chain
    executes the next one, so the process that is started ends up running `argv`.
    """
    mounts = [part for target, source in binds.items() for part in (os.fspath(source), target)]
    enter = ["nsenter", f"--net=/run/netns/{namespace}", "unshare", "--mount", "--propagation", "slave"]
    return [*enter, "sh", "-c", MOUNT_AND_EXECUTE, "inside", *mounts, "--", *argv]


def listening(namespace: str) -> set[tuple[str, int]]:
    """The IPv4 addresses and TCP ports on which something in `namespace` listens."""
    return _listening(namespace, "/proc/net/tcp", socket.AF_INET)


def listening_v6(namespace: str) -> set[tuple[str, int]]:
    """Like `listening`, for IPv6."""
    return _listening(namespace, "/proc/net/tcp6", socket.AF_INET6)


def _listening(namespace: str, table_file: str, family: int) -> set[tuple[str, int]]:
    command = ["nsenter", f"--net=/run/netns/{namespace}", "cat", table_file]
    table = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout
    sockets = set()
    for _, local, _, state, *_ in map(str.split, table.splitlines()[1:]):
        if state == "0A":  # TCP_LISTEN
            address, port = local.split(":")
            words = [int(address[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(address), 8)]
            sockets.add((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return sockets


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=20)
