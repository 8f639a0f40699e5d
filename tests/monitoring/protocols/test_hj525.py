"""Factor codes."""

import pytest

from monitoring.protocols import hj525
from monitoring.protocols.layouts import INDICATORS


@pytest.mark.parametrize(
    ("factor", "indicator"),
    [
        ("w01001", "pH"),
        ("w21003", "NH3-N"),
        ("W21011", "TP"),
        ("w01016", "Chla"),
        (" w20124", "Mn"),
    ],
)
def test_a_factor_names_its_indicator_in_either_case(factor, indicator):
    assert hj525.indicator_of(factor) == indicator


def test_an_unknown_factor_is_none_and_not_a_guess():
    assert hj525.indicator_of("w99999") is None
    assert hj525.factor_of("algae") is None


def test_each_indicator_has_at_most_one_factor():
    assert len(hj525.FACTOR_OF) == len(hj525.INDICATOR_OF)
    assert hj525.factor_of("NH3-N") == "w21003"


def test_every_factor_belongs_to_an_indicator_files_may_carry():
    assert set(hj525.INDICATOR_OF.values()) <= set(INDICATORS)
