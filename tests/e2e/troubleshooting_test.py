"""docs/troubleshooting.md: provokes each of its errors and checks that the output leads to the row with the reason (E6b)."""

import os
import re
from pathlib import Path

from e2e import Scenario

PAGE = Path(__file__).resolve().parents[2] / "docs/troubleshooting.md"


class Row:
    def __init__(self, line: str):
        printed, self.because, _ = [cell.strip() for cell in line.strip("| \n").split(" | ")]
        self._texts = re.findall(r"`([^`]+)`", printed)
        self.unseen = set(self._texts)

    def fits(self, output: str) -> bool:
        matched = {text for text in self._texts if re.search(self._expression(text), output, re.DOTALL)}
        self.unseen -= matched
        return bool(matched)

    @staticmethod
    def _expression(text: str) -> str:
        return re.escape(text).replace("…", ".*").replace(r"\[regpass\ ID\]", r"\[regpass [0-9a-f]{8}\]")


LOOK_UP = PAGE.read_text().partition("\n## Find out more\n")[0]
ROWS = [Row(line) for line in LOOK_UP.splitlines() if line.startswith("| `")]


def expect_row(output: str, because: str) -> None:
    found = next((row for row in ROWS if row.fits(output)), None)
    assert found, f"no row matches the output:\n{output}"
    assert because in found.because, f"the output leads to: {found.because}\n{output}"


with Scenario("troubleshooting", programs=["skopeo", "curl"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    image = scenario.image("app")
    distrust = {"SSL_CERT_FILE": str(scenario.testbed.upstream_ca)}
    regpass_program = os.environ["REGPASS"]

    def skopeo(because, to=f"docker://{registry.host}/{scenario.repository}:1", environment=None, **options):
        expect_row(scenario.fail("skopeo", "copy", image.source, to, environment=environment, **options), because)

    def curl(because, environment=None):
        url = f"https://{registry.host}/v2/"
        ask = ["curl", "--fail", "--silent", "--show-error", url]
        expect_row(scenario.fail(*ask, environment=environment), because)

    skopeo("does not go through regpass", environment=distrust, through_regpass=False)
    skopeo("nothing listens")
    curl("nothing listens")

    mirror, secret_file = scenario.port + 1, scenario.directory / "secret"
    extra = (
        f'[client_auth]\nsecret_file = "{secret_file}"\ncreate = true\n[other_hosts]\naction = "refuse"\n'
        f'[[mirror]]\nlisten = "127.0.0.1:{mirror}"\nregistry = "{registry.host}"\n'
    )
    with scenario.sidecar({"config.json": scenario.docker_config("bob")}, extra):
        proxy = f"http://anyone:{secret_file.read_text()}@127.0.0.1:{scenario.port}"
        with_password = {"HTTPS_PROXY": proxy, "https_proxy": proxy}
        skopeo("requires a password")
        curl("requires a password")
        skopeo("requests a token itself", environment=with_password | {"NO_PROXY": registry.host})
        skopeo("neither a credential nor a", to="docker://basic.test/team-a/app:1", environment=with_password)
        skopeo("must be listed", to=f"docker://{registry.host}/team-b/app:1", environment=with_password)
        skopeo("regpass explained the failure", environment=with_password)
        skopeo("does not trust regpass's CA", environment=with_password | distrust)
        curl("does not trust regpass's CA", environment=with_password | distrust)
        skopeo("speaks TLS to a mirror", to=f"docker://127.0.0.1:{mirror}/{scenario.repository}:1", environment=with_password)
        taken = [regpass_program, "serve", "--set", f"listen.proxy=127.0.0.1:{scenario.port}"]
        expect_row(scenario.fail(*taken), "another regpass")

    expect_row(scenario.fail(regpass_program, "serve", "--set", "listen.proxi=127.0.0.1:1"), "a key is misspelled")
    leaves = scenario.fail(regpass_program, "run", "--", "docker", "push", "registry.test/app:1", through_regpass=False)
    expect_row(leaves, "connects to the registry")
    # Errors of clients that are not installed here (containerd 2, Node, Java) and of registries that respond differently.
    not_provoked = {
        "error getting credentials - err: exec",
        "failed to fetch anonymous token",
        "no basic auth credentials",
        "pull access denied",
        "unauthorized: authentication required",
        "insufficient_scope: authorization failed",
        "CERTIFICATE_VERIFY_FAILED",
        "self-signed certificate in certificate chain",
        "PKIX path building failed",
    }
    unseen = set().union(*(row.unseen for row in ROWS)) - not_provoked
    assert not unseen, f"no error led to {unseen}"
