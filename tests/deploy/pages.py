"""Extracts code blocks from Markdown pages."""

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
    return [Block(page, text.count("\n", 0, link.start()) + 1, link[1], link[2]) for link in FENCE.finditer(text)]


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text()) if "://" not in link]


def commands(page: Path) -> list[list[str]]:
    """Every `regpass …` command on the page, in code blocks and in text, split into words."""
    text = page.read_text()
    lines = [line for block in blocks(page) for line in block.text.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    invocations = []
    for line in [*lines, *inline]:
        for part in re.split(r"\||&&|;|#", line):
            words = part.split()
            if "regpass" in words[:1] or words[:1] == ["/usr/bin/regpass"]:
                invocations.append(words[1:])
    return [words for words in invocations if words and re.fullmatch(r"[a-z]+", words[0])]
