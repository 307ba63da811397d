"""Allows co_await only in forms that all supported compilers translate correctly.

GCC 12 silently miscompiles a co_await in a condition, and temporaries from braces, lambdas or ?: in the same expression: the
coroutine frame is corrupt or a temporary is destroyed twice. So a co_await must be a complete statement, the complete initialiser
of a named local, or the complete right-hand side of a plain assignment, and the rest of the statement must not contain braces, a
lambda or ?:.
"""

import re

import tree

FOLDERS = ("include/regpass", "proxy", "tests")

# What may precede a co_await: `auto [a, b] =`, `type name =`, or `object.member =`.
_NAMED = re.compile(r"(?:const\s+)?auto\s*&{0,2}\s*\[[\w\s,]+\]\s*=|[\w:<>,&*\s]*\w\s*=|[\w.*()\[\]>-]*[\w\])]\s*=")
_HEADER = re.compile(r"\b(if constexpr|if|for|while|switch)\s*$")
_LABEL = re.compile(r"^\s*(?:else\b|do\b|case\b(?:[^:]|::)*:(?!:)|default\s*:|(?:if(?:\s+constexpr)?|for|while|switch)\b)")


def statement_before(code, at):
    """The statement's text up to `at`, or a complaint about its context: (text, None) or (None, complaint)."""
    depth = 0
    for i in range(at - 1, -1, -1):
        c = code[i]
        if depth == 0 and c in ";{}":
            return code[i + 1:at], None
        if c in ")]}":
            depth += 1
        elif c in "([{":
            depth -= 1
            if depth < 0:
                header = _HEADER.search(code[:i])
                if header:
                    return None, f"co_await in the header of {header[1]}: name its result first"
                return None, "co_await nested inside another expression: name its result first"
    return code[:at], None


def without_headers(text):
    """`text` without labels and the headers of if, for, while and switch before the actual statement."""
    while label := _LABEL.match(text):
        text = text[label.end():]
        if text.lstrip().startswith("(") and not label[0].rstrip().endswith(("else", "do", ":")):
            text = text[closing(text, text.index("(")) + 1:]
    return text.strip()


def closing(text, at):
    """The position where the bracket at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    return len(text)


def rest_of(code, at):
    """The text from `at` to the end of the expression: a semicolon, or a comma or bracket of an enclosing expression."""
    depth = 0
    for i in range(at, len(code)):
        c = code[i]
        if depth == 0 and c in ";,)]}":
            return code[at:i], c
        depth += (c in "([{") - (c in ")]}")
    return code[at:], ""


def complaint_about(code, at):
    before, enclosed = statement_before(code, at)
    if enclosed:
        return enclosed
    before = without_headers(before)
    if before and not _NAMED.fullmatch(before):
        return "co_await in the middle of an expression: it must be a statement, a named local's initialiser or an assignment"
    rest, end = rest_of(code, at)
    if end != ";":
        return "co_await in an initialiser list: name its result first"
    if re.search(r"(?<![\w)\]])\[", rest):
        return "a lambda in the same statement as co_await: name its result first"
    if "{" in rest:
        return "braces in the same statement as co_await: name the object first"
    if "?" in rest:
        return "?: in the same statement as co_await: assign its value to a local first"
    return None


def check(_, text):
    code = re.sub(r"^[ \t]*#[^\n]*", "", tree.blank(text), flags=re.MULTILINE)
    for found in re.finditer(r"\bco_await\b", code):
        complaint = complaint_about(code, found.start())
        if complaint:
            yield code.count("\n", 0, found.start()) + 1, complaint


if __name__ == "__main__":
    tree.main(check, tree.files(*FOLDERS, suffixes=tree.CPP))
