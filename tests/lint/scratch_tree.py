"""A small source tree for the tests of a linter, which run the real program on it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class LinterTest(unittest.TestCase):
    """Each test has a fresh tree in self.tree; `tool` is the linter's name in tools/."""

    tool = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)

    def write(self, path, text):
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text, encoding="utf-8")

    def lint(self, root=None):
        """(exit code, what the linter printed)."""
        done = subprocess.run([sys.executable, str(ROOT / "tools" / self.tool), "--root", str(root or self.tree)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def assert_clean(self, root=None):
        code, output = self.lint(root)
        self.assertEqual(code, 0, "\n" + output)

    def assert_reports(self, *parts):
        """The linter fails, and one of its lines has all these parts."""
        code, output = self.lint()
        self.assertEqual(code, 1, output)
        self.assertTrue(any(all(part in line for part in parts) for line in output.splitlines()),
                        f"no line has {parts}:\n{output}")
