#!/usr/bin/python3
"""Generates the documentation's diagrams: docs/diagrams/NAME.txt to docs/diagrams/NAME.svg.

    diagrams.py            fails when an SVG does not match its text
    diagrams.py --write    writes the SVGs

A description has one statement per line; strings are quoted, and `#` starts a comment.

    size W H                                   the canvas
    title "…"                                  read aloud by screen readers
    zone NAME X Y W H "label"                  a dashed frame around other boxes
    box NAME STYLE X Y W H "heading" "line"…   STYLE: plain, own, secret or outside
    mark yes|no X Y "text"                     a line with a tick or a cross
    text X Y "text"…                           lines of small text
    arrow STYLE FROM TO "above" ["below"]      STYLE: flow, mount or refused
                                               FROM and TO: NAME.left, .right, .top or .bottom, and an offset: a.right+12

A sequence diagram has actors and, from top to bottom, the messages between them:

    actor NAME "heading" ["line"]
    send FROM TO "text" ["line"]               a request
    reply FROM TO "text" ["line"]              its response
    note NAME "text"…

layers.svg has no description file: it is generated from the modules in tests/lint/layers.py.
"""

import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/diagrams"
sys.path.insert(0, str(ROOT / "tests/lint"))

import layers  # noqa: E402

LINE = 18  # line height of text

# Readable on light and dark pages: the drawing has its own background and follows the reader's colour scheme.
STYLE = """
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.heading{font-weight:600;font-size:14px}.small{font-size:12px;fill:#57606a}.label{font-size:12px}
.middle{text-anchor:middle}.card{fill:#fff;stroke:#d0d7de}.halo{fill:#fff}
.zone{fill:none;stroke:#8c959f;stroke-dasharray:6 4}.plain{fill:#f6f8fa;stroke:#8c959f}.own{fill:#ddf4ff;stroke:#0969da}
.secret{fill:#fff8c5;stroke:#9a6700}.outside{fill:#fbf7ff;stroke:#8250df}.note{fill:#fff8c5;stroke:#d4a72c}
.line{fill:none;stroke:#57606a;stroke-width:1.5}.mount{stroke:#9a6700;stroke-dasharray:4 3}.refused{stroke:#cf222e}
.lifeline{stroke:#8c959f;stroke-dasharray:3 4}.reply{stroke-dasharray:5 4}
.yes{fill:none;stroke:#1a7f37;stroke-width:2}.no{fill:none;stroke:#cf222e;stroke-width:2}
.tip{fill:#57606a}.tip-mount{fill:#9a6700}.tip-refused{fill:#cf222e}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.small{fill:#9198a1}.card{fill:#0d1117;stroke:#30363d}.halo{fill:#0d1117}
.zone{stroke:#6e7681}.plain{fill:#161b22;stroke:#6e7681}.own{fill:#0c2d5e;stroke:#58a6ff}
.secret{fill:#3b2e04;stroke:#d29922}.outside{fill:#211a36;stroke:#a371f7}.note{fill:#3b2e04;stroke:#d29922}
.line{stroke:#9198a1}.mount{stroke:#d29922}.refused{stroke:#f85149}.lifeline{stroke:#6e7681}
.yes{stroke:#3fb950}.no{stroke:#f85149}.tip{fill:#9198a1}.tip-mount{fill:#d29922}.tip-refused{fill:#f85149}}
"""


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> float:
        return self.x + self.width / 2

    def side(self, name: str, offset: float) -> tuple[float, float]:
        middle = self.y + self.height / 2
        return {
            "left": (self.x, middle + offset),
            "right": (self.x + self.width, middle + offset),
            "top": (self.centre + offset, self.y),
            "bottom": (self.centre + offset, self.y + self.height),
        }[name]


@dataclass
class Drawing:
    width: float = 0
    height: float = 0
    title: str = ""
    boxes: dict[str, Box] = field(default_factory=dict)
    shapes: list[str] = field(default_factory=list)

    def add(self, shape: str) -> None:
        self.shapes.append(shape)

    def rectangle(self, box: Box, style: str, radius: int = 8) -> None:
        self.add(f'<rect class="{style}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="{radius}"/>')

    def text(self, x: float, y: float, text: str, style: str = "") -> None:
        self.add(f'<text{f" class={chr(34)}{style}{chr(34)}" if style else ""} x="{x:g}" y="{y:g}">{escape(text)}</text>')

    def line(self, start: tuple[float, float], end: tuple[float, float], style: str, tip: str) -> None:
        (x1, y1), (x2, y2) = start, end
        marker = f' marker-end="url(#{tip})"' if tip else ""
        self.add(f'<path class="{style}" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"{marker}/>')

    def label(self, x: float, y: float, text: str) -> None:
        """Centred text on a background, so that a line behind it does not cross it."""
        width = len(text) * 6.3 + 8
        self.rectangle(Box(x - width / 2, y - 13, width, 17), "halo", 3)
        self.text(x, y, text, "label middle")

    def svg(self) -> str:
        if not (self.width and self.height and self.title):
            raise ValueError("a diagram needs a size and a title")
        tips = "".join(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            f'<path class="{name}" d="M0 0L8 4L0 8z"/></marker>'
            for name in ("tip", "tip-mount", "tip-refused")
        )
        card = f'<rect class="card" x="0.5" y="0.5" width="{self.width - 1:g}" height="{self.height - 1:g}" rx="10"/>'
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" role="img">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{tips}</defs>",
            card,
            *self.shapes,
            "</svg>\n",
        ])  # fmt: skip


class Picture:
    """A diagram of boxes and arrows at explicit positions."""

    def __init__(self):
        self.drawing = Drawing()

    def size(self, width, height):
        self.drawing.width, self.drawing.height = float(width), float(height)

    def title(self, text):
        self.drawing.title = text

    def zone(self, name, x, y, width, height, label):
        box = self.drawing.boxes[name] = Box(float(x), float(y), float(width), float(height))
        self.drawing.rectangle(box, "zone", 12)
        self.drawing.text(box.x + 16, box.y + 24, label, "heading")

    def box(self, name, style, x, y, width, height, heading, *lines):
        box = self.drawing.boxes[name] = Box(float(x), float(y), float(width), float(height))
        self.drawing.rectangle(box, style)
        self.drawing.text(box.x + 14, box.y + 24, heading, "heading")
        for number, line in enumerate(lines, 1):
            self.drawing.text(box.x + 14, box.y + 24 + number * LINE, line, "small")

    def mark(self, kind, x, y, text):
        x, y = float(x), float(y)
        path = {"yes": f"M{x:g} {y - 5:g}l4 4l7 -9", "no": f"M{x + 1:g} {y - 10:g}l9 9m0 -9l-9 9"}[kind]
        self.drawing.add(f'<path class="{kind}" d="{path}"/>')
        self.drawing.text(x + 20, y, text)

    def text(self, x, y, *lines):
        for number, line in enumerate(lines):
            self.drawing.text(float(x), float(y) + number * LINE, line, "small")

    def arrow(self, style, start, end, *labels):
        (x1, y1), (x2, y2) = points = self.place(start), self.place(end)
        tip = {"flow": "tip", "mount": "tip-mount", "refused": "tip-refused"}[style]
        self.drawing.line(*points, f"line {style}", tip)
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        for text, offset in zip(labels, (-8, 20)):
            if text:
                self.drawing.label(x, y + (offset if abs(y1 - y2) < abs(x1 - x2) else offset - 2), text)

    def place(self, text):
        name, side, offset = re.fullmatch(r"([\w-]+)\.(\w+?)([+-]\d+)?", text).groups()
        return self.drawing.boxes[name].side(side, float(offset or 0))


class Sequence:
    """A sequence diagram."""

    COLUMN, TOP, STEP = 236, 64, 30

    def __init__(self):
        self.drawing = Drawing(height=self.TOP + 24)
        self.lines = []  # drawn above the lifelines

    def title(self, text):
        self.drawing.title = text

    def actor(self, name, heading, *lines):
        number = len(self.drawing.boxes)
        box = Box(20 + number * self.COLUMN, 16, 190, 48)
        self.drawing.boxes[name] = box
        self.drawing.width = box.x + box.width + 20
        self.drawing.rectangle(box, "own" if name == "regpass" else "plain")
        self.drawing.text(box.centre, box.y + (20 if lines else 29), heading, "heading middle")
        for line in lines[:1]:
            self.drawing.text(box.centre, box.y + 38, line, "small middle")

    def send(self, start, end, *texts):
        self.message("line", start, end, texts)

    def reply(self, start, end, *texts):
        self.message("line reply", start, end, texts)

    def message(self, style, start, end, texts):
        x1, x2 = (self.drawing.boxes[name].centre for name in (start, end))
        y = self.drawing.height + self.STEP * len(texts) * 0.6 + 6
        for number, text in enumerate(texts):
            self.lines.append(("label", (x1 + x2) / 2, y - 8 - (len(texts) - 1 - number) * 16, text))
        inward = 4 if x2 > x1 else -4
        self.lines.append(("line", (x1, y), (x2 - inward, y), style, "tip"))
        self.drawing.height = y + 12

    def note(self, name, *texts):
        width = max(map(len, texts)) * 6.5 + 24
        box = Box(self.drawing.boxes[name].centre - width / 2, self.drawing.height + 6, width, 12 + 17 * len(texts))
        self.lines.append(("note", box, texts))
        self.drawing.height = box.y + box.height + 10

    def finish(self) -> None:
        for box in self.drawing.boxes.values():
            end = self.drawing.height + 6
            self.drawing.add(f'<path class="lifeline" d="M{box.centre:g} {box.y + box.height:g}V{end:g}"/>')
        for kind, *arguments in self.lines:
            if kind == "note":
                box, texts = arguments
                self.drawing.rectangle(box, "note", 4)
                for number, text in enumerate(texts):
                    self.drawing.text(box.centre, box.y + 18 + number * 17, text, "label middle")
            else:
                getattr(self.drawing, kind)(*arguments)
        self.drawing.height += 22


def layer_picture() -> Drawing:
    """The module diagram: every module above all modules it may include."""

    def depth(module: str) -> int:
        return 1 + max((depth(lower) for lower in layers.BELOW[module]), default=0)

    rows: dict[int, list[str]] = {}
    for module in layers.BELOW:
        rows.setdefault(depth(module), []).append(module)
    width, height, gap = 120, 34, 36
    most = max(map(len, rows.values()))
    drawing = Drawing(width=most * (width + 24) + 40, height=len(rows) * (height + gap) + 12, title="Modules of regpass, in layers")
    for number, row in rows.items():
        left = (drawing.width - len(row) * (width + 24) + 24) / 2
        for column, module in enumerate(row):
            y = drawing.height - number * (height + gap) + gap - 24
            drawing.boxes[module] = Box(left + column * (width + 24), y, width, height)
    for module, lower in layers.BELOW.items():
        for below_module in lower:
            drawing.line(drawing.boxes[module].side("bottom", 0), drawing.boxes[below_module].side("top", 0), "line", "tip")
    for module, box in drawing.boxes.items():
        drawing.rectangle(box, "plain")
        drawing.text(box.centre, box.y + 22, module, "heading middle")
    return drawing


def draw(text: str) -> str:
    """The SVG of a diagram's description."""
    statements = [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]
    kind = Sequence if any(words[0] == "actor" for words in statements) else Picture
    diagram = kind()
    for verb, *arguments in statements:
        getattr(diagram, verb)(*arguments)
    if kind is Sequence:
        diagram.finish()
    return diagram.drawing.svg()


def drawings() -> dict[Path, str]:
    """The expected content of each SVG."""
    found = {path.with_suffix(".svg"): draw(path.read_text()) for path in sorted(FOLDER.glob("*.txt"))}
    found[FOLDER / "layers.svg"] = layer_picture().svg()
    return found


def main() -> int:
    stale = []
    for path, svg in drawings().items():
        if path.exists() and path.read_text() == svg:
            continue
        stale.append(path)
        if "--write" in sys.argv[1:]:
            path.write_text(svg)
    if "--write" in sys.argv[1:]:
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date: run tests/tools/diagrams.py --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
