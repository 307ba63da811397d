"""A refused credential does not prevent the pull of a public image and is reported; a push still fails."""

import os

import expect
from e2e import Scenario

HOST = "split.test"

with Scenario("public-image", programs=["skopeo"], hosts=(HOST,)) as scenario:
    registry = scenario.testbed.registries[HOST]
    image = scenario.image("app")
    remote = f"docker://{HOST}/{scenario.repository}:1"  # can be pulled anonymously
    with scenario.regpass("alice"):
        scenario.succeed("skopeo", "copy", image.source, remote)

    with scenario.regpass("alice", password="wrong-password") as regpass:
        count_before = len(scenario.token_requests())
        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/copy")
        requests = scenario.token_requests()[count_before:]
        answers = {(entry["user"], entry["status"]) for entry in requests}
        assert answers == {("alice", 401), (None, 200)}, f"the token server answered {answers}"
        pull = [f"repository:{scenario.repository}:pull"]
        only_pull = all(entry["user"] or entry["asked"] == pull for entry in requests)
        assert only_pull, "something other than the pull was requested without the credential"
        notices = expect.eventually(lambda: regpass.events("notice"))
        assert [entry["cause"] for entry in notices] == ["credential-spoils-public-pull"], f"the log contains {notices}"
        assert notices[0]["credential"]["username"] == "alice" and notices[0]["level"] == "warn", notices[0]
        pulls = expect.eventually(lambda: regpass.exchanges(action="pull", status=200))
        assert pulls and all(line["credential"]["passed_over"] for line in pulls), "an exchange line does not have passed_over"

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
    assert "is refused; the image is public" in scenario.output, "the check does not report the refused credential"
    scenario.fail(*check, "--push", **directly)
