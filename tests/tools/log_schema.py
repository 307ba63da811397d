"""Extracts from the source what the program logs: events with their levels and fields, and the field names of an exchange's line."""

import re
from collections import defaultdict
from pathlib import Path

LEVELS = ("error", "warn", "info", "debug")

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"\b(?:log::)?(?:write|line)\(")
_LITERAL = re.compile(r'"([a-z][a-z-]*)"')
_MEMBER = re.compile(r'\{"([a-z_]+)",|\bmore\["([a-z_]+)"\]')
# The calls that visit the members of evidence (`fields` in evidence.hpp) and that write an exchange's line.
_WRITTEN = re.compile(r'\b(?:v|group|line|into|writer)(?:\.(?:always|add|open|add_value|group))?\(\s*"([a-z_]+)"')
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def arguments(text: str, start: int) -> list[str]:
    """The arguments of the call whose parenthesis opens before `start`."""
    found, depth, begin, at = [], 0, start, start
    while at < len(text):
        if text[at] == '"':
            at = _STRING.match(text, at).end()
            continue
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            if depth == 0:
                return [*found, text[begin:at].strip()]
            depth -= 1
        elif text[at] == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found


class Source:
    """All C++ files of the program, without comments."""

    def __init__(self, root: Path):
        files = sorted(path for top in ("include", "proxy") for path in root.joinpath(top).rglob("*") if path.suffix in (".cpp", ".hpp"))
        self.texts = [_COMMENT.sub("", path.read_text()) for path in files]
        self.levels: dict[str, set[str]] = defaultdict(set)
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.written: set[str] = set()
        self.literals: set[str] = set()
        for text in self.texts:
            self.written.update(_WRITTEN.findall(text))
            self.literals.update(_STRING.findall(text))
            for call in _CALL.finditer(text):
                self._read(arguments(text, call.end()))

    def _read(self, given: list[str]) -> None:
        for at, (level, event) in enumerate(zip(given, given[1:])):
            literal = _LITERAL.fullmatch(event)
            if literal and ("level::" in level or at == 0 and len(given) >= 3):
                self.levels[literal[1]].update(re.findall(r"level::(error|warn|info|debug)\b", level))
                self.fields[literal[1]].update(name for pair in _MEMBER.findall(" ".join(given[at + 2 :])) for name in pair if name)
                return
