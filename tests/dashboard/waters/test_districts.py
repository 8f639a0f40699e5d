"""Districts: the list, and one district's year with its reasons and statement of account."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from basins.access import Viewer
from settlements import pipeline
from settlements.districts.queries import district as one
from settlements.districts.queries import districts as queries
from tests.told_once import World, bare, computed, of_told, told_instead, told_once
from tests.worlds import close_year, month, refusal


def page(client, user, address="/districts/500901/?year=2023") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def closed_year() -> World:
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, world["people"], on=month("2024-02"))
    return world


told = told_once(computed)
closed = of_told("border")


def test_a_district_reads_its_net_its_months_and_why(border, people, client):
    border.assessed("2023-11", "IV")
    border.assessed("2023-12", "II")
    found = page(client, people.district)
    assert "2023 年净额（1–12月）" in found
    assert "−100.00" in found
    assert "2023年12月为什么应收 100.00 万元" in found
    assert "由下游区补偿上游区 100.00 万元" in found
    assert "/settlements/TEST/2023/12/" in found
    assert "四季度" in found


@told_instead(closed_year)
def test_quarters_and_totals_add_up_to_the_net(closed, people):
    viewer = Viewer(0, "bureau", None, None)
    found = one.district(viewer, "500901", 2023)
    assert found is not None
    assert found.net == 12_000_000
    assert found.parts == (("已结清", 12_000_000),)
    assert [c.yuan for c in found.totals] == [3_000_000] * 4 + [12_000_000]
    assert sum(m.yuan for m in found.months) == found.net
    assert found.before == 0


def test_the_running_year_shows_months_of_the_running_quarter(people):
    columns = one._columns(timezone.localdate().year, [date(2026, 1, 1), date(2026, 5, 1)], True)
    assert [c.label for c in columns] == ["一季度", "4月", "5月", "按年核算", "本年累计"]


@told_instead(closed_year)
def test_the_statement_opens_with_last_years_balance(closed, people, client):
    found = page(client, people.district, "/districts/500901/?year=2024")
    assert "对账单" in found
    assert "JZ-2024-0001" in found
    found = page(client, people.bureau, "/districts/500901/?year=2025")
    assert "期初余额" in found
    assert "JZ-2024-0001" not in found
    assert found.count("+1,200.00") >= 2


@told_instead(closed_year)
def test_a_stranger_sees_closed_years_and_never_the_account(closed, people, client):
    closed.assessed("2024-04", "IV")
    found = page(client, people.stranger)
    assert "+1,200.00" in found
    assert "对账单" not in found
    found = page(client, people.stranger, "/districts/500901/?year=2024")
    assert "−100.00" not in found
    assert "本年没有可见的核算结果" in found


def test_the_list_sums_to_zero_over_everyone(border, people, client):
    border.assessed("2023-04", "IV")
    viewer = Viewer(0, "bureau", None, None)
    found = queries.district_list(viewer, 2023)
    assert {line.place.name: line.net for line in found.lines if line.net} == {
        "上游区": -1_000_000, "下游区": 1_000_000,
    }  # fmt: skip
    assert (found.receivable, found.payable, found.net) == (1_000_000, 1_000_000, 0)
    assert "2023 年各区县净额" in page(client, people.bureau, "/districts/?year=2023")


@pytest.mark.parametrize("address", ["/districts/", "/districts/500901/"])
@pytest.mark.parametrize("who", ["station", "nobody"])
def test_people_without_results_find_nothing(border, people, client, address, who):
    client.force_login(getattr(people, who))
    assert client.get(address).status_code == refusal(who)


@pytest.mark.parametrize("code", ["999999", "500901100", "x"])
def test_what_is_no_district_is_not_found(border, people, client, code):
    client.force_login(people.bureau)
    assert client.get(f"/districts/{code}/").status_code == 404


@pytest.mark.parametrize("year", ["x", "1066", "²", "99999", ""])
def test_a_year_that_cannot_be_read_is_the_latest(border, people, client, year):
    assert page(client, people.bureau, f"/districts/500901/?year={year}")


def test_the_number_of_queries_does_not_grow_with_months(border, people, client):
    client.force_login(people.bureau)

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    border.assessed("2023-01", "IV")
    few = count("/districts/500901/?year=2023"), count("/districts/?year=2023")
    for when in border.months("2023-02", "2023-12"):
        border.measured(when, "IV")
    pipeline.recompute()
    many = count("/districts/500901/?year=2023"), count("/districts/?year=2023")
    assert many[0] <= few[0]
    assert many[1] <= few[1]
    assert max(few) <= 25
