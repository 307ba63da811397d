"""A pod's network namespace, with the testbed's servers as "the cluster" behind a gateway: addresses, DNS, canaries.

The pod has its pod IP, loopback and a resolv.conf as the kubelet writes it. The server side has a DNS server and the
targets that a malicious build step might want to reach: the metadata service, the API server and the node.
"""

import contextlib
import subprocess
import sys
from pathlib import Path

import processes
from e2e import Scenario
from network import ADDRESSES, inside, listening
from testbed import PATH

POD_IP = "10.244.7.2"
NODE = "10.244.7.1"  # the pod's gateway
DNS = "10.96.0.10"
API_SERVER = "10.96.0.1"
METADATA = "169.254.169.254"
CANARIES = ((METADATA, 80), (API_SERVER, 443), (NODE, 443))  # in the servers' namespace
OWN_CANARIES = (("127.0.0.1", 443), (POD_IP, 443))  # in the pod: other listeners that may run there

RESOLV_CONF = f"""\
search builds.svc.cluster.local svc.cluster.local cluster.local
nameserver {DNS}
options ndots:5
"""
NAMES = ADDRESSES | {
    "kubernetes.default.svc.cluster.local": API_SERVER,
    "metadata.google.internal": METADATA,
    "loopback.test": "127.0.0.1",
    "metadata.test": METADATA,
    "pod.test": POD_IP,
}

# Accepts a connection, logs which address it came to, and closes it.
CANARY = """
import socket, sys, threading

def watch(address, port):
    server = socket.create_server((address, int(port)))
    while True:
        connection, peer = server.accept()
        print(f"{address}:{port} from {peer[0]}", flush=True)
        connection.close()

for target in sys.argv[1:]:
    threading.Thread(target=watch, args=target.rsplit(":", 1)).start()
"""


class PodNetwork:
    def __init__(self, scenario: Scenario, clean_up: contextlib.ExitStack):
        self._scenario = scenario
        self._clean_up = clean_up
        self.servers = scenario.testbed.network.servers
        self.namespace = scenario.testbed.network.pod.removesuffix("-pod") + "-box"

    def up(self) -> None:
        """Sets the network up; closing `clean_up` removes it."""
        self._down()
        self._clean_up.callback(self._down)
        _ip("netns", "add", self.namespace)
        other_end = ["peer", "name", "box0", "netns", self.servers]
        _ip("link", "add", "eth0", "netns", self.namespace, "type", "veth", *other_end)
        for namespace, device, address in ((self.namespace, "eth0", POD_IP), (self.servers, "box0", NODE)):
            _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", device)
            _ip("-n", namespace, "link", "set", device, "up")
        _ip("-n", self.namespace, "link", "set", "lo", "up")
        _ip("-n", self.namespace, "route", "add", "default", "via", NODE)
        for address in (DNS, API_SERVER, METADATA):
            _ip("-n", self.servers, "addr", "add", f"{address}/32", "dev", "box0")
        self._start_dns()
        self._canaries = [
            self._start_canary("canaries", self.servers, CANARIES),
            self._start_canary("own-canaries", self.namespace, OWN_CANARIES),
        ]
        self._prove_canaries()

    def slow_down(self, rate: str) -> None:
        """Limits the rate of the pod's outgoing traffic from now on."""
        bucket = ["burst", "256k", "latency", "100ms"]
        command = ["tc", "-n", self.namespace, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, *bucket]
        subprocess.run(command, check=True, timeout=20)

    def canaries(self) -> list[str]:
        """The connections that reached the canaries."""
        return [line for file in self._canaries for line in file.read_text().splitlines()]

    def _prove_canaries(self) -> None:
        """Verifies that the canaries are reachable from the pod and log connections."""
        for address, port in (*CANARIES, *OWN_CANARIES):
            code = f"import socket; socket.create_connection(('{address}', {port}), 5)"
            subprocess.run(inside(self.namespace, {}, [sys.executable, "-c", code]), check=True, timeout=20)
        every = len(CANARIES) + len(OWN_CANARIES)
        assert processes.wait_until(lambda: len(self.canaries()) == every, 5), f"only {self.canaries()} logged the connection"
        for file in self._canaries:
            file.write_text("")

    def _start_dns(self) -> None:
        answers = [f"--address=/{name}/{address}" for name, address in NAMES.items()]
        options = ["--no-resolv", "--no-hosts", "--bind-interfaces", f"--listen-address={DNS}", "--conf-file=/dev/null"]
        argv = ["dnsmasq", "--keep-in-foreground", "--user=root", "--pid-file=", "--local=/cluster.local/", *options]
        self._start("dnsmasq", self.servers, [*argv, *answers], {(DNS, 53)})

    def _start_canary(self, name: str, namespace: str, addresses) -> Path:
        argv = [sys.executable, "-c", CANARY, *(f"{address}:{port}" for address, port in addresses)]
        return self._start(name, namespace, argv, set(addresses))

    def _start(self, name: str, namespace: str, argv: list[str], addresses: set) -> Path:
        log = self._scenario.directory / f"{name}.received"
        process = processes.spawn(inside(namespace, {}, argv), {"PATH": PATH}, log)
        self._clean_up.callback(processes.end_child, process, 5)
        up = processes.wait_until(lambda: addresses <= listening(namespace) or process.poll() is not None, 20)
        assert up and process.returncode is None, f"{name} is not listening: {log.read_text()}"
        return log

    def _down(self) -> None:
        if _exists(self.servers, "box0"):
            _ip("-n", self.servers, "link", "delete", "box0")  # also removes its addresses and the pod's end
        if Path("/run/netns", self.namespace).exists():
            _ip("netns", "delete", self.namespace)


def _exists(namespace: str, device: str) -> bool:
    return subprocess.run(["ip", "-n", namespace, "link", "show", device], capture_output=True).returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=20)
