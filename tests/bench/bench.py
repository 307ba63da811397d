"""The namespaces that everything runs in, the servers inside them, and the client runs."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from addresses import HOSTS, ORIGIN_ADDRESS, ORIGIN_H2_PORT, ORIGIN_PORT
from processes import Failure, Process, call, pinned, say

REPOSITORY = Path(__file__).resolve().parents[2]


class Bench:
    def __init__(self, options, home):
        self.home = home
        self.load = options.load
        self.regpass = options.regpass
        self.load_cpu, self.proxy_cpu = sorted(os.sched_getaffinity(0))[:2]
        self.processes = []
        self.origin = None
        self.ciphers = {}
        self.scopes = 0  # repositories used so far: each pass uses new ones

    def file(self, name):
        return self.home / name

    def start(self, cpu, name, *command):
        process = Process(cpu, self.file(f"{name}.err"), *command)
        self.processes.append(process)
        return process

    def stop(self, process=None):
        for each in [process] if process else reversed(self.processes):
            each.stop()
        self.processes = [each for each in self.processes if process and each is not process]

    def make_certificates(self):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        new = ["openssl", "req", "-x509", "-days", "2", *key]
        authority = ["-keyout", self.file("ca.key"), "-out", self.file("ca.crt")]
        usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        call(*new, *authority, *usage, "-subj", "/CN=regpass bench")
        server = ["-keyout", self.file("server.key"), "-out", self.file("server.crt")]
        signer = ["-CA", self.file("ca.crt"), "-CAkey", self.file("ca.key")]
        alternatives = "DNS:registry.test,DNS:*.registry.test,DNS:tokens.test,DNS:proxy.test"
        names = ["-addext", f"subjectAltName={alternatives}", "-addext", "basicConstraints=CA:FALSE"]
        call(*new, *server, *signer, *names, "-subj", "/CN=registry.test")
        for pair in ("server", "ca"):
            both = self.file(f"{pair}.crt").read_text() + self.file(f"{pair}.key").read_text()
            self.file(f"{pair}.pem").write_text(both)

    def start_origin(self):
        listen, listen_h2 = (f"{ORIGIN_ADDRESS}:{port}" for port in (ORIGIN_PORT, ORIGIN_H2_PORT))
        keys = ["--cert", self.file("server.crt"), "--key", self.file("server.key")]
        command = [self.load, "origin", "--listen", listen, "--listen-h2", listen_h2, *keys]
        self.origin = self.start(self.load_cpu, "origin", *command)
        self.origin.await_listener(listen_h2)

    def client(self, arguments):
        """The command line of a pass; `arguments` start with bench-load's mode."""
        if "scopes" in arguments and "--first" not in arguments:
            arguments = [*arguments, "--first", self.scopes]
            self.scopes += 1_000_000
        return [str(word) for word in (self.load, *arguments)]

    def run_client(self, arguments, under=()):
        """Runs a pass and returns its result. `under` is a command that wraps the client."""
        try:
            with pinned(self.load_cpu):
                return json.loads(call(*map(str, under), *self.client(arguments), timeout=300))
        except Failure as failure:
            logs = [process.last_words() for process in self.processes]
            raise Failure("\n".join([str(failure), *logs])) from None

    @contextmanager
    def held(self, arguments):
        """A context in which the client keeps its connections open."""
        with pinned(self.load_cpu):
            child = subprocess.Popen(
                self.client(["hold", *arguments]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        try:
            if not child.stdout.readline():
                raise Failure(f"holding connections: {child.stderr.read().decode()}")
            yield
        finally:
            child.stdin.close()
            child.wait(30)
            child.stdout.close()
            child.stderr.close()


@contextmanager
def bench_environment(options):
    """A Bench with a running origin. Nothing is visible outside the namespaces, and nothing outlives them."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # 5,000 connections need two descriptors each
    with tempfile.TemporaryDirectory(prefix="regpass-bench-") as directory, ExitStack() as stack:
        bench = Bench(options, Path(directory))
        bench.home.chmod(0o755)  # some peers drop root privileges
        bench.file("hosts").write_text(HOSTS)
        call("mount", "--bind", bench.file("hosts"), "/etc/hosts")
        call("ip", "link", "set", "lo", "up")
        call("ip", "address", "add", f"{ORIGIN_ADDRESS}/32", "dev", "lo")
        # BBR paces on loopback too, which doubles the cost of sending.
        Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text("reno")
        stack.callback(bench.stop)
        bench.make_certificates()
        bench.start_origin()
        yield bench


def enter_namespaces(script):
    """Re-executes the script as the first process of a PID namespace, so that everything it started ends with it."""
    namespaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.execvp(namespaces[0], [*namespaces, sys.executable, "-B", script, "--in-namespace", *sys.argv[1:]])


def prepare(options, packages):
    """Prepares everything that needs the network or the build tree, before the namespaces are entered."""
    if os.geteuid() != 0:
        raise Failure("the benchmark must run as root, because it creates namespaces")
    if len(os.sched_getaffinity(0)) < 2:
        raise Failure("the benchmark needs two CPUs: one for the proxy, one for its client and origin")
    packages = {"ip": "iproute2", "openssl": "openssl", **packages}
    missing = [package for command, package in packages.items() if not shutil.which(command)]
    if missing:
        say(f"installing {' '.join(missing)}")
        call("apt-get", "update", timeout=600)
        call("apt-get", "install", "--yes", "--no-install-recommends", *missing, timeout=600)
    if options.load == options.build / "tests/bench/bench-load":
        say("building bench-load")
        call("cmake", "--build", options.build, "--target", "bench-load", timeout=600)
    for program in (options.load, options.regpass):
        if not os.access(program, os.X_OK):
            raise Failure(f"{program} does not exist; build it, or specify its path")


def add_programs(parser):
    build = REPOSITORY / "build/release"
    parser.add_argument("--build", type=Path, default=build, metavar="DIR", help="build tree (default build/release)")
    parser.add_argument("--regpass", type=Path, metavar="PATH", help="default proxy/regpass in the build tree")
    parser.add_argument("--load", type=Path, metavar="PATH", help="bench-load, when built elsewhere")


def find_programs(options):
    options.build = options.build.absolute()
    options.regpass = (options.regpass or options.build / "proxy/regpass").resolve()
    options.load = (options.load or options.build / "tests/bench/bench-load").absolute()
