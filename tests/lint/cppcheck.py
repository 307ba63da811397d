"""Runs cppcheck on proxy/, config/ and include/, with the exceptions explained in cppcheck.suppressions."""

import shutil
import subprocess
import sys

import tree

TOOL = "cppcheck"
# It does not support coroutines: it treats a function without `return` as non-returning, and code after `co_return` as reachable.
COROUTINES = ["-Dco_return=return", "-Dco_await=", "-U__cpp_impl_coroutine"]


def main():
    if not shutil.which(TOOL):
        print(f"skipped: {TOOL} is not installed")
        sys.exit(77)
    command = [TOOL, "--quiet", "--std=c++20", "--language=c++", "--enable=warning,performance,portability", "-j2"]
    command += ["--error-exitcode=1", "--inline-suppr", "--suppress=missingIncludeSystem", *COROUTINES]
    command += [f"--suppressions-list={tree.ROOT / 'tests/lint/cppcheck.suppressions'}"]
    command += ["--template={file}:{line}: {id}: {message}", "-Iinclude", "-Iproxy", "-Iconfig", "proxy", "config"]
    sys.exit(subprocess.run(command, cwd=tree.ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
