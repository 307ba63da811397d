"""A push that outlives thirty tokens: neither the client nor the registry ever sees one that is over."""

from pathlib import Path

from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "short_tokens.toml"
LAYERS = 31  # each takes the registry more than a token's life

with Scenario("short-tokens", programs=["skopeo"], hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    image = scenario.image("app", more=LAYERS)
    with fixture.regpass() as regpass:
        remote = "docker://short.example.com/team-a/app:1"
        scenario.succeed("skopeo", "copy", image.source, remote, seconds=90)
        tokens = fixture.records(kind="token", status=200)
        assert len(tokens) >= 30, f"only {len(tokens)} tokens were needed"
        # How many of a layer's requests one of them serves depends on how fast the machine is; none is fetched in vain.
        used = [one for one in fixture.records(kind="registry") if one["authorization"]]
        assert len(tokens) <= len(used), f"{len(tokens)} tokens were asked for, for {len(used)} requests"

        refused = [one for one in fixture.records(kind="registry", status=401) if one["authorization"]]
        assert not refused, f"{len(refused)} tokens were refused, such as {refused[0]}"
        failed = [line for line in regpass.exchanges() if line["status"] in (401, 403) or "explanation" in line]
        assert not failed, f"a client met an error: {failed[0]}"

        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/copy")
