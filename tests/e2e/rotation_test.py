"""Credential files are replaced five times a second for a minute while 32 connections push and pull: no request fails, and
neither a replaced credential nor a token obtained with it is used for more than a moment (T29, F04)."""

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
# Seconds for the change to be noticed and loaded, and for requests that started before it to finish.
GRACE = 1.5


def swap_directory(directory, text):
    """Replaces the files as the kubelet does for a mounted Secret: by renaming the symbolic link `..data`."""
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
    """Replaces the file by a rename, as editors and configuration management do."""
    (directory / ".auth.json.new").write_text(text)
    (directory / ".auth.json.new").rename(directory / "auth.json")


def used_too_late(fixture):
    return [record for record in fixture.records(status=401) if record["authorization"]]


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
        assert not result["failures"], f"requests failed: {result['failures']}"
        assert result["requests"] > 1000, f"there were only {result['requests']} requests"
        assert len(changes) > SECONDS / EVERY * 0.8, f"the credentials changed only {len(changes)} times"
        late = used_too_late(fixture)
        assert not late, f"a replaced credential was used {len(late)} times, for example {late[0]}"
        for name in fixture.rows:
            used = {record["secret"] for record in fixture.records(dialect=name, kind="registry") if record["status"] < 300}
            assert len(used) > SECONDS, f"only {len(used)} secrets of {name} were used, so changes are not picked up"
