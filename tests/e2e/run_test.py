"""`regpass run` with no configuration except a docker config file, against a registry on a non-standard port.

E1: a registry without a login is named, together with the existing entries. E2: so is a command whose daemon connects by itself."""

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
    # Stands for the system's trust store, in which a user would have the registry's CA.
    environment = {"HOME": str(user_home), "SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}
    options = {"environment": environment, "through_regpass": False}

    def run(*command):
        return [os.environ["REGPASS"], "run", "--", *command]

    docker_config.write_text(scenario.docker_config("alice"))
    scenario.succeed(*run(*copy[:-1], f"{copy[-1]}:1"), **options)
    assert registry.digest(scenario.repository, "1") == image.digest, "the registry did not store the image"
    manifests = [request for request in registry.received() if request["uri"] == f"/v2/{scenario.repository}/manifests/1"]
    assert [(request["method"], request["user"]) for request in manifests] == [("PUT", "alice")], f"the registry received {manifests}"

    scenario.succeed(*run("env"), **options)
    values = dict(line.split("=", 1) for line in scenario.output.splitlines() if "=" in line)
    for variable in VARIABLES:
        assert values.get(variable), f"the command's environment has no {variable}"

    assert scenario.client(*run("sh", "-c", "exit 7"), **options) == 7, "the exit status differs from the command's"
    terminated = 'trap "exit 9" TERM; kill -TERM $PPID; sleep 5 & wait'
    assert scenario.client(*run("sh", "-c", terminated), **options) == 9, "SIGTERM to regpass did not reach the command"

    # The command's output is discarded, so everything printed is regpass's own explanation.
    quietly = run("sh", "-c", '"$@" >/dev/null 2>&1', "sh", *copy[:-1], f"{copy[-1]}:2")

    docker_config.write_text(scenario.docker_config("alice", password="wrong-password"))
    assert scenario.client(*quietly, **options) == 1, "the exit status differs from skopeo's"
    for fact in (HOST, str(docker_config), "credential-rejected"):
        assert fact in scenario.output, f"the explanation does not mention {fact}"

    docker_config.write_text(scenario.docker_config("bob"))
    assert scenario.client(*quietly, **options) == 1, "the exit status differs from skopeo's"
    for fact in (HOST, str(docker_config), "granted-less"):
        assert fact in scenario.output, f"the explanation does not mention {fact}"
    assert registry.digest(scenario.repository, "2") is None, "a user without push access was able to push"

    # E1: there is a login, but for another registry.
    docker_config.write_text('{"auths": {"basic.test": {"auth": "YWxpY2U6c2VjcmV0"}}}')
    assert scenario.client(*quietly, **options) == 1, "the exit status differs from skopeo's"
    for fact in (f"no credential for {HOST}", "there are entries for basic.test", "add a login or a [[registry]] for it"):
        assert fact in " ".join(scenario.output.split()), f"the message about the refused port does not contain: {fact}"
    settings = scenario.directory / "tunnel.toml"
    settings.write_text("[other_hosts]\nports = [443, 5443]\ndeny_private_addresses = false\n")
    tunnelled = [os.environ["REGPASS"], "run", "--config", str(settings), "--"]
    silent = ["sh", "-c", '"$@" >/dev/null 2>&1', "sh"]
    assert scenario.client(*tunnelled, *silent, *copy[:-1], f"{copy[-1]}:2", **options) == 1, "the push succeeded"
    for fact in (f"asked {HOST} without a login", "there are entries for basic.test", f"docker login {HOST}"):
        assert fact in scenario.output, f"the message about the tunnel does not contain: {fact}"
    scenario.succeed(*tunnelled, "true", **options)
    assert "without a login" not in scenario.output, "advice is printed although the command succeeded"

    # E2: printed before the command starts.
    scenario.client(*run("docker", "push", f"{HOST}/app"), **options)
    assert "`docker` leaves registries to dockerd" in scenario.output, scenario.output
