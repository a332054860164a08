"""tools/check_third_party: THIRD_PARTY.md agrees with the build, and each difference is seen."""

import unittest

from scratch_tree import ROOT, LinterTest

HEADING = "| Found as | Name | Version | Licence | Targets | Used in |\n|---|---|---|---|---|---|\n"
FMT = "| `fmt` | {fmt} | 9.1 | MIT | fmt::fmt | core |\n"
TORCH = "| `torch` | LibTorch | 2.11.0 | BSD-3-Clause | LibTorch::cpu | learner |\n"


class CheckThirdParty(LinterTest):
    tool = "check_third_party"

    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", "find_package(Threads REQUIRED)\nfind_package(fmt)\n"
                   "find_package(LibTorch REQUIRED)\n# find_package(Torch) is avoided\n")
        self.write("core/CMakeLists.txt", "journeyman_folder(core LIBS fmt::fmt)\n")
        self.write("learner/CMakeLists.txt", "journeyman_folder(learner LIBS LibTorch::cpu)\n")
        self.write("tools/deps.lock", "# comment\nalways torch==2.11.0 00ff\n")
        self.write("THIRD_PARTY.md", HEADING + FMT + TORCH)

    def test_this_repository_s_table_agrees_with_its_build(self):
        self.assert_clean(ROOT)

    def test_a_table_in_order_is_clean(self):
        self.assert_clean()

    def test_a_package_without_a_row_is_reported(self):
        self.write("THIRD_PARTY.md", HEADING + TORCH)
        self.assert_reports("fmt", "no row")

    def test_a_row_without_a_package_is_reported(self):
        self.write("CMakeLists.txt", "find_package(LibTorch REQUIRED)\n")
        self.assert_reports("fmt", "the build does not use it")

    def test_a_wheel_without_a_row_is_reported(self):
        self.write("tools/deps.lock", "always torch==2.11.0 00ff\nbare nvidia-x==1 00ff\n")
        self.assert_reports("nvidia-x", "no row")

    def test_a_wheel_s_version_is_the_pinned_one(self):
        self.write("tools/deps.lock", "always torch==2.12.0 00ff\n")
        self.assert_reports("torch", "2.11.0", "2.12.0")

    def test_a_licence_is_given(self):
        self.write("THIRD_PARTY.md", HEADING + FMT.replace("MIT", "") + TORCH)
        self.assert_reports("fmt", "licence")

    def test_the_folders_that_link_it_are_named(self):
        self.write("learner/CMakeLists.txt", "journeyman_folder(learner LIBS LibTorch::cpu fmt::fmt)\n")
        self.assert_reports("fmt", "learner")


if __name__ == "__main__":
    unittest.main()
