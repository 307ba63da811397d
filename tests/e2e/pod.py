"""Runs a pod on this machine alone, doing with its spec what the kubelet, containerd and the cluster would do.

    pod = Pod(scenario, spec, objects, images)
    with pod:                          # init containers one by one, waiting for sidecars to be ready, then the other containers
        pod.succeed("buildkitd", "buildctl", "build", ...)        # kubectl exec

Implemented: volumes (pod_volumes.py), containers (pod_container.py), network and DNS (pod_network.py), native sidecars,
startup and readiness probes, restarts on request, and the order of termination.
"""

import contextlib
import itertools
import shutil
import subprocess
from pathlib import Path

import processes
from e2e import Scenario, shown
from network import inside
from pod_container import Container, Image, PodResources
from pod_network import POD_IP, RESOLV_CONF, PodNetwork
from pod_volumes import Mounts, Volumes
from sidecar import Log

NAME = "builder-0"
NUMBERS = itertools.count(1)  # distinguishes the logs of everything that is started
PATIENCE = 60  # seconds for a probe to succeed


class Pod:
    def __init__(self, scenario: Scenario, spec: dict, objects: dict, images: dict[str, Image]):
        self._scenario = scenario
        self._spec = spec
        self._images = images
        self._directory = scenario.directory / "pod"
        self._clean_up = contextlib.ExitStack()
        self.network = PodNetwork(scenario, self._clean_up)
        shutil.rmtree(self._directory, ignore_errors=True)  # left by the scenario's previous pod
        self._mounts = Mounts(self._directory / "volumes")
        self._roots = Mounts(self._directory / "containers")
        self._objects = objects
        self.containers: dict[str, Container] = {}

    def __enter__(self) -> "Pod":
        try:
            self._start()
        except BaseException:
            self._clean_up.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._clean_up.close()

    def _start(self) -> None:
        self._clean_up.callback(self._roots.undo)
        self._clean_up.callback(self._mounts.undo)
        self.network.up()
        self._clean_up.callback(self._remove)
        self.volumes = Volumes(self._mounts, self._spec, self._objects)
        containers = self._directory / "containers"
        containers.mkdir(parents=True)
        fields = {"metadata.name": NAME, "metadata.namespace": "builds", "status.podIP": POD_IP}
        self._shared = PodResources(
            directory=containers,
            logs=self._scenario.directory,
            mounts=self._roots,
            namespace=self.network.namespace,
            volumes=self.volumes.paths,
            files=self._machine_files(),
            fields=fields,
        )
        for container_spec in self._spec.get("initContainers", []):
            self.start(container_spec["name"])
            if container_spec.get("restartPolicy") != "Always":
                status = self.containers[container_spec["name"]].status(PATIENCE)
                assert status == 0, f"{container_spec['name']} ended with {status}: {self._log(container_spec['name'])}"
        for container_spec in self._spec["containers"]:
            self.start(container_spec["name"])

    def _remove(self) -> None:
        while self.containers:
            self.containers.popitem()[1].remove()

    def start(self, name: str) -> Container:
        """Starts a container that has not run yet or has ended. Only the volumes survive from a previous run."""
        if name in self.containers:
            self.containers[name].remove()
        spec = self.spec_of(name)
        context = self._spec.get("securityContext", {})
        container = Container(self._shared, spec, self._image(spec), context, next(NUMBERS))
        self.containers[name] = container
        container.start()
        if name == "regpass":
            self._scenario.report_log(self.log(name))
        if hook := spec.get("lifecycle", {}).get("postStart"):
            status = container.execute(*hook["exec"]["command"])
            assert status == 0, f"postStart of {name} ended with {status}: {self._log(name)}"
        for probe in ("startupProbe", "readinessProbe"):
            if probe in spec:
                self._await(container, spec, spec[probe])
        return container

    def spec_of(self, name: str) -> dict:
        every = [*self._spec.get("initContainers", []), *self._spec["containers"]]
        return next(container_spec for container_spec in every if container_spec["name"] == name)

    def succeed(self, name: str, *argv, seconds: float = 60) -> str:
        """`kubectl exec`, as the container's user."""
        status = self._execute(name, argv, seconds)
        assert status == 0, f"{shown(argv)}: exit status {status}"
        return self._scenario.output

    def fail(self, name: str, *argv, seconds: float = 60) -> str:
        assert self._execute(name, argv, seconds) != 0, f"{shown(argv)} succeeded but should have failed"
        return self._scenario.output

    def background(self, name: str, *argv) -> subprocess.Popen:
        command = self.containers[name].command(*argv)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def resolv_conf(self) -> Path:
        return self._shared.files["/etc/resolv.conf"]

    def log(self, name: str) -> Log:
        return Log(self.containers[name].log_file)

    def get(self, port: int, path: str) -> tuple[int, str]:
        """The response to another client in the cluster that connects to the pod IP."""
        url = f"http://{POD_IP}:{port}{path}"
        fetch = ["curl", "--silent", "--max-time", "5", "--write-out", "\n%{http_code}", url]
        command = inside(self.network.servers, {}, fetch)
        response = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
        body, _, status = response.rpartition("\n")
        return int(status or 0), body

    # Implementation

    def _execute(self, name: str, argv, seconds: float) -> int:
        command = self.containers[name].command(*argv)
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds)
        self._scenario.output = result.stdout
        (self._scenario.directory / f"{next(NUMBERS):02}-{Path(argv[0]).name}.output").write_text(result.stdout)
        return result.returncode

    def _image(self, spec: dict) -> Image:
        return next(image for name, image in self._images.items() if spec["image"].startswith(name))

    def _await(self, container: Container, spec: dict, probe: dict) -> None:
        def ready() -> bool:
            return not container.runs() or self._succeeds(container, spec, probe)

        up = processes.wait_until(ready, PATIENCE) and container.runs()
        assert up, f"{container.name} did not become ready: {self._log(container.name)}"

    def _succeeds(self, container: Container, spec: dict, probe: dict) -> bool:
        if "exec" in probe:
            return container.execute(*probe["exec"]["command"]) == 0
        request = probe["httpGet"]
        ports = {port["name"]: port["containerPort"] for port in spec.get("ports", []) if "name" in port}
        return self.get(ports.get(request["port"], request["port"]), request["path"])[0] == 200

    def _log(self, name: str) -> str:
        return self.containers[name].log_file.read_text(errors="replace")[-2000:]

    def _machine_files(self) -> dict[str, Path]:
        texts = {
            "resolv.conf": RESOLV_CONF,
            "hosts": f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{POD_IP}\t{NAME}\n",
            "hostname": f"{NAME}\n",
        }
        for name, text in texts.items():
            (self._directory / name).write_text(text)
        return {f"/etc/{name}": self._directory / name for name in texts}
