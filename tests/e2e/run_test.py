"""`regpass run` with nothing configured but a docker config file, against a registry on a port of its own.

E1: a registry for which there is no login is named, with the entries there are. E2: so is a command whose daemon goes by itself."""

import os

from e2e import Scenario

HOST = "registry.test:5443"
VARIABLES = """HTTPS_PROXY HTTP_PROXY https_proxy http_proxy NO_PROXY SSL_CERT_DIR SSL_CERT_FILE CURL_CA_BUNDLE
    NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE GIT_SSL_CAINFO""".split()

with Scenario("run", programs=["skopeo"], hosts=(HOST,)) as scenario:
    registry = scenario.testbed.registries[HOST]
    image = scenario.image("app")
    user_home = scenario.directory / "user"
    docker_config = user_home / ".docker/config.json"
    docker_config.parent.mkdir(parents=True)
    copy = ["skopeo", "copy", image.source, f"docker://{HOST}/{scenario.repository}"]
    # The registry's certificate has to be trusted by somebody: a user would have it in the system's store.
    environment = {"HOME": str(user_home), "SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}
    here = {"environment": environment, "through_regpass": False}

    def run(*command):
        return [os.environ["REGPASS"], "run", "--", *command]

    docker_config.write_text(scenario.docker_config("alice"))
    scenario.succeed(*run(*copy[:-1], f"{copy[-1]}:1"), **here)
    assert registry.digest(scenario.repository, "1") == image.digest, "the registry did not store the image"
    manifests = [one for one in registry.received() if one["uri"] == f"/v2/{scenario.repository}/manifests/1"]
    assert [(one["method"], one["user"]) for one in manifests] == [("PUT", "alice")], f"the registry saw {manifests}"

    scenario.succeed(*run("env"), **here)
    values = dict(line.split("=", 1) for line in scenario.output.splitlines() if "=" in line)
    for variable in VARIABLES:
        assert values.get(variable), f"the command got no {variable}"

    assert scenario.client(*run("sh", "-c", "exit 7"), **here) == 7, "the exit status is not the command's"
    terminated = 'trap "exit 9" TERM; kill -TERM $PPID; sleep 5 & wait'
    assert scenario.client(*run("sh", "-c", terminated), **here) == 9, "SIGTERM to regpass did not reach the command"

    # The command says nothing, so all that is printed is regpass's own explanation.
    quietly = run("sh", "-c", '"$@" >/dev/null 2>&1', "sh", *copy[:-1], f"{copy[-1]}:2")

    docker_config.write_text(scenario.docker_config("alice", password="wrong-password"))
    assert scenario.client(*quietly, **here) == 1, "the exit status is not skopeo's"
    for fact in (HOST, str(docker_config), "credential-rejected"):
        assert fact in scenario.output, f"the explanation does not name {fact}"

    docker_config.write_text(scenario.docker_config("bob"))
    assert scenario.client(*quietly, **here) == 1, "the exit status is not skopeo's"
    for fact in (HOST, str(docker_config), "granted-less"):
        assert fact in scenario.output, f"the explanation does not name {fact}"
    assert registry.digest(scenario.repository, "2") is None, "pushed by a user without that right"

    # E1: a login, but for another registry.
    docker_config.write_text('{"auths": {"basic.test": {"auth": "YWxpY2U6c2VjcmV0"}}}')
    assert scenario.client(*quietly, **here) == 1, "the exit status is not skopeo's"
    for fact in (f"no credential is for {HOST}", "there are entries for basic.test", "add a login or a [[registry]] for it"):
        assert fact in " ".join(scenario.output.split()), f"the refusal of the port does not say: {fact}"
    settings = scenario.directory / "tunnel.toml"
    settings.write_text("[other_hosts]\nports = [443, 5443]\ndeny_private_addresses = false\n")
    tunnelled = [os.environ["REGPASS"], "run", "--config", str(settings), "--"]
    silent = ["sh", "-c", '"$@" >/dev/null 2>&1', "sh"]
    assert scenario.client(*tunnelled, *silent, *copy[:-1], f"{copy[-1]}:2", **here) == 1, "the push went through"
    for fact in (f"asked {HOST} without a login", "there are entries for basic.test", f"docker login {HOST}"):
        assert fact in scenario.output, f"the tunnel is not told of: {fact}"
    scenario.succeed(*tunnelled, "true", **here)
    assert "without a login" not in scenario.output, "a command that succeeds is advised"

    # E2: said before the command starts.
    scenario.client(*run("docker", "push", f"{HOST}/app"), **here)
    assert "`docker` leaves registries to dockerd" in scenario.output, scenario.output
