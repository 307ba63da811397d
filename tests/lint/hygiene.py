"""Rules for every file of the tree, whatever its language."""

import re

import tree

SOURCES = tree.CPP + (".py", ".sh")
MOST_LINES = 800

# Paths that exist only on a developer's machine. Users do have root's home directory, but of its contents only the credentials are allowed.
_MACHINE = re.compile(r"(?<![\w.-])/(?:work|farm)(?![\w-])|(?<![\w.-])/root/(?!\.docker/|\.config/)[\w.]")
_LEFT_OVER = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
# Markers of generated files and of files copied from other projects.
_FOREIGN = re.compile(r"do not edi[t]|generated b[y]|@generate[d]|SPDX-License-Identifie[r]|copyrigh[t] \(c\)", re.IGNORECASE)
_FOREIGN_FOLDERS = {"third_party", "thirdparty", "3rdparty", "vendor", "external", "extern", "node_modules"}
_BANG = "#" + "!"


def executable(path):
    return bool((tree.ROOT / path).stat().st_mode & 0o111)


def by_line(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if found := _MACHINE.search(line):
            yield number, f"path of one machine: {found[0]}"
        if found := _LEFT_OVER.search(line):
            yield number, f"{found[0]}: fix it or open an issue"
        if path.suffix in tree.CPP and "\t" in line:
            yield number, "tab"
        if found := _FOREIGN.search(line):
            yield number, f"generated or copied files do not belong here: {found[0]}"


def as_whole(path, text):
    lines = text.count("\n")
    if (path.suffix in SOURCES or text.startswith(_BANG)) and lines > MOST_LINES:
        yield 1, f"{lines} lines: a source file covers one subject and has at most {MOST_LINES}"
    if path.suffix == ".hpp" and "#pragma once\n" not in text:
        yield 1, "no #pragma once"
    if path.suffix == ".hpp" and path.parts[0] == "include" and not text.startswith("// "):
        yield 1, "a header starts with a comment that describes its purpose"
    if _FOREIGN_FOLDERS & set(path.parts):
        yield 1, "vendored code: dependencies come from the system"
    if executable(path) != text.startswith(_BANG):
        yield 1, "a file must have both a shebang and execute permission, or neither"


def check(path, text):
    if path.name == "LICENSE":
        return
    yield from by_line(path, text)
    yield from as_whole(path, text)


if __name__ == "__main__":
    tree.main(check, tree.files())
