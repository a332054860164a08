"""tools/check_layers: this repository keeps to the table, and each kind of violation is seen."""

import unittest

from scratch_tree import ROOT, LinterTest


class CheckLayers(LinterTest):
    tool = "check_layers"

    def setUp(self):
        super().setUp()
        self.write("tools/layers.txt", (ROOT / "tools/layers.txt").read_text())
        self.write("core/error.h", "#pragma once\n#include <string>\n")
        self.write("core/log.cc", '#include "core/error.h"\n#include <spdlog/logger.h>\n#include <unistd.h>\n')
        self.write("core/CMakeLists.txt", "journeyman_folder(core LIBS spdlog::spdlog fmt::fmt)\n")
        self.write("storage/file.cc", '#include "core/error.h"\n#include <hdf5.h>\n')

    def test_this_repository_keeps_to_the_table(self):
        self.assert_clean(ROOT)

    def test_a_tree_in_order_is_clean(self):
        self.assert_clean()

    def test_a_tree_without_sources_is_refused(self):
        for path in ("core/error.h", "core/log.cc", "storage/file.cc"):
            (self.tree / path).unlink()
        self.assertNotEqual(self.lint()[0], 0)

    def test_a_lower_folder_must_not_include_a_higher_one(self):
        self.write("storage/file.h", "#pragma once\n")
        self.write("core/log.cc", '#include "storage/file.h"\n')
        self.assert_reports("core/log.cc:1", "core/ must not include storage/")

    def test_roles_never_include_each_other(self):
        roles = ("coordinator", "actor", "learner", "evaluation", "serving")
        for role in roles:
            self.write(f"{role}/{role}.h", "#pragma once\n")
        for role in roles:
            for other in roles:
                if role != other:
                    self.write(f"{role}/part.cc", f'#include "{other}/{other}.h"\n')
                    self.assert_reports(f"{role}/part.cc:1", f"must not include {other}/")
            (self.tree / role / "part.cc").unlink()

    def test_includes_start_at_the_root(self):
        self.write("core/log.cc", '#include "error.h"\n')
        self.assert_reports("core/log.cc:1", "root of the repository")

    def test_an_included_file_exists(self):
        self.write("core/log.cc", '#include "core/gone.h"\n')
        self.assert_reports("core/log.cc:1", "does not exist")

    def test_third_party_stays_in_its_folder(self):
        self.write("core/log.cc", "#include <nlohmann/json.hpp>\n")
        self.assert_reports("core/log.cc:1", "must not use nlohmann")

    def test_a_backend_s_library_stays_in_its_subfolder(self):
        self.write("cluster/mpi/send.cc", "#include <mpi.h>\n")
        self.assert_clean()
        self.write("cluster/thread/send.cc", "#include <mpi.h>\n")
        self.assert_reports("cluster/thread/send.cc:1", "must not use mpi")

    def test_an_unknown_library_is_reported(self):
        self.write("core/log.cc", "#include <absl/strings/str_cat.h>\n")
        self.assert_reports("core/log.cc:1", "unknown")

    def test_a_header_with_a_third_party_is_private_also_through_another_header(self):
        self.write("storage/wrapper.h", "#pragma once\n#include <hdf5.h>\n")
        self.write("storage/shard.h", '#pragma once\n#include "storage/wrapper.h"\n')
        self.write("storage/file.cc", '#include "storage/shard.h"\n')
        self.assert_clean()
        self.write("policy/bundle.cc", '#include "storage/shard.h"\n')
        self.assert_reports("policy/bundle.cc:1", "private to storage/")

    def test_tests_keep_to_the_folders_too(self):
        self.write("tests/core/log_test.cc", '#include "core/error.h"\n#include <gtest/gtest.h>\n')
        self.assert_clean()
        self.write("storage/file.h", "#pragma once\n")
        self.write("tests/core/log_test.cc", '#include "storage/file.h"\n')
        self.assert_reports("tests/core/log_test.cc:1", "core/ must not include storage/")

    def test_the_build_s_dependencies_are_the_table_s(self):
        self.write("storage/CMakeLists.txt", "journeyman_folder(storage DEPS core LIBS hdf5::hdf5)\n")
        self.assert_reports("storage/CMakeLists.txt", "differ from tools/layers.txt")

    def test_the_build_links_no_library_of_another_folder(self):
        self.write("core/CMakeLists.txt", "journeyman_folder(core LIBS hdf5::hdf5)\n")
        self.assert_reports("core/CMakeLists.txt", "must not use")


if __name__ == "__main__":
    unittest.main()
