"""R3d: authorization = "add": clients with their own login push as themselves, those without one as regpass's user.

R3e: the token server is reachable even if the CA may not sign for its name.
"""

import buildkit
import exec_proxy
import expect
from e2e import Scenario

with Scenario("own-login", programs=["skopeo", "runc"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    testbed = scenario.testbed
    programs = buildkit.programs()
    buildctl = programs / "buildctl"

    def session(name, user="", password=None):
        """buildctl's options: a docker config, and trust in the token server's CA, since it requests tokens directly."""
        directory = scenario.directory / f"docker-{name}"
        directory.mkdir()
        if user:
            (directory / "config.json").write_text(testbed.docker_config(user, registry.host, password=password))
        variables = {"DOCKER_CONFIG": str(directory), "SSL_CERT_FILE": str(testbed.upstream_ca)}
        return {"through_regpass": False, "environment": variables}

    def build(tag):
        context = scenario.context(f"FROM {registry.host}/shared/base:1\nCOPY unique /unique\n")
        output = f"--output=type=image,name={registry.host}/{scenario.repository}:{tag},push=true"
        return exec_proxy.build(programs, context, output)

    def users(mark):
        received = registry.received(mark)
        return {request["user"] for request in received if request["repository"] == scenario.repository and request["user"]}

    with scenario.sidecar({"config.json": scenario.docker_config("alice")}, 'authorization = "add"\n'):
        scenario.daemon(programs / "buildkitd", *exec_proxy.DAEMON, ready=[buildctl, "debug", "workers"])

        mark = registry.mark()
        scenario.succeed(*build("own"), **session("robot", "robot"))
        assert registry.digest(scenario.repository, "own"), "nothing was pushed"
        assert users(mark) == {"robot"}, f"pushed by {users(mark)}, not by the session's user"

        mark = registry.mark()
        scenario.fail(*build("wrong"), **session("wrong", "robot", "wrong-password"))
        assert registry.digest(scenario.repository, "wrong") is None, "a push with the wrong session password succeeded"
        assert not users(mark), f"the registry served {users(mark)} despite the wrong session password"

        mark = registry.mark()
        scenario.fail(*build("lacking"), **session("bob", "bob"))
        assert registry.digest(scenario.repository, "lacking") is None, "a user without push access was able to push"
        assert users(mark) <= {"bob"}, f"the registry served {users(mark)}"

        mark = registry.mark()
        scenario.succeed(*build("none"), **session("nobody"))
        assert users(mark) - {""} == {"alice"}, f"pushed by {users(mark)}, not by regpass's user"

        image = scenario.image("app")
        remote = f"docker://{registry.host}/{scenario.repository}"
        mark = registry.mark()
        scenario.succeed("skopeo", "copy", image.source, f"{remote}:helped")
        assert users(mark) == {"alice"}, f"skopeo without a login pushed as {users(mark)}"
        mark = registry.mark()
        other = scenario.image("other")
        creds = f"robot:{testbed.password('robot')}"
        scenario.succeed("skopeo", "copy", "--dest-creds", creds, other.source, f"{remote}:itself")
        assert users(mark) == {"robot"}, f"skopeo with its own login pushed as {users(mark)}"
