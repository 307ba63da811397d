"""[client_auth]: skopeo, curl and buildkitd send the password; a RUN step on the same loopback does not have it and is refused (T01).

X1: a RUN step that uses BuildKit's exec proxy, which has the daemon's password, is refused too.
"""

import buildkit
import exec_proxy
import expect
from e2e import Scenario

with Scenario("client-auth", programs=["skopeo", "curl", "runc"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    secret_file = scenario.directory / "client-secret"
    # Over plain HTTP a build step needs no CA, so only the password keeps it out.
    extra = f'upgrade_plain_http = true\n[client_auth]\nsecret_file = "{secret_file}"\ncreate = true\n{exec_proxy.ALLOWED}'
    programs = buildkit.programs()
    buildctl = programs / "buildctl"
    alone = {"through_regpass": False}
    refused = "407 "
    hidden = f"/v2/{scenario.repository}/manifests/hidden"

    def variables(password):
        url = f"http://anyone:{password}@127.0.0.1:{scenario.port}"
        return {"environment": {"HTTPS_PROXY": url, "https_proxy": url, "http_proxy": url}}

    def build(dockerfile, *options):
        context = scenario.context(dockerfile)
        local = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        return [buildctl, "build", "--progress=plain", "--frontend=dockerfile.v0", *local, *options]

    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, extra) as regpass:
        assert secret_file.stat().st_mode & 0o777 == 0o600, "other users can read the password"
        secret = secret_file.read_text()
        correct, stranger, wrong = variables(secret), {}, variables("wrong")

        image = scenario.image("app")
        remote = f"docker://{registry.host}/{scenario.repository}:1"
        scenario.succeed("skopeo", "copy", image.source, remote, **correct)
        expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)

        for client in (stranger, wrong):
            scenario.fail("skopeo", "copy", image.source, f"docker://{registry.host}/{scenario.repository}:2", **client)
            assert "client_auth" in scenario.output, "skopeo's output does not mention client_auth"
        url = f"http://{registry.host}/v2/{scenario.repository}/tags/list"
        curl = ["curl", "--silent", "--output", scenario.directory / "answer", "--write-out", "%{http_code}", url]
        assert scenario.succeed(*curl, **correct) == "200", "curl with the password was refused"
        no_password = {"environment": {"http_proxy": f"http://127.0.0.1:{scenario.port}"}}
        assert scenario.succeed(*curl, **no_password) == "407", "curl without the password was not refused"
        assert "client_auth" in (scenario.directory / "answer").read_text(), "the response to curl does not mention client_auth"

        options = ["--oci-worker-binary=runc", "--oci-worker-snapshotter=native", "--oci-worker-net=host"]
        ready = [buildctl, "debug", "workers"]
        daemon = {"environment": exec_proxy.environment(scenario, secret)}
        scenario.daemon(programs / "buildkitd", "--containerd-worker=false", *options, ready=ready, **daemon)
        base = f"FROM {registry.host}/shared/base:1\n"
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:built,push=true"
        scenario.succeed(*build(f"{base}COPY unique /unique\nRUN sha256sum /unique > /sum\n", output), **alone)
        expect.pushed(scenario, regpass, registry, "alice", "built")

        step = (
            f"{base}COPY unique /unique\n"
            "RUN env && ! env | grep -qi proxy\n"
            f"RUN http_proxy=http://127.0.0.1:{scenario.port} wget -O /stolen http://{registry.host}{hidden} 2>&1\n"
        )
        scenario.fail(*build(step), **alone)
        assert refused in scenario.output, "the step was not answered with 407"
        assert secret not in scenario.output, "the step can read the password"
        received = [request for request in registry.received() if request["uri"].startswith(hidden)]
        assert not received, f"the registry received the step's request: {received}"
        # The same through BuildKit's exec proxy, which has the password.
        by_tls, in_clear = (f"{scheme}://{registry.host}/v2/{scenario.repository}/tags/list" for scheme in ("https", "http"))
        commands = [f"wget {option} -O /stolen {url}" for option in ("", exec_proxy.FORGED) for url in (by_tls, in_clear)]
        commands += [f"wget --spider {by_tls}"]
        exec_proxy.assert_steps_refused(scenario, regpass, registry, programs, base, commands)
        exec_proxy.assert_steps_reach_other_hosts(scenario, regpass, programs, base)
        # regpass warns at startup about requests over plain HTTP that it cannot tell from a step's.
        assert any("HEAD" in line["msg"] for line in regpass.events("client-auth")), "there is no startup warning about plain HTTP"

        summaries = [line["explanation"]["summary"] for line in regpass.events("client-rejected")]
        assert any("sent no Proxy-Authorization" in summary for summary in summaries), f"the log contains {summaries}"

    assert secret not in regpass.log_file.read_text(), "the log contains the password"
