"""Probes, metrics and the admin socket of a running sidecar, as used by the kubelet, Prometheus and curl (T02)."""

import json
import os
import re
from pathlib import Path

import expect
from e2e import Scenario
from sidecar import health_port

with Scenario("metrics", programs=["skopeo", "curl", "promtool"], hosts=("split.test",)) as scenario:
    (registry,) = scenario.registries

    def fetch(path, expected=200):
        url = f"http://127.0.0.1:{health_port(scenario.port)}{path}"
        output = scenario.succeed("curl", "-sS", "-w", "\n%{http_code}", url, through_regpass=False)
        body, _, status = output.rpartition("\n")
        assert int(status) == expected, f"{path}: {status}"
        return body

    with scenario.regpass("alice") as regpass:
        assert fetch("/livez") == "alive\n"
        probe = [os.environ["REGPASS"], "healthcheck", "ready", "--config", regpass.log_file.with_suffix(".toml")]
        assert scenario.succeed(*probe, through_regpass=False).startswith("ready\n")
        assert "1 usable" in fetch("/readyz")
        fetch("/status", expected=404)
        image = scenario.image("app")
        remote = f"docker://{registry.host}/{scenario.repository}:1"
        scenario.succeed("skopeo", "copy", image.source, remote)
        expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)

        text = fetch("/metrics")
        file = scenario.directory / "metrics"
        file.write_text(text)
        output = scenario.succeed("sh", "-c", f"promtool check metrics < {file}", through_regpass=False)
        assert not output.strip(), "promtool reports problems"
        series = r'regpass_exchanges_total\{action="push",mode="proxy",registry="split.test",status="201"\} (\d+)'
        pushes = re.findall(series, text)
        assert pushes and int(pushes[0]) >= 3, f"pushes are counted as {pushes}"
        assert 'regpass_token_requests_total{registry="split.test",result="granted"}' in text
        upstream = re.findall(r'regpass_connections\{side="upstream",state="(\w+)"\} (\d+)', text)
        assert {state for state, _ in upstream} == {"open", "idle"}, f"connections to registries are not counted: {upstream}"
        assert int(dict(upstream)["open"]) >= int(dict(upstream)["idle"]) and int(dict(upstream)["open"]) > 0, upstream
        monitoring = Path(__file__).parents[2] / "deploy/monitoring"
        rules = ["promtool", "test", "rules", monitoring / "alerts_test.yaml"]
        scenario.succeed(*rules, through_regpass=False)
        used = "".join((monitoring / name).read_text() for name in ("alerts.yaml", "dashboard.json"))
        names = set(re.findall(r"\b(?:regpass|process)_\w+", used)) - {"regpass_credential_expiry_timestamp_seconds"}
        unknown = {name for name in names if f"\n{name}" not in text}  # except for a series that only appears after a failure
        assert unknown <= {"regpass_failures_total"}, f"the rules or the dashboard use {unknown}, which do not exist"
        assert scenario.repository not in text, "a repository name is used as a label value"
        assert scenario.testbed.password("alice") not in text

        def admin(*options):
            # Socket paths have a length limit, which the testbed's path may exceed.
            curl = ["curl", "-sS", "--unix-socket", "/srv/regpass-admin.sock"]
            return scenario.succeed(*curl, *options, through_regpass=False, binds={"/srv": regpass.state})

        status = json.loads(admin("http://localhost/status"))
        assert status["credentials"][0]["username"] == "alice" and not status["draining"], status
        lines = [json.loads(line) for line in admin("http://localhost/history?last=5").splitlines()]
        assert len(lines) == 5 and lines[-1]["event"] == "exchange", lines
        logged = {line["id"] for line in regpass.events("exchange")}
        assert {line["id"] for line in lines} <= logged, "the history contains exchanges that are not in the log"
        admin("-X", "PUT", "-d", "debug", "http://localhost/log/level")
        assert json.loads(admin("http://localhost/status"))["log_level"] == "debug"

    scenario.fail(*probe, through_regpass=False)

    with scenario.regpass("alice", "wrong-password") as regpass:
        scenario.fail("skopeo", "copy", image.source, remote)
        text = fetch("/metrics")
        assert 'regpass_failures_total{cause="credential-rejected",registry="split.test"}' in text, text
        explain = [os.environ["REGPASS"], "explain", "--set", "state_dir=/srv"]
        output = scenario.fail(*explain, through_regpass=False, binds={"/srv": regpass.state})
        assert "credential-rejected" in output, "explain did not query the running sidecar"
