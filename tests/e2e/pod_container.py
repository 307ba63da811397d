"""One container of a pod, run by runc according to the pod's spec, as the kubelet and containerd would run it."""

import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import processes
from pod_volumes import Mounts, size
from testbed import PATH

RUNTIME_DEFAULT = Path("/usr/share/containers/seccomp.json")  # containerd's default profile is nearly the same
DEFAULT_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL "
    "AUDIT_WRITE"
).split()
ARCHITECTURES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}
MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
DEVICES = {"/dev": ("tmpfs", "nosuid,strictatime,mode=755,size=65536k"), "/dev/shm": ("tmpfs", "nosuid,noexec,nodev")}


@dataclass
class Image:
    """A container image: its files and its configuration."""

    rootfs: Path
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    user: tuple[int, int] = (0, 0)
    binds: dict[str, Path] = field(default_factory=dict)  # target: source; files that the real image contains
    writable: dict[str, int] = field(default_factory=dict)  # directories that the real image contains: path, owner


@dataclass
class PodResources:
    """What the containers of a pod share."""

    directory: Path
    logs: Path
    mounts: Mounts
    namespace: str  # the network namespace
    volumes: dict[str, Path]
    files: dict[str, Path]  # such as /etc/resolv.conf
    fields: dict[str, str]  # for the downward API


class Container:
    def __init__(self, shared: PodResources, spec: dict, image: Image, pod_context: dict, number: int):
        self.name = spec["name"]
        self._shared = shared
        self._id = f"{shared.namespace}-{self.name}-{number}"
        self._bundle = shared.directory / f"{self.name}-{number}"
        self._runc = ["runc", "--root", str(shared.directory / "runc")]
        self.log_file = shared.logs / f"{number:02}-{self.name}.log"
        rootfs = self._make_rootfs(image)
        config = _config(shared, spec, image, pod_context, rootfs)
        (self._bundle / "config.json").write_text(json.dumps(config, indent=1))

    def start(self) -> None:
        argv = [*self._runc, "run", "--bundle", str(self._bundle), self._id]
        self._process = processes.spawn(argv, {"PATH": PATH}, self.log_file)
        assert processes.wait_until(lambda: self.pid or not self.runs(), 20), f"{self.name} did not start"

    @property
    def pid(self) -> int | None:
        """The process id of its first process in the host's PID namespace."""
        result = subprocess.run([*self._runc, "state", self._id], capture_output=True, text=True, timeout=20)
        state = json.loads(result.stdout) if result.returncode == 0 else {}
        return state["pid"] if state.get("status") == "running" else None

    def runs(self) -> bool:
        return processes.start_time(self._process.pid) is not None

    def signal(self, name: str) -> None:
        subprocess.run([*self._runc, "kill", self._id, name], check=True, capture_output=True, timeout=20)

    def status(self, patience: float) -> int:
        """Waits until the container has ended and returns its exit status."""
        assert processes.wait_until(lambda: not self.runs(), patience), f"{self.name} was still running after {patience} s"
        return self._process.wait()

    def command(self, *argv) -> list[str]:
        """The command line that runs `argv` in the container, like `kubectl exec`."""
        return [*self._runc, "exec", self._id, *map(str, argv)]

    def execute(self, *argv) -> int:
        return subprocess.run(self.command(*argv), capture_output=True, timeout=60).returncode

    def remove(self) -> None:
        if hasattr(self, "_process"):
            subprocess.run([*self._runc, "delete", "--force", self._id], capture_output=True, timeout=20)
            if self._process.returncode is None:
                processes.end_child(self._process, 10)
        self._shared.mounts.undo(self._bundle)

    def _make_rootfs(self, image: Image) -> Path:
        """Mounts the image with a writable layer on top that is discarded with the container."""
        top = self._shared.mounts.mount("-t", "tmpfs", "tmpfs", at=self._bundle / "top")
        upper, work, rootfs = top / "upper", top / "work", self._bundle / "rootfs"
        for folder in (upper, work, rootfs):
            folder.mkdir()
        upper.chmod(0o755)
        options = f"lowerdir={image.rootfs},upperdir={upper},workdir={work}"
        self._shared.mounts.mount("-t", "overlay", "overlay", "-o", options, at=rootfs)
        for path, owner in image.writable.items():
            folder = rootfs / path.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, owner, owner)
        return rootfs


def _config(shared: PodResources, spec: dict, image: Image, pod_context: dict, rootfs: Path) -> dict:
    context = pod_context | spec.get("securityContext", {})
    user = context.get("runAsUser", image.user[0])
    if context.get("runAsNonRoot"):
        assert user != 0, f"container {spec['name']}: runAsNonRoot is set, but the image would run as root"
    limits = spec.get("resources", {}).get("limits", {})
    resources = {"memory": {"limit": size(limits["memory"])}} if "memory" in limits else {}
    return {
        "ociVersion": "1.0.2",
        "hostname": shared.fields["metadata.name"],
        "root": {"path": str(rootfs), "readonly": context.get("readOnlyRootFilesystem", False)},
        "process": _process(shared, spec, image, context, user),
        "mounts": _mounts(shared, spec, image),
        "linux": {
            "cgroupsPath": f"/regpass-e2e/{shared.namespace}-{spec['name']}",
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
            + [{"type": "network", "path": f"/run/netns/{shared.namespace}"}],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]} | resources,
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
        }
        | _seccomp(context),
    }


def _process(shared: PodResources, spec: dict, image: Image, context: dict, user: int) -> dict:
    variables = dict(variable.split("=", 1) for variable in image.environment)
    for variable in spec.get("env", []):
        value = variable.get("value", "")
        if "valueFrom" in variable:
            value = shared.fields[variable["valueFrom"]["fieldRef"]["fieldPath"]]
        variables[variable["name"]] = _expanded(value, variables)
    command = spec.get("command", image.entrypoint)
    arguments = spec.get("args", [] if "command" in spec else image.command)
    group = context.get("runAsGroup", image.user[1] if user == image.user[0] else 0)
    more_groups = [context["fsGroup"]] if "fsGroup" in context else []
    return {
        "args": [_expanded(part, variables) for part in [*command, *arguments]],
        "env": [f"{name}={value}" for name, value in variables.items()],
        "cwd": "/",
        "user": {"uid": user, "gid": group, "additionalGids": more_groups},
        "noNewPrivileges": not context.get("allowPrivilegeEscalation", True),
        "capabilities": {kind: _capabilities(context) for kind in ("bounding", "effective", "permitted")},
    }


def _expanded(text: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], found[0]), text)


def _capabilities(context: dict) -> list[str]:
    change = context.get("capabilities", {})
    kept = set() if "ALL" in change.get("drop", []) else set(DEFAULT_CAPABILITIES) - set(change.get("drop", []))
    return [f"CAP_{name}" for name in sorted(kept | set(change.get("add", [])))]


def _mounts(shared: PodResources, spec: dict, image: Image) -> list[dict]:
    mounts = [_mount("/proc", "proc", "proc", "nosuid,noexec,nodev")]
    mounts += [_mount(target, kind, kind, options) for target, (kind, options) in DEVICES.items()]
    mounts += [_mount("/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620")]
    mounts += [_mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro")]
    mounts += [_mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,ro")]
    for target, source in image.binds.items():
        mounts.append(_mount(target, "bind", str(source), "rbind,ro"))
    for target, source in shared.files.items():
        mounts.append(_mount(target, "bind", str(source), "rbind,ro"))
    for mount in spec.get("volumeMounts", []):
        source = shared.volumes[mount["name"]] / mount.get("subPath", "")
        rights = "ro" if mount.get("readOnly") else "rw"
        mounts.append(_mount(mount["mountPath"], "bind", str(source), f"rbind,rprivate,{rights}"))
    return mounts


def _mount(target: str, kind: str, source: str, options: str) -> dict:
    return {"destination": target, "type": kind, "source": source, "options": options.split(",")}


def _seccomp(context: dict) -> dict:
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault" or not RUNTIME_DEFAULT.exists():
        return {}
    profile = json.loads(RUNTIME_DEFAULT.read_text())
    architecture, scmp = ARCHITECTURES[platform.machine()]
    capabilities = set(_capabilities(context))
    rules = []
    for rule in profile["syscalls"]:
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        if "arches" in includes and architecture not in includes["arches"]:
            continue
        if set(includes.get("caps", [])) - capabilities or set(excludes.get("caps", [])) & capabilities:
            continue
        kept = {name: rule[name] for name in ("names", "action", "args", "errnoRet") if rule.get(name) is not None}
        rules.append(kept)
    seccomp = {"defaultAction": profile["defaultAction"], "architectures": [scmp], "syscalls": rules}
    if "defaultErrnoRet" in profile:
        seccomp["defaultErrnoRet"] = profile["defaultErrnoRet"]
    return {"seccomp": seccomp}
