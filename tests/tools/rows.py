#!/usr/bin/python3
"""Generates the tables in tests/README.md: promises, rows of the threat model, faults and bounds, with the tests that cover each.

    rows.py            fails when a row has no test, or the tables are out of date
    rows.py --write    writes the tables

A test covers a row if the name of its TEST_CASE, or the docstring of the file of a scenario or lint, contains the row's id.
It covers a bound if its tags, or that docstring, contain the bound's key.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = TESTS / "README.md"
BEGIN, END = "<!-- rows: written by tests/tools/rows.py -->", "<!-- end of rows -->"

LIMITS = TESTS.parent / "config/keys/limit_keys.cpp"

# Each promise, and the rows that it consists of.
PROMISES = {
    "P1": ("a credential is sent only over verified TLS, and only to its registry or an approved realm", "T09 T10 T11 T24"),
    "P2": ("a token is attached only to requests to its registry's origin", "T07 T11 T15 T20"),
    "P3": ("no more scope is requested than is needed and allowed", "T01 T06"),
    "P4": ("no secret in logs, metrics, errors, dumps; nothing changes state over the network", "T02 T26 T27 T28"),
    "P5": ("the CA's key never leaves regpass and signs only for intercepted names", "T23 T25"),
    "P6": ("every buffer, queue, cache, retry and wait is bounded", "T13 T14 T16 T21 T22 F06 F10 F12"),
    "P7": ("messages are parsed strictly; bodies pass unmodified, and truncation is visible", "T05 T08 T16 T17 T18 T19 F01 F02"),
    "P8": ("when in doubt, it refuses, and it never falls back to something weaker", "T03 T04 T10 T24 T29 T30 T31 F03"),
    "P9": ("a build step gains nothing that policy does not allow", "T01 T03 T06 T08 T33"),
}

ROWS = {
    "T01": "a build step pushes, deletes or reads anything the credentials can access",
    "T02": "tokens or configuration read through admin socket, metrics or explain",
    "T03": "metadata, loopback, own ports and cluster addresses reached through regpass",
    "T04": "DNS rebinding between check and connect",
    "T05": "path manipulation",
    "T06": "scopes widened by mounts, challenges, repeated parameters",
    "T07": "a token used for another registry, identity or scope",
    "T08": "abuse of hop-by-hop fields, forged fields",
    "T09": "a foreign token server harvests credentials",
    "T10": "downgraded or disguised realms",
    "T11": "redirects and Location fields divert credentials to other hosts",
    "T12": "challenge parameters inject into the token URL",
    "T13": "token responses that are huge, slow, deeply nested, compressed or absurd",
    "T14": "endless 401 and 429",
    "T15": "cookies and tokens sent to other hosts",
    "T16": "hostile framing of responses, floods of 1xx",
    "T17": "request smuggling",
    "T18": "HTTP/2 heads that inject bytes into HTTP/1.1",
    "T19": "early data after CONNECT and Upgrade",
    "T20": "CONNECT, SNI, certificate and Host disagree",
    "T21": "HTTP/2 floods",
    "T22": "slow and idle peers",
    "T23": "the CA's key stolen, or a CA planted",
    "T24": "weak TLS upstream",
    "T25": "certificates minted for random names",
    "T26": "secrets in logs and errors",
    "T27": "newlines and escape sequences injected into logs",
    "T28": "core dumps, tracers, content of freed memory",
    "T29": "credential files that are partial, swapped, a FIFO, huge or missing",
    "T30": "credential helpers injected or abused",
    "T31": "the wrong credential chosen",
    "T32": "manifests that expose secrets or privileges",
    "T33": "a data listener exposed to the network",
    "T34": "the proxy used to circumvent NetworkPolicy",
}

FAULTS = {
    "F01": "an upstream resets or closes the connection in the middle of a body",
    "F02": "half-closed connections",
    "F03": "a token server that is slow, fails or sends garbage",
    "F04": "a credential replaced during a request",
    "F05": "the clock jumps",
    "F06": "no file descriptors left",
    "F07": "the log's reader is gone or blocked, or its disk is full",
    "F08": "SIGTERM during a push",
    "F09": "DNS fails, or one address family is unreachable",
    "F10": "slow readers and writers, many connections",
    "F11": "crash and restart",
    "F12": "a cache is full",
    "F13": "a disk is full, or a file has become unreadable",
}

# Faults found by using the program: each is one example of a class of faults, and its tests cover the whole class.
FOUND_BY_USE = {
    "X1": "a BuildKit step with --proxy-network uses the daemon's proxy password",
    "X2": "a reload removes client authentication or another restriction",
    "X3": "a web page or a request for a foreign host name reaches a mirror",
    "X4": "a request header changes which request the registry sees",
    "X5": "trailers contain fields that are not allowed in them",
    "X6": "the CA's key or directory can be read or written by others",
    "S1": "a registry or token server repeats a secret in its error",
    "S2": "the upstream proxy repeats its password in its error",
    "S3": "a credential helper writes a secret to stderr",
    "A1": "a name server that does not answer delays other lookups",
    "A2": "an unusable realm is remembered for the whole registry",
    "A3": "idle connections on the health listener delay probes",
    "A4": "memory of HTTP/2 streams and page connections is not returned",
    "A5": "a connection that has not spoken costs too much memory",
    "A6": "endless HTTP/2 control frames",
    "A7": "every request fetches a token that the registry refuses",
    "A8": "a refused upstream proxy password is sent again and again",
    "A9": "leaf certificates are minted while the clock is wrong",
    "A10": "a helper's child process survives the kill",
    "A11": "dropped log lines are visible only in a metric",
    "R1": "an upload's Location names another repository",
    "R2": "one host with two token services",
    "R3": "a refusal loses the registry's headers",
    "R3b": "a refusal loses the registry's error code and detail",
    "R3c": "the explanation of a refused HEAD of a manifest reaches nobody",
    "R3d": "authorization = add with a client that has its own login",
    "R3e": "authorization = observe breaks the client's token request",
    "R4": "equal scopes in different spellings",
    "R5": "the last of several token responses is explained instead of the relevant one",
    "R6": "an anonymous pull is refused because of the realm",
    "R7": "the registry's API redirects to another host",
    "R8": "a client resets a stream after it has received the whole response",
    "R9": "Expect: 100-continue is answered before the registry has responded",
    "R10": "the first request to an HTTP/2-only registry is an upload",
    "C1": "byte order marks, line breaks and UTF-16 in text files",
    "C2": "a password with a trailing line break",
    "C3": "credential keys that do not name a registry, and wildcard keys",
    "C4": "a credential is tried in one form only",
    "C5": "a credential file rejected on reload is not reported",
    "C6": "config check and readiness ignore credentials",
    "E1": "no login for the registry, and no configuration",
    "E2": "run starts a client whose daemon does the transfers",
    "E3": "a fix suggests something that is already configured",
    "E4": "a response that is not a refusal is delayed",
    "E5": "metrics series that alerts need do not exist at start",
    "E6": "explain finds fewer failures in a log than it contains",
    "E6b": "containerd 2 pulls in the daemon",
    "E6c": "a broken manifest is explained as a concurrent push",
    "E7": "the first commands that a new user types",
    "E8": "commands in the README that fail as written",
}

# Rows that are not implemented yet. A row that has a test must be removed from this list.
ABSENT: dict[str, str] = {}

ID = re.compile(r"\b(?:[TF]\d\d|P\d|[XSARCE]\d{1,2}[b-e]?)\b")
BOUND = re.compile(r"\b(?:limits|upstream)\.[a-z0-9_]+")


def names(file: Path) -> list[str]:
    """The names of a file's tests with their tags, or a scenario's docstring."""
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
        test = file.relative_to(TESTS).with_suffix("").as_posix().removesuffix("_test")
        text = " ".join(names(file))
        for row in sorted({*ID.findall(text), *BOUND.findall(text)}):
            found[row].append(test)
    return found


def bounds() -> list[str]:
    return ["upstream.connect_timeout", *re.findall(r'(?<!formerly = )"(limits\.[a-z0-9_]+)"', LIMITS.read_text())]


def table(found) -> str:
    lines = ["| promise | what | proven by |", "| --- | --- | --- |"]
    for promise, (description, rows) in PROMISES.items():
        lines.append(f"| {promise} | {description} | {', '.join([*rows.split(), *found.get(promise, [])])} |")
    lines += ["", "| row | what | tests |", "| --- | --- | --- |"]
    for row, description in (ROWS | FAULTS).items():
        lines.append(f"| {row} | {description} | {', '.join(found.get(row, [])) or ABSENT.get(row, 'MISSING')} |")
    lines += ["", "| found by use | what | tests |", "| --- | --- | --- |"]
    for row, description in FOUND_BY_USE.items():
        lines.append(f"| {row} | {description} | {', '.join(found.get(row, [])) or ABSENT.get(row, 'MISSING')} |")
    lines += ["", "| bound | hit by |", "| --- | --- |"]
    lines += [f"| `{key}` | {', '.join(found.get(key, [])) or ABSENT.get(key, 'MISSING')} |" for key in bounds()]
    return "\n".join(lines)


def complaints(found) -> list[str]:
    known_rows = [*PROMISES, *ROWS, *FAULTS, *FOUND_BY_USE, *bounds()]
    problems = [f"{row} has no test" for row in known_rows if row not in found and row not in [*ABSENT, *PROMISES]]
    problems += [f"{row} has a test now: remove it from ABSENT" for row in ABSENT if row in found]
    problems += [f"{row} is not a row, but {', '.join(places)} refers to it" for row, places in found.items() if row not in known_rows]
    return problems


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
