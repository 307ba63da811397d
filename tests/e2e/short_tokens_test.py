"""A push that outlasts thirty tokens: neither the client nor the registry ever sees an expired one."""

from pathlib import Path

from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "short_tokens.toml"
LAYERS = 31  # the registry takes longer than a token's lifetime for each

with Scenario("short-tokens", programs=["skopeo"], hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    image = scenario.image("app", more=LAYERS)
    with fixture.regpass() as regpass:
        remote = "docker://short.example.com/team-a/app:1"
        scenario.succeed("skopeo", "copy", image.source, remote, seconds=90)
        tokens = fixture.records(kind="token", status=200)
        assert len(tokens) >= 30, f"only {len(tokens)} tokens were needed"
        # How many of a layer's requests share a token depends on the machine's speed, but no token is fetched without being used.
        used = [record for record in fixture.records(kind="registry") if record["authorization"]]
        assert len(tokens) <= len(used), f"{len(tokens)} tokens were requested for {len(used)} requests"

        refused = [record for record in fixture.records(kind="registry", status=401) if record["authorization"]]
        assert not refused, f"{len(refused)} tokens were refused, such as {refused[0]}"
        failed = [line for line in regpass.exchanges() if line["status"] in (401, 403) or "explanation" in line]
        assert not failed, f"a client got an error: {failed[0]}"

        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/copy")
