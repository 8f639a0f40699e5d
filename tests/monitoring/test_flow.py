"""流量 of a month: volume from the mean, the least there was, on the section's page."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.utils import timezone

from monitoring.models import Origin
from monitoring.sections.queries.flow import flow_of_month
from monitoring.standards.flow import volume_of
from settlements import pipeline

MAY = date(2023, 5, 1)


def measured(border, days: int, origin=Origin.AUTOMATIC) -> None:
    border.measured("2023-05", "III")
    for day in range(1, days + 1):
        for hour, flow in ((0, "10"), (8, "12.5"), (16, "4" if day == 7 else "13.5")):
            at = datetime(2023, 5, day, hour, tzinfo=timezone.get_default_timezone())
            border.store(at, {"Q": flow}, origin=origin)
    pipeline.recompute()


def test_a_cubic_metre_a_second_is_86_400_a_day():
    assert volume_of(Decimal(1), MAY) == 31 * 86_400
    assert volume_of(Decimal(1), date(2024, 2, 1)) == 29 * 86_400
    assert volume_of(Decimal("0.5"), date(2023, 12, 1)) == 31 * 43_200


def test_a_months_flow_has_its_volume_and_its_least(border):
    measured(border, 31)
    flow = flow_of_month(border.section, MAY)
    total = 31 * (Decimal(10) + Decimal("12.5") + Decimal("13.5")) - Decimal("9.5")
    assert flow.volume == total * 86_400 / 3
    assert (flow.least, flow.least_at) == (Decimal(4), datetime(2023, 5, 7, 8, tzinfo=UTC))
    assert flow_of_month(border.section, date(2023, 6, 1)) is None


def test_too_few_values_or_a_gauging_by_hand_give_no_volume(border):
    measured(border, 10)
    assert flow_of_month(border.section, MAY).volume is None
    assert flow_of_month(border.section, MAY).least == Decimal(4)


def test_the_sections_page_says_what_ran_past(border, people, client):
    measured(border, 31)
    client.force_login(people.bureau)
    page = client.get("/sections/BORDER/?month=2023-05").content.decode()
    text = " ".join(page.split())
    assert "本月水量" in text
    assert "3186.72" in text
    assert "平均流量 11.90 m³/s，最小 4.00 m³/s（2023-05-07 16:00）" in text
