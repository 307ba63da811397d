"""The live page in a real Chromium: opened with the token, it shows a failing push as it happens, and the reason.

The screenshots in docs/ come from this scenario: PICTURES=docs recreates them.
"""

import json
import os
import shutil
from pathlib import Path

import expect
from e2e import Scenario
from sidecar import Sidecar

HERE = Path(__file__).parent
MARKUP = "<img src=x onerror=document.title='owned'>"  # used as the key of a credential


class WithPage(Sidecar):
    def _command(self, config: Path) -> list[str]:
        keys = f"tls.key_log_file={self.keys}"
        return [*super()._command(config), "--set", "listen.page=127.0.0.1:0", "--set", keys]

    @property
    def keys(self) -> Path:
        return self._directory / "tls.keys"

    def page(self) -> str:
        assert expect.eventually(lambda: self.events("page")), "the log does not say where the page is"
        return self.events("page")[0]["url"]


def hostile(docker_config: str) -> str:
    """Adds an entry whose key is markup, which the page must show as text."""
    config = json.loads(docker_config)
    config["auths"][MARKUP] = {"auth": "bm9ib2R5Om5vdGhpbmc="}
    return json.dumps(config)


with Scenario("page", programs=["skopeo", "chromium", "chromedriver"], hosts=("split.test",)) as scenario:
    [registry] = scenario.registries
    secrets = {"config.json": hostile(scenario.docker_config("bob"))}
    pictures = scenario.directory / "pictures"
    pictures.mkdir()
    with scenario.sidecar(secrets, kind=WithPage) as regpass:
        refused = scenario.image("refused")
        scenario.succeed(
            "/usr/bin/python3", "-B", HERE / "page_in_browser.py",
            json.dumps({
                "url": regpass.page(),
                "pictures": str(pictures),
                "markup": MARKUP,
                "pull": ["skopeo", "inspect", f"docker://{registry.host}/team-a/seed:1"],
                "push": ["skopeo", "copy", refused.source, f"docker://{registry.host}/{scenario.repository}:refused"],
            }),
            seconds=150,
        )
        [warning] = regpass.events("key-log")
        assert warning["level"] == "warn" and warning["file"] == str(regpass.keys), f"the warning is {warning}"
        assert regpass.keys.stat().st_mode & 0o777 == 0o600, "other users can read the TLS keys"
        # Each connection has its own client random: there must be those of the client's connection and of the ones to split.test.
        connections = {line.split()[1] for line in regpass.keys.read_text().splitlines()}
        assert len(connections) >= 2, "the TLS keys of one side of the proxy are missing"
        pushes = expect.eventually(lambda: regpass.exchanges(repository=scenario.repository))
        assert pushes, "the push did not come through regpass"
    # The log alone is enough to create the same archive offline.
    har = scenario.directory / "offline.har"
    scenario.fail(os.environ["REGPASS"], "explain", regpass.log_file, "--har", har)
    archive = json.loads(har.read_text())["log"]
    roles = {entry["_regpass"]["role"] for entry in archive["entries"]}
    assert {"request", "token-request"} <= roles and "granted-less" in har.read_text(), f"the archive contains {roles}"
    if target := os.environ.get("PICTURES"):
        for picture in pictures.glob("*.png"):
            shutil.copy(picture, target)
