"""R3, R3b: through regpass, a client reacts to a registry's refusal exactly as it does directly, and prints the same details.

A push falls back to a Docker manifest where the registry accepts no other type, nothing is uploaded again after a final refusal,
and no word that a client prints without regpass is missing from its output with regpass's message.
"""

import re
from pathlib import Path

import go_clients
from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "registry_answers.toml"
BLOBS = 3  # per image; crane uploads them concurrently and cancels the rest after a refusal


def plain(output: str) -> str:
    """Normalises error codes ("tag immutable" or TAG_IMMUTABLE), escaped quotation marks and wrapped lines."""
    return " ".join(re.sub(r"[_\\\"'\s]+", " ", output).lower().split())


def falls_back_to_schema_2(scenario, fixture):
    image = scenario.image("fallback")
    remote = f"docker://{fixture.rows['schema2']['image']}:1"
    scenario.succeed("skopeo", "copy", image.source, remote)
    puts = [record["status"] for record in fixture.records(dialect="schema2", method="PUT") if "/manifests/" in record["path"]]
    assert puts == [400, 201], f"the registry answered the manifest uploads with {puts}"


def check_no_words_are_lost(scenario, fixture, name, argv, row):
    """Checks that no word is lost through regpass; returns the words the client prints when it talks to the registry directly."""
    before = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    direct = plain(scenario.fail(*argv, **direct_options(scenario, fixture)))
    between = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    through = plain(scenario.fail(*argv))
    after = len(fixture.records(dialect=row["name"], status=row["refuses"]["status"]))
    printed = [words for words in row["words"] if plain(words) in direct]
    lost = [words for words in printed if plain(words) not in through]
    assert not lost, f"{name}, {row['name']}: {lost} is missing through regpass; direct output: {direct[-1500:]}"
    assert "[regpass " in through, f"{name}, {row['name']}: regpass's message is missing"
    # regctl first requests a mount for each blob; how many it has started when the first is refused depends on timing.
    once = 1 if "manifests" in row["refuses"]["path"] else 2 * BLOBS
    repeats = after - between - max(between - before, once)
    assert repeats <= 0, f"{name}, {row['name']}: repeated a finally refused request {repeats} times"
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
                # oras and regctl upload a blob with a single PUT, which this row accepts.
                if row["refuses"]["method"] == "PATCH" and name in ("regctl", "oras"):
                    continue
                printed |= set(check_no_words_are_lost(scenario, fixture, name, argv, row))
            assert printed == set(row["words"]), f"{row['name']}: no client prints {set(row['words']) - printed} without regpass"
