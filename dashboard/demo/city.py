"""The whole city: every section and agreement of the demonstration."""

from functools import cache

from dashboard.demo import wanzhou
from dashboard.demo.agreements import MAIN, AgreementSpec
from dashboard.demo.borders import BORDER_AGREEMENTS
from dashboard.demo.national import more_national
from dashboard.demo.sections import SectionSpec, with_stations

AGREEMENTS: tuple[AgreementSpec, ...] = (*MAIN, *BORDER_AGREEMENTS, wanzhou.agreement())


@cache
def sections() -> tuple[SectionSpec, ...]:
    """All sections, in the order in which they are stored."""
    stations = with_stations()
    national = sum(s.grade == "national" for s in stations)
    return (*stations, *more_national(national), *wanzhou.sections())
