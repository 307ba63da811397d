"""The pod of deploy/ in explicit proxy mode: rootless buildkitd has the proxy password, build steps do not.

T01 T02 T03 T23 T32 T34 attacks by a build step, F08 SIGTERM during a push, F11 kill -9, and a Secret that is replaced.
"""

from pathlib import Path

import pod_misuse
from pod_life import attack, crash, exercise, reconfigure, rotate, terminate, assert_only_base_image_read
from pod_scenario import BUILDER, HOST, PodScenario, run_in_pod_network, assert_restricted

HIDDEN = "/v2/team-a/hidden/manifests/1"
PROXY = "127.0.0.1:3128"


def password_of(pod) -> str:
    """The password that regpass generated, as the builder sees it."""
    return Path(f"/proc/{pod.containers[BUILDER].pid}/root", "run/regpass/client/secret").read_text().strip()


def misuse(scenario: PodScenario, pod) -> None:
    """T01 T02 T03: a build step is refused everything and cannot read any secret."""
    script = pod_misuse.BEGIN + pod_misuse.through_proxy(HOST, HIDDEN) + pod_misuse.looking_around()
    got, _ = attack(scenario, pod, script)
    for name, answer in got.items():
        wanted = "HTTP/1.1 40" if name.startswith("health ") else "HTTP/1.1 407 "
        assert answer.startswith(wanted), f"{name}: the step got {answer}"
    scenario.forbid_in_output(password_of(pod))


def attack_with_builder_access(scenario: PodScenario, pod) -> None:
    """T01 T03: even with the builder's password, a client gets only what policy allows."""
    proxy = f"http://buildkitd:{password_of(pod)}@{PROXY}"
    curl = ["curl", "--silent", "--insecure", "--max-time", "10", "--proxy", proxy]
    curl += ["--write-out", " %{http_connect} %{http_code}"]

    def ask(url, *options):
        *body, connect, answer = run_in_pod_network(pod, *curl, *options, url).split(" ")
        return " ".join(body), answer if answer != "000" else connect

    body, status = ask(f"https://{HOST}/v2/shared/base/tags/list")
    assert status == "200", f"with the password: {status} {body}"
    mark = scenario.registry.mark()
    for method, path in (
        ("POST", "/v2/team-b/other/blobs/uploads/"),
        ("POST", "/v2/shared/base/blobs/uploads/?mount=sha256:" + 64 * "0" + "&from=team-a/seed"),
        ("PUT", "/v2/team-b/other/manifests/1"),
        ("DELETE", "/v2/team-a/seed/manifests/1"),
        ("GET", "/v2/_catalog"),
    ):
        body, status = ask(f"https://{HOST}{path}", "-X", method)
        assert status == "403", f"the response to {method} {path} was {status} {body}"
    assert_only_base_image_read(scenario, mark)
    for target in pod_misuse.FORBIDDEN:
        for url in (f"http://{target}/", f"https://{target}/"):
            body, status = ask(url)
            assert status in ("400", "403"), f"the response to {url} was {status} {body}"


with PodScenario("explicit") as scenario, scenario.pod("statefulset") as pod:
    assert_restricted(pod)
    exercise(scenario, pod)
    misuse(scenario, pod)
    attack_with_builder_access(scenario, pod)
    assert not pod.network.canaries(), f"regpass connected to {pod.network.canaries()}"
    reconfigure(scenario, pod)
    rotate(scenario, pod)
    crash(scenario, pod)
    terminate(scenario, pod)
