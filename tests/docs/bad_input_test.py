#!/usr/bin/env python3
"""Every line of docs/bad_input.md names a test that exists, and there are enough of them."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = 40


def main():
    sources = "\n".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.cc")))
    defined = set(re.findall(r"TEST(?:_F|_P)?\((\w+), (\w+)\)", sources))
    problems, rows = [], 0
    for line in (ROOT / "docs/bad_input.md").read_text().splitlines():
        if not line.startswith("| ") or line.startswith("| what "):
            continue
        rows += 1
        match = re.search(r"`(\w+)\.(\w+)(?:/(\w+))?` \|$", line)
        if not match:
            problems.append(f"no test: {line}")
        elif (match[1], match[2]) not in defined:
            problems.append(f"no such test: {match[1]}.{match[2]}")
        elif match[3] and f'{{"{match[3]}"' not in sources:
            problems.append(f"no such case: {match[0]}")
    if rows < KINDS:
        problems.append(f"{rows} kinds of bad input, {KINDS} are asked for")
    print("\n".join(problems) if problems else f"{rows} kinds of bad input, each with its test")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
