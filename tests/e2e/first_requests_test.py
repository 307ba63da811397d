"""A hundred connections that ask at once for the same make one token exchange; a push after the pull makes one more."""

from pathlib import Path

from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "rotation.toml"
CONNECTIONS = 100
# Prints the statuses of the answers. Every request of a round is sent before the answer to any of them is read.
CLIENT = """
import http.client, ssl, sys
port, ca, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tls = ssl.create_default_context(cafile=ca)
connections = []
for _ in range(count):
    one = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=tls)
    one.set_tunnel("tokens.example.com", 443)
    one.connect()
    connections.append(one)
for method, target in zip(sys.argv[4::2], sys.argv[5::2]):
    for one in connections:
        one.request(method, target)
    for one in connections:
        answer = one.getresponse()
        answer.read()
        print(answer.status)
"""

with Scenario("first-requests", hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    pull = ("GET", "/v2/team-a/app/tags/list")
    push = ("POST", "/v2/team-a/app/blobs/uploads/")

    def exchanges(*rounds):
        """How many tokens were asked for while a hundred connections did this."""
        before = len(fixture.records(kind="token"))
        command = ["/usr/bin/python3", "-B", "-c", CLIENT, str(scenario.port)]
        command += [scenario.directory / "trust/bundle.crt", str(CONNECTIONS)]
        scenario.succeed(*command, *(word for one in rounds for word in one))
        answers = scenario.output.split()
        assert len(answers) == CONNECTIONS * len(rounds), f"{len(answers)} answers"
        # The registry has no tags.
        assert set(answers) <= {"404", "202"}, f"the answers were {set(answers)}"
        return len(fixture.records(kind="token")) - before

    with fixture.regpass():
        made = [exchanges(pull), exchanges(push), exchanges(*[push, pull] * 5)]
        assert made == [1, 1, 0], f"first pulls, first pushes and all others made {made} token exchanges, not [1, 1, 0]"
