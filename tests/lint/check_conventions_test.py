"""tools/check_conventions: this repository keeps to the rules, and each rule can fail."""

import unittest

from scratch_tree import ROOT, LinterTest


class CheckConventions(LinterTest):
    tool = "check_conventions"

    def setUp(self):
        super().setUp()
        self.write("core/error.h", "// What went wrong.\n#pragma once\n#include <string>\n")
        self.write("core/error.cc", '// Comment.\n#include "core/error.h"\n\n#include <string>\n')
        self.write("core/CMakeLists.txt", "journeyman_folder(core)\n")
        self.write("core/README.md", "# core\n")

    def test_this_repository_keeps_to_the_conventions(self):
        self.assert_clean(ROOT)

    def test_a_tree_in_order_is_clean(self):
        self.assert_clean()

    def test_names_say_what_is_inside(self):
        for path in ("core/string_utils.h", "common/x.h", "core/helpers.cc", "core/manager/file.h", "core/base.h"):
            self.write(path, "#pragma once\n")
            self.assert_reports(f"{path}:1", "says nothing")
            (self.tree / path).unlink()
        self.write("core/database.h", "#pragma once\n")
        self.assert_clean()

    def test_files_are_in_snake_case(self):
        self.write("core/MyFile.cc", "int a;\n")
        self.assert_reports("core/MyFile.cc:1", "snake_case")

    def test_a_header_has_its_guard_first(self):
        self.write("core/error.h", "#include <string>\n#pragma once\n")
        self.assert_reports("core/error.h:1", "#pragma once")

    def test_no_header_includes_all_of_torch(self):
        self.write("core/error.h", "#pragma once\n#include <torch/torch.h>\n")
        self.assert_reports("core/error.h:2", "torch/torch.h")

    def test_no_header_uses_a_namespace(self):
        self.write("core/error.h", "#pragma once\nusing namespace std;\n")
        self.assert_reports("core/error.h:2", "using namespace")

    def test_a_source_includes_its_own_header_first(self):
        self.write("core/error.cc", '#include <string>\n#include "core/error.h"\n')
        self.assert_reports("core/error.cc:1", "first include")

    def test_files_have_a_size(self):
        self.write("core/error.h", "#pragma once\n" + "int a;\n" * 400)
        self.assert_reports("core/error.h:401", "at most 400")
        self.write("core/error.h", "#pragma once\n")
        self.write("core/README.md", "line\n" * 26)
        self.assert_reports("core/README.md:26", "at most 25")

    def test_nothing_is_left_for_later(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            self.write("core/error.cc", f'#include "core/error.h"\n// {word}: later\n')
            self.assert_reports("core/error.cc:2", word)
        self.write("core/error.cc", '#include "core/error.h"\nchar name[] = "file.XXXXXX";\n')
        self.assert_clean()

    def test_no_path_of_one_machine(self):
        for path in ("/wor" "k/main", "/roo" "t/x", "/hom" "e/me"):
            self.write("core/README.md", f"see {path}\n")
            self.assert_reports("core/README.md:1", "one machine")
        self.write("core/README.md", "see docs/work/x and build/root\n")
        self.assert_clean()

    def test_no_address_of_a_package_registry(self):
        self.write("core/README.md", "get it from py" "pi.org\n")
        self.assert_reports("core/README.md:1", "registry")

    def test_gradients_are_cleared_in_the_flat_buffer(self):
        self.write("core/error.cc", '#include "core/error.h"\nvoid F() { optimizer.zero_' 'grad(); }\n')
        self.assert_reports("core/error.cc:2", "flat buffer")

    def test_text_is_ascii(self):
        self.write("core/README.md", "caf\u00e9\n")
        self.assert_reports("core/README.md:1", "U+00E9")

    def test_sources_have_no_tabs(self):
        self.write("core/error.cc", '#include "core/error.h"\n\tint a;\n')
        self.assert_reports("core/error.cc:2", "tab")

    def test_every_folder_has_a_readme(self):
        (self.tree / "core/README.md").unlink()
        self.assert_reports("core", "no README.md")


if __name__ == "__main__":
    unittest.main()
