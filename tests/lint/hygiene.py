"""What every file of the tree keeps to, whatever its language."""

import re

import tree

SOURCES = tree.CPP + (".py", ".sh")
MOST_LINES = 800

# Folders of one machine. The super-user's home is a path that users have; what lies in it apart from credentials is not.
_MACHINE = re.compile(r"(?<![\w.-])/(?:work|farm)(?![\w-])|(?<![\w.-])/root/(?!\.docker/|\.config/)[\w.]")
_LEFT_OVER = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
# What generators and other projects' files begin with.
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
            yield number, f"{found[0]}: do it, or open an issue"
        if path.suffix in tree.CPP and "\t" in line:
            yield number, "tab"
        if found := _FOREIGN.search(line):
            yield number, f"neither generated nor copied files belong here: {found[0]}"


def as_whole(path, text):
    lines = text.count("\n")
    if (path.suffix in SOURCES or text.startswith(_BANG)) and lines > MOST_LINES:
        yield 1, f"{lines} lines: a source file has one subject and at most {MOST_LINES}"
    if path.suffix == ".hpp" and "#pragma once\n" not in text:
        yield 1, "no #pragma once"
    if path.suffix == ".hpp" and path.parts[0] == "include" and not text.startswith("// "):
        yield 1, "a header starts with a comment that says what it is for"
    if _FOREIGN_FOLDERS & set(path.parts):
        yield 1, "vendored: dependencies come from the system"
    if executable(path) != text.startswith(_BANG):
        yield 1, "a shebang and the permission to execute go together"


def check(path, text):
    if path.name == "LICENSE":
        return
    yield from by_line(path, text)
    yield from as_whole(path, text)


if __name__ == "__main__":
    tree.main(check, tree.files())
