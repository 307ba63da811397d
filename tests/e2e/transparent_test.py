"""Clients without a configured proxy: their connections are redirected to a regpass that runs as its own user."""

import shutil

import expect
from e2e import Scenario
from network import ADDRESSES
from transparent import USER, OwnUser, Redirection

ALLOWED = "\n[other_hosts]\ndeny_private_addresses = false\n"  # the testbed uses private addresses
V6_HOST = "basic.test"

# Prints the server's certificate and its response.
CLIENT = """
import http.client, ssl, sys
connection = http.client.HTTPSConnection("plain.test", timeout=10, context=ssl.create_default_context(cafile=sys.argv[1]))
connection.request("GET", "/")
print(ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(binary_form=True)))
print(connection.getresponse().read().decode())
"""

# Connects directly to the transparent listener and expects the connection to be closed.
STRAY = """
import socket, sys
sys.exit(socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10).recv(1) != b"")
"""

with Scenario("transparent", programs=["nft", "setpriv", "skopeo", "buildah", "ctr", "containerd"]) as scenario:
    testbed = scenario.testbed
    redirection = Redirection(scenario, only_v6=V6_HOST)
    hosts = redirection.hosts

    def succeed(*argv):
        return scenario.succeed(*argv, binds=hosts)

    def rules():
        return scenario.succeed("nft", "list", "ruleset")

    before = rules()
    assert "nothing is redirected" in redirection.command("show"), "show does not say that there are no rules"
    redirection.apply()
    once = rules()
    redirection.apply()
    assert rules() == once, "applying the rules twice changed them"
    assert f"redirect to :{OwnUser.transparent_port}" in redirection.command("show"), "show does not print the rules"

    scenario.daemon("containerd", ready=["ctr", "version"], binds=hosts)
    secrets = {"config.json": scenario.docker_config("alice")}
    with scenario.sidecar(secrets, ALLOWED, OwnUser) as regpass:
        for registry in scenario.registries:
            target = f"{registry.host}/{scenario.repository}"

            image = scenario.image(f"skopeo-{registry.name}", big=2 << 20)
            succeed("skopeo", "copy", image.source, f"docker://{target}:skopeo")
            expect.pushed(scenario, regpass, registry, "alice", "skopeo", image.digest)
            succeed("skopeo", "copy", f"docker://{target}:skopeo", f"dir:{scenario.directory}/{registry.name}")
            expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "skopeo")

            buildah = ["buildah", "--storage-driver", "vfs"]
            context = scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\n")
            succeed(*buildah, "bud", "--isolation", "chroot", "--pull-always", "-t", f"{target}:buildah", context)
            expect.pulled(scenario, regpass, registry, "alice", "shared/base", "1")
            succeed(*buildah, "push", f"{target}:buildah")
            expect.pushed(scenario, regpass, registry, "alice", "buildah")

            image = scenario.image(f"ctr-{registry.name}")
            archive = shutil.make_archive(scenario.directory / f"ctr-{registry.name}", "tar", image.layout)
            succeed("ctr", "images", "import", "--base-name", f"imported-{registry.name}", archive)
            succeed("ctr", "images", "tag", f"imported-{registry.name}:ctr-{registry.name}", f"{target}:ctr")
            succeed("ctr", "images", "push", f"{target}:ctr")
            expect.pushed(scenario, regpass, registry, "alice", "ctr", image.digest)
            succeed("ctr", "images", "pull", "--snapshotter", "native", f"{registry.host}/team-a/seed:1")
            expect.pulled(scenario, regpass, registry, "alice", "team-a/seed", "1")

        modes = {line["mode"] for line in regpass.events("exchange")}
        assert modes == {"transparent"}, f"the exchanges' modes are {modes}"
        clients = expect.eventually(lambda: {line["client"][0] for line in regpass.exchanges(registry=V6_HOST)})
        assert clients == {"["}, f"{V6_HOST} was not reached only over IPv6"

        succeed("/usr/bin/python3", "-c", CLIENT, testbed.upstream_ca)
        certificate = (testbed.directory / "tls/plain.test.crt").read_text()
        assert certificate.strip() in scenario.output, "the client did not see plain.test's own certificate"
        assert "plain.test\n" in scenario.output, "the response of plain.test did not arrive"
        assert expect.eventually(lambda: regpass.events("tunnel")), "the log has no tunnel line"

        def rejected(words):
            return [line for line in regpass.events("client-rejected") if words in line["msg"]]

        succeed("/usr/bin/python3", "-c", STRAY, str(OwnUser.transparent_port))
        assert expect.eventually(lambda: rejected("only connections that were redirected")), "the direct connection was not reported"

        # A client with a configured proxy: its connection to that proxy is redirected too.
        mark = testbed.registries["split.test"].mark()
        inspect = ["skopeo", "inspect", "--raw", "docker://split.test/team-a/seed:1"]
        elsewhere = {"HTTPS_PROXY": f"http://{ADDRESSES['plain.test']}:80"}
        scenario.succeed(*inspect, environment=elsewhere, binds=hosts)
        users = {request["user"] for request in testbed.registries["split.test"].received(mark) if request["repository"]}
        assert users == {"alice"}, f"the users of split.test were {users}"
        assert expect.eventually(lambda: regpass.events("captured-proxy")), "the log has no captured-proxy line"

        # Rules that do not exempt regpass: its own connections come back to it, and it stops the loop after one round.
        redirection.apply(USER + 1)
        scenario.fail("/usr/bin/python3", "-c", CLIENT, testbed.upstream_ca, binds=hosts)
        loops = expect.eventually(lambda: rejected("redirected back"))
        assert len(loops) == 1, f"the loop was reported as {loops}"
        redirection.apply()

    with scenario.sidecar({"config.json": scenario.docker_config("alice", "wrong-password")}, ALLOWED, OwnUser) as regpass:
        registry = testbed.registries["split.test"]
        scenario.fail("skopeo", "copy", f"docker://{registry.host}/shared/base:1", "dir:/tmp/none", binds=hosts)
        expect.explained(scenario, regpass, registry, "credential-rejected")

    redirection.command("remove")
    assert rules() == before, "removing the rules left something behind"
    redirection.command("remove")
