"""An SVG of horizontal bars: CPU of each proxy as a ratio to the baseline's, workload by workload."""

from html import escape
from statistics import median

from report import BASELINE, ratios

COLOURS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0"]
OWN = {"regpass": "#1b7f3b", "regpass-h2": "#7cc48d", BASELINE: "#9498a0"}
LEFT, WIDTH, BAR, GAP, TOP = 330, 460, 11, 12, 54
MOST = 2.0  # longer bars are cut off; their label shows the value


def colours(names):
    free = iter(COLOURS)
    return {name: OWN.get(name) or next(free) for name in names}


def text(x, y, content, more=""):
    return f'<text x="{x:.0f}" y="{y:.1f}" {more}>{escape(content)}</text>'


def legend(colour):
    parts, x = [], LEFT
    for name, fill in colour.items():
        parts.append(f'<rect x="{x}" y="26" width="10" height="10" fill="{fill}"/>' + text(x + 14, 35, name))
        x += 24 + 7 * len(name)
    return parts


def bars(y, rows, colour):
    parts = []
    for name, ratio in rows:
        length = WIDTH * min(ratio, MOST) / MOST
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{colour[name]}"/>')
        parts.append(text(LEFT + length + 4, y + 9, f"{ratio:.2f}"))
        y += BAR
    return parts


def svg(options, works, results):
    names = [name for name in options.targets if name != "direct"]
    colour, parts, y = colours(names), [], TOP
    for key, work in works.items():
        if work.tokens:
            continue
        found = [(name, ratios(results[key, name], results[key, BASELINE])) for name in names]
        rows = [(name, median(each)) for name, each in found if each]
        if not rows:
            continue
        parts.append(text(LEFT - 8, y + len(rows) * BAR / 2 + 4, f"{key}  {work.title}", 'text-anchor="end"'))
        parts += bars(y, rows, colour)
        y += len(rows) * BAR + GAP
    baseline_x = LEFT + WIDTH / MOST
    line = f'<line x1="{baseline_x}" y1="{TOP - 8}" x2="{baseline_x}" y2="{y}" stroke="#888" stroke-dasharray="3 3"/>'
    title = text(LEFT, 16, f"CPU of the proxy for the same work, {BASELINE} = 1 (less is better)", 'font-weight="bold"')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{y + 8}" font-size="11" '
    style = 'font-family="DejaVu Sans, Verdana, sans-serif"><rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head + style, title, *legend(colour), line, *parts, "</svg>"]) + "\n"
