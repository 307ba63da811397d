"""Credential files that are replaced five times a second for a minute while 32 connections push and pull: no request is
lost, and no credential, nor a token that it was exchanged for, is used when it has been gone for a moment (T29, F04)."""

import json
import secrets
import threading
import time
from pathlib import Path

from dialects import Fixture
from e2e import Scenario

TABLE = Path(__file__).parent / "rotation.toml"
CLIENT = Path(__file__).parent / "rotation_load.py"
SECONDS = 55
EVERY = 0.2
# Until the change is noticed and read, and what began before it is done.
GRACE = 1.5


def swap_directory(directory, text):
    """As the kubelet replaces a mounted Secret: by renaming the symbolic link `..data`."""
    fresh = directory / f"..{secrets.token_hex(4)}"
    fresh.mkdir()
    (fresh / "config.json").write_text(text)
    before = directory / "..data"
    old = before.resolve() if before.exists() else None
    (directory / "..data_tmp").symlink_to(fresh.name)
    (directory / "..data_tmp").rename(before)
    if not (directory / "config.json").is_symlink():
        (directory / "config.json").symlink_to("..data/config.json")
    if old:
        (old / "config.json").unlink()
        old.rmdir()


def rename_file(directory, text):
    """As editors and configuration management replace a file."""
    (directory / ".auth.json.new").write_text(text)
    (directory / ".auth.json.new").rename(directory / "auth.json")


def used_too_late(fixture):
    return [one for one in fixture.records(status=401) if one["authorization"]]


with Scenario("rotation", hosts=()) as scenario, Fixture(scenario, TABLE) as fixture:
    regpass = fixture.regpass({})
    swap_directory(regpass.secrets, fixture.docker_config("tokens"))
    rename_file(regpass.secrets, fixture.docker_config("basic"))
    stop = threading.Event()
    changes = []

    def rotate():
        due = time.monotonic()
        while not stop.wait(max(0, due - time.monotonic())):
            due += EVERY
            for name, replace in (("tokens", swap_directory), ("basic", rename_file)):
                fixture.change_secret(name, GRACE)
                replace(regpass.secrets, fixture.docker_config(name))
            changes.append(time.monotonic())

    with regpass:
        rotation = threading.Thread(target=rotate)
        rotation.start()
        try:
            bundle = scenario.directory / "trust/bundle.crt"
            load = ["/usr/bin/python3", "-B", CLIENT, str(scenario.port), bundle, str(SECONDS)]
            scenario.succeed(*load, "tokens.example.com", "16", "basic.example.com", "16", seconds=SECONDS + 40)
        finally:
            stop.set()
            rotation.join()
        result = json.loads(scenario.output)
        print(f"{result['requests']} requests during {len(changes)} changes of 2 credentials")
        assert not result["failures"], f"requests were lost: {result['failures']}"
        assert result["requests"] > 1000, f"there were only {result['requests']} requests"
        assert len(changes) > SECONDS / EVERY * 0.8, f"the credentials changed only {len(changes)} times"
        late = used_too_late(fixture)
        assert not late, f"{len(late)} times a credential was used that had gone, such as {late[0]}"
        for name in fixture.rows:
            used = {one["secret"] for one in fixture.records(dialect=name, kind="registry") if one["status"] < 300}
            assert len(used) > SECONDS, f"of {name} only {len(used)} secrets were used: changes are not followed"
