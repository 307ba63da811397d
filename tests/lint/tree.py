"""Shared code of the lints: the files of the tree, and C++ with comments and literals blanked out."""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = (".cpp", ".hpp")

_NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?:u8|[uUL])?R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)
# A quote between digits is a separator: 1'000'000.
_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")


def files(*tops, suffixes=None):
    """Sorted paths below `tops` (folders, or "" for the top-level files), relative to the tree."""
    found = []
    for top in tops or ("", ".ci", "cmake", "config", "deploy", "docs", "include", "proxy", "tests"):
        for folder, below, names in os.walk(ROOT / top):
            below[:] = [] if top == "" else [name for name in below if name != "__pycache__"]
            # In a second worktree of a repository `.git` is a file.
            found += [pathlib.Path(folder, name).relative_to(ROOT) for name in names if name != ".git"]
    return sorted(path for path in found if suffixes is None or path.suffix in suffixes)


def blank(code):
    """`code` with comments replaced with spaces and literals emptied; line numbers do not change."""

    def replacement(match):
        text = match[0]
        lines = "\n" * text.count("\n")
        return lines if text.startswith("/") else '""' + lines

    return _NOT_CODE.sub(replacement, _SEPARATOR.sub("", code))


def main(check, paths):
    """Runs `check(path, text)`, which yields (line, complaint), on `paths`, and exits with 1 if there are complaints."""
    complaints = 0
    for path in paths:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # binary: recorded network traffic or a fuzzer's corpus
        for line, complaint in check(path, text):
            complaints += 1
            print(f"{path}:{line}: {complaint}")
    print(f"{len(paths)} files, {complaints} complaints")
    sys.exit(1 if complaints else 0)
