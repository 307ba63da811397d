"""Runs clang-tidy with the repository's .clang-tidy on proxy/ and config/: tidy.py BUILD_DIRECTORY [FILE...]

Takes minutes. Needs a build directory configured with clang, because clang-tidy must understand its compile commands.
"""

import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import sys

import tree

TOOL = "clang-tidy-19"
AT_ONCE = 2


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def compiled(build):
    """The sources of proxy/ and config/ in the build directory's compile database, relative to the top of the tree."""
    database = build / "compile_commands.json"
    if not database.is_file():
        skip(f"{database} does not exist")
    entries = json.loads(database.read_text(encoding="utf-8"))
    if not all("clang" in pathlib.Path(entry["command"].split()[0]).name for entry in entries):
        # clang-tidy does not understand GCC's warning flags or its coroutine frames.
        skip(f"{build} is not built with clang")
    paths = {pathlib.Path(entry["file"]) for entry in entries}
    inside = (path.relative_to(tree.ROOT) for path in paths if path.is_relative_to(tree.ROOT))
    return sorted(path for path in inside if path.parts[0] in ("proxy", "config"))


def check(build, path):
    command = [TOOL, "-quiet", f"--config-file={tree.ROOT / '.clang-tidy'}", "-p", build, path]
    result = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout or result.stderr


def main():
    if not shutil.which(TOOL):
        skip(f"{TOOL} is not installed")
    build = pathlib.Path(sys.argv[1])
    paths = [pathlib.Path(path) for path in sys.argv[2:]] or compiled(build)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for code, output in pool.map(lambda path: check(build, path), paths):
            failed += code != 0
            if code:
                print(output, flush=True)
    print(f"{len(paths)} files, {failed} with findings")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
