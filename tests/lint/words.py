"""The terms of docs/glossary.md: none of the words in its last table stands in code, messages, help or documentation."""

import pathlib
import re

import tree

GLOSSARY = pathlib.Path("docs/glossary.md")
_ROW = re.compile(r"^\| `((?:[^`])+)` \| (.+) \|$", re.MULTILINE)
SUFFIXES = (*tree.CPP, ".md", ".py", ".toml", ".txt", ".yaml", ".sh", ".js", ".html", ".cases")
# Old spellings that still work, and the test of this lint.
ALIASES = re.compile(r"formerly|alias|tests/lint/lint_selftest\.py")
# What the project said in the past, or what others said.
NOT_OURS = ("tests/fuzz/corpus", "tests/diagnosis/cases", "tests/cases", "CHANGELOG.md", str(GLOSSARY))


def rows(text):
    table = text[text.index("## Words that are not used"):]
    return [(re.compile(found[1].replace("\\|", "|"), re.IGNORECASE), found[2]) for found in _ROW.finditer(table)]


def check(path, text, words=None):
    words = words or rows((tree.ROOT / GLOSSARY).read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        if ALIASES.search(line):
            continue
        for pattern, better in words:
            if found := pattern.search(line):
                yield number, f'"{found[0]}": write {better} ({GLOSSARY})'


if __name__ == "__main__":
    tree.main(check, [path for path in tree.files() if path.suffix in SUFFIXES and not str(path).startswith(NOT_OURS)])
