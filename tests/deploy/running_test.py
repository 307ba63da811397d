"""The examples' containers, started as their manifests specify: probes, what a builder can see, a crash, termination (T32)."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import manifests
import pod_sandbox
import tools

REGPASS = os.environ["REGPASS"]
NOTE = "#!/bin/sh\nenv\nid -u\nls /run/secrets /var/lib/regpass\ntouch /run/regpass/trust/ca.crt /run/regpass/client/secret\n"
ASK = """import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
connection.sendall(sys.stdin.buffer.read())
print(connection.makefile("rb").readline().decode().strip())
"""


def example(name: str) -> manifests.Example:
    return next(item for item in manifests.examples() if item.name == name)


class Running(unittest.TestCase):
    def enter(self, name: str) -> pod_sandbox.PodSandbox:
        sandbox = self.enterContext(pod_sandbox.PodSandbox(example(name), REGPASS))
        self.example = sandbox.example
        return sandbox

    def ask(self, pod: pod_sandbox.PodSandbox, address: str, port: int, request: str) -> str:
        """Sends a request and returns the status line of the response."""
        inside = ["ip", "netns", "exec", pod.namespace, sys.executable, "-c", ASK, address, str(port)]
        return subprocess.run(inside, input=request.encode(), capture_output=True, timeout=15).stdout.decode().strip()

    def probe(self, pod: pod_sandbox.PodSandbox, name: str) -> bool:
        path = self.example.regpass[name]["httpGet"]["path"]
        port = self.example.regpass["ports"][0]["containerPort"]
        return " 200 " in self.ask(pod, pod_sandbox.POD_IP, port, f"GET {path} HTTP/1.1\r\nHost: {pod_sandbox.POD_IP}\r\n\r\n")

    def start(self, pod: pod_sandbox.PodSandbox):
        running = pod.start(self.example.regpass)
        startup = self.example.regpass["startupProbe"]
        for _ in range(startup["failureThreshold"] * 10):
            if self.probe(pod, "startupProbe"):
                return running
            self.assertIsNone(running.poll(), running.log.read_text())
            time.sleep(startup["periodSeconds"] / 10)
        self.fail(f"the startup probe never succeeded: {running.log.read_text()}")

    def output(self, running) -> str:
        running.wait(30)
        return running.log.read_text()

    def end(self, running) -> None:
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(30), 0, running.log.read_text())

    def test_regpass_answers_its_probes_and_exits_on_sigterm(self):
        for name in ("statefulset", "statefulset-transparent", "statefulset-mirror", "deployment", "job"):
            with self.subTest(example=name), pod_sandbox.PodSandbox(example(name), REGPASS) as pod:
                self.example = pod.example
                running = self.start(pod)
                self.assertTrue(self.probe(pod, "livenessProbe") and self.probe(pod, "readinessProbe"))
                check = pod.start(self.example.regpass, ["/usr/bin/regpass", "healthcheck", "ready"])
                self.assertIn("1 entries, 1 usable", self.output(check))
                self.end(running)

    def test_T32_a_builder_sees_only_the_CA_and_its_password(self):
        pod = self.enter("statefulset")
        self.start(pod)
        output = self.output(pod.start(self.example.builder, programs={"rootlesskit": NOTE + 'cat "$@"; cat /run/regpass/trust/ca.crt\n'}))
        self.assertIn("\n1000\n", output)
        self.assertRegex(output, r"HTTPS_PROXY=http://buildkitd:[0-9a-f]{48}@127\.0\.0\.1:3128\n")
        self.assertIn("BEGIN CERTIFICATE", output)
        for directory in ("/run/secrets", "/var/lib/regpass"):
            self.assertIn(f"ls: {directory}: No such file or directory", output)
        self.assertEqual(output.count("Read-only file system"), 2, "a builder can replace the CA or the password")

    def test_only_clients_with_the_password_are_served(self):
        pod = self.enter("statefulset")
        self.start(pod)
        output = self.output(pod.start(self.example.builder, programs={"rootlesskit": "#!/bin/sh\nenv\n"}))
        secret = re.search(r"HTTPS_PROXY=http://(buildkitd:\w+)@", output)[1]
        basic = subprocess.run(["base64", "-w0"], input=secret.encode(), capture_output=True).stdout.decode()
        connect = "CONNECT harbor.example.com:443 HTTP/1.1\r\nHost: harbor.example.com:443\r\n"
        self.assertIn(" 407 ", self.ask(pod, "127.0.0.1", 3128, f"{connect}\r\n"))
        authenticated = self.ask(pod, "127.0.0.1", 3128, f"{connect}Proxy-Authorization: Basic {basic}\r\n\r\n")
        self.assertIn(" 200 ", authenticated)

    def test_a_crash_changes_neither_the_CA_nor_the_password(self):
        pod = self.enter("statefulset")
        running, states = self.start(pod), []
        for _ in range(2):
            shown = pod.start(self.example.builder, ["cat", "/run/regpass/trust/ca.crt", "/run/regpass/client/secret"])
            states.append(hashlib.sha256(self.output(shown).encode()).hexdigest())
            running.kill()
            running.wait(10)
            running = self.start(pod)
        self.assertEqual(states[0], states[1])

    def test_redirection_works_with_the_permissions_of_its_init_container(self):
        pod = self.enter("statefulset-transparent")
        redirect = self.example.container("regpass-redirect")
        for _ in range(2):
            applied = pod.start(redirect)
            self.assertEqual(applied.wait(20), 0, applied.log.read_text())
        rules = self.output(pod.start(redirect, ["/usr/bin/regpass", "redirect", "show"]))
        self.assertIn("65532", rules)
        self.assertIn("13128", rules)
        powerless = pod.start(self.example.regpass, ["/usr/bin/regpass", "redirect", "remove"])
        self.assertNotEqual(powerless.wait(20), 0, "regpass itself was able to change the rules")

    def test_a_job_without_native_sidecars_ends_with_its_build(self):
        pod = self.enter("job-plain-container")
        hook = pod.start(self.example.regpass, self.example.regpass["lifecycle"]["postStart"]["exec"]["command"])
        running = self.start(pod)
        self.assertEqual(hook.wait(20), 0, "the hook failed, so the builder would never start")
        building = pod.start(self.example.builder, programs={"buildctl-daemonless.sh": f'{NOTE}echo "asked: $*"\nexit 3\n'})
        self.assertEqual(building.wait(20), 3, "the Job's exit status is not the build's")
        self.assertIn("asked: build --frontend", building.log.read_text())
        self.assertEqual(running.wait(20), 0, running.log.read_text())


if __name__ == "__main__":
    if reason := pod_sandbox.missing():
        tools.skip(reason)
    tools.kubectl()
    unittest.main()
