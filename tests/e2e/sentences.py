"""Runs each client's pull and push against four failures and checks that its own output contains regpass's message.

In the failure `down`, the token server is unreachable. A client that does not print the message for a failure is listed
with that failure in `silent`; it must still fail, and docs/clients.md documents it.
"""

import base64
import json
import re

import expect
from corporate import Unreachable
from e2e import Scenario

HOST = "split.test"
SEED = f"{HOST}/team-a/seed:1"



def check(scenario: Scenario, commands, silent=frozenset(), daemons=None) -> None:
    """`commands(tag)` yields (name, argv, options, whether it pushes); `silent` uses the same names."""
    (registry,) = scenario.registries
    started = False

    def all_fail(regpass, failure: str, cause: str, only_pushes: bool = False) -> None:
        nonlocal started
        if daemons and not started:
            daemons()
            started = True
        for name, argv, options, pushes in commands(failure):
            if only_pushes and not pushes:
                continue
            scenario.fail(*argv, seconds=120, **options)
            printed = _sentence_reached(scenario, regpass, registry, cause)
            known_silent = (name, failure) in silent
            assert printed or known_silent, f"{name}, {failure}: the client does not print the message for {cause}"
            assert not (printed and known_silent), f"{name}, {failure}: the client prints the message, but docs/clients.md says it does not"

    with scenario.regpass("alice", password="wrong-password") as regpass:
        all_fail(regpass, "rejected", "credential-rejected")
    other = {"auths": {"other.test": {"auth": base64.b64encode(b"somebody:else").decode()}}}
    with scenario.sidecar({"config.json": json.dumps(other)}) as regpass:
        all_fail(regpass, "no-entry", "no-credential")
    with scenario.regpass("bob") as regpass:
        all_fail(regpass, "no-push", "granted-less", only_pushes=True)
    with scenario.regpass("alice") as regpass, Unreachable(scenario.testbed, ("auth.test",)):
        all_fail(regpass, "token-server-down", "token-server-error")


def _sentence_reached(scenario: Scenario, regpass, registry, cause: str) -> bool:
    output = " ".join(scenario.output.split())  # clients wrap long lines
    ids = set(re.findall(r"\[regpass ([0-9a-f-]+)\]", output))

    def printed() -> set[str]:
        lines = regpass.exchanges(registry=registry.host)
        return {line["explanation"]["cause"] for line in lines if line["id"] in ids and line.get("explanation")}

    if ids:
        expect.eventually(lambda: cause in printed())
    causes = printed()
    # regctl first tries to delete a tag with DELETE, which policy does not allow here.
    others = causes - {cause, "policy-refused"}
    assert not others, f"the client's message gives the causes {others}, not {cause}: {output[-600:]}"
    return cause in causes
