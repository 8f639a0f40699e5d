"""质控数据: results of checks of the instrument are kept apart from the river's values."""

from decimal import Decimal

import pytest

from monitoring.models import QualityCheck, Reading
from tests.stations import arrive, open_letters, registered, segment


@pytest.mark.parametrize(("cn", "kind"), [("2062", "sc"), ("2063", "ra"), ("2064", "pt")])
def test_the_result_of_a_check_by_its_command_is_no_reading(border, cn, kind):
    registered(border.section)
    arrive(segment("w21003-Check=0.51,w21003-Water=0.50,w21003-Flag=N", cn=cn))
    (found,) = QualityCheck.objects.all()
    assert (found.kind, found.value, found.parts["Water"]) == (kind, Decimal("0.51"), "0.50")
    assert not Reading.objects.exists()
    assert open_letters() == []


def test_a_flag_that_says_which_check_it_was_comes_first(border):
    registered(border.section)
    arrive(segment("w21003-Check=0.001,w21003-Flag=cz", cn="2062"))
    assert QualityCheck.objects.get().kind == "cz"
