#!/usr/bin/env python3
"""Generates the manual pages from the program's own help: manual.py PROGRAM DIRECTORY

regpass(1) is regpass.1.in with the commands inserted; regpass.toml(5) is regpass.toml.5.in with the keys inserted.
"""

import sys
from datetime import datetime, timezone
from os import environ
from pathlib import Path

import help_tree

HERE = Path(__file__).resolve().parent


def roff(text: str) -> str:
    """Escapes text so that roff interprets nothing in it as a request, an escape, or a typographic dash or quote."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("…", "\\&...")
    return "\\&" + text if text.startswith((".", "\\(aq")) else text


def commands(root: help_tree.Command) -> str:
    lines: list[str] = []
    for command in root.leaves():
        lines += [f".SS {quoted(command.usage)}", roff(command.about) + "."]
        for option in [*command.positionals, *command.options]:
            if "--help" not in option.names:
                lines += [".TP", label(option), sentence(option)]
    return "\n".join(lines)


def label(option: help_tree.Option) -> str:
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.names)
    shown = option.value if option.names[0].startswith("-") else ""
    return f"{names} \\fI{roff(shown)}\\fR" if shown else names


def sentence(option: help_tree.Option) -> str:
    choices = f" ({', '.join(option.choices)})" if option.choices else ""
    return roff(option.text + choices) + "."


def quoted(text: str) -> str:
    return '"' + roff(text).replace('"', "\\(dq") + '"'


def keys(schema: dict) -> str:
    lines: list[str] = []
    for name, of in schema["properties"].items():
        if is_key(of):
            lines += key(name, of)
    for name, of in schema["properties"].items():
        if not is_key(of):
            lines += table(name, of)
    return "\n".join(lines)


def is_key(of: dict) -> bool:
    return "description" in of


def table(name: str, of: dict) -> list[str]:
    of_list = of["type"] == "array"
    inside = of["items"] if of_list else of
    lines = [f".SS {quoted(f'[[{name}]]' if of_list else f'[{name}]')}"]
    if needed := inside.get("required"):
        lines += [roff(f"Can be repeated. Requires {' and '.join(needed)}.")]
    elif of_list:
        lines += ["Can be repeated."]
    for own, inner in inside["properties"].items():
        if is_key(inner):
            lines += key(own, inner)
    for own, inner in inside["properties"].items():
        if not is_key(inner):
            lines += table(f"{name}.{own}", inner)
    return lines


def key(name: str, of: dict) -> list[str]:
    lines = [".TP", f"\\fB{roff(name)}\\fR = \\fI{roff(kind(of))}\\fR", roff(of["description"])]
    default = of.get("default")
    if default not in (None, "", []):
        lines += [".br", f"Default: {roff(toml(default))}"]
    return lines


def kind(of: dict) -> str:
    if "enum" in of:
        return " | ".join(f'"{option}"' for option in of["enum"])
    if of["type"] == "array":
        return f"[{kind(of['items'])}, …]"
    if of["type"] == "integer":
        return f"{of['minimum']}…{of['maximum']}"
    if of["type"] == "boolean":
        return "true | false"
    if "(ms|s|m|h|d)" in of.get("pattern", ""):
        return '"duration"'
    return '"text"'


def toml(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: manual.py PROGRAM DIRECTORY")
    program, directory = sys.argv[1], Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    version = help_tree.ask(program, "version").split()[1]
    date = datetime.fromtimestamp(int(environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc).strftime("%Y-%m-%d")
    parts = {
        "@COMMANDS@": commands(help_tree.read(program)),
        "@KEYS@": keys(help_tree.schema(program)),
        "@VERSION@": version,
        "@DATE@": date if "SOURCE_DATE_EPOCH" in environ else "",
    }
    for page in ("regpass.1", "regpass.toml.5"):
        text = (HERE / f"{page}.in").read_text()
        for mark, part in parts.items():
            text = text.replace(mark, part)
        (directory / page).write_text(text)


if __name__ == "__main__":
    main()
