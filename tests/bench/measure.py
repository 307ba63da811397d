"""The measurements: rounds of workloads, memory, cold starts, system calls."""

import time
from contextlib import ExitStack

from processes import Failure, call, say
from targets import Regpass
from workloads import Series, workloads

IDLE = (1000, 5000)
COLD_STARTS = 7
SETTLING = 0.5  # seconds to wait after a listener is open


def one_pass(bench, target, workload, series):
    with ExitStack() as stack:
        if workload.rate:
            for process in (bench.origin, target.process):
                stack.enter_context(process.real_time() if process else ExitStack())
        before = target.process.cpu_seconds() if target.process else 0
        result = bench.run_client(workload.arguments(target), under=("chrt", "--fifo", "1") if workload.rate else ())
        used = target.process.cpu_seconds() - before if target.process else 0
    cpu_work, rate_work, _ = workload.units(result)
    if target.process:
        series.cpu.append(used / cpu_work)
    series.rate.append(rate_work / result["seconds"])
    series.p50.append(result["p50_us"])
    series.p99.append(result["p99_us"])
    series.extra.append(result["extra_origin_requests"])
    return result


def rounds_of(bench, targets, works, rounds, minutes):
    """Runs each workload on each target in turn, then the next round, so that other load on the machine affects all of them.

    Returns the results and the number of rounds that there was time for.
    """
    results = {(key, name): Series() for key in works for name in targets}
    began = time.monotonic()
    for number in range(1, rounds + 1):
        if (time.monotonic() - began) * number / max(number - 1, 1) > minutes * 60:
            say(f"no time for another round within {minutes} minutes (--minutes)")
            return results, number - 1
        for key, work in works.items():
            for name, target in targets.items():
                series = results[key, name]
                if not work.suits(target) or (number > 1 and not series.rate):
                    continue
                try:
                    bench.ciphers[name] = one_pass(bench, target, work, series)["cipher"]
                except Failure as failure:
                    say(f"round {number}/{rounds}: {key} {name}: FAILED: {failure}")
                    target.restart()
                    continue
                cpu = f"{series.cpu[-1]:.3f} {work.cpu_unit}, " if series.cpu else ""
                say(f"round {number}/{rounds}: {key} {name}: {cpu}{series.rate[-1]:,.2f} {work.rate_unit}")
    return results, rounds


def first_request(bench, target, plain):
    """Restarts the target and returns its memory before and after the first request, since code loaded then is no connection's cost."""
    target.restart()
    time.sleep(SETTLING)
    rest = target.process.memory()
    with bench.held([*plain, "--connections", 1, "--warm", 1]):
        return rest, target.process.memory()


def memory_of(bench, target, size):
    """Resident bytes at rest, per connection (idle, or after one request; the proxy has served one before), and at peaks."""
    say(f"memory: {target.process.log.stem}")
    plain = [*target.arguments, "--workload", "manifests"]
    figures = {"rest": first_request(bench, target, plain)[0]}
    for number in IDLE:
        _, before = first_request(bench, target, plain)
        with bench.held([*plain, "--connections", number]):
            figures[f"idle {number}"] = target.process.memory() - before
            figures[f"with {number}"] = target.process.memory()
    _, before = first_request(bench, target, plain)
    with bench.held([*plain, "--connections", IDLE[0], "--warm", 1]):
        figures["served"] = target.process.memory() - before
    target.restart()
    passes = workloads(size, 0)
    bench.run_client(passes["W2"].arguments(target))
    figures["peak W2"] = target.process.memory("VmHWM")
    return figures


def cold_starts(bench):
    """Seconds from the program's start to the client's first response, with and without an existing CA."""
    seconds = {"first": [], "again": []}
    target = None
    for number in range(COLD_STARTS):
        target = Regpass(bench, port=3300 + number)
        target.process.stop()
        for kind in seconds:
            if kind == "first":
                call("sh", "-c", f"rm -rf {target.home}/state/* {target.home}/published/*")
            target.launch(wait=False)
            arguments = ["first", *target.arguments, "--workload", "manifests", "--since", target.process.since]
            seconds[kind].append(bench.run_client(arguments)["seconds"])
            bench.stop(target.process)
    return seconds


def can_count_calls():
    try:
        call("perf", "stat", "-e", "raw_syscalls:sys_enter", "true")
        return True
    except Failure:
        return False


def system_calls(bench, target, workload):
    """The proxy's system calls per unit of work, counted in a separate pass because counting slows the proxy."""
    counts = bench.file("perf.csv")
    pids = ",".join(map(str, target.process.pids()))
    perf = ("perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-o", counts, "-p", pids, "--")
    result = bench.run_client(workload.arguments(target), under=perf)
    for line in counts.read_text().splitlines():
        number, _, rest = line.partition(",")
        if "raw_syscalls" in rest and number.isdigit():
            return int(number) / workload.units(result)[2]
    return None


def calls_of(bench, proxies, works):
    say("counting system calls")
    return {
        name: [system_calls(bench, target, work) if work.suits(target) else None for work in works.values()]
        for name, target in proxies.items()
    }
