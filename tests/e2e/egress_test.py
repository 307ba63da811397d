"""regpass can reach the registry and the token server only through an upstream proxy, squid, which requires a login."""

import secrets

import expect
from corporate import ADDRESS, PROXY, Unreachable, Squid, by_proxy
from e2e import Scenario

BEHIND_PROXY = ("split.test", "auth.test")  # hosts that the pod cannot reach directly

with Scenario("egress", programs=["skopeo", "squid", "openssl"], hosts=("split.test",)) as scenario:
    testbed = scenario.testbed
    image = scenario.image("app", big=2 << 20)
    config = {"config.json": scenario.docker_config("alice")}
    password = secrets.token_urlsafe(16)
    (registry,) = scenario.registries
    remote = f"docker://{registry.host}/{scenario.repository}:1"

    with Squid(testbed, password) as squid, Unreachable(testbed, BEHIND_PROXY):
        with scenario.sidecar(config) as regpass:
            scenario.fail("skopeo", "copy", image.source, remote)
            causes = expect.causes(regpass)
            assert causes == {"upstream-connect"}, f"{registry.host} is not blocked: {causes}"
            assert not squid.requests()

        with scenario.sidecar(config, by_proxy(password)) as regpass:
            scenario.succeed("skopeo", "copy", image.source, remote)
            expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)
            scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/pulled")
            expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "1")
            shown = regpass.log_file.read_text()
            assert password not in shown, "the log contains the upstream proxy's password"

        # squid logs a tunnel when it closes; by now regpass has exited.
        def tunnels() -> set[str]:
            return {target for result, target, user in squid.requests() if (result, user) == ("TCP_TUNNEL/200", "builder")}

        wanted = {f"{host}:443" for host in BEHIND_PROXY}
        assert expect.eventually(lambda: tunnels() >= wanted), f"squid logged {squid.requests()}, not tunnels to {wanted}"

        with scenario.sidecar(config, by_proxy("wrong")) as regpass:
            scenario.fail("skopeo", "copy", remote, f"dir:{scenario.directory}/none")
            output = " ".join(scenario.output.split())
            for part in ("407 Proxy Authentication Required", f"{PROXY}:{ADDRESS[1]}", registry.host, "[regpass "):
                assert part in output, f"the client's output does not contain {part}"
            causes = expect.causes(regpass)
            assert causes == {"upstream-proxy"}, f"the causes are {causes}"
