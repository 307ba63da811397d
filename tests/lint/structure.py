"""Checks the structure of the source: the sizes of files, folders and classes, one source per class, and the placement of headers.

Limits, with the exceptions and their reasons in structure.toml:
  - a file has at most 800 lines, a folder of proxy/, config/ and include/ at most 25 files;
  - a class has at most 12 data members and 20 member functions. A struct without member functions is a record and may have more;
  - the member functions of a class are in one source;
  - a header is in include/regpass/ if two or more other modules include it, and beside its source otherwise;
  - there are no include cycles.
"""

import collections
import pathlib
import re
import sys
import tomllib

import layers
import tree

MOST_LINES = 800
MOST_FILES = 25
MOST_MEMBERS = 12
MOST_FUNCTIONS = 20
TOPS = ("include", "proxy", "config")

_CLASS = re.compile(r"\b(class|struct)\s+(?:\[\[\w+\]\]\s*)?((?:\w+::)*\w+)(?:\s+final)?\s*(?::[^{;()]*)?\{")
_TEMPLATE_ARGUMENTS = re.compile(r"<[^<>;{}]*>")
_DEFINITION = re.compile(r"^(?!\s)(?!namespace|using|class|struct|enum|#)[^;{}=]*?\b((?:\w+::)*\w+)::~?\w+\s*\(", re.MULTILINE)
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
_NOT_A_MEMBER = re.compile(r"(?:using|typedef|friend|enum|class|struct|static_assert|template|public|private|protected)\b")


def body_end(code, start):
    """The position after the brace that closes the one at `start`."""
    depth = 0
    for at in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        if depth == 0:
            return at + 1
    return len(code)


def declarations(body):
    """The declarations directly in a class body, without the contents of braces."""
    text, at, current = [], 0, ""
    while at < len(body):
        if body[at] == "{":
            at = body_end(body, at)
            after = body[at:at + 1].strip()
            # A function body ends its declaration; after an initialiser or a nested class, the declaration continues to the semicolon.
            if "(" in _without_templates(current) and after != ";" and not current.strip().endswith("="):
                text.append(current + "{}")
                current = ""
            else:
                current += "{}"
            continue
        if body[at] == ";":
            text.append(current)
            current = ""
        elif body[at] == ":" and re.search(r"\b(?:public|private|protected)\s*$", current):
            current = ""
        else:
            current += body[at]
        at += 1
    return [declaration.strip() for declaration in text if declaration.strip()]


def _without_templates(text):
    before = None
    while before != text:
        before, text = text, _TEMPLATE_ARGUMENTS.sub("", text)
    return text


def is_function(declaration):
    plain = _without_templates(declaration).split("=")[0]
    return "(" in plain or "operator" in plain


def classes(code):
    """(name, data members, member functions) of each class in `code`, including nested ones."""
    for found in _CLASS.finditer(code):
        start = found.end() - 1
        members = functions = 0
        for declaration in declarations(code[start + 1:body_end(code, start) - 1]):
            while declaration.startswith(("template", "[[")):
                shorter = re.sub(r"^(?:template\s*<[^<>]*(?:<[^<>]*>[^<>]*)*>|\[\[[^\]]*\]\])\s*", "", declaration)
                if shorter == declaration:
                    break
                declaration = shorter
            if _NOT_A_MEMBER.match(declaration):
                continue
            if is_function(declaration):
                functions += not re.search(r"=\s*(?:delete|default)", declaration)
            elif not declaration.startswith(("static ", "inline static", "constexpr ")):
                members += 1 + _without_templates(declaration.split("=")[0]).count(",")
        yield found[2], members, functions, code.count("\n", 0, found.start()) + 1


class Findings:
    def __init__(self, exceptions):
        self.exceptions, self.used, self.complaints = exceptions, set(), []

    def add(self, kind, name, complaint):
        if self.exceptions.get(kind, {}).get(name):
            self.used.add((kind, name))
        else:
            self.complaints.append(complaint)

    def unused(self):
        for kind, names in self.exceptions.items():
            for name in names:
                if (kind, name) not in self.used:
                    yield f"structure.toml: [{kind}] {name} is no longer an exception"


def judge_sizes(paths, sources, findings):
    folders = collections.Counter(path.parent for path in paths)
    for folder, count in sorted(folders.items()):
        if count > MOST_FILES:
            findings.add("folder", str(folder), f"{folder}: {count} files, more than {MOST_FILES}: it covers more than one subject")
    for path, text in sources.items():
        if (lines := text.count("\n")) > MOST_LINES:
            findings.add("file", str(path), f"{path}: {lines} lines, more than {MOST_LINES}")


def judge_classes(blanked, findings):
    places = collections.defaultdict(set)
    for path, code in blanked.items():
        for name, members, functions, line in classes(code):
            if functions and members > MOST_MEMBERS:
                findings.add("members", name, f"{path}:{line}: {name} has {members} data members, more than {MOST_MEMBERS}")
            if functions > MOST_FUNCTIONS:
                findings.add("functions", name, f"{path}:{line}: {name} has {functions} member functions, more than {MOST_FUNCTIONS}")
        if path.suffix == ".cpp":
            for found in _DEFINITION.finditer(code):
                places[(layers.module_of(path)[0], found[1])].add(path)
    for (module, name), found in sorted(places.items()):
        if len(found) > 1:
            findings.add("sources", f"{module}::{name}", f"{module}::{name} is defined in {len(found)} sources: "
                         + ", ".join(str(path) for path in sorted(found)))


def header(path, name):
    """Our own header that `path` includes as `name`, or None."""
    for candidate in (pathlib.Path("include", name), pathlib.Path("proxy", name), pathlib.Path(name), path.parent / name):
        if (tree.ROOT / candidate).is_file():
            return candidate
    return None


def judge_headers(sources, findings):
    includes = {path: [found for name in _INCLUDE.findall(text) if (found := header(path, name))] for path, text in sources.items()}
    users = collections.defaultdict(set)
    for path, used in includes.items():
        for found in used:
            users[found].add(layers.module_of(path)[0])
    for path in sources:
        if path.suffix != ".hpp":
            continue
        others = users[path] - {layers.module_of(path)[0]}
        if path.parts[0] == "include" and len(others) < 2:
            findings.add("header", str(path), f"{path}: {len(others)} other modules include it: it belongs beside its source")
        if path.parts[0] != "include" and len(others) > 1:
            findings.add("header", str(path), f"{path}: {len(others)} other modules include it: it belongs in include/regpass/")
    state = {}

    def visit(path, trail):
        if state.get(path) == "done":
            return
        if path in trail:
            findings.complaints.append(f"{path}: includes itself: " + " > ".join(str(step) for step in trail[trail.index(path):]))
            return
        for found in includes.get(path, ()):
            visit(found, [*trail, path])
        state[path] = "done"

    for path in sources:
        visit(path, [])


def complaints_about(sources, paths, exceptions):
    findings = Findings(exceptions)
    judge_sizes(paths, sources, findings)
    judge_classes({path: tree.blank(text) for path, text in sources.items()}, findings)
    judge_headers(sources, findings)
    return findings.complaints + list(findings.unused())


def main():
    paths = tree.files(*TOPS)
    sources = {path: (tree.ROOT / path).read_text(encoding="utf-8") for path in paths if path.suffix in tree.CPP}
    listed = tree.ROOT / "tests/lint/structure.toml"
    exceptions = tomllib.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else {}
    complaints = complaints_about(sources, paths, exceptions)
    print("\n".join(complaints))
    print(f"{len(sources)} sources, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
