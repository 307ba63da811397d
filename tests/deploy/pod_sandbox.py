"""A lightweight pod: each container gets its own root directory, the manifest's mounts and its user, and all share a network namespace.
There are no images: regpass and its libraries are this machine's, and the builder has busybox."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from manifests import Example

POD_IP = "192.0.2.7"
LIBRARIES = [directory for directory in ("/usr/lib", "/usr/lib64", "/usr/share", "/etc/ssl") if Path(directory).is_dir()]
LINKS = [directory for directory in ("lib", "lib64") if Path("/", directory).is_symlink()]
APPLETS = ["sh", "cat", "id", "env", "wget", "sleep", "ls", "touch", "grep"]
LOGIN = {"auths": {"harbor.example.com": {"auth": "cm9ib3Q6c2VjcmV0"}}}


def missing() -> str:
    """The reason why this machine cannot run such a pod, or an empty string."""
    if os.geteuid() != 0:
        return "creating namespaces requires root"
    absent = [name for name in ("ip", "unshare", "setpriv", "busybox") if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed" if absent else ""


class PodSandbox(contextlib.ExitStack):
    def __init__(self, example: Example, regpass: str):
        super().__init__()
        self.example = example
        self._regpass = Path(regpass).resolve()
        self._directory = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="regpass-pod-")))
        self._directory.chmod(0o755)
        self.namespace = f"pod-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self.callback(subprocess.run, ["ip", "netns", "delete", self.namespace], check=True)
        for command in ("link set lo up", f"addr add {POD_IP}/32 dev lo"):
            subprocess.run(["ip", "-n", self.namespace, *command.split()], check=True)
        self._volumes = {name: self._volume(name, volume) for name, volume in example.volumes.items()}

    def _volume(self, name: str, volume: dict) -> Path:
        at = self._directory / "volumes" / name
        at.mkdir(parents=True)
        at.chmod(0o777 if "emptyDir" in volume else 0o755)
        if "secret" in volume:
            self._put(at / "config.json", json.dumps(LOGIN), volume["secret"]["defaultMode"])
        elif "configMap" in volume:
            for key, text in self.example.config_map(name).items():
                self._put(at / key, text, 0o644)
        return at

    @staticmethod
    def _put(file: Path, text: str, mode: int) -> None:
        file.write_text(text)
        file.chmod(mode)

    def start(self, container: dict, command: list[str] | None = None, programs: dict[str, str] | None = None):
        """Starts the container, or another command in it like `kubectl exec`. `programs` are scripts that replace programs of the image."""
        root = Path(tempfile.mkdtemp(dir=self._directory))
        root.chmod(0o755)
        steps = ["set -e", f"mount -t tmpfs tmpfs {root}"]
        for directory in LIBRARIES:
            steps += [f"mkdir -p {root}{directory}", f"mount --bind {directory} {root}{directory}"]
        steps += [f"ln -s usr/{link} {root}/{link}" for link in LINKS]
        steps.append(f"cp {shutil.which('setpriv')} {root}/setpriv")
        steps += [f"mkdir -p {root}/usr/bin {root}/dev {root}/proc {root}/tmp", f"mount --rbind /dev {root}/dev"]
        steps += [f"mount -t proc proc {root}/proc", f"chmod 1777 {root}/tmp"]
        steps.append(f"ln -s usr/bin {root}/bin")
        if container["name"].startswith("regpass"):
            steps += [f"touch {root}/usr/bin/regpass", f"mount --bind {self._regpass} {root}/usr/bin/regpass"]
        else:
            steps += [f"cp {shutil.which('busybox')} {root}/usr/bin/busybox"]
            steps += [f"ln -s busybox {root}/usr/bin/{applet}" for applet in APPLETS]
        for name, text in (programs or {}).items():
            script = self._directory / name
            self._put(script, text, 0o755)
            steps += [f"cp {script} {root}/usr/bin/"]
        for mount in container.get("volumeMounts", []):
            at = f"{root}{mount['mountPath']}"
            steps += [f"mkdir -p {at}", f"mount --bind {self._volumes[mount['name']]} {at}"]
            if mount.get("readOnly"):
                steps.append(f"mount -o remount,bind,ro {at}")
        if container["securityContext"].get("readOnlyRootFilesystem"):
            steps.append(f"mount -o remount,ro {root}")
        steps.append(f'exec chroot {root} "$@"')
        argv = command or [*container.get("command", ["/usr/bin/regpass"]), *container.get("args", [])]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | {entry["name"]: entry["value"] for entry in container.get("env", [])}
        inside = ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "sh", "-c", "\n".join(steps), "sh"]
        log = root.with_suffix(".log")
        with log.open("wb") as output:
            running = subprocess.Popen(
                [*inside, *self._as(container), *argv], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        running.log = log
        self.callback(self._end, running)
        return running

    @staticmethod
    def _as(container: dict) -> list[str]:
        context = container["securityContext"]
        kept = [f"+{entry.lower()}" for entry in context.get("capabilities", {}).get("add", [])]
        identity = [f"--reuid={context['runAsUser']}", f"--regid={context['runAsGroup']}", "--clear-groups"]
        return ["/setpriv", *identity, f"--bounding-set={','.join(['-all', *kept])}", "--inh-caps=-all", "--no-new-privs"]

    @staticmethod
    def _end(running: subprocess.Popen) -> None:
        if running.poll() is None:
            running.kill()
        running.wait(10)
