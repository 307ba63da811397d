#!/usr/bin/python3
"""The tables in tests/README.md: promises, rows of the threat model, faults and bounds, and the tests that prove each.

    rows.py            fails when a row has no test, or the tables are not what the tests say
    rows.py --write    writes the tables

A test belongs to a row when its name (of a TEST_CASE), or the docstring of its file (of a scenario or lint), has the row's
id.
It hits a bound when its tags, or that docstring, have the bound's key.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = TESTS / "README.md"
BEGIN, END = "<!-- rows: written by tests/tools/rows.py -->", "<!-- end of rows -->"

LIMITS = TESTS.parent / "config/keys/limit_keys.cpp"

# Each promise, and the rows that break it down.
PROMISES = {
    "P1": ("a credential leaves over verified TLS to its registry or an approved realm only", "T09 T10 T11 T24"),
    "P2": ("a token is attached to requests to its registry's origin only", "T07 T11 T15 T20"),
    "P3": ("no more scope is asked for than needed and allowed", "T01 T06"),
    "P4": ("no secret in logs, metrics, errors, dumps; nothing changes state over the network", "T02 T26 T27 T28"),
    "P5": ("the CA's key stays here and signs for intercepted names only", "T23 T25"),
    "P6": ("every buffer, queue, cache, retry and wait is bounded", "T13 T14 T16 T21 T22 F06 F10 F12"),
    "P7": ("messages are parsed strictly; bodies pass unmodified, truncation visibly", "T05 T08 T16 T17 T18 T19 F01 F02"),
    "P8": ("on doubt it refuses, and falls back to nothing weaker", "T03 T04 T10 T24 T29 T30 T31 F03"),
    "P9": ("a build step gains nothing that policy does not say", "T01 T03 T06 T08 T33"),
}

ROWS = {
    "T01": "a build step pushes, deletes or reads what the credentials reach",
    "T02": "tokens or configuration read from admin, metrics, explain",
    "T03": "metadata, loopback, own ports and cluster addresses reached through regpass",
    "T04": "DNS rebinding between check and connect",
    "T05": "path tricks",
    "T06": "scopes widened by mounts, challenges, repeated parameters",
    "T07": "a token used for another registry, identity or scope",
    "T08": "hop-by-hop abuse, forged fields",
    "T09": "a foreign token server harvests credentials",
    "T10": "realms downgraded or in disguise",
    "T11": "redirects and Locations pull credentials elsewhere",
    "T12": "challenge parameters leave their place in the token URL",
    "T13": "token answers huge, slow, deep, compressed, absurd",
    "T14": "endless 401 and 429",
    "T15": "cookies and tokens cross hosts",
    "T16": "hostile framing of responses, floods of 1xx",
    "T17": "request smuggling",
    "T18": "HTTP/2 heads inject bytes into HTTP/1.1",
    "T19": "early data behind CONNECT and Upgrade",
    "T20": "CONNECT, SNI, certificate and Host disagree",
    "T21": "floods of HTTP/2",
    "T22": "slow and idle peers",
    "T23": "the CA's key stolen, or a CA planted",
    "T24": "weak TLS upstream",
    "T25": "certificates minted for random names",
    "T26": "secrets in logs and errors",
    "T27": "lines and escapes injected into logs",
    "T28": "core dumps, tracers, what freed memory holds",
    "T29": "credential files partial, swapped, FIFO, huge, gone",
    "T30": "credential helpers injected or abused",
    "T31": "the wrong credential chosen",
    "T32": "manifests hand out secrets or privilege",
    "T33": "a data listener exposed",
    "T34": "the proxy as a way around NetworkPolicy",
}

FAULTS = {
    "F01": "an upstream resets or closes in a body",
    "F02": "half-closed connections",
    "F03": "a token server slow, failing or talking garbage",
    "F04": "a credential replaced during a request",
    "F05": "the clock jumps",
    "F06": "no descriptors left",
    "F07": "the log's reader gone, blocked, or its disk full",
    "F08": "SIGTERM during a push",
    "F09": "DNS fails, one address family is dead",
    "F10": "slow readers and writers, many connections",
    "F11": "crash and restart",
    "F12": "a cache is full",
    "F13": "a disk is full, a file cannot be read any more",
}

# Faults that use of the program showed: each is a sample of a kind, and its tests cover the kind.
FOUND_BY_USE = {
    "X1": "a BuildKit step with --proxy-network uses the daemon's proxy password",
    "X2": "a reload removes client authentication or another fence",
    "X3": "a web page or a foreign host name reaches a mirror",
    "X4": "a request header changes what the registry thinks was asked",
    "X5": "trailers carry fields that are not allowed in them",
    "X6": "the CA's key or directory can be read or written by others",
    "S1": "a registry or token server repeats a secret in its error",
    "S2": "the upstream proxy repeats its password in its error",
    "S3": "a credential helper writes a secret to stderr",
    "A1": "a name server that does not answer delays other lookups",
    "A2": "an unusable realm is remembered for the whole registry",
    "A3": "idle connections on the health listener delay probes",
    "A4": "memory of HTTP/2 streams and page connections is not returned",
    "A5": "a connection that has not spoken costs too much memory",
    "A6": "HTTP/2 control frames without end",
    "A7": "every request buys a token that the registry refuses",
    "A8": "a refused upstream proxy password is sent again and again",
    "A9": "leaf certificates are minted while the clock is wrong",
    "A10": "a helper's child escapes the kill",
    "A11": "dropped log lines are only counted in a metric",
    "R1": "an upload's Location names another repository",
    "R2": "one host, two token services",
    "R3": "a refusal loses the registry's headers",
    "R3b": "a refusal loses the registry's error code and detail",
    "R3c": "a refused HEAD of a manifest is explained to nobody",
    "R3d": "authorization = add and a client with a login of its own",
    "R3e": "authorization = observe breaks the client's token request",
    "R4": "equal scopes in different spellings",
    "R5": "the last of several token answers is explained, not the telling one",
    "R6": "an anonymous pull is refused because of its realm",
    "R7": "the registry's API redirects to another host",
    "R8": "a client resets a stream whose answer it has in full",
    "R9": "Expect: 100-continue is answered before the registry has spoken",
    "R10": "the first request to an HTTP/2-only registry is an upload",
    "C1": "byte order marks, line breaks and UTF-16 in text files",
    "C2": "a password with a line break at its end",
    "C3": "credential keys that name no registry, and wildcard keys",
    "C4": "a credential is tried in one form only",
    "C5": "a credential file rejected on reload is not reported",
    "C6": "config check and readiness ignore credentials",
    "E1": "no login for the registry, and no configuration",
    "E2": "run starts a client whose daemon does the work",
    "E3": "a fix proposes what is configured already",
    "E4": "an answer that is no refusal is postponed",
    "E5": "metrics series that alerts need do not exist at start",
    "E6": "explain reads fewer failures in a log than there are",
    "E6b": "containerd 2 fetches in the daemon",
    "E6c": "a broken manifest is explained as a concurrent push",
    "E7": "what a person types first on the command line",
    "E8": "commands in the README that fail as written",
}

# Rows of what does not exist yet. One that has a test must leave this list.
ABSENT: dict[str, str] = {}

ID = re.compile(r"\b(?:[TF]\d\d|P\d|[XSARCE]\d{1,2}[b-e]?)\b")
BOUND = re.compile(r"\b(?:limits|upstream)\.[a-z0-9_]+")


def names(file: Path) -> list[str]:
    """Names of the tests with their tags, or a scenario's docstring."""
    text = file.read_text()
    if file.suffix == ".cpp":
        strings = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
        found = re.findall(rf"TEST_CASE\(\s*({strings}(?:,\s*{strings})?)", text)
        return [re.sub(r'"\s*"', "", name) for name in found]
    docstring = re.match(r'"""(.*?)"""', text, re.DOTALL)
    return [docstring[1]] if docstring else []


def tests_of_rows() -> dict[str, list[str]]:
    found = defaultdict(list)
    for file in sorted([*TESTS.rglob("*_test.cpp"), *TESTS.rglob("*_test.py"), *TESTS.glob("lint/*.py")]):
        place = file.relative_to(TESTS).with_suffix("").as_posix().removesuffix("_test")
        text = " ".join(names(file))
        for row in sorted({*ID.findall(text), *BOUND.findall(text)}):
            found[row].append(place)
    return found


def bounds() -> list[str]:
    return ["upstream.connect_timeout", *re.findall(r'(?<!formerly = )"(limits\.[a-z0-9_]+)"', LIMITS.read_text())]


def table(found) -> str:
    lines = ["| promise | what | proven by |", "| --- | --- | --- |"]
    for promise, (what, rows) in PROMISES.items():
        lines.append(f"| {promise} | {what} | {', '.join([*rows.split(), *found.get(promise, [])])} |")
    lines += ["", "| row | what | tests |", "| --- | --- | --- |"]
    for row, what in (ROWS | FAULTS).items():
        lines.append(f"| {row} | {what} | {', '.join(found.get(row, [])) or ABSENT.get(row, 'MISSING')} |")
    lines += ["", "| found by use | what | tests |", "| --- | --- | --- |"]
    for row, what in FOUND_BY_USE.items():
        lines.append(f"| {row} | {what} | {', '.join(found.get(row, [])) or ABSENT.get(row, 'MISSING')} |")
    lines += ["", "| bound | hit by |", "| --- | --- |"]
    lines += [f"| `{key}` | {', '.join(found.get(key, [])) or ABSENT.get(key, 'MISSING')} |" for key in bounds()]
    return "\n".join(lines)


def complaints(found) -> list[str]:
    known = [*PROMISES, *ROWS, *FAULTS, *FOUND_BY_USE, *bounds()]
    made = [f"{row} has no test" for row in known if row not in found and row not in [*ABSENT, *PROMISES]]
    made += [f"{row} has a test now: take it from ABSENT" for row in ABSENT if row in found]
    made += [f"{row} is no row, but {', '.join(places)} names it" for row, places in found.items() if row not in known]
    return made


def main() -> int:
    found = tests_of_rows()
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    fresh = f"{before}{BEGIN}\n{table(found)}\n{END}{after}"
    problems = complaints(found)
    if "--write" in sys.argv[1:]:
        README.write_text(fresh)
    elif fresh != text:
        problems.append("tests/README.md is out of date: run tests/tools/rows.py --write")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
