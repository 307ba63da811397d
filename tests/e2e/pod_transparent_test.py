"""The pod of deploy/ in transparent mode: an init container redirects connections, and the builder has no proxy configured.

T01 T02 T03 T20 T34 attacks by a build step, which no password keeps out in this mode; F08 SIGTERM during a push, F11 kill -9.
"""

import pod_misuse
from pod_life import attack, crash, exercise, rotate, terminate
from pod_misuse import BEGIN, http, tls
from pod_network import API_SERVER, METADATA, NODE
from pod_scenario import HOST, SIDECAR, PodScenario, assert_restricted

REFUSED = "HTTP/1.1 403 "

# Requests to the registry over TLS that policy refuses.
FORBIDDEN = {
    "start an upload elsewhere": "POST /v2/team-b/other/blobs/uploads/",
    "mount elsewhere": f"POST /v2/shared/base/blobs/uploads/?mount=sha256:{64 * '0'}&from=team-a/seed",
    "write elsewhere": "PUT /v2/team-b/other/manifests/1",
    "delete": "DELETE /v2/team-a/seed/manifests/1",
    "list everything": "GET /v2/_catalog",
}


def misuse(scenario: PodScenario, pod) -> None:
    """T01 T02 T03 T20: the step can do what policy allows and reaches no other host."""
    script = BEGIN + tls("allowed", HOST, "GET /v2/shared/base/tags/list", HOST)
    script += "".join(tls(name, HOST, head, HOST) for name, head in FORBIDDEN.items())
    # Forbidden destinations by address and by name, and the registry's name in a connection to another host.
    script += http("metadata", METADATA, 80, "GET /latest/meta-data/", METADATA)
    script += http("metadata by name", "metadata.google.internal", 80, "GET /", "metadata.google.internal")
    script += http("metadata by Host", "plain.test", 80, "GET /", METADATA)
    script += http("metadata in the absolute form", "plain.test", 80, f"GET http://{METADATA}/", METADATA)
    script += http("CONNECT to metadata", "plain.test", 80, f"CONNECT {METADATA}:80", f"{METADATA}:80")
    script += http("the API server", API_SERVER, 443, "GET /", API_SERVER)
    script += http("the node", NODE, 443, "GET /", NODE)
    for name in ("kubernetes.default.svc.cluster.local", "metadata.test", "loopback.test"):
        script += tls(f"TLS for {name}", API_SERVER, "GET /", name)
    # A request for the registry sent to another address still goes to the registry, because regpass connects by name.
    script += tls("led astray", METADATA, "GET /v2/shared/base/tags/list", HOST)
    script += tls("two names", HOST, "GET /latest/meta-data/", METADATA, sni=HOST)
    # The listener itself, contacted directly instead of by redirection.
    script += http("the listener", "127.0.0.1", 13128, "GET /v2/shared/base/tags/list", HOST)
    script += http("CONNECT at the listener", "127.0.0.1", 13128, f"CONNECT {HOST}:443", f"{HOST}:443")
    script += pod_misuse.looking_around()

    got, _ = attack(scenario, pod, script)
    for name, answer in got.items():
        if name in ("allowed", "led astray"):
            assert answer.startswith("HTTP/1.1 200 "), f"{name}: the step got {answer}"
        elif name.startswith("health "):
            assert answer.startswith("HTTP/1.1 404 "), f"{name}: the step got {answer}"
        else:
            assert answer.startswith("HTTP/1.1 4") or not answer, f"{name}: {answer}"
    for name in FORBIDDEN:
        assert got[name].startswith(REFUSED), f"{name}: the step got {got[name]}"


with PodScenario("transparent") as scenario, scenario.pod("statefulset-transparent") as pod:
    assert_restricted(pod)
    exercise(scenario, pod)
    misuse(scenario, pod)
    assert not pod.network.canaries(), f"regpass connected to {pod.network.canaries()}"
    rotate(scenario, pod)
    crash(scenario, pod)
    modes = {line["mode"] for line in pod.log(SIDECAR).events("exchange")}
    assert modes == {"transparent"}, f"the exchanges' modes are {modes}"
    terminate(scenario, pod)
