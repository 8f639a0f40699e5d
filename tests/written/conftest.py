"""The world that the files of cases/ were written for: sections, agreements, parties."""

from collections.abc import Callable
from pathlib import Path

import pytest

from basins.models import Jurisdiction, River
from monitoring.models import Section
from settlements.models import Agreement, Party
from tests.worlds import jurisdiction

CASES = Path(__file__).with_name("cases")
PARTIES = {"LONGXI": ("500155", "500231"), "BINAN": ("500120", "500116")}


def tell_cases() -> None:
    """两河口 and the two agreements that the files name."""
    city = Jurisdiction.objects.get(code="500000")
    Section.objects.create(code="LIANGHEKOU", name="两河口", province=city)
    river = River.objects.create(code="CASES", name="案例河", level=1)
    for code, places in PARTIES.items():
        agreement = Agreement.objects.create(
            code=code, title=code, river=river, state=Agreement.State.ACTIVE
        )
        for order, place in enumerate(places, start=1):
            Party.objects.create(
                agreement=agreement, jurisdiction=jurisdiction(place, f"{place}区"), order=order
            )


@pytest.fixture
def case() -> Callable[[str], tuple[bytes, str]]:
    """The bytes of the file of a case by its number, and its name."""

    def file(number: str) -> tuple[bytes, str]:
        (path,) = CASES.glob(f"{number}-*")
        return path.read_bytes(), path.name

    return file
