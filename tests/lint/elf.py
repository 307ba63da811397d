"""Is the program built as it is shipped? What an exploit would like to find is read from the ELF file: elf.py PROGRAM."""

import re
import subprocess
import sys
from pathlib import Path

ENDBR64 = b"\xf3\x0f\x1e\xfa"  # where an indirect branch may go
ENOUGH_MARKS = 100  # crt files and libraries linked in have some, too


def read(option: str, program: str) -> str:
    return subprocess.run(["readelf", "-W", option, program], check=True, capture_output=True, text=True).stdout


def complaints(program: str) -> list[str]:
    header, segments, dynamic = (read(option, program) for option in ("-h", "-l", "-d"))
    symbols = read("--dyn-syms", program)
    stack = re.search(r"^\s+GNU_STACK\s.*?\s([RWE]+)\s+0", segments, re.MULTILINE)
    writable_code = re.search(r"^\s+LOAD\s.*\sRWE\s", segments, re.MULTILINE)
    checks = {
        "is no position-independent executable": "DYN (Position-Independent" in header,
        "has no RELRO segment": "GNU_RELRO" in segments,
        "binds symbols lazily: not full RELRO": "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "has an executable stack": stack and "E" not in stack[1],
        "has code that can be written": not writable_code,
        "has relocations in its code": "TEXTREL" not in dynamic,
        "looks for libraries in a path of its own": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "has no stack protector": "__stack_chk_fail" in symbols,
        "calls no checked function: _FORTIFY_SOURCE": re.search(r"\b__(?!stack)\w+_chk\b", symbols),
    }
    if "X86-64" in header:
        # The file itself is not marked as protected (GNU_PROPERTY_X86_FEATURE_1_AND): Debian 12's crt1.o is not.
        marks = Path(program).read_bytes().count(ENDBR64)
        checks["has indirect branches that may go anywhere: -fcf-protection"] = marks > ENOUGH_MARKS
    return [what for what, fine in checks.items() if not fine]


if __name__ == "__main__":
    found = complaints(sys.argv[1])
    for what in found:
        print(f"{sys.argv[1]} {what}")
    sys.exit(1 if found else 0)
