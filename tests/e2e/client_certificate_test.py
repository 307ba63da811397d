"""A registry and a token server that require a client certificate: regpass presents the one in certs_dir."""

import shutil

import expect
from e2e import Scenario
from testbed import MUTUAL_TLS

with Scenario("client-certificate", programs=["skopeo"], hosts=("registry.test:5443",)) as scenario:
    testbed = scenario.testbed
    certs_dir = scenario.directory / "certs.d"  # see sidecar.settings
    entry = f'\n[[registry]]\nhost = "{MUTUAL_TLS}"\npush = ["team-a/*"]\n'
    scenario.docker_config("alice")  # registers alice's password, which must not appear anywhere
    config = {"config.json": testbed.docker_config("alice", MUTUAL_TLS)}
    image = scenario.image("app")
    remote = f"docker://{MUTUAL_TLS}/{scenario.repository}:1"
    (registry,) = scenario.registries  # the same registry, behind another nginx server

    with scenario.sidecar(config, entry) as regpass:
        scenario.fail("skopeo", "copy", image.source, remote)
        assert expect.causes(regpass), "the log explains no failure"
        assert registry.digest(scenario.repository, "1") is None, "pushed without a client certificate"

    own = certs_dir / MUTUAL_TLS
    own.mkdir(parents=True)
    shutil.copy(testbed.directory / "client.crt", own / "client.cert")
    shutil.copy(testbed.directory / "client.key", own / "client.key")

    with scenario.sidecar(config, entry) as regpass:
        scenario.succeed("skopeo", "copy", image.source, remote)
        assert registry.digest(scenario.repository, "1") == image.digest
        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/pulled")
        token_requests = [request for request in scenario.token_requests() if request["user"] == "alice"]
        assert token_requests, "no token was requested as alice"
        expect.no_challenge(scenario, regpass, "alice")
