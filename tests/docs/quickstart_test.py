"""tools/quickstart does what README.md shows: the same policies, a PASS, and the files it names."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["JOURNEYMAN_SOURCE_DIR"])
BINARY = os.environ["JOURNEYMAN_BINARY"]
POLICIES = ["logged", "behaviour", "no_action", "best_constant", "certifiable", "agent"]


def readme_block():
    """The output that README.md shows: the fenced block behind the words 'prints what'."""
    text = (ROOT / "README.md").read_text()
    fences = re.findall(r"```\n(.*?)```", text[text.index("prints what each policy"):], re.S)
    return fences[0]


def rows(text):
    """Policy name -> the rest of its line."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in POLICIES and len(words) > 3:
            found.setdefault(words[0], words[1:])
    return found


def main():
    shown = rows(readme_block())
    assert list(shown) == POLICIES, f"README.md shows {list(shown)}"
    with tempfile.TemporaryDirectory() as scratch:
        output = pathlib.Path(scratch) / "out"
        run = subprocess.run(
            [ROOT / "tools/quickstart", "--binary", BINARY, "--output", output],
            capture_output=True, text=True, timeout=600)
        print(run.stdout[-4000:], run.stderr[-4000:])
        assert run.returncode == 0, f"exit code {run.returncode}"
        got = rows(run.stdout)
        assert list(got) == POLICIES, f"the table has {list(got)}"
        # What does not depend on the processor's arithmetic is the same to the digit.
        assert got["logged"] == shown["logged"], f"logged: {got['logged']} != {shown['logged']}"
        assert re.search(r"^PASS +certifiable$", run.stdout, re.M), "no PASS"
        for name in ["bundles/second/manifest.json", "evaluation/report.html",
                     "evaluation/verdict.html", "run/exit.json"]:
            assert (output / name).is_file(), f"{name} is missing"
        truth = {name: float(words[-3]) for name, words in got.items() if "+-" in words}
        assert truth["agent"] > truth["certifiable"] > truth["behaviour"], truth


if __name__ == "__main__":
    sys.exit(main())
