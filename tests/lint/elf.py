"""Checks that the program is hardened as the shipped build must be, by reading its ELF file: elf.py PROGRAM."""

import re
import subprocess
import sys
from pathlib import Path

ENDBR64 = b"\xf3\x0f\x1e\xfa"  # the target marker of indirect branches
ENOUGH_MARKS = 100  # the crt files and static libraries contain some as well


def read(option: str, program: str) -> str:
    return subprocess.run(["readelf", "-W", option, program], check=True, capture_output=True, text=True).stdout


def complaints(program: str) -> list[str]:
    header, segments, dynamic = (read(option, program) for option in ("-h", "-l", "-d"))
    symbols = read("--dyn-syms", program)
    stack = re.search(r"^\s+GNU_STACK\s.*?\s([RWE]+)\s+0", segments, re.MULTILINE)
    writable_code = re.search(r"^\s+LOAD\s.*\sRWE\s", segments, re.MULTILINE)
    checks = {
        "is not a position-independent executable": "DYN (Position-Independent" in header,
        "has no RELRO segment": "GNU_RELRO" in segments,
        "binds symbols lazily: not full RELRO": "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "has an executable stack": stack and "E" not in stack[1],
        "has writable code": not writable_code,
        "has relocations in its code": "TEXTREL" not in dynamic,
        "has an RPATH or RUNPATH": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "has no stack protector": "__stack_chk_fail" in symbols,
        "calls no checked function: _FORTIFY_SOURCE": re.search(r"\b__(?!stack)\w+_chk\b", symbols),
    }
    if "X86-64" in header:
        # The file as a whole is not marked (GNU_PROPERTY_X86_FEATURE_1_AND), because Debian 12's crt1.o is not.
        marks = Path(program).read_bytes().count(ENDBR64)
        checks["has unprotected indirect branches: -fcf-protection"] = marks > ENOUGH_MARKS
    return [finding for finding, fine in checks.items() if not fine]


if __name__ == "__main__":
    found = complaints(sys.argv[1])
    for finding in found:
        print(f"{sys.argv[1]} {finding}")
    sys.exit(1 if found else 0)
