"""Checks references to documents: relative links in Markdown pages, including anchors, and every Markdown file that a comment, a message
or a page mentions, with the heading that may follow it: docs/clients.md, "Scopes"."""

import posixpath
import re

import tree

# Documents of other projects, as named in ours.
FOREIGN = {"image-layout.md", "docs/rootless.md"}
# Texts of other programs in tests, and the violations planted by the lints' own test.
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
    """`text` with matches of `pattern` replaced with spaces; line numbers do not change."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def slug(heading):
    """The anchor that GitHub generates for a heading."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")


def anchors(page):
    """The anchors of a Markdown file; repeated headings are numbered."""
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
    """The problem with a link of the page at `path`, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    file, _, anchor = target.partition("#")
    if file.startswith("/"):
        return f"the link {target} is not relative"
    page = posixpath.normpath((path.parent / file).as_posix()) if file else path.as_posix()
    if not (tree.ROOT / page).exists():
        return f"the link target {target} does not exist"
    if anchor and page.endswith(".md") and anchor not in anchors(page):
        return f"the link {target} refers to no heading of {page}"
    return None


def document(path, name):
    """The path of a document, looked up from the top of the repository, beside the referring file, and in docs/; None if it does not exist."""
    candidates = (posixpath.normpath(posixpath.join(folder, name)) for folder in ("", path.parent.as_posix(), "docs"))
    return next((candidate for candidate in candidates if (tree.ROOT / candidate).is_file()), None)


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
        # The remaining references are names outside links.
        text = blanked(_LINK, blanked(_FENCE, text))
    text = blanked(_URL, text)
    for line, found in located(_MENTION, text):
        if found[0] not in FOREIGN and document(path, found[0]) is None:
            yield line, f"{found[0]} does not exist in the repository"
    for line, found in located(_SECTION, text):
        page = document(path, found[1])
        if page and slug(found[2]) not in anchors(page):
            yield line, f"{page} has no heading \"{found[2]}\""


if __name__ == "__main__":
    tree.main(check, tree.files())
