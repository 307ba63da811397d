"""A credential that is refused does not stand in the way of a public image, and is told of; a push still fails."""

import os

import expect
from e2e import Scenario

HOST = "split.test"

with Scenario("public-image", programs=["skopeo"], hosts=(HOST,)) as scenario:
    registry = scenario.testbed.registries[HOST]
    image = scenario.image("app")
    remote = f"docker://{HOST}/{scenario.repository}:1"  # everybody may pull it
    with scenario.regpass("alice"):
        scenario.succeed("skopeo", "copy", image.source, remote)

    with scenario.regpass("alice", password="wrong-password") as regpass:
        asked = len(scenario.token_requests())
        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/copy")
        requests = scenario.token_requests()[asked:]
        answers = {(one["user"], one["status"]) for one in requests}
        assert answers == {("alice", 401), (None, 200)}, f"the token server answered {answers}"
        pull = [f"repository:{scenario.repository}:pull"]
        assert all(one["user"] or one["asked"] == pull for one in requests), "more than the pull went without"
        said = expect.eventually(lambda: regpass.events("notice"))
        assert [one["cause"] for one in said] == ["credential-spoils-public-pull"], f"the log says {said}"
        assert said[0]["credential"]["username"] == "alice" and said[0]["level"] == "warn", said[0]
        pulls = expect.eventually(lambda: regpass.exchanges(action="pull", status=200))
        assert pulls and all(line["credential"]["passed_over"] for line in pulls), "an exchange line does not say it"

        scenario.fail("skopeo", "copy", scenario.image("new").source, f"{remote}-new")
        expect.explained(scenario, regpass, registry, "credential-rejected")

    docker_config = scenario.directory / "user/.docker/config.json"
    docker_config.parent.mkdir(parents=True)
    docker_config.write_text(scenario.docker_config("alice", password="wrong-password"))
    environment = {"HOME": str(docker_config.parents[1]), "SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}
    directly = {"environment": environment, "through_regpass": False}
    config = scenario.directory / "check.toml"
    config.write_text(f'[[registry]]\nhost = "{HOST}"\npush = ["team-a/*"]\nrealms = ["{registry.realm}"]\n')
    check = [os.environ["REGPASS"], "check", "--config", config, remote.removeprefix("docker://")]
    scenario.succeed(*check, **directly)
    assert "is refused; the image is public" in scenario.output, "the check does not tell of the credential"
    scenario.fail(*check, "--push", **directly)
