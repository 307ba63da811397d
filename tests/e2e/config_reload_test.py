"""Credentials in a directory laid out like a mounted Secret: changes are applied, and invalid content leaves the old ones in force (T29)."""

import secrets

import expect
from e2e import Scenario


def rotate(directory, text):
    """Replaces the mounted content atomically, as the kubelet does: by renaming the symbolic link `..data`."""
    fresh = directory / f"..{secrets.token_hex(4)}"
    fresh.mkdir()
    (fresh / "config.json").write_text(text)
    (directory / "..data_tmp").symlink_to(fresh.name)
    (directory / "..data_tmp").rename(directory / "..data")
    if not (directory / "config.json").is_symlink():
        (directory / "config.json").symlink_to("..data/config.json")


with Scenario("config-reload", programs=["skopeo"], hosts=("split.test",)) as scenario:
    registry = scenario.testbed.registries["split.test"]
    pull = ["skopeo", "inspect", "--raw", "docker://split.test/team-a/seed:1"]
    regpass = scenario.sidecar({})
    rotate(regpass.secrets, scenario.docker_config("carol"))

    def changes(event, change):
        """Makes the change and waits until the log has one more `event` line."""
        before = len(regpass.events(event))
        change()
        more = expect.eventually(lambda: regpass.events(event)[before:])
        assert more, f"the log has no new {event} line after the change"
        return more[0]

    with regpass:
        scenario.succeed(*pull)

        scenario.testbed.set_password("carol", secrets.token_urlsafe(16))
        changes("credentials-loaded", lambda: rotate(regpass.secrets, scenario.docker_config("carol")))
        count_before = len(scenario.token_requests())
        scenario.succeed(*pull)
        answers = [(request["user"], request["status"]) for request in scenario.token_requests()[count_before:]]
        assert answers and set(answers) == {("carol", 200)}, f"after the change the token server answered {answers}"

        rejected = changes("credentials-rejected", lambda: rotate(regpass.secrets, '{"auths": {'))
        assert "config.json" in str(rejected), "the credentials-rejected line does not name the file"
        scenario.succeed(*pull)

        changes("credentials-loaded", lambda: rotate(regpass.secrets, scenario.docker_config("carol")))
        scenario.succeed(*pull)
        expect.exchanged(regpass, registry, "carol", "pull", "team-a/seed")
        expect.no_challenge(scenario, regpass, "carol")

        # The configuration file, replaced the way an editor saves it, no longer allows pushes.
        config = regpass.log_file.with_suffix(".toml")
        fresh = config.with_suffix(".new")
        fresh.write_text(config.read_text().replace('push = ["team-a/*"]', "push = []"))
        changes("config-reloaded", lambda: fresh.rename(config))
        image = scenario.image("refused")
        scenario.fail("skopeo", "copy", image.source, f"docker://split.test/{scenario.repository}:1")
        assert "push" in scenario.output and "[regpass " in scenario.output, "the refusal does not say why"
        rejected = changes("config-rejected", lambda: config.write_text(config.read_text() + "\nnonsense"))
        assert config.name in rejected["msg"], "the config-rejected line does not name the file"
        scenario.succeed(*pull)
