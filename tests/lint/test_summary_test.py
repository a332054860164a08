"""tools/test_summary counts what CTest reports, and is not fooled into success."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/test_summary"


def case(name, status, output="", inner=""):
    return f'<testcase name="{name}" time="0.5" status="{status}">{inner}<system-out>{output}</system-out></testcase>'


SKIPPED = '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
SKIP_OUTPUT = "[ RUN      ] A.B\ntests/a_test.cc:3: Skipped\nno device\n[  SKIPPED ] A.B (0 ms)\n"


class TestSummary(unittest.TestCase):
    def summarise(self, cases, labels=None, report=True):
        """Runs the summary on one report; labels: test name -> labels, by default one per case."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            if labels is None:
                labels = {f"t{index}": ["unit"] for index in range(len(cases))}
            tests = [{"name": test, "properties": [{"name": "LABELS", "value": value}]}
                     for test, value in labels.items()]
            (folder / "tests.json").write_text(json.dumps({"tests": tests}))
            if report:
                (folder / "report.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            done = subprocess.run([sys.executable, TOOL, "--seconds", "61", "ci", folder / "report.xml",
                                   folder / "tests.json"], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def last_line(self, output):
        return output.splitlines()[-1]

    def test_passes_are_counted(self):
        code, output = self.summarise([case("t0", "run"), case("t1", "run")])
        self.assertEqual((code, self.last_line(output)), (0, "2 passed, 0 failed, 0 skipped"))
        self.assertIn("total time 1 min 1 s", output)

    def test_a_failure_shows_its_output_and_fails(self):
        code, output = self.summarise([case("t0", "run"), case("t1", "fail", "the value is 3")])
        self.assertEqual((code, self.last_line(output)), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("the value is 3", output)

    def test_a_failure_far_from_the_end_is_shown_too(self):
        lines = ["rank 2: a_test.cc:5: the sum is 7"] + [f"line {number}" for number in range(200)]
        _, output = self.summarise([case("t0", "fail", "\n".join(lines))])
        self.assertIn("the sum is 7", output)
        self.assertNotIn("line 100", output)

    def test_a_skip_shows_its_reason_and_gpu_tests_are_counted(self):
        code, output = self.summarise([case("t0", "run"), case("t1", "notrun", SKIP_OUTPUT, SKIPPED)],
                                      {"t0": ["unit"], "t1": ["gpu", "ci"]})
        self.assertEqual((code, self.last_line(output)), (0, "1 passed, 0 failed, 1 skipped"))
        self.assertIn("   1  no device", output)
        self.assertIn("gpu tests that did not run, as no device is present: 1", output)

    def test_a_part_that_skipped_inside_a_passing_program_is_told(self):
        code, output = self.summarise([case("t0", "run", SKIP_OUTPUT)])
        self.assertEqual((code, self.last_line(output)), (0, "1 passed, 0 failed, 0 skipped"))
        self.assertIn("no device", output)

    def test_a_script_s_reason_is_its_last_line(self):
        skipped = '<skipped message="SKIP_RETURN_CODE=77"/>'
        _, output = self.summarise([case("t0", "notrun", "starting\nno slurmctld here\n", skipped), case("t1", "run")])
        self.assertIn("   1  no slurmctld here", output)

    def test_a_test_that_failed_before_it_skipped_is_a_failure(self):
        code, output = self.summarise([case("t0", "notrun", SKIP_OUTPUT + "[  FAILED  ] A.B", SKIPPED)])
        self.assertEqual((code, self.last_line(output)), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_program_that_is_not_there_is_a_failure(self):
        code, _ = self.summarise([case("t0", "notrun", "Unable to find executable", '<skipped message=""/>')])
        self.assertEqual(code, 1)

    def test_no_test_at_all_is_a_failure(self):
        code, output = self.summarise([], report=False)
        self.assertEqual((code, self.last_line(output)), (1, "0 passed, 0 failed, 0 skipped"))

    def test_only_skips_are_a_failure(self):
        self.assertEqual(self.summarise([case("t0", "notrun", SKIP_OUTPUT, SKIPPED)])[0], 1)

    def test_a_missing_report_or_result_is_a_failure(self):
        self.assertEqual(self.summarise([], {"t0": ["unit"]}, report=False)[0], 1)
        self.assertEqual(self.summarise([case("t0", "run")], {"t0": ["unit"], "t1": ["unit"]})[0], 1)


if __name__ == "__main__":
    unittest.main()
