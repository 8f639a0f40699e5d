"""Every line of the worked examples stands as it was last read and agreed to.

The amounts are worked by hand in the tests of each family; here are the words an official
reads beside them, with every input, source, clause and default, and the words of refusals.
"""

import pytest

from settlements.rules import RULES
from tests.settlements.rules.worked_examples import FOLDER, cases, found, written


@pytest.mark.parametrize(
    ("code", "number"),
    [(code, number) for code in RULES for number in range(len(cases(code)))],
)
def test_the_lines_of_the_worked_example_read_as_agreed(code, number):
    case = cases(code)[number]
    assert found(code, case) == case["found"]


@pytest.mark.parametrize("code", RULES)
def test_the_worked_examples_are_stored_as_they_would_be_written(code):
    assert (FOLDER / f"{code}.json").read_text(encoding="utf-8") == written(code, cases(code))


def test_no_worked_example_is_left_of_a_family_that_is_gone():
    assert {path.stem for path in FOLDER.iterdir()} == set(RULES)
