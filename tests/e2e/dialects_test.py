"""A push and a pull against each dialect in dialects.toml, with checks on what its token server, registry and storage received."""

import hashlib
import json
import re
import secrets
from pathlib import Path

import expect
from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "dialects.toml"


def check_token_requests(fixture, row, repository):
    """Every token request had the credential, the service from the challenge, and no more scope than the operation needs."""
    allowed = [[], [f"repository:{repository}:pull"], [f"repository:{repository}:pull,push"]]
    services = row.get("expect_service") or [service_of(row["challenge"][0])]
    requests = fixture.records(dialect=row["name"], kind="token")
    for request in requests:
        assert request["status"] == 200, f"a token request was answered {request['status']}: {request}"
        assert request["method"] == row.get("expect_method", "GET"), request
        assert (request["service"] or "") in services, f"the requested service was {request['service']}, not one of {services}"
        assert request["scopes"] in allowed, f"the requested scopes were {request['scopes']}"
        if request["method"] == "GET":
            assert request["authorization"] == "Basic" and request["username"] == row["username"], request
            assert request["account"] == row["username"], request
        else:
            assert request["authorization"] == "" and request["grant_type"] == "refresh_token", request
    assert allowed[2] in [request["scopes"] for request in requests], "no token for the push was requested"
    if row.get("life", 300) > 60:
        assert len(requests) <= 3, f"{len(requests)} token requests for a ping, a push and a pull"


def service_of(challenge):
    return challenge.partition('service="')[2].partition('"')[0]


def check_registry_requests(fixture, row):
    """Every request that the registry served was authenticated; only first requests came without authorization."""
    scheme = "Bearer" if row.get("token_url") else "Basic"
    requests = fixture.records(dialect=row["name"], kind="registry")
    for request in requests:
        if request["status"] < 300:
            assert request["authorization"] == scheme, f"not authorized with {scheme}: {request}"
    challenged = [request for request in requests if request["status"] == 401]
    assert len(challenged) <= 3, f"{len(challenged)} requests were challenged"
    for request in challenged:
        assert request["authorization"] == "", f"an authorized request was refused: {request}"
    methods = {request["method"] for request in requests if request["status"] < 300}
    assert {"POST", "PUT", "GET"} <= methods, f"the registry received only {methods}"


def check_log(regpass, row, repository):
    """The log line of each exchange says whether its token was cached and how long it remains valid."""
    match = re.search(r'"expires_in":(\d+)', row["answer"])
    stated = [int(match[1])] if match else []
    stated += [row.get("life", 300)] if row.get("token", "jwt") == "jwt" else []
    life = min(stated, default=60)

    def lifetimes(cache):
        tokens = [line["token"] for line in regpass.exchanges(repository=repository)]
        return [token["expires_in"] for token in tokens if token["cache"] == cache]

    pulls = {"repository": repository, "action": "pull", "status": 200}
    expect.eventually(lambda: regpass.exchanges(**pulls) and lifetimes("hit"))
    new, cached = lifetimes("miss"), lifetimes("hit")
    assert new and max(new) in (life, life - 1), f"new tokens were valid for {new} s, not {life}"
    assert cached and all(0 <= left <= life for left in cached), f"cached tokens had {cached} s left"


def check_storage_requests(fixture, row):
    """Blobs were fetched from the storage, without the registry's credential."""
    requests = fixture.records(dialect=row["name"], kind="storage")
    assert requests, "no blob was fetched from the storage"
    for request in requests:
        assert (request["authorization"], request["status"]) == ("", 200), request


with Scenario("dialects", programs=["skopeo"], hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    image = scenario.image("app")
    # If blobs are stored elsewhere, clients tunnel there through regpass and see the storage's own certificate.
    storage_is_trusted = {"SSL_CERT_DIR": str(fixture.ca.parent)}

    with fixture.regpass() as regpass:
        for number, row in enumerate(fixture.rows.values()):
            name = f"{row['image']}-{secrets.token_hex(2)}"
            try:
                scenario.succeed("skopeo", "copy", image.source, f"docker://{name}:1")
                copy = scenario.directory / f"copy-{number}"
                scenario.succeed("skopeo", "copy", f"docker://{name}:1", f"dir:{copy}", environment=storage_is_trusted)
                digest = "sha256:" + hashlib.sha256((copy / "manifest.json").read_bytes()).hexdigest()
                assert digest == image.digest, f"the pulled image has the digest {digest}"
                check_registry_requests(fixture, row)
                if row.get("token_url"):
                    check_token_requests(fixture, row, name.partition("/")[2])
                    check_log(regpass, row, name.partition("/")[2])
                if row.get("storage"):
                    check_storage_requests(fixture, row)
            except AssertionError as problem:
                raise AssertionError(f"{row['name']}: {problem}") from None
            print(f"{row['name']}: pushed and pulled")

        refused = [line for line in regpass.exchanges() if line["status"] in (401, 403) or "explanation" in line]
        assert not refused, f"an exchange failed: {json.dumps(refused[0])[:1000]}"
        assert expect.eventually(lambda: regpass.exchanges(action="pull")), "the log has no exchange line"
