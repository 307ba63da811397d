"""Events in a pod's life: builds, attacks by build steps, changed Secrets and ConfigMaps, a crash, termination."""

import functools
import re
import secrets

import expect
import pod_misuse
import processes
from pod import Pod
from pod_scenario import BASE, BUILDER, PUSH, SECRET, SIDECAR, USER, PodScenario, build, pushing

LAYER, RATE = 64 << 20, "160mbit"  # size and rate of a push that takes three seconds


def exercise(scenario: PodScenario, pod: Pod) -> None:
    """Pulls a private base image, pushes, exports a registry cache and builds from that cache."""
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    cache = f"type=registry,ref={scenario.image('cache')}"
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("1"))))
    pod.succeed(BUILDER, *build(context, f"--export-cache={cache},mode=max"))  # in a build of its own, as in buildkit.py
    expect.pulled(scenario, log, registry, USER, "shared/base", "1")
    expect.pushed(scenario, log, registry, USER, "1")
    expect.pushed(scenario, log, registry, USER, "cache")
    pod.succeed(BUILDER, "buildctl", "prune", "--all")
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("again")), f"--import-cache={cache}"))
    assert "CACHED" in scenario.output, "the build steps were not restored from the registry cache"
    assert registry.digest(scenario.repository, "again"), "the image built from the cache was not pushed"


def attack(scenario: PodScenario, pod: Pod, script: str) -> tuple[dict[str, str], str]:
    """Runs the script in a build step and returns the answers it got and everything it printed.

    T01 the registry and the token server received nothing beyond requests for the base image. T02 the step read the metrics,
    but no secret in them or elsewhere; this is asserted on everything that is printed.
    """
    files = {"misuse": script} | pod_misuse.openssl()
    context = scenario.context(f"FROM {BASE}\nCOPY openssl /\nCOPY misuse /misuse\nRUN sh /misuse\n", files)
    mark, tokens = scenario.registry.mark(), len(scenario.token_requests())
    output = pod.succeed(BUILDER, *build(context))
    answers = pod_misuse.attempts(output)
    assert len(answers) == script.count("| say "), f"only {len(answers)} attempts got an answer"
    assert_only_base_image_read(scenario, mark)
    scopes = {scope for request in scenario.token_requests()[tokens:] for scope in request["asked"]}
    assert scopes <= {"repository:shared/base:pull"}, f"tokens were requested for {scopes}"
    assert "regpass_exchanges_total" in output, "the step did not read the metrics"
    return answers, output


def assert_only_base_image_read(scenario: PodScenario, mark: int) -> None:
    """Since `mark`, the registry received only reads of the base image."""
    reads = ("GET", "HEAD")
    forbidden = [
        f"{request['method']} {request['uri']}"
        for request in scenario.registry.received(mark)
        if request["method"] not in reads or request["repository"] != "shared/base"
    ]
    assert not forbidden, f"the registry received requests that are not allowed: {forbidden}"


def rotate(scenario: PodScenario, pod: Pod) -> None:
    """The old password is revoked, and builds fail with an explanation; once the Secret is replaced, they work again."""
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY unique /unique\n")
    old, new = scenario.testbed.password(USER), secrets.token_urlsafe(16)
    scenario.at_end(scenario.testbed.set_password, USER, old)
    scenario.testbed.set_password(USER, new)
    first = scenario.repository
    scenario.repository = f"{first}-revoked"  # no token is cached for this repository
    pod.fail(BUILDER, *build(context, pushing(scenario.image("1"))))
    expect.explained(scenario, log, registry, "credential-rejected")
    loaded = len(log.events("credentials-loaded"))
    pod.volumes.swap("secret", SECRET, {".dockerconfigjson": scenario.docker_config(USER)})
    updated = expect.eventually(lambda: len(log.events("credentials-loaded")) > loaded)
    assert updated, "regpass did not load the new Secret"
    scenario.repository = f"{first}-rotated"
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("1"))))
    expect.pushed(scenario, log, registry, USER, "1")


def reconfigure(scenario: PodScenario, pod: Pod) -> None:
    """T01 a ConfigMap that allows no push takes effect as soon as the kubelet has swapped it, and so does the next one."""
    log, config = pod.log(SIDECAR), pod.volumes.data("configMap", "regpass")["regpass.toml"]
    for text in (re.sub(PUSH, r"\1push = []", config, flags=re.MULTILINE), config):
        reloaded = len(log.events("config-reloaded"))
        pod.volumes.swap("configMap", "regpass", {"regpass.toml": text})
        updated = expect.eventually(lambda: len(log.events("config-reloaded")) > reloaded)
        assert updated, "regpass did not load the new ConfigMap"
        attempt = build(scenario.context("FROM scratch\nCOPY unique /unique\n"), pushing(scenario.image("allowed")))
        if text == config:
            pod.succeed(BUILDER, *attempt)
        else:
            pod.fail(BUILDER, *attempt)
            assert "is not allowed by policy" in scenario.output, "the client's output does not say what is not allowed"
            assert not scenario.registry.digest(scenario.repository, "allowed"), "a push succeeded although policy forbids it"


def crash(scenario: PodScenario, pod: Pod) -> None:
    """F11 kill -9: the restarted sidecar keeps its CA, and the builder, which is not restarted, continues to work."""
    builder = pod.containers[BUILDER].pid
    fingerprint = pod.log(SIDECAR).events("ca")[0]["fingerprint"]
    pod.containers[SIDECAR].signal("KILL")
    assert pod.containers[SIDECAR].status(10) == 137
    pod.start(SIDECAR)
    log = pod.log(SIDECAR)
    assert log.events("ca")[0]["fingerprint"] == fingerprint, "the CA changed, so the builder would have to be restarted"
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("after-crash"))))
    expect.pushed(scenario, log, scenario.registry, USER, "after-crash")
    assert pod.containers[BUILDER].pid == builder


def terminate(scenario: PodScenario, pod: Pod, first: tuple[str, ...] = (SIDECAR,)) -> None:
    """F08 SIGTERM in the middle of a push: the push completes, new connections included, and the sidecar exits with 0.

    `first` are the containers that receive the signal at that time.
    """
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY big /big\n", {"big": secrets.token_bytes(LAYER)})
    pod.network.slow_down(RATE)
    push = pod.background(BUILDER, *build(context, pushing(scenario.image("big"))))
    arrived = functools.partial(registry.arrived, scenario.repository)
    assert processes.wait_until(lambda: arrived() > LAYER // 8, 30), "the layer did not reach the registry"
    for name in first:
        pod.containers[name].signal("TERM")
    assert 0 < arrived() < LAYER, "the push had already completed"
    assert expect.eventually(lambda: log.events("drain")), "regpass did not start draining"
    assert pod.get(9128, "/readyz")[0] == 503, "the pod is ready although it is draining"
    output, _ = push.communicate(timeout=60)
    assert push.returncode == 0, f"the push was interrupted: {output}"
    expect.pushed(scenario, log, registry, USER, "big")
    assert pod.containers[SIDECAR].status(20) == 0, "regpass did not exit with status 0"
    assert log.events("stopped")[0]["busy"] == 0
    if BUILDER not in first:
        pod.containers[BUILDER].signal("TERM")
    pod.containers[BUILDER].status(20)
