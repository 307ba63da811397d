"""What the client asks for, and the figures that come of it."""

from dataclasses import dataclass, field
from typing import Callable

MIB = 1 << 20
GIB = 1 << 30
SMALL = 16 * MIB  # fills every buffer of a proxy, and is little beside the big blob


@dataclass(frozen=True)
class Workload:
    title: str
    client: tuple  # arguments of `bench-load client`
    cpu_unit: str
    rate_unit: str
    call_unit: str
    many: bool  # many small requests: their latencies mean something
    work: Callable  # what a result holds of the unit of CPU, of the rate, and of system calls


def blobs(title, kind, size):
    return Workload(
        title=f"{title}, {size // MIB} MiB",
        client=("--workload", kind, "--size", size),
        cpu_unit="s/GiB",
        rate_unit="GiB/s",
        call_unit="per MiB",
        many=False,
        work=lambda result: (result["bytes"] / GIB, result["bytes"] / GIB, result["bytes"] / MIB),
    )


def manifests(requests):
    return Workload(
        title="W4 2 KiB manifests, 64 connections",
        client=("--workload", "manifests", "--requests", requests, "--connections", 64),
        cpu_unit="s/10k",
        rate_unit="requests/s",
        call_unit="per request",
        many=True,
        work=lambda result: (result["requests"] / 10_000, result["requests"], result["requests"]),
    )


def workloads(size, requests):
    return {
        "W1": blobs("W1 download", "download", size),
        "W3": blobs("W3 upload", "upload", size),
        "W4": manifests(requests),
    }


@dataclass
class Series:
    """One figure of each round, for one workload and target."""

    cpu: list = field(default_factory=list)
    rate: list = field(default_factory=list)
    p50: list = field(default_factory=list)
    p99: list = field(default_factory=list)
    extra: list = field(default_factory=list)
