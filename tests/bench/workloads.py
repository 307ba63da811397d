"""The client's workloads and the figures derived from them."""

from dataclasses import dataclass, field

MIB = 1 << 20
GIB = 1 << 30
SMALL = 16 * MIB  # fills every buffer of a proxy but is small compared with the big blob
RATE, SLOW_RATE = 1000, 100  # per second
SECONDS = 3  # at a fixed rate


@dataclass(frozen=True)
class Workload:
    title: str
    client: tuple  # bench-load's mode and arguments
    blob: bool = False  # its unit is a GiB instead of 10,000 requests
    http2: bool = False
    upload: bool = False
    resume: bool = False
    rate: bool = False
    tokens: bool = False
    hit: bool = False  # … that the client or the proxy already has

    @property
    def cpu_unit(self):
        return "s/GiB" if self.blob else "s/10k"

    @property
    def rate_unit(self):
        return "GiB/s" if self.blob else "/s"

    def units(self, result):
        """The number of units that a result represents for CPU time, rate and system calls."""
        if self.blob:
            return result["bytes"] / GIB, result["bytes"] / GIB, result["bytes"] / MIB
        return result["requests"] / 10_000, result["requests"], result["requests"]

    def suits(self, target):
        """Whether the target supports this workload."""
        able = (target.http2 or not self.http2) and (target.uploads or not self.upload)
        return able and (target.resumes or not self.resume) and (target.tokens is not None or not self.tokens)

    def arguments(self, target):
        """bench-load's arguments for this target."""
        words = list(self.client)
        route = target.tokens if self.tokens else target.http2_arguments if self.http2 else target.arguments
        if target.slow and "--requests" in words and not self.blob:
            at = words.index("--requests") + 1
            words[at] = max(words[at] // 20, 200)
        if self.rate:
            pace = SLOW_RATE if target.slow else RATE
            words += ["--rate", pace, "--requests", pace * SECONDS]
        return [words[0], *route, *words[1:], *(target.bearer if self.hit else ())]


def manifests(title, requests, *more, mode="client", **kinds):
    return Workload(title, (mode, "--workload", "manifests", "--requests", requests, *more), **kinds)


def blobs(title, kind, size, *more, **kinds):
    client = ("client", "--workload", kind, "--size", size, *more)
    return Workload(title, client, blob=True, upload=kind == "upload", **kinds)


def workloads(size, requests):
    many, streams = ("--connections", 64), ("--connections", 4, "--streams", 16, "--h2", 1)
    big = f"{size // MIB} MiB"
    eight = ("--connections", 8, "--requests", 8)
    fresh = max(requests // 12, 100)
    return {
        "W1": blobs(f"download, {big}", "download", size),
        "W2": blobs(f"8 downloads at once, {size // 8 // MIB} MiB each", "download", size // 8, *eight),
        "W3": blobs(f"upload, {big}", "upload", size),
        "W4": manifests("manifests, 64 connections, at the limit", requests, *many),
        "W4r": Workload(f"manifests, 64 connections, {RATE}/s", ("client", "--workload", "manifests", *many), rate=True),
        "W5": manifests("manifests, HTTP/2, 4 × 16 streams, at the limit", requests, *streams, http2=True),
        "W5r": Workload(
            f"manifests, HTTP/2, 4 × 16 streams, {RATE}/s",
            ("client", "--workload", "manifests", *streams),
            rate=True,
            http2=True,
        ),
        "W1h2": blobs(f"download, HTTP/2, {big}", "download", size, "--h2", 1, http2=True),
        "W3h2": blobs(f"upload, HTTP/2, {big}", "upload", size, "--h2", 1, http2=True),
        "W6": manifests("a new connection per request", fresh, mode="fresh"),
        "W6r": manifests("… with a TLS session to resume", fresh, "--resume", 1, mode="fresh", resume=True),
        "W10": Workload(
            "first request of a repository, with its token",
            ("client", "--workload", "scopes", "--requests", fresh),
            tokens=True,
        ),
        "W10hit": manifests("the next requests of a repository", fresh, tokens=True, hit=True),
    }


@dataclass
class Series:
    """The figures of all rounds for one workload and target."""

    cpu: list = field(default_factory=list)
    rate: list = field(default_factory=list)
    p50: list = field(default_factory=list)
    p99: list = field(default_factory=list)
    extra: list = field(default_factory=list)
