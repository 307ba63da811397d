"""`regpass check` predicts whether a pull, push, deletion or mount would work and explains why not."""

import json
import os

from e2e import Scenario

HOST = "registry.test:5443"

with Scenario("check", hosts=(HOST,)) as scenario:
    registry = scenario.testbed.registries[HOST]
    user_home = scenario.directory / "user"
    docker_config = user_home / ".docker/config.json"
    docker_config.parent.mkdir(parents=True)
    # Stands for the system's trust store, in which a user would have the registry's CA.
    environment = {"HOME": str(user_home), "SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}

    def check(*arguments):
        command = [os.environ["REGPASS"], "check", *arguments]
        return scenario.client(*command, environment=environment, through_regpass=False)

    push = [f"{HOST}/{scenario.repository}:1", "--push"]
    pull = [f"{HOST}/team-a/seed:1"]

    docker_config.write_text(scenario.docker_config("alice"))
    assert check(*pull) == 0, "alice may pull"
    assert check(*push) == 0, "alice may push"
    probes = [request for request in registry.received() if request["repository"] == scenario.repository]
    answered = [(request["method"], request["status"], request["user"]) for request in probes]
    assert ("POST", 202, "alice") in answered, "the check did not probe a push"
    assert registry.digest(scenario.repository, "1") is None, "the check left an image behind"

    docker_config.write_text(scenario.docker_config("alice", password="wrong-password"))
    assert check(*pull) == 1, "the check passed with a wrong password"
    for fact in (HOST, str(docker_config), "credential-rejected"):
        assert fact in scenario.output, f"the output does not mention {fact}"

    docker_config.write_text(scenario.docker_config("bob"))
    assert check(*pull) == 0, "bob may pull"
    assert check(*push) == 1, "bob may not push"
    for fact in (HOST, str(docker_config), "granted-less"):
        assert fact in scenario.output, f"the output does not mention {fact}"

    # The deletion is probed with a digest that does not exist.
    config = user_home / "regpass.toml"
    config.write_text(f'[[registry]]\nhost = "{HOST}"\npush = ["team-a/*"]\ndelete = ["team-a/*"]\n')
    delete = [f"{HOST}/team-a/seed:1", "--delete", "--config", config]
    seed = registry.digest("team-a/seed", "1")
    docker_config.write_text(scenario.docker_config("admin"))
    mark = registry.mark()
    assert check(*delete) == 0, "admin may delete"
    assert "the token grants delete" in scenario.output, "the output does not say what the token grants"
    deleted = [request for request in registry.received(mark) if request["method"] == "DELETE"]
    assert [(request["status"], request["user"]) for request in deleted] == [(404, "admin")], "the check did not probe a deletion"
    assert seed and registry.digest("team-a/seed", "1") == seed, "the check deleted something"
    docker_config.write_text(scenario.docker_config("alice"))
    assert check(*delete) == 1, "alice may not delete"
    assert "granted-less" in scenario.output, "the cause is not granted-less"

    # The mount is probed with a blob that exists in the source.
    def mount(source):
        return [f"{HOST}/{scenario.repository}:1", "--mount-from", source]

    mark = registry.mark()
    assert check(*mount("shared/base:1")) == 0, "alice may mount from shared/base"
    mounted = [request for request in registry.received(mark) if "mount=" in request["uri"]]
    assert [(request["method"], request["status"]) for request in mounted] == [("POST", 201)], "the check did not probe a mount"
    docker_config.write_text(scenario.docker_config("bob"))
    assert check(*mount("shared/base:1")) == 1, "bob may not push, so he may not mount"
    assert "granted-less" in scenario.output, "the cause is not granted-less"

    # Machine-readable output.
    docker_config.write_text(scenario.docker_config("bob"))
    assert check(*push, "--json") == 1
    answer = json.loads(scenario.output)
    assert answer["would_work"] is False
    steps = {step["step"]: step for step in answer["steps"]}
    for name in ("configuration", "credential", "DNS", "TCP", "TLS", "GET", "challenge", "realm", "asked", "granted"):
        assert name in steps, f"the step {name} is missing"
    for name in ("DNS", "TCP", "TLS", "GET", "HEAD", "POST", "granted"):
        assert "duration_ms" in steps[name], f"the step {name} has no duration"
    last = answer["exchanges"][-1]
    assert last["scope"]["requested"] == f"repository:{scenario.repository}:pull,push"
    assert last["scope"]["granted"] == f"repository:{scenario.repository}:pull"
    assert last["explanation"]["cause"] == "granted-less"

    # The output fits a terminal of 80 columns.
    check(*push)
    assert max(map(len, scenario.output.splitlines())) <= 80, "a line is longer than 80 characters"

    assert check() == 2, "a missing reference is a usage error"
    assert check("registry.test:5443/Not/A/Repository") == 2, "a malformed reference is a usage error"
