"""The planted bugs can still be planted: `make planted` runs them, this keeps them from rotting."""

import pytest

from tests.planted.run import Planted, failures, planted_bugs, problem_of

BUGS = planted_bugs()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_applies_to_the_tree_and_its_tests_exist(bug):
    assert problem_of(bug) == ""


def test_every_bug_has_a_number_of_its_own():
    numbers = [bug.name.partition("-")[0] for bug in BUGS]
    assert numbers == [f"{n:02d}" for n in range(1, len(BUGS) + 1)]


HEAD = "The sum is doubled.\n\nTests: {tests}\n\n"
DIFF = """diff --git a/tests/tables.py b/tests/tables.py
--- a/tests/tables.py
+++ b/tests/tables.py
@@ -1,1 +1,1 @@
-{line}
+doubled
"""
FIRST = '"""The tables of a page as a reader sees them: heads, rows, and in each cell text and amount."""'
SELF = "tests/planted/test_planted.py::test_every_bug_has_a_number_of_its_own"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (DIFF.format(line=FIRST), "its head does not say what is wrong"),
        ("Doubled.\n\n" + DIFF.format(line=FIRST), "its head names no tests"),
        (HEAD.format(tests="tests/none.py::test_x") + DIFF.format(line=FIRST),
         "there is no tests/none.py::test_x"),
        (HEAD.format(tests=f"{SELF}_x") + DIFF.format(line=FIRST), f"there is no {SELF}_x"),
        (HEAD.format(tests=SELF) + DIFF.format(line="another"), "it no longer applies"),
    ],
)  # fmt: skip
def test_a_bug_that_cannot_be_planted_says_why(tmp_path, text, problem):
    path = tmp_path / "01-doubled.patch"
    path.write_text(text)
    assert problem_of(Planted.read(path)).startswith(problem)


def test_only_a_failed_assertion_is_a_catch(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="passes"/>'
        '<testcase classname="a" name="says"><failure message="assert 1 == 2"/></testcase>'
        '<testcase classname="a" name="breaks"><failure message="TypeError: x"/></testcase>'
        '<testcase classname="a" name="never"><error message="failed on setup"/></testcase>'
        "</testsuite></testsuites>"
    )
    assert dict(failures(report)) == {
        "a::says": "assertion",
        "a::breaks": "TypeError: x",
        "a::never": "error: failed on setup",
    }
