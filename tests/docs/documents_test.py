"""What the documents point at exists: links, verbs with their --help, configuration files."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ["JOURNEYMAN_SOURCE_DIR"])
BINARY = os.environ["JOURNEYMAN_BINARY"]


def documents():
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def broken_links():
    for document in documents():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            if not (document.parent / target).exists():
                yield f"{document.relative_to(ROOT)}: link to {target}"


def unknown_verbs():
    """Verbs of README's table that the program does not know, and the other way round."""
    table = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.M))
    usage = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^  (\w+) ", usage, re.M))
    for verb in table ^ known:
        yield f"verb {verb} is only in {'README.md' if verb in table else '--help'}"
    for verb in known:
        help_text = subprocess.run([BINARY, verb, "--help"], capture_output=True, text=True)
        if help_text.returncode != 0 or "Example:" not in help_text.stdout:
            yield f"{verb} --help shows no example"


def refused_configurations():
    """Example configurations whose keys their verb does not know."""
    for config in sorted((ROOT / "examples").rglob("*.cfg")):
        verb = config.stem
        run = subprocess.run([BINARY, verb, "--config", config, "--print-config"],
                             capture_output=True, text=True)
        if run.returncode != 0:
            yield f"{config.relative_to(ROOT)}: {run.stderr.strip()}"


def unlisted_exit_codes():
    codes = re.findall(r"k\w+ = (\d+)", (ROOT / "core/error.h").read_text())
    listed = re.findall(r"^\| (\d+) \|", (ROOT / "docs/errors.md").read_text(), re.M)
    for code in set(codes) ^ set(listed):
        yield f"exit code {code} is not both in core/error.h and docs/errors.md"


def main():
    faults = [*broken_links(), *unknown_verbs(), *refused_configurations(), *unlisted_exit_codes()]
    print("\n".join(faults) or f"{len(documents())} documents hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
