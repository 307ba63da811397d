"""R3c: like `sentences`, for helm 3, helm 4 and cosign.

Building them takes minutes, so this is skipped until `tests/e2e/get_go_client.sh helm3 helm4 cosign` has been run.
"""

import go_clients
import sentences
from e2e import Scenario
from sentences import HOST, SEED

CHART = """\
apiVersion: v2
name: chart
version: 0.1.0
"""

# cosign's version of go-containerregistry reads the body of a 503 twice, so nothing is left to print.
SILENT = frozenset({("cosign sign", "token-server-down"), ("cosign verify", "token-server-down")})

with Scenario("sentences-helm-cosign", hosts=(HOST,)) as scenario:
    helms = {name: go_clients.program(name, build=False) for name in ("helm3", "helm4")}
    cosign = go_clients.program("cosign", build=False)
    chart = scenario.directory / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(CHART)
    alone = {"through_regpass": False}
    scenario.succeed(helms["helm3"], "package", chart, "-d", scenario.directory, **alone)
    package = scenario.directory / "chart-0.1.0.tgz"
    key = {"COSIGN_PASSWORD": "for-the-key"}
    scenario.succeed("sh", "-c", f"cd {scenario.directory} && exec {cosign} generate-key-pair", environment=key, **alone)

    def commands(tag):
        for name, helm in helms.items():
            yield f"{name} push", [helm, "push", package, f"oci://{HOST}/{scenario.repository}-{tag}"], {}, True
            yield f"{name} pull", [helm, "pull", f"oci://{HOST}/team-a/chart", "--version", "0.1.0"], {}, False
        sign = ["sign", "--key", scenario.directory / "cosign.key", "--tlog-upload=false", "--yes"]
        (registry,) = scenario.registries
        digest = registry.digest("team-a/seed", "1")
        yield "cosign sign", [cosign, *sign, f"{HOST}/team-a/seed@{digest}"], {"environment": key}, True
        verify = ["verify", "--key", scenario.directory / "cosign.pub", "--insecure-ignore-tlog=true"]
        yield "cosign verify", [cosign, *verify, SEED], {}, False

    sentences.check(scenario, commands, silent=SILENT)
