"""Parses the program's own description: its commands from their --help, and its configuration keys."""

import json
import re
import subprocess
from dataclasses import dataclass, field

_COLUMN = 30  # where descriptions start
_CHOICES = re.compile(r":\{([^}]*)\}")


@dataclass(frozen=True)
class Option:
    names: list[str]
    value: str  # the name of its value; empty if it takes none
    choices: list[str]
    text: str


@dataclass(frozen=True)
class Command:
    path: list[str]  # such as ["redirect", "apply"]; empty for the program itself
    about: str
    usage: str
    options: list[Option] = field(default_factory=list)
    positionals: list[Option] = field(default_factory=list)
    children: list["Command"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else "regpass"

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self) -> list["Command"]:
        return [command for command in self.walk() if not command.children]


def ask(program: str, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def read(program: str, path: tuple[str, ...] = ()) -> Command:
    about, _, rest = ask(program, *path, "--help").partition("\n")
    sections = _sections(rest)
    return Command(
        path=list(path),
        about=about,
        usage=re.search(r"^Usage: (.*)$", rest, re.MULTILINE)[1],
        options=[_option(*entry) for entry in sections.get("Options", [])],
        positionals=[_option(*entry) for entry in sections.get("Positionals", [])],
        children=[read(program, (*path, name)) for name, _ in sections.get("Subcommands", [])],
    )


def schema(program: str) -> dict:
    return json.loads(ask(program, "config", "schema"))


def causes(program: str) -> list[str]:
    return re.findall(r"^([a-z][a-z0-9-]+)", ask(program, "explain", "--list"), re.MULTILINE)


def _sections(text: str) -> dict[str, list[tuple[str, str]]]:
    """For each heading, its entries: the left column, and the text beside or below it."""
    found: dict[str, list[tuple[str, str]]] = {}
    entries: list[tuple[str, str]] = []
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z]\w+:", line):
            entries = found.setdefault(line[:-1], [])
        elif re.match(r"  \S", line):
            left, _, right = line.strip().partition("  ")
            entries.append((left, right.strip()))
        elif line.startswith(" " * _COLUMN) and entries:
            left, right = entries[-1]
            entries[-1] = (left, f"{right} {line.strip()}".strip())
    return found


def _option(left: str, text: str) -> Option:
    """Parses an option such as --color TEXT:{auto,always,never}."""
    choices = _CHOICES.search(left)
    names, _, value = _CHOICES.sub("", left).partition(" ")
    value = value.removesuffix("REQUIRED").strip().replace(" ...", "…")
    return Option(names.split(","), value, choices[1].split(",") if choices else [], text)
