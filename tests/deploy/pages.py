"""The code blocks of a page in Markdown."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [Block(page, text.count("\n", 0, one.start()) + 1, one[1], one[2]) for one in FENCE.finditer(text)]


def links(page: Path) -> list[str]:
    return [one for one in LINK.findall(page.read_text()) if "://" not in one]


def commands(page: Path) -> list[list[str]]:
    """Each `regpass …` of the page, in blocks and in the text, in words."""
    text = page.read_text()
    lines = [line for block in blocks(page) for line in block.text.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    found = []
    for line in [*lines, *inline]:
        for part in re.split(r"\||&&|;|#", line):
            words = part.split()
            if "regpass" in words[:1] or words[:1] == ["/usr/bin/regpass"]:
                found.append(words[1:])
    return [words for words in found if words and re.fullmatch(r"[a-z]+", words[0])]
