"""Connections to hosts that are not configured registries are tunnelled byte for byte: the client sees the server's own certificate."""

import json

import expect
from e2e import Scenario

# Prints the server's certificate and its response.
CLIENT = """
import http.client, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=ssl.create_default_context(cafile=ca))
connection.set_tunnel("plain.test", 443)
connection.request("GET", "/")
print(ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(binary_form=True)))
print(connection.getresponse().read().decode())
"""
ALLOWED = "\n[other_hosts]\ndeny_private_addresses = false\n"  # the testbed uses private addresses

with Scenario("tunnel", programs=["skopeo"], hosts=("split.test",)) as scenario:
    ca = scenario.testbed.upstream_ca
    client = ["/usr/bin/python3", "-c", CLIENT, str(scenario.port), ca]
    secrets = {"config.json": scenario.docker_config("alice")}

    def tunnels(regpass, host):
        return [line for line in regpass.events("tunnel") if host in json.dumps(line)]

    with scenario.sidecar(secrets, ALLOWED) as regpass:
        scenario.succeed(*client)
        certificate = (scenario.testbed.directory / "tls/plain.test.crt").read_text()
        assert certificate.strip() in scenario.output, "the client did not see plain.test's own certificate"
        assert "plain.test\n" in scenario.output, "the response of plain.test did not arrive"
        assert expect.eventually(lambda: tunnels(regpass, "plain.test")), "the log has no tunnel line for plain.test"

        # A registry that is not configured and for which regpass has no credential: the client brings its own.
        basic = scenario.testbed.registries["basic.test"]
        mark = basic.mark()
        credential = f"bob:{scenario.testbed.password('bob')}"
        inspect = ["skopeo", "inspect", "--raw", "--creds", credential, "docker://basic.test/team-a/seed:1"]
        scenario.succeed(*inspect, environment={"SSL_CERT_FILE": str(ca)})
        users = {request["user"] for request in basic.received(mark) if request["repository"]}
        assert users == {"bob"}, f"the users of basic.test were {users}"
        assert expect.eventually(lambda: tunnels(regpass, "basic.test")), "the log has no tunnel line for basic.test"
        for line in regpass.events("exchange"):
            raise AssertionError(f"regpass intercepted a request it should have tunnelled: {line}")

    with scenario.sidecar(secrets) as regpass:
        scenario.fail(*client)
        assert "403" in scenario.output, "a private address was not refused"
