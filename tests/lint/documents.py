"""Documents exist where they are named: relative links of Markdown pages lead somewhere, anchors included, and so does every Markdown
file that a comment, a message or a page mentions, with the heading that follows: docs/clients.md, "Scopes"."""

import posixpath
import re

import tree

# Documents of other projects, by the name under which ours mention them.
FOREIGN = {"image-layout.md", "docs/rootless.md"}
# What other programs print or serve in tests, and what the lints' own test plants.
FIXTURES = re.compile(r"tests/(?:cases|fuzz/corpus)/|tests/lint/lint_selftest\.py")

_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HTML_LINK = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_HTML_ANCHOR = re.compile(r"<a\b[^>]*?\b(?:name|id)=\"([^\"]+)\"")
_MENTION = re.compile(r"(?<![\w./:-])(?:[\w.-]+/)*[\w-]+\.md\b")
_SECTION = re.compile(r"((?:[\w.-]+/)*[\w-]+\.md), \"([^\"\n]+)\"")
_URL = re.compile(r"\w+://\S+")


def blanked(pattern, text):
    """`text` with what fits `pattern` as spaces; every line stays where it is."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def slug(heading):
    """The anchor that GitHub makes of a heading."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")


def anchors(page):
    """The anchors of a Markdown file; a heading that repeats gets a number."""
    text = blanked(_FENCE, (tree.ROOT / page).read_text(encoding="utf-8"))
    found = set(_HTML_ANCHOR.findall(text))
    for heading in _HEADING.findall(text):
        base = name = slug(heading)
        number = 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found


def link_problem(path, target):
    """What is wrong with a relative link of the page at `path`; None if nothing is."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    file, _, anchor = target.partition("#")
    if file.startswith("/"):
        return f"the link {target} is not relative"
    page = posixpath.normpath((path.parent / file).as_posix()) if file else path.as_posix()
    if not (tree.ROOT / page).exists():
        return f"the link {target} leads nowhere"
    if anchor and page.endswith(".md") and anchor not in anchors(page):
        return f"the link {target} names no heading of {page}"
    return None


def document(path, name):
    """Where a document is in the repository: from its top, beside the file that names it, or in docs/; None if it is not."""
    places = (posixpath.normpath(posixpath.join(folder, name)) for folder in ("", path.parent.as_posix(), "docs"))
    return next((place for place in places if (tree.ROOT / place).is_file()), None)


def located(pattern, text):
    for found in pattern.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found


def check(path, text):
    if FIXTURES.match(path.as_posix()):
        return
    if path.suffix == ".md":
        prose = blanked(_CODE_SPAN, blanked(_FENCE, text))
        for pattern in (_LINK, _HTML_LINK):
            for line, found in located(pattern, prose):
                if problem := link_problem(path, found[1]):
                    yield line, problem
        # What is left: names that are no links.
        text = blanked(_LINK, blanked(_FENCE, text))
    text = blanked(_URL, text)
    for line, found in located(_MENTION, text):
        if found[0] not in FOREIGN and document(path, found[0]) is None:
            yield line, f"{found[0]} is no document of the repository"
    for line, found in located(_SECTION, text):
        page = document(path, found[1])
        if page and slug(found[2]) not in anchors(page):
            yield line, f"{page} has no heading \"{found[2]}\""


if __name__ == "__main__":
    tree.main(check, tree.files())
