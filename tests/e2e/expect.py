"""Expectations after a client has run: about the registry, regpass's log and the client's own output."""

import json
from urllib.parse import unquote

import processes
from e2e import Scenario
from registry import Registry
from sidecar import DOCKER_CONFIG, Sidecar

PATIENCE = 5  # seconds until an event must have reached the logs


def pushed(scenario: Scenario, regpass: Sidecar, registry: Registry, user: str, tag: str, digest: str = "") -> None:
    """The registry stored the image in the scenario's repository, and received every part of it from `user`."""
    repository = scenario.repository
    stored = registry.digest(repository, tag)
    assert stored, f"{registry.host} has no {repository}:{tag}"
    assert digest in ("", stored), f"{registry.host} stored {stored} as {repository}:{tag}, not {digest}"
    parts = blobs(registry, stored)
    for blob in parts:
        assert registry.has_blob(repository, blob), f"{registry.host} does not have {blob} of {repository}:{tag}"

    def lacking() -> list[str]:
        received = [unquote(uri) for uri in answered(registry, user, repository, 201)]
        return [part for part in (f"/manifests/{tag}", *parts) if not any(part in uri for uri in received)]

    assert eventually(lambda: not lacking()), f"{registry.host} did not receive {lacking()} from {user}"
    exchanged(regpass, registry, user, "push", repository)
    no_challenge(scenario, regpass, user)


def pulled(scenario: Scenario, regpass: Sidecar, registry: Registry, user: str, repository: str, tag: str) -> None:
    """The registry served the manifest and every blob of the image to `user`."""
    parts = (tag, *blobs(registry, registry.digest(repository, tag)))

    def lacking() -> list[str]:
        given = answered(registry, user, repository, 200)
        return [part for part in parts if not any(uri.endswith(f"/{part}") for uri in given)]

    assert eventually(lambda: not lacking()), f"{registry.host} did not serve {lacking()} of {repository} to {user}"
    exchanged(regpass, registry, user, "pull", repository)
    no_challenge(scenario, regpass, user)


def answered(registry: Registry, user: str, repository: str, status: int) -> list[str]:
    """The requests of `user` for the repository that the registry answered with `status`."""
    wanted = {"user": user, "repository": repository, "status": status}
    return [request["uri"] for request in registry.received() if all(request[name] == wanted[name] for name in wanted)]


def blobs(registry: Registry, digest: str) -> list[str]:
    """The digests of everything that a manifest references, directly or through its children."""
    manifest = json.loads(registry.content(digest))
    found = [blob["digest"] for blob in manifest.get("layers", [])]
    found += [manifest["config"]["digest"]] if "config" in manifest else []
    for child in manifest.get("manifests", []):
        # A build cache index lists plain blobs, which have no children.
        found += blobs(registry, child["digest"]) if "manifest" in child["mediaType"] else [child["digest"]]
    return found


def exchanged(regpass: Sidecar, registry: Registry, user: str, action: str, repository: str) -> None:
    """The log says which credential was used for the action, where it came from, and what it was granted."""

    def lines() -> list[dict]:
        return regpass.exchanges(registry=registry.host, action=action, repository=repository)

    assert eventually(lines), f"no exchange line for {action} {registry.host}/{repository}"
    for line in lines():
        wanted = {"source": DOCKER_CONFIG, "username": user}
        used = {name: (line["credential"] or {}).get(name) for name in wanted}
        assert used == wanted, f"exchange {line['id']} used {used}, not {wanted}"
        scheme = "bearer" if registry.realm else "basic"
        assert line["auth"] == scheme, f"exchange {line['id']} has auth {line['auth']!r}, not {scheme!r}"
        if registry.realm:
            needed = {"pull", "push"} if action == "push" else {"pull"}
            granted = granted_actions(line, repository)
            assert needed <= granted, f"exchange {line['id']} was granted {granted} on {repository}, not {needed}"
    if registry.realm:
        # A cached token may also cover the repository's other actions.
        all_lines = regpass.exchanges(registry=registry.host, repository=repository)
        handshakes = json.dumps([line.get("handshake") for line in all_lines])
        assert registry.realm in handshakes, f"no handshake for {repository} names the realm {registry.realm}"


def granted_actions(exchange: dict, repository: str) -> set[str]:
    return {
        action
        for scope in (exchange["scope"].get("granted") or "").split()
        for kind, name, actions in [scope.split(":")]
        if (kind, name) == ("repository", repository)
        for action in actions.split(",")
    }


def no_challenge(scenario: Scenario, regpass: Sidecar, user: str) -> None:
    """No challenge reached a client. It would show up as a 401, or as a token request from something other than regpass."""
    for line in regpass.exchanges(status=401):
        raise AssertionError(f"exchange {line['id']} was answered 401: {line['method']} {line['path']}")
    for request in scenario.token_requests():
        assert request["agent"] == "regpass", f"something other than regpass requested a token: {request}"


def explained(scenario: Scenario, regpass: Sidecar, registry: Registry, cause: str) -> None:
    """The client's last output contains regpass's message: the registry, the credential's user and the exchange ID from the log."""
    output = " ".join(scenario.output.split())  # clients wrap long lines

    def causes() -> dict[str, str]:
        lines = regpass.exchanges(registry=registry.host)
        return {line["id"]: line["explanation"]["cause"] for line in lines if line.get("explanation")}

    # The log may contain other exchanges of the client before the one whose ID it prints.
    printed = eventually(lambda: {id: cause for id, cause in causes().items() if f"[regpass {id}]" in output})
    assert printed, f"the client printed none of {sorted(causes())} as [regpass ID]"
    assert set(printed.values()) == {cause}, f"the client's message gives the causes {printed}, not {cause}"
    for fact in (registry.host, DOCKER_CONFIG):
        assert fact in output, f"the client's output does not name {fact}"
    no_challenge(scenario, regpass, "")


def causes(regpass: Sidecar) -> set[str]:
    """The causes of the failed exchanges in the log; waits until there is at least one."""
    return eventually(lambda: {line["explanation"]["cause"] for line in regpass.exchanges() if "explanation" in line})


def eventually(read):
    """Polls `read` until it returns something truthy; log lines may be written after the client has exited."""
    processes.wait_until(read, PATIENCE)
    return read()
