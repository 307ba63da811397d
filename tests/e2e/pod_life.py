"""What happens to a pod: builds, attacks by their steps, changes of Secret and ConfigMap, a crash, its end."""

import functools
import re
import secrets

import expect
import pod_misuse
import processes
from pod import Pod
from pod_scenario import BASE, BUILDER, PUSH, SECRET, SIDECAR, USER, PodScenario, build, pushing

LAYER, RATE = 64 << 20, "160mbit"  # of a push that takes three seconds


def exercise(scenario: PodScenario, pod: Pod) -> None:
    """Pulls a private base image, pushes, keeps its cache in the registry and builds from that cache."""
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    cache = f"type=registry,ref={scenario.image('cache')}"
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("1"))))
    pod.succeed(BUILDER, *build(context, f"--export-cache={cache},mode=max"))  # alone, as in buildkit.py
    expect.pulled(scenario, log, registry, USER, "shared/base", "1")
    expect.pushed(scenario, log, registry, USER, "1")
    expect.pushed(scenario, log, registry, USER, "cache")
    pod.succeed(BUILDER, "buildctl", "prune", "--all")
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("again")), f"--import-cache={cache}"))
    assert "CACHED" in scenario.output, "the build's steps did not come from the registry's cache"
    assert registry.digest(scenario.repository, "again"), "the image built from the cache was not pushed"


def attack(scenario: PodScenario, pod: Pod, script: str) -> tuple[dict[str, str], str]:
    """A build step runs the script: what it was answered, and all that it printed.

    T01 neither registry nor token server heard of more than the base image. T02 the step saw the metrics, and no secret
    in them or elsewhere, which is asserted of all that is printed.
    """
    files = {"misuse": script} | pod_misuse.openssl()
    context = scenario.context(f"FROM {BASE}\nCOPY openssl /\nCOPY misuse /misuse\nRUN sh /misuse\n", files)
    mark, tokens = scenario.registry.mark(), len(scenario.token_requests())
    output = pod.succeed(BUILDER, *build(context))
    answers = pod_misuse.attempts(output)
    assert len(answers) == script.count("| say "), f"only {len(answers)} attempts were answered"
    unheard_of(scenario, mark)
    scopes = {scope for request in scenario.token_requests()[tokens:] for scope in request["asked"]}
    assert scopes <= {"repository:shared/base:pull"}, f"tokens were asked for {scopes}"
    assert "regpass_exchanges_total" in output, "the step did not get as far as the metrics"
    return answers, output


def unheard_of(scenario: PodScenario, mark: int) -> None:
    """Since then the registry got nothing but reads of the base image."""
    reads = ("GET", "HEAD")
    asked = [
        f"{one['method']} {one['uri']}"
        for one in scenario.registry.received(mark)
        if one["method"] not in reads or one["repository"] != "shared/base"
    ]
    assert not asked, f"the registry heard of what is not allowed: {asked}"


def rotate(scenario: PodScenario, pod: Pod) -> None:
    """The old password is revoked, builds fail and say so; the Secret is swapped, and they work again."""
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY unique /unique\n")
    old, new = scenario.testbed.password(USER), secrets.token_urlsafe(16)
    scenario.at_end(scenario.testbed.set_password, USER, old)
    scenario.testbed.set_password(USER, new)
    first = scenario.repository
    scenario.repository = f"{first}-revoked"  # for which there is no token yet
    pod.fail(BUILDER, *build(context, pushing(scenario.image("1"))))
    expect.explained(scenario, log, registry, "credential-rejected")
    loaded = len(log.events("credentials-loaded"))
    pod.volumes.swap("secret", SECRET, {".dockerconfigjson": scenario.docker_config(USER)})
    seen = expect.eventually(lambda: len(log.events("credentials-loaded")) > loaded)
    assert seen, "regpass does not see the new Secret"
    scenario.repository = f"{first}-rotated"
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("1"))))
    expect.pushed(scenario, log, registry, USER, "1")


def reconfigure(scenario: PodScenario, pod: Pod) -> None:
    """T01 a ConfigMap that allows no push is in force as soon as the kubelet has swapped it, and so is the next one."""
    log, config = pod.log(SIDECAR), pod.volumes.data("configMap", "regpass")["regpass.toml"]
    for text in (re.sub(PUSH, r"\1push = []", config, flags=re.MULTILINE), config):
        reloaded = len(log.events("config-reloaded"))
        pod.volumes.swap("configMap", "regpass", {"regpass.toml": text})
        seen = expect.eventually(lambda: len(log.events("config-reloaded")) > reloaded)
        assert seen, "regpass does not see the new ConfigMap"
        attempt = build(scenario.context("FROM scratch\nCOPY unique /unique\n"), pushing(scenario.image("allowed")))
        if text == config:
            pod.succeed(BUILDER, *attempt)
        else:
            pod.fail(BUILDER, *attempt)
            assert "is not allowed by policy" in scenario.output, "the client does not say what is not allowed"
            assert not scenario.registry.digest(scenario.repository, "allowed"), "pushed against the policy"


def crash(scenario: PodScenario, pod: Pod) -> None:
    """F11 kill -9: the next sidecar has the same CA, and the builder, which was started once, goes on with it."""
    builder = pod.containers[BUILDER].pid
    fingerprint = pod.log(SIDECAR).events("ca")[0]["fingerprint"]
    pod.containers[SIDECAR].signal("KILL")
    assert pod.containers[SIDECAR].status(10) == 137
    pod.start(SIDECAR)
    log = pod.log(SIDECAR)
    assert log.events("ca")[0]["fingerprint"] == fingerprint, "another CA: the builder would have to be started again"
    context = scenario.context(f"FROM {BASE}\nCOPY unique /unique\nRUN sha256sum /unique > /sum\n")
    pod.succeed(BUILDER, *build(context, pushing(scenario.image("after-crash"))))
    expect.pushed(scenario, log, scenario.registry, USER, "after-crash")
    assert pod.containers[BUILDER].pid == builder


def terminate(scenario: PodScenario, pod: Pod, first: tuple[str, ...] = (SIDECAR,)) -> None:
    """F08 SIGTERM in the middle of a push: it ends well, new connections included, and then the sidecar ends with 0.

    `first` are the containers that the signal comes to then.
    """
    registry, log = scenario.registry, pod.log(SIDECAR)
    context = scenario.context("FROM scratch\nCOPY big /big\n", {"big": secrets.token_bytes(LAYER)})
    pod.network.slow_down(RATE)
    push = pod.background(BUILDER, *build(context, pushing(scenario.image("big"))))
    arrived = functools.partial(registry.arrived, scenario.repository)
    assert processes.wait_until(lambda: arrived() > LAYER // 8, 30), "the layer does not reach the registry"
    for name in first:
        pod.containers[name].signal("TERM")
    assert 0 < arrived() < LAYER, "the push was over already"
    assert expect.eventually(lambda: log.events("drain")), "regpass does not drain"
    assert pod.get(9128, "/readyz")[0] == 503, "a pod that drains calls itself ready"
    output, _ = push.communicate(timeout=60)
    assert push.returncode == 0, f"the push was cut: {output}"
    expect.pushed(scenario, log, registry, USER, "big")
    assert pod.containers[SIDECAR].status(20) == 0, "regpass did not end well"
    assert log.events("stopped")[0]["busy"] == 0
    if BUILDER not in first:
        pod.containers[BUILDER].signal("TERM")
    pod.containers[BUILDER].status(20)
