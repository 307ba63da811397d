#!/usr/bin/python3
"""Generates the reference pages: the tables of commands, configuration keys, metrics and log lines in docs/.

    reference.py PROGRAM            fails when a page does not match the program or its source
    reference.py PROGRAM --write    writes the tables

Commands come from `regpass … --help`, keys from `regpass config schema`, metrics from /metrics of a running sidecar, and log events and
fields from the source, with their descriptions from docs/reference/log.toml.
"""

import base64
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy/package"), str(ROOT / "tests/tools")]

import help_tree  # noqa: E402
import log_schema  # noqa: E402

LOG = ROOT / "docs/reference/log.toml"
# An expiry time in the distant future.
IN_SOME_DECADES = 4_000_000_000
# Labels without a fixed set of values.
OPEN_LABELS = {"registry", "cause", "status", "source", "key", "version", "commit", "compiler"}
COMMON_OPTIONS = ("--help", "--config", "--set", "--color")


class Stale(Exception):
    """The source and the documentation differ."""


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(*rows: tuple[str, ...]) -> list[str]:
    head, *rest = rows
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rest)]


# Commands


def commands(program: str) -> str:
    lines: list[str] = []
    for command in help_tree.read(program).leaves():
        if command.name == "help":
            continue
        usage = command.usage.replace(" [OPTIONS]", "")
        lines += [f"### `{usage}`", "", f"{command.about}.", ""]
        rows = [argument(item) for item in [*command.positionals, *command.options] if not set(item.names) & set(COMMON_OPTIONS)]
        if rows:
            lines += [*table(("argument", "meaning"), *rows), ""]
    return "\n".join(lines).rstrip()


def argument(item: help_tree.Option) -> tuple[str, str]:
    value = f" {item.value}" if item.value and item.names[0].startswith("-") else ""
    names = ", ".join(f"`{name}{value}`" for name in item.names)
    choices = f" ({', '.join(f'`{choice}`' for choice in item.choices)})" if item.choices else ""
    return names, cell(item.text + choices)


# Configuration


def keys(program: str) -> str:
    properties = help_tree.schema(program)["properties"]
    own = {name: of for name, of in properties.items() if "description" in of}
    lines = ["### Top level", "", *key_table(own), ""]
    for name, of in properties.items():
        if name not in own:
            lines += section(name, of)
    return "\n".join(lines).rstrip()


def section(name: str, of: dict) -> list[str]:
    several = of["type"] == "array"
    inside = of["items"] if several else of
    tables = {key: item for key, item in inside["properties"].items() if "description" not in item}
    own = {key: item for key, item in inside["properties"].items() if key not in tables}
    lines = [f"### `[[{name}]]`" if several else f"### `[{name}]`", ""]
    required = [f"`{key}`" for key in inside.get("required", [])]
    if several:
        lines += ["Can be repeated." + (f" Requires {' and '.join(required)}." if required else ""), ""]
    lines += [*key_table(own), ""]
    for key, item in tables.items():
        lines += section(f"{name}.{key}", item)
    return lines


def key_table(properties: dict) -> list[str]:
    rows = [(f"`{name}`", kind(of), default(of), cell(of["description"])) for name, of in properties.items()]
    return table(("key", "type", "default", "meaning"), *rows)


def kind(of: dict) -> str:
    if "enum" in of:
        return ", ".join(f'`"{item}"`' for item in of["enum"])
    if of["type"] == "array":
        items = of["items"]
        return f"list of {kind(items)}" if "enum" in items else f"list of {kind(items)}s"
    if of["type"] == "integer":
        return "number" if of["maximum"] == 65535 else f"{of['minimum']:,} to {of['maximum']:,}"
    if "(ms|s|m|h|d)" in of.get("pattern", ""):
        return "duration"
    return {"boolean": "true or false", "string": "string"}[of["type"]]


def default(of: dict) -> str:
    value = of.get("default")
    return "" if value in (None, "", []) else f"`{json.dumps(value)}`"


# Metrics


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def token_that_expires() -> str:
    part = base64.urlsafe_b64encode(json.dumps({"exp": IN_SOME_DECADES}).encode()).decode().rstrip("=")
    return f"{part}.{part}.{part}"


def exposition(program: str) -> str:
    """/metrics of a sidecar with all listeners and an expiring credential, so that every metric family has a series."""
    with tempfile.TemporaryDirectory() as directory:
        folder, health = Path(directory), free_port()
        credential = {"auths": {"registry.example.com": {"registrytoken": token_that_expires()}}}
        (folder / "config.json").write_text(json.dumps(credential))
        (folder / "config.json").chmod(0o600)
        (folder / "regpass.toml").write_text(
            f'state_dir = "{folder}/state"\n'
            f'[listen]\nproxy = "127.0.0.1:0"\nhealth = "127.0.0.1:{health}"\ntransparent = "127.0.0.1:{free_port()}"\n'
            f'[[mirror]]\nlisten = "127.0.0.1:{free_port()}"\nregistry = "registry.example.com"\n'
            f'[credentials]\ndocker_config = ["{folder}/config.json"]\n'
        )
        arguments = [program, "serve", "--config", folder / "regpass.toml", "--set", "drain.idle=0s"]
        with open(folder / "log", "w") as log:
            sidecar = subprocess.Popen(arguments, stdout=log, stderr=log, env={"HOME": directory})
        try:
            for _ in range(600):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{health}/metrics", timeout=10) as response:
                        return response.read().decode()
                except OSError:
                    if sidecar.poll() is not None:
                        break
                    time.sleep(0.1)
            raise RuntimeError(f"regpass did not start:\n{(folder / 'log').read_text()}")
        finally:
            sidecar.kill()
            sidecar.wait()


def metrics(program: str) -> str:
    text = exposition(program)
    help_of = dict(re.findall(r"^# HELP (\w+) (.*)$", text, re.MULTILINE))
    rows = [("metric", "type", "labels", "meaning")]
    for name, type_of in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        rows.append((f"`{name}`", type_of, labels(name, text), cell(help_of[name])))
    return "\n".join(table(*rows))


def labels(name: str, text: str) -> str:
    values: dict[str, set[str]] = {}
    for series in re.findall(rf"^{name}\{{(.*?)\}} ", text, re.MULTILINE):
        for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series):
            values.setdefault(label, set()).add(value)
    shown = []
    for label, documented in sorted(values.items()):
        fixed = "" if label in OPEN_LABELS else f" ({', '.join(sorted(documented))})"
        shown.append(f"`{label}`{fixed}")
    return "; ".join(shown)


# Log


def fields_table(fields: dict[str, str]) -> list[str]:
    return table(("field", "meaning"), *((f"`{name}`", cell(text)) for name, text in fields.items()))


def events(documented: dict, source: log_schema.Source) -> str:
    rows = [("event", "level", "meaning", "fields")]
    for name, event in documented["event"].items():
        levels = source.levels[name] | set(event.get("levels", []))
        fields = "; ".join(f"`{field}`: {text}" for field, text in event.get("fields", {}).items())
        rows.append((f"`{name}`", ", ".join(item for item in log_schema.LEVELS if item in levels), cell(event["text"]), cell(fields)))
    return "\n".join(table(*rows))


def steps(documented: dict) -> str:
    common = {name: text for name, text in documented["step"].items() if isinstance(text, str)}
    lines = [*fields_table(common), ""]
    for name, step in documented["step"].items():
        if name not in common:
            lines += [f"#### `{name}`", "", f"{step['text'][0].upper()}{step['text'][1:]}.", "", *fields_table(step["fields"]), ""]
    return "\n".join(lines).rstrip()


def log(documented: dict, source: log_schema.Source) -> dict[str, str]:
    compare(documented, source)
    return {
        "events": events(documented, source),
        "fields": "\n".join(fields_table(documented["field"])),
        "explanation": "\n".join(fields_table(documented["explanation"])),
        "steps": steps(documented),
    }


def compare(documented: dict, source: log_schema.Source) -> None:
    """Raises Stale if the source and the documentation do not describe the same events and fields."""
    described = {part for name in [*documented["field"], *documented["explanation"]] for part in name.split(".")}
    for name, step in documented["step"].items():
        described |= {name} if isinstance(step, str) else set(step["fields"])
    # Members of objects in lists are described in prose.
    described |= {"source", "key", "why", "code", "message", "detail", *"iss aud sub access iat nbf exp".split()}
    problems = [f"field {name} is written, but not described" for name in sorted(source.written - described)]
    problems += [f"field {name} is described, but not written" for name in sorted(described - source.literals)]
    problems += [f"event {name} is written, but not described" for name in sorted(set(source.levels) - set(documented["event"]))]
    for name, event in documented["event"].items():
        fields = set(event.get("fields", {}))
        missing = sorted({*fields, name} - source.literals)
        problems += [f"{item} of the event {name} is described, but not written" for item in missing]
        problems += [f"field {item} of the event {name} is written, but not described" for item in sorted(source.fields[name] - fields)]
    if not source.levels or not source.written:
        problems.append("no events or fields were found in the source: tests/tools/log_schema.py does not know how they are written")
    if problems:
        raise Stale("\n".join(f"{LOG.relative_to(ROOT)}: {problem}" for problem in problems))


# Pages


def parts(program: str) -> dict[Path, dict[str, str]]:
    """For each page, the generated parts between its markers."""
    docs = ROOT / "docs"
    return {
        docs / "commands.md": {"commands": commands(program)},
        docs / "configuration.md": {"keys": keys(program)},
        docs / "metrics.md": {"metrics": metrics(program)},
        docs / "log.md": log(tomllib.loads(LOG.read_text()), log_schema.Source(ROOT)),
    }


def filled(text: str, name: str, part: str) -> str:
    begin, end = f"<!-- {name}: written by tests/tools/reference.py -->", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, also_found, after = rest.partition(end)
    if not (found and also_found):
        raise Stale(f"the markers of {name} are missing")
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def main() -> int:
    program, *options = sys.argv[1:] or sys.exit(__doc__)
    stale = []
    try:
        for page, tables in parts(program).items():
            text = fresh = page.read_text()
            for name, part in tables.items():
                fresh = filled(fresh, name, part)
            if fresh != text:
                stale.append(page)
                if "--write" in options:
                    page.write_text(fresh)
    except Stale as problem:
        print(problem)
        return 1
    if "--write" in options:
        return 0
    for page in stale:
        print(f"{page.relative_to(ROOT)} is out of date: run tests/tools/reference.py PROGRAM --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
