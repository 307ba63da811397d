"""Reads callgrind's output."""

import re

from processes import call


def total(path):
    """The number of instructions in the whole run."""
    found = re.search(r"^(?:totals|summary): (\d+)$", path.read_text(), re.MULTILINE)
    return int(found[1])


def functions(path):
    """The number of instructions in each function, without its callees."""
    found = {}
    for line in call("callgrind_annotate", "--threshold=100", path, timeout=120).splitlines():
        match = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(?:[^:]*:)?(.*)$", line)
        if match and "TOTALS" not in line:
            found[match[2]] = found.get(match[2], 0) + int(match[1].replace(",", ""))
    return found


def grown(path, base, units, most):
    """The functions with the largest increase in instructions over `base`, per unit of work."""
    before = functions(base)
    more = {name: (each - before.get(name, 0)) / units for name, each in functions(path).items()}
    return sorted(((each, name) for name, each in more.items()), reverse=True)[:most]
