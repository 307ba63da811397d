"""Checks that every C++ source is formatted according to the repository's .clang-format."""

import shutil
import subprocess
import sys

import tree

TOOL = "clang-format-19"


def failed(paths):
    command = [TOOL, f"--style=file:{tree.ROOT / '.clang-format'}", "--dry-run", "-Werror", *paths]
    return subprocess.run(command, cwd=tree.ROOT, check=False).returncode != 0


def main():
    if not shutil.which(TOOL):
        print(f"skipped: {TOOL} is not installed, and other versions format differently")
        sys.exit(77)
    paths = tree.files("include", "proxy", "config", "tests", suffixes=tree.CPP)
    sys.exit(1 if failed(paths) else 0)


if __name__ == "__main__":
    main()
