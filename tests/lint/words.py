"""Enforces docs/glossary.md: the words in its last table must not be used in code, messages, help or documentation."""

import pathlib
import re

import tree

GLOSSARY = pathlib.Path("docs/glossary.md")
_ROW = re.compile(r"^\| `((?:[^`])+)` \| (.+) \|$", re.MULTILINE)
SUFFIXES = (*tree.CPP, ".md", ".py", ".toml", ".txt", ".yaml", ".sh", ".js", ".html", ".cases")
# Lines about old spellings that still work.
ALIASES = re.compile(r"formerly|alias")
# Historical texts, texts of other programs, this lint and the violations planted by its test.
NOT_OURS = ("tests/fuzz/corpus", "tests/diagnosis/cases", "tests/cases", "CHANGELOG.md", "tests/lint/lint_selftest.py",
            "tests/lint/words.py", str(GLOSSARY))
# In a NetworkPolicy, egress is Kubernetes' term; in tests/e2e it is the name of a scenario.
KEEPS_EGRESS = re.compile(r"(?:deploy/(?:kubernetes|helm)|tests/(?:deploy|e2e))/")


def rows(text):
    table = text[text.index("## Words that are not used"):]
    return [(re.compile(found[1].replace("\\|", "|"), re.IGNORECASE), found[2]) for found in _ROW.finditer(table)]


def check(path, text, words=None):
    words = words or rows((tree.ROOT / GLOSSARY).read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        if ALIASES.search(line):
            continue
        for pattern, better in words:
            found = pattern.search(line)
            if found and not (found[0].lower() == "egress" and KEEPS_EGRESS.match(str(path))):
                yield number, f'"{found[0]}": use "{better}" ({GLOSSARY})'


if __name__ == "__main__":
    tree.main(check, [path for path in tree.files() if path.suffix in SUFFIXES and not str(path).startswith(NOT_OURS)])
