"""The pod of deploy/ in mirror mode: the builder has no proxy and no CA, only a registry on loopback with a secret path.

T01 T02 T03 attacks by a build step that does not know the path, and by a client that does; F08 SIGTERM during a push, F11 kill -9.
"""

import secrets

import pod_misuse
from pod_life import attack, crash, exercise, rotate, terminate, assert_only_base_image_read
from pod_misuse import BEGIN, http
from pod_network import API_SERVER, METADATA, NODE
from pod_scenario import HOST, SIDECAR, PodScenario, run_in_pod_network, assert_restricted

PATH = secrets.token_hex(16)  # openssl rand -hex 16
LISTENER = "127.0.0.1:5000"
CHANGES = (
    (f'listen = "{LISTENER}"', f'listen = "{LISTENER}"\n    path = "{PATH}"'),
    (f'mirrors = ["{LISTENER}"]', f'mirrors = ["{LISTENER}/{PATH}"]'),
)
ELSEWHERE = (
    *(METADATA, API_SERVER, NODE, "127.0.0.1", "localhost", "127.0.0.1:9128"),
    *("metadata.google.internal", "plain.test"),
)


def misuse(scenario: PodScenario, pod) -> None:
    """T01 T02 T03: a step that does not know the path gets nothing and cannot find it out."""

    def ask(name, head, host=LISTENER):
        return http(name, "127.0.0.1", 5000, head, host)

    hidden = "/v2/team-a/hidden/tags/list"
    script = BEGIN + ask("ping", "GET /v2/") + ask("no path", f"GET {hidden}")
    script += ask("upload", "POST /v2/team-a/x/blobs/uploads/")
    script += ask("wrong path", f"GET /v2/{32 * '0'}{hidden[3:]}") + ask("in front", f"GET /{32 * '0'}{hidden}")
    script += ask("by ns", f"GET {hidden}?ns={HOST}") + ask("by Host", f"GET {hidden}", HOST)
    script += ask("absolute", f"GET http://{HOST}{hidden}", HOST) + ask("CONNECT", f"CONNECT {HOST}:443", f"{HOST}:443")
    for host in ELSEWHERE:
        script += ask(f"absolute {host}", f"GET http://{host}/", host) + ask(f"ns {host}", f"GET {hidden}?ns={host}")
        script += ask(f"CONNECT {host}", f"CONNECT {host}:443", f"{host}:443")
    for path in pod_misuse.SECRETIVE:
        script += ask(f"own {path}", f"GET {path}")
    script += pod_misuse.looking_around()
    got, output = attack(scenario, pod, script)
    # Allowed, because skopeo pings the registry without the path.
    assert got.pop("ping").startswith("HTTP/1.1 200 ")
    for name, answer in got.items():
        assert answer.startswith("HTTP/1.1 4"), f"{name}: the step got {answer}"
    assert PATH not in output, "the step can read the path"


def attack_with_builder_access(scenario: PodScenario, pod) -> None:
    """T01 T03: even with the path, a client gets only what policy allows."""
    curl = ["curl", "--silent", "--max-time", "10", "--write-out", " %{http_code}"]

    def ask(path, method="GET"):
        body, _, status = run_in_pod_network(pod, *curl, "-X", method, f"http://{LISTENER}/v2/{PATH}{path}").rpartition(" ")
        return status, body

    assert ask("/shared/base/tags/list")[0] == "200", ask("/shared/base/tags/list")
    mark = scenario.registry.mark()
    for method, path in (
        ("POST", "/team-b/other/blobs/uploads/"),
        ("POST", f"/shared/base/blobs/uploads/?mount=sha256:{64 * '0'}&from=team-a/seed"),
        ("PUT", "/team-b/other/manifests/1"),
        ("DELETE", "/team-a/seed/manifests/1"),
        ("GET", "/_catalog"),
    ):
        status, body = ask(path, method)
        assert status == "403", f"the response to {method} {path} was {status} {body}"
    for host in ELSEWHERE:
        status, body = ask(f"/shared/base/tags/list?ns={host}")
        assert status in ("400", "403", "404"), f"the response to ?ns={host} was {status} {body}"
    assert_only_base_image_read(scenario, mark)


with PodScenario("mirror") as scenario, scenario.pod("statefulset-mirror", *CHANGES) as pod:
    # BuildKit never pushes to a configured mirror, so pushes have to name it.
    scenario.pushed_to = f"{LISTENER}/{PATH}"
    assert_restricted(pod)
    exercise(scenario, pod)
    misuse(scenario, pod)
    attack_with_builder_access(scenario, pod)
    assert not pod.network.canaries(), f"regpass connected to {pod.network.canaries()}"
    rotate(scenario, pod)
    crash(scenario, pod)
    modes = {line["mode"] for line in pod.log(SIDECAR).events("exchange")}
    assert modes == {"mirror"}, f"the exchanges' modes are {modes}"
    terminate(scenario, pod)
