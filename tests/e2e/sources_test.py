"""Credentials from every kind of source work with a real registry, and the right one of several is chosen."""

import base64
import json
import os
import stat
import subprocess

import expect
import processes
from e2e import Scenario
from registry import TOKEN_SERVICE
from sidecar import DOCKER_CONFIG, SECRETS, Sidecar
from testbed import PATH

HOST = "split.test"
UNUSABLE = "credential-undecodable"


class SidecarWithPrograms(Sidecar):
    """A sidecar that finds helpers in one of the scenario's directories, and the password store of docker-credential-pass."""

    variables: dict[str, str] = {}

    def _environment(self) -> dict[str, str]:
        return super()._environment() | self.variables


def entry(testbed, user):
    pair = f"{user}:{testbed.password(user)}"
    return {"auth": base64.b64encode(pair.encode()).decode()}


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def fill_password_store(directory, environment, server, user, password):
    """Stores the credential as `docker login` does with "credsStore": "pass"."""

    def run(*argv, text=""):
        subprocess.run(argv, env=environment, input=text, text=True, check=True, capture_output=True, timeout=60)

    directory.mkdir(mode=0o700)
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "regpass-test", "default", "default", "never")
    run("pass", "init", "regpass-test")
    run("docker-credential-pass", "store", text=json.dumps({"ServerURL": server, "Username": user, "Secret": password}))


def refresh_and_bearer_token(scenario, user):
    """Logs in at the token server and returns its tokens. The User-Agent distinguishes this request from a client's."""
    query = f"service={TOKEN_SERVICE}&offline_token=true&scope=repository:{scenario.repository}:pull,push"
    argv = ["curl", "--silent", "--show-error", "--fail", "--user-agent", "regpass"]
    argv += ["--cacert", str(scenario.testbed.upstream_ca)]
    argv += ["--user", f"{user}:{scenario.testbed.password(user)}", f"{scenario.testbed.registries[HOST].realm}?{query}"]
    result = subprocess.run(scenario.testbed.in_pod(argv), env={"PATH": PATH}, capture_output=True, check=True, timeout=30)
    answer = json.loads(result.stdout)
    return answer["refresh_token"], answer["token"]


def project(directory, generation, token):
    """Mounts a token as the kubelet projects it, or replaces it with another."""
    (directory / generation).mkdir(parents=True)
    (directory / generation / "token").write_text(token)
    (directory / "..data_tmp").symlink_to(generation)
    (directory / "..data_tmp").rename(directory / "..data")
    if not (directory / "token").is_symlink():
        (directory / "token").symlink_to("..data/token")


with Scenario("sources", programs=["skopeo", "docker-credential-pass", "pass", "curl"], hosts=(HOST,)) as scenario:
    testbed = scenario.testbed
    registry = testbed.registries[HOST]
    image = scenario.image("app")
    scenario.docker_config("alice"), scenario.docker_config("bob")  # registers passwords that must not appear anywhere
    tags = iter(range(1, 100))

    def copy_both_ways(regpass, user, source, key, puller=None):
        """Pushes and pulls; the registry received both as the right user, and the log names the credential's source."""
        tag, since = str(next(tags)), registry.mark()
        remote = f"docker://{HOST}/{scenario.repository}:{tag}"
        scenario.succeed("skopeo", "copy", image.source, remote)
        scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/pulled-{tag}")
        got = {(record["method"], record["user"]) for record in registry.received(since) if f"/manifests/{tag}" in record["uri"]}
        for method, expected_user in (("PUT", user), ("GET", puller or user)):
            assert (method, expected_user) in got, f"the registry received the manifest as {sorted(got)}, not {method} as {expected_user}"
        lines = expect.eventually(lambda: regpass.exchanges(action="push", method="PUT", repository=scenario.repository))
        used = {name: lines[-1]["credential"].get(name) for name in ("source", "key")}
        assert used == {"source": source, "key": key}, f"the push used {used}"
        expect.no_challenge(scenario, regpass, "")

    # A legacy .dockercfg, which has the hosts at the top level
    with scenario.sidecar({".dockercfg": json.dumps({HOST: entry(testbed, "alice")})}) as regpass:
        copy_both_ways(regpass, "alice", f"{SECRETS}/.dockercfg", HOST)

    # podman's auth.json: the longest path wins, and bob's entry covers everything else
    key = f"{HOST}/{scenario.repository}"
    auths = {HOST: entry(testbed, "bob"), f"{HOST}/team-a": entry(testbed, "carol"), key: entry(testbed, "alice")}
    with scenario.sidecar({"auth.json": json.dumps({"auths": auths})}) as regpass:
        copy_both_ways(regpass, "alice", f"{SECRETS}/auth.json", key)
        for repository, user in (("shared/base", "bob"), ("team-a/seed", "carol")):
            since = registry.mark()
            scenario.succeed("skopeo", "inspect", "--raw", f"docker://{HOST}/{repository}:1")
            assert user in {record["user"] for record in registry.received(since)}, f"{repository} was not read as {user}"

    # Configured credentials: one for pulls, another for pushes
    narrow = f"""
[[registry.credential]]
repositories = ["team-a/*"]
actions = ["push"]
username = "alice"
password_file = "{SECRETS}/push/password"
"""
    files = {"config.json": scenario.docker_config("bob")}
    sidecar = scenario.sidecar(files, narrow)
    (sidecar.secrets / "push").mkdir()
    (sidecar.secrets / "push/password").write_text(testbed.password("alice") + "\n")
    with sidecar as regpass:
        copy_both_ways(
            regpass, "alice", f"{SECRETS}/push/password", f"[[registry.credential]] 1 of {HOST}", puller="bob"
        )
        lines = expect.eventually(
            lambda: regpass.exchanges(action="push", method="PUT", repository=scenario.repository)
        )
        assert lines[-1]["credential"]["others"] == [
            {"source": DOCKER_CONFIG, "key": HOST, "why": "a more specific entry is used"}
        ]

        # An empty password file: the last valid password stays in force, and bob's credential is not used instead
        (sidecar.secrets / "push/password").write_text("")
        rejected = expect.eventually(lambda: regpass.events("credentials-rejected"))
        assert rejected and "push/password: the file is empty" in rejected[0]["msg"], "the empty file is not reported"
        copy_both_ways(
            regpass, "alice", f"{SECRETS}/push/password", f"[[registry.credential]] 1 of {HOST}", puller="bob"
        )

    # A bearer token used as is, and a refresh token that the token server exchanges
    refresh, bearer = refresh_and_bearer_token(scenario, "alice")
    for name, content in (("token_file", bearer), ("identity_token_file", refresh)):
        sidecar = scenario.sidecar({"token": content + "\n"}, f'\n[[registry.credential]]\n{name} = "{SECRETS}/token"\n')
        with sidecar as regpass:
            copy_both_ways(regpass, "alice", f"{SECRETS}/token", f"[[registry.credential]] 1 of {HOST}")

    # A projected token that the kubelet renews: the next request uses the new one
    mounted = f'\n[[registry.credential]]\nidentity_token_file = "{SECRETS}/projected/token"\n'
    sidecar = scenario.sidecar({}, mounted)
    project(sidecar.secrets / "projected", "..1", refresh)
    with sidecar as regpass:
        copy_both_ways(regpass, "alice", f"{SECRETS}/projected/token", f"[[registry.credential]] 1 of {HOST}")
        loaded, since = len(regpass.events("credentials-loaded")), registry.mark()
        project(sidecar.secrets / "projected", "..2", refresh_and_bearer_token(scenario, "carol")[0])
        assert expect.eventually(lambda: regpass.events("credentials-loaded")[loaded:]), "the new token was not loaded"
        scenario.succeed("skopeo", "inspect", "--raw", f"docker://{HOST}/team-a/seed:1")
        users = {record["user"] for record in registry.received(since) if "/manifests/" in record["uri"]}
        assert users == {"carol"}, f"after the renewal the registry's users were {users}"

    # docker-credential-pass, as docker and podman use it
    store = scenario.directory / "gnupg"
    variables = {"GNUPGHOME": str(store), "PASSWORD_STORE_DIR": str(scenario.directory / "store")}
    scenario.at_end(subprocess.run, ["gpgconf", "--homedir", str(store), "--kill", "gpg-agent"])
    fill_password_store(store, variables | {"PATH": PATH}, HOST, "alice", testbed.password("alice"))
    programs = scenario.directory / "programs"
    programs.mkdir()
    SidecarWithPrograms.variables = variables | {"PATH": f"{programs}:{PATH}"}
    for config in ({"credsStore": "pass"}, {"auths": {HOST: {}}, "credHelpers": {HOST: "pass"}}):
        files = {"config.json": json.dumps(config)}
        with scenario.sidecar(files, kind=SidecarWithPrograms) as regpass:
            copy_both_ways(regpass, "alice", "docker-credential-pass", HOST)

    # A kubelet plugin is asked once per image; a ping is not for a particular image, so it is asked about the host
    response = json.dumps(
        {
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "kind": "CredentialProviderResponse",
            "cacheKeyType": "Image",
            "cacheDuration": "10m",
            "auth": {"*.test": {"username": "alice", "password": testbed.password("alice")}},
        }
    )
    provider = script(programs / "provider", f"cat >>'{programs}/questions'; echo >>'{programs}/questions'; cat '{programs}/response'")
    (programs / "response").write_text(response)
    configured = f'\n[[credentials.kubelet_provider]]\ncommand = ["{provider}"]\nmatch_images = ["*.test"]\n'
    with scenario.sidecar({}, configured, kind=SidecarWithPrograms) as regpass:
        copy_both_ways(regpass, "alice", "provider", "*.test")
        questions = [json.loads(line) for line in (programs / "questions").read_text().splitlines()]
        assert {record["kind"] for record in questions} == {"CredentialProviderRequest"}
        assert [record["image"] for record in questions] == [HOST, key], f"the plugin was asked {questions}"

    # Broken helpers: the client's output describes the problem
    script(programs / "docker-credential-broken", "echo the keyring is locked >&2; exit 1")
    script(programs / "docker-credential-hanging", f"sleep 600 & echo $! >'{programs}/left'; wait")
    script(programs / "docker-credential-flooding", "exec yes")
    script(programs / "docker-credential-confused", """echo '{"ServerURL":"evil.test","Username":"a","Secret":"b"}'""")
    pull = ["skopeo", "copy", f"docker://{HOST}/shared/base:1", f"dir:{scenario.directory}/none"]
    bounds = '\n[limits]\nhelper_timeout = "1s"\n'
    for name, words in (
        ("broken", "ended with status 1; the log of regpass has its output"),
        ("absent", "is in no directory of PATH"),
        ("hanging", "did not end within 1s and was killed"),
        ("flooding", "wrote more than 65536 bytes and was killed"),
        ("confused", f"was asked for {HOST} and answered for evil.test"),
    ):
        files = {"config.json": json.dumps({"credHelpers": {HOST: name}})}
        with scenario.sidecar(files, bounds, kind=SidecarWithPrograms) as regpass:
            scenario.fail(*pull)
            refused = expect.eventually(lambda: [record for record in regpass.exchanges() if record.get("explanation")])
            causes = {record["explanation"]["cause"] for record in refused}
            expected = "credential-helper-missing" if name == "absent" else UNUSABLE
            assert causes == {expected}, f"the causes are {causes}"
            words = f"docker-credential-{name} {words}"
            assert words in " ".join(scenario.output.split()), f"the client's output does not contain: {words}"
            assert "keyring" not in scenario.output, "the helper's output was passed on to the client"
    left = int((programs / "left").read_text())
    assert processes.wait_until(lambda: processes.start_time(left) is None, 5), "a helper's child process survived"
    if os.path.exists("/usr/bin/docker-credential-ecr-login"):
        files = {"config.json": json.dumps({"credHelpers": {HOST: "ecr-login"}})}
        with scenario.sidecar(files, kind=SidecarWithPrograms) as regpass:
            scenario.fail(*pull)
            lines = expect.eventually(lambda: [record for record in regpass.exchanges() if record.get("explanation")])
            others = [record["why"] for line in lines for record in line["credential"]["others"]]
            assert f"docker-credential-ecr-login has none for {HOST}" in others, f"the log has {others}"
            assert "docker-credential-ecr-login has none" in scenario.output, "the client's output does not mention the helper"

    # `regpass check` says which credentials would be used and which would not
    config = scenario.directory / "config.json"
    config.write_text(json.dumps({"credHelpers": {HOST: "absent"}, "auths": auths}))
    environment = {
        "HOME": str(scenario.home),
        "SSL_CERT_FILE": str(testbed.upstream_ca),
        "REGPASS_CREDENTIALS_DOCKER_CONFIG": str(config),
        "REGPASS_CONFIG": str(scenario.directory / "check.toml"),
    }
    (scenario.directory / "check.toml").write_text(f'[[registry]]\nhost = "{HOST}"\nrealms = ["{registry.realm}"]\n')
    reference = f"{HOST}/{scenario.repository}:1"
    scenario.succeed(os.environ["REGPASS"], "check", reference, environment=environment, through_regpass=False)
    for words in ("user alice", f"key {key}", "a more specific entry is used"):
        assert words in " ".join(scenario.output.split()), f"the output of check does not contain: {words}"
