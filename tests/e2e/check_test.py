"""`regpass check` says beforehand whether a pull or a push would work, and why not."""

import os

from e2e import Scenario

HOST = "registry.test:5443"

with Scenario("check", hosts=(HOST,)) as scenario:
    registry = scenario.testbed.registries[HOST]
    user_home = scenario.directory / "user"
    docker_config = user_home / ".docker/config.json"
    docker_config.parent.mkdir(parents=True)
    # The registry's certificate has to be trusted by somebody: a user would have it in the system's store.
    environment = {"HOME": str(user_home), "SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}

    def check(*arguments):
        command = [os.environ["REGPASS"], "check", *arguments]
        return scenario.client(*command, environment=environment, through_regpass=False)

    push = [f"{HOST}/{scenario.repository}:1", "--push"]
    pull = [f"{HOST}/team-a/seed:1"]

    docker_config.write_text(scenario.docker_config("alice"))
    assert check(*pull) == 0, "alice may pull"
    assert check(*push) == 0, "alice may push"
    probes = [one for one in registry.received() if one["repository"] == scenario.repository]
    assert ("POST", 202, "alice") in [(one["method"], one["status"], one["user"]) for one in probes], "no push probed"
    assert registry.digest(scenario.repository, "1") is None, "the check left an image behind"

    docker_config.write_text(scenario.docker_config("alice", password="wrong-password"))
    assert check(*pull) == 1, "a wrong password would fail"
    for fact in (HOST, str(docker_config), "credential-rejected"):
        assert fact in scenario.output, f"the answer does not name {fact}"

    docker_config.write_text(scenario.docker_config("bob"))
    assert check(*pull) == 0, "bob may pull"
    assert check(*push) == 1, "bob may not push"
    for fact in (HOST, str(docker_config), "granted-less"):
        assert fact in scenario.output, f"the answer does not name {fact}"

    assert check() == 2, "a missing reference is a usage error"
    assert check("registry.test:5443/Not/A/Repository") == 2, "a malformed reference is a usage error"
