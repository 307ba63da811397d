"""A hundred connections that request the same thing at once cause one token exchange; a push after the pull causes one more."""

from pathlib import Path

from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "rotation.toml"
CONNECTIONS = 100
# Prints the response statuses. All requests of a round are sent before any response is read.
CLIENT = """
import http.client, ssl, sys
port, ca, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tls = ssl.create_default_context(cafile=ca)
connections = []
for _ in range(count):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=tls)
    connection.set_tunnel("tokens.example.com", 443)
    connection.connect()
    connections.append(connection)
for method, target in zip(sys.argv[4::2], sys.argv[5::2]):
    for connection in connections:
        connection.request(method, target)
    for connection in connections:
        response = connection.getresponse()
        response.read()
        print(response.status)
"""

with Scenario("first-requests", hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    pull = ("GET", "/v2/team-a/app/tags/list")
    push = ("POST", "/v2/team-a/app/blobs/uploads/")

    def exchanges(*rounds):
        """The number of token requests while a hundred connections ran these rounds."""
        before = len(fixture.records(kind="token"))
        command = ["/usr/bin/python3", "-B", "-c", CLIENT, str(scenario.port)]
        command += [scenario.directory / "trust/bundle.crt", str(CONNECTIONS)]
        scenario.succeed(*command, *(word for round_requests in rounds for word in round_requests))
        answers = scenario.output.split()
        assert len(answers) == CONNECTIONS * len(rounds), f"{len(answers)} answers"
        # The registry is empty, so a pull is answered with 404.
        assert set(answers) <= {"404", "202"}, f"the answers were {set(answers)}"
        return len(fixture.records(kind="token")) - before

    with fixture.regpass():
        counts = [exchanges(pull), exchanges(push), exchanges(*[push, pull] * 5)]
        assert counts == [1, 1, 0], f"first pulls, first pushes and all others made {counts} token exchanges, not [1, 1, 0]"
