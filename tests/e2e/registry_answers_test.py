"""R3, R3b: whatever a client does or prints of a registry's refusal, it does and prints through regpass, too.

A push falls back to a Docker manifest where the registry takes no other, nothing is uploaded again after a refusal that
is final, and no word that a client prints without regpass is missing beside regpass's sentence.
"""

import re
from pathlib import Path

import go_clients
from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "registry_answers.toml"
BLOBS = 3  # of an image here; crane sends them at the same time, and cancels those that remain after a refusal


def plain(output: str) -> str:
    """Codes as they came, "tag immutable" or TAG_IMMUTABLE; escaped quotation marks; long lines that were wrapped."""
    return " ".join(re.sub(r"[_\\\"'\s]+", " ", output).lower().split())


def falls_back_to_schema_2(scenario, fixture):
    image = scenario.image("fallback")
    remote = f"docker://{fixture.rows['schema2']['image']}:1"
    scenario.succeed("skopeo", "copy", image.source, remote)
    puts = [one["status"] for one in fixture.records(dialect="schema2", method="PUT") if "/manifests/" in one["path"]]
    assert puts == [400, 201], f"the registry answered the manifests {puts}"


def says_as_much(scenario, fixture, name, argv, row):
    """Returns the words that the client prints when nothing stands between it and the registry."""
    before = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    direct = plain(scenario.fail(*argv, **direct_options(scenario, fixture)))
    between = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    through = plain(scenario.fail(*argv))
    after = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    printed = [words for words in row["words"] if plain(words) in direct]
    lost = [words for words in printed if plain(words) not in through]
    assert not lost, f"{name}, {row['name']}: through regpass {lost} is missing; directly: {direct[-1500:]}"
    assert "[regpass " in through, f"{name}, {row['name']}: no sentence of regpass"
    # Of a blob regctl asks for a mount first; how many it has begun when the first is refused depends on the moment.
    once = 1 if "manifests" in row["refuses"]["path"] else 2 * BLOBS
    more = after - between - max(between - before, once)
    assert more <= 0, f"{name}, {row['name']}: sent {more} times more than needed what was refused for good"
    return printed


def direct_options(scenario, fixture):
    login = scenario.directory / "direct"
    login.mkdir(exist_ok=True)
    (login / "config.json").write_text(fixture.docker_config())
    environment = {
        "SSL_CERT_FILE": str(fixture.ca),
        "DOCKER_CONFIG": str(login),
        "REGISTRY_AUTH_FILE": str(login / "config.json"),
    }
    hosts = {"/etc/hosts": scenario.directory / "hosts"}
    return {"through_regpass": False, "environment": environment, "binds": hosts}


with Scenario("registry-answers", programs=["skopeo"], hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    crane, regctl, oras = (go_clients.program(name) for name in ("crane", "regctl", "oras"))
    (scenario.directory / "note.txt").write_text("a note")
    with fixture.regpass():
        falls_back_to_schema_2(scenario, fixture)
        for row in fixture.rows.values():
            if not row.get("refuses"):
                continue
            image = scenario.image(row["name"])
            target = f"{row['image']}:1"
            oras_push = [oras, "push", "--disable-path-validation", target, scenario.directory / "note.txt"]
            clients = {
                "skopeo": ["skopeo", "copy", image.source, f"docker://{target}"],
                "crane": [crane, "push", image.layout, target],
                "regctl": [regctl, "image", "copy", f"ocidir://{image.layout}:{row['name']}", target],
                "oras": oras_push,
            }
            printed = set()
            for name, argv in clients.items():
                # oras and regctl upload a blob by one PUT, which this row lets pass.
                if row["refuses"]["method"] == "PATCH" and name in ("regctl", "oras"):
                    continue
                printed |= set(says_as_much(scenario, fixture, name, argv, row))
            assert printed == set(row["words"]), f"{row['name']}: directly no client prints {set(row['words']) - printed}"
