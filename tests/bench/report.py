"""The tables printed at the end."""

import os
import statistics
import subprocess
from pathlib import Path

from processes import call
from workloads import MIB

BASELINE = "nginx"


def spread(values, form="{:.2f}"):
    if not values:
        return "–"
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def median(values, form="{:.2f}"):
    return form.format(statistics.median(values)) if values else "–"


def ratios(series, baseline):
    """Ratios to the baseline within each round, so that other load on the machine affects both."""
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
    print(f"{model}, {os.cpu_count()} CPUs; {', '.join(versions)}; {options.rounds} round(s); load average {load:.1f}.")
    by_cipher = {}
    for name, cipher in bench.ciphers.items():
        by_cipher.setdefault(cipher, []).append(name)
    print("Ciphers to the client: " + "; ".join(f"{c} ({', '.join(n)})" for c, n in by_cipher.items()) + ".\n")


def summary(options, works, results):
    """CPU time of the proxies; in brackets, the median of their ratios to the baseline."""
    names = [name for name in options.targets if name != "direct"]
    rows = []
    for key, work in works.items():
        if work.tokens:
            continue
        cells = []
        for name in names:
            series, base = results[key, name], results.get((key, BASELINE))
            ratio = ratios(series, base) if base and name != BASELINE else []
            cells.append(median(series.cpu) + (f" ({median(ratio)})" if ratio else ""))
        rows.append([key, f"{work.title}, {work.cpu_unit}", *cells])
    table(["", "CPU of the proxy", *names], rows)


def every_figure(options, works, results):
    rows = []
    for key, work in works.items():
        for name in options.targets:
            series = results[key, name]
            if not series.rate:
                continue
            ratio = ratios(series, results[key, BASELINE]) if (key, BASELINE) in results else []
            latency = ["–" if work.blob else median(each, "{:.0f}") for each in (series.p50, series.p99)]
            rate = f"{spread(series.rate, '{:.2f}' if work.blob else '{:,.0f}')} {work.rate_unit}"
            cpu = f"{spread(series.cpu, '{:.3f}')} {work.cpu_unit}" if series.cpu else "–"
            rows.append([key, name, cpu, spread(ratio), rate, *latency])
    table(["", "target", "CPU of the proxy", f"ratio to {BASELINE}", "rate", "p50 µs", "p99 µs"], rows)


def latencies(options, works, results):
    rows = []
    for name in options.targets:
        row = [name]
        for key in (key for key, work in works.items() if work.rate):
            series = results[key, name]
            row += [median(series.p50, "{:.0f}"), spread(series.p99, "{:.0f}")]
        if any(cell != "–" for cell in row[1:]):
            rows.append(row)
    heads = [f"{key} {figure}" for key, work in works.items() if work.rate for figure in ("p50 µs", "p99 µs")]
    if heads:
        table(["latency at a fixed rate", *heads], rows)


def tokens(options, works, results):
    rows = []
    for key, work in works.items():
        for name in options.targets if work.tokens else []:
            series = results[key, name]
            if series.rate:
                cpu = f"{median(series.cpu, '{:.3f}')} s/10k" if series.cpu else "–"
                rows.append([work.title, name, median(series.p50, "{:.0f}"), median(series.p99, "{:.0f}"), cpu])
    if rows:
        table(["token engine", "target", "p50 µs", "p99 µs", "CPU of the proxy"], rows)


def added(options, works, results):
    """Requests that reached the origin without having been sent by a client, if any."""
    worst = {
        f"{key} {name}": max(results[key, name].extra)
        for key, work in works.items()
        for name in options.targets
        if work.client[0] == "client" and not work.tokens and results[key, name].extra
    }
    extra = [f"{where}: {number}" for where, number in worst.items() if number > 0]
    print("Requests that proxies added at the origin: " + (", ".join(extra) or "none") + ".\n")


def report_memory(memory):
    rows = []
    for name, figures in memory.items():
        per = [figures[f"idle {number}"] / number / 1024 for number in (1000, 5000)]
        served = figures["served"] / 1000 / 1024
        at = [f"{figures[key] / MIB:.1f}" for key in ("rest", "with 5000", "peak W2")]
        rows.append([name, at[0], *(f"{each:.1f}" for each in (*per, served)), at[1], at[2]])
    head = ["at rest, MiB", "KiB per idle connection (1,000)", "(5,000)", "with one request done (1,000)"]
    table(["memory", *head, "5,000 idle, MiB", "peak in W2, MiB"], rows)


def report_cold_starts(seconds):
    rows = [
        ["with a CA to create", spread([1000 * each for each in seconds["first"]], "{:.0f}")],
        ["with an existing CA", spread([1000 * each for each in seconds["again"]], "{:.0f}")],
    ]
    table(["regpass: from start to the first response", "ms"], rows)


def report_calls(works, calls):
    head = [f"{key}, {'per MiB' if work.blob else 'per request'}" for key, work in works.items()]
    rows = [[name, *("–" if count is None else f"{count:.1f}" for count in row)] for name, row in calls.items()]
    table(["system calls", *head], rows)
