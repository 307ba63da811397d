"""The tables that are printed in the end."""

import os
import statistics
import subprocess
from pathlib import Path

from processes import call
from targets import BASELINE
from workloads import MIB, SMALL


def spread(values, form="{:.2f}"):
    if not values:
        return "–"
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def ratios(series, baseline):
    return [mine / theirs for mine, theirs in zip(series.cpu, baseline.cpu) if theirs > 0]


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def print_machine(options, bench):
    model = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown CPU",
    )
    versions = [call("openssl", "version").split(" (")[0].strip(), f"Linux {os.uname().release}"]
    if "nginx" in options.targets:
        nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True, timeout=10)
        versions.insert(0, nginx.stderr.strip().rpartition(": ")[2])
    load = os.getloadavg()[0]
    ciphers = ", ".join(f"{name} {cipher}" for name, cipher in bench.ciphers.items())
    print(f"{model}, {os.cpu_count()} CPUs; {', '.join(versions)}; {options.rounds} round(s); load average {load:.1f}.")
    print(f"Ciphers to the client: {ciphers}.\n")


def report_speed(options, works, results):
    rows = []
    for key, work in works.items():
        for name in options.targets:
            series = results[key, name]
            ratio = ratios(series, results[key, BASELINE]) if BASELINE in options.targets else []
            latency = [f"{statistics.median(each):.0f}" if work.many else "–" for each in (series.p50, series.p99)]
            cpu = f"{spread(series.cpu)} {work.cpu_unit}" if series.cpu else "–"
            rate = f"{spread(series.rate, '{:,.0f}' if work.many else '{:.2f}')} {work.rate_unit}"
            rows.append([work.title, name, cpu, spread(ratio), rate, *latency, str(max(series.extra))])
    head = ["workload", "target", "CPU of the proxy", f"ratio to {BASELINE}", "rate", "p50 µs", "p99 µs"]
    table([*head, "requests added at the origin"], rows)


def report_memory(memory, size):
    head = ["peak RSS, MiB", "at start", f"after {SMALL // MIB} MiB each way", f"after {size // MIB} MiB each way"]
    table(head, [[name, *(f"{peak / MIB:.1f}" for peak in peaks)] for name, peaks in memory.items()])


def report_calls(works, calls):
    head = ["system calls", *(f"{key} {work.call_unit}" for key, work in works.items())]
    table(head, [[name, *("–" if count is None else f"{count:.1f}" for count in row)] for name, row in calls.items()])
