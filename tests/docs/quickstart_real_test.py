"""tools/quickstart --real runs the e-mail experiment to a PASS."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["JOURNEYMAN_SOURCE_DIR"])
DATA = pathlib.Path(os.environ.get("JOURNEYMAN_DATA", ROOT / "../shared/data")) / "hillstrom_email"


def main():
    if not (DATA / "hillstrom.csv").is_file():
        print(f"no hillstrom.csv in {DATA}; set JOURNEYMAN_DATA")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        output = pathlib.Path(scratch) / "out"
        run = subprocess.run(
            [ROOT / "tools/quickstart", "--real", DATA, "--binary", os.environ["JOURNEYMAN_BINARY"],
             "--output", output], capture_output=True, text=True, timeout=600)
        print(run.stdout[-4000:], run.stderr[-4000:])
        assert run.returncode == 0, f"exit code {run.returncode}"
        assert "Read 64000 rows: 64000 new" in run.stdout
        assert re.search(r"^PASS +certifiable$", run.stdout, re.M), "no PASS"
    return 0


if __name__ == "__main__":
    sys.exit(main())
