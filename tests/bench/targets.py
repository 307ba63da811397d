"""regpass, and direct connections without a proxy. Peers are in peers.py."""

import json

from addresses import CREDENTIAL, ORIGIN, ORIGIN_H2, TOKENS


class Target:
    """What is between the client and the origin.

    `arguments` make bench-load use this target, `tokens` do the same for the origin that requires tokens, and `bearer` is the
    client's own token where the target does not provide one.
    """

    process = None
    tokens = None
    bearer = ()
    http2 = True  # to the client
    uploads = True
    resumes = True
    slow = False  # too slow for the rate of the others
    twin = False  # differs from another target only in its upstream

    def __init__(self, bench):
        self.bench = bench

    def restart(self):
        """Restarts the target with no state from earlier work."""
        if self.process:
            self.bench.stop(self.process)
            self.launch()

    def stop(self):
        self.bench.stop(self.process)


class Direct(Target):
    """No proxy, for scale: for a proxy that comes close to this, the load generator is the bottleneck."""

    def __init__(self, bench):
        super().__init__(bench)
        ca = ["--ca", bench.file("ca.crt"), "--authorization", f"Basic {CREDENTIAL}"]
        self.arguments = ["--target", ORIGIN, *ca]
        self.http2_arguments = ["--target", ORIGIN_H2, *ca, "--h2", 1]
        self.tokens = ["--target", TOKENS, *ca]
        self.bearer = ("--authorization", "Bearer " + "t" * 1100)


class Regpass(Target):
    """regpass intercepting CONNECT; the log stays at its default level, as logging is part of the work."""

    CONFIGURATION = """
state_dir = "{home}/state"
[listen]
proxy = "{listen}"
health = ""
[tls]
publish_dir = "{home}/published"
[credentials]
docker_config = ["{home}/docker"]
"""
    REGISTRY = """
[[registry]]
host = "{host}"
push = ["bench/*"]
ca_file = "{ca}"
{rules}
"""
    UPSTREAM = ORIGIN
    PORT = 3128

    def __init__(self, bench, port=None, settings=(), registries=0, pull=()):
        super().__init__(bench)
        self.listen = f"127.0.0.1:{port or self.PORT}"
        self.home = bench.file(f"regpass-{port or self.PORT}")
        self.settings = settings
        self.hosts = [ORIGIN, ORIGIN_H2, TOKENS, *(f"r{number}.registry.test:8443" for number in range(registries))]
        self.configure(f"pull = {json.dumps(pull)}" if pull else "")
        self.reach()
        self.launch()

    def configure(self, rules):
        for directory in ("state", "published", "docker"):
            (self.home / directory).mkdir(mode=0o700, parents=True)
        logins = {"auths": {host: {"auth": CREDENTIAL} for host in self.hosts}}
        (self.home / "docker/config.json").write_text(json.dumps(logins))
        registry = [self.REGISTRY.format(host=host, ca=self.bench.file("ca.crt"), rules=rules) for host in self.hosts]
        text = self.CONFIGURATION.format(home=self.home, listen=self.listen) + "".join(registry)
        (self.home / "regpass.toml").write_text(text)

    def reach(self):
        route = ["--proxy", self.listen, "--ca", self.home / "published/ca.crt"]
        self.arguments = ["--target", self.UPSTREAM, *route]
        self.http2_arguments = [*self.arguments, "--h2", 1]
        if self.UPSTREAM == ORIGIN:
            self.tokens = ["--target", TOKENS, *route]

    def command(self):
        more = [word for setting in self.settings for word in ("--set", setting)]
        return [self.bench.regpass, "serve", "--config", self.home / "regpass.toml", *more]

    def launch(self, wait=True):
        self.process = self.bench.start(self.bench.proxy_cpu, self.home.name, *self.command())
        if wait:
            self.process.await_listener(self.listen)


class RegpassH2(Regpass):
    """The same in front of a registry that supports HTTP/2."""

    UPSTREAM = ORIGIN_H2
    twin = True
    PORT = 3228
