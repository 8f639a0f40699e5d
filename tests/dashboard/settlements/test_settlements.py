"""The list of years, a year and a month as a worked example, as each person sees them."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Origin
from settlements import pipeline
from settlements.models import Accrual, TermSection
from tests.told_once import World, bare, told_instead
from tests.worlds import close_year, month, refusal


@pytest.fixture
def get(client):
    def visit(user, name, *arguments, **query):
        client.force_login(user)
        return client.get(reverse(name, args=arguments), query)

    return visit


def text_of(answer) -> str:
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


@told_instead(closed_year)
def test_the_heading_of_a_year_states_the_finding(border, people, get):
    page = text_of(get(people.bureau, "settlement", "TEST", 2023))
    assert "<h1>2023 年，下游区补偿上游区 1,200.00 万元</h1>" in page
    assert "已关账" in page
    assert "JZ-2024-0001" in page
    assert "+1,200.00" in page
    assert "−1,200.00" in page


def test_a_month_says_each_step_with_its_means_and_amount_in_yuan(border, people, get):
    border.assessed("2023-04", "IV")
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 4))
    assert "<h1>2023年4月，上游区补偿下游区 100.00 万元</h1>" in page
    assert "1,000,000.00 元" in page
    assert "交界断面氨氮 1.2 mg/L，Ⅳ类，未达基准。" in page
    for title in ("断面与适用条款", "数据", "月均值", "断面类别", "条款", "金额", "结果"):
        assert f"<h3>{title}" in page
    assert "<b>氨氮</b>（定类）" in page
    assert "≤ 1" in page
    assert "核验码" in page
    assert "氨氮 1.2 ÷ 1 ＝ 1.2 →" in page


def test_readings_left_out_are_counted_by_day_and_reason(border, people, get):
    start = datetime(2023, 5, 1, tzinfo=timezone.get_default_timezone())
    for day in range(31):
        for hour in (0, 4, 8, 12):
            at = start + timedelta(days=day, hours=hour)
            border.store(at, {"NH3-N": "1.2"}, origin=Origin.AUTOMATIC)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_reading SET flag = 'M' WHERE sampled_at >= '2023-05-04 16:00+00'"
            " AND sampled_at < '2023-05-07 16:00+00'"
        )
    pipeline.recompute()
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 5))
    assert "采用 <b>112</b> 个，未采用 <b>12</b> 个" in page
    assert "5月5日至7日" in page
    assert "维护" in page
    assert page.count('class="stopped"') == 3
    assert page.count('class="day-over"') == 28
    assert "28 个有效日中 28 日高于Ⅲ类限值" in page
    assert "氨氮日均值表" in page


def test_a_month_without_data_says_so_and_a_month_to_come_is_designed(border, people, get):
    border.assessed("2023-04", "IV")
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 5))
    assert "没有有效监测数据，互不补偿" in page
    year = timezone.localdate().year
    if timezone.localdate().month < 12:
        page = text_of(get(people.bureau, "settlement-month", "TEST", year, 12))
        assert "这个月还没有核算" in page


def test_a_month_without_an_accrual_before_later_ones_promises_none(border, people, get):
    border.assessed("2023-05", "II")
    Accrual.objects.filter(period=month("2023-01")).delete()
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 1))
    assert "<h1>2023年1月，没有月核算</h1>" in page
    assert "之后的月份已有核算" in page
    assert "自动核算" not in page


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("settlement", ("TEST", 1999)),
        ("settlement", ("NONE", 2023)),
        ("settlement-month", ("TEST", 2023, 13)),
        ("settlement-month", ("TEST", 2023, 0)),
        ("settlement-month", ("TEST", 0, 1)),
        ("settlement-month", ("TEST", 99999, 1)),
    ],
)
def test_what_there_is_not_is_not_found(border, people, get, name, arguments):
    border.assessed("2023-04", "IV")
    assert get(people.bureau, name, *arguments).status_code == 404


@told_instead(closed_year)
def test_an_open_year_is_for_its_parties_and_a_closed_one_for_all_districts(border, people, get):
    border.assessed("2024-04", "IV")
    for name, arguments in (("settlement", ()), ("settlement-month", (4,))):
        assert get(people.district, name, "TEST", 2024, *arguments).status_code == 200
        assert get(people.stranger, name, "TEST", 2024, *arguments).status_code == 404
        assert get(people.stranger, name, "TEST", 2023, *arguments).status_code == 200
    assert "JZ-2024" not in text_of(get(people.stranger, "settlement", "TEST", 2023))
    assert "JZ-2024" in text_of(get(people.district, "settlement", "TEST", 2023))


@told_instead(closed_year)
@pytest.mark.parametrize("who", ["station", "nobody", "township"])
def test_people_without_results_find_nothing(border, people, get, who):
    for name, arguments in (("settlement", ()), ("settlement-month", (4,))):
        answer = get(getattr(people, who), name, "TEST", 2023, *arguments)
        assert answer.status_code == refusal(who)


@told_instead(closed_year)
def test_a_change_after_closing_is_listed_as_an_adjustment_for_the_parties_alone(
    border, people, get
):
    border.measured("2023-05", "IV")
    pipeline.recompute()
    page = text_of(get(people.district, "settlement", "TEST", 2023))
    assert "上游区补偿下游区 100.00 万元" in page
    assert "待审" in page
    assert "上游区补偿下游区" not in text_of(get(people.stranger, "settlement", "TEST", 2023))
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 5))
    assert "1 项待审调整" in page
    assert "本表为核算时的数据与均值；此后的更正" in page
    assert "发布时的逐行计算" in page


def test_a_rule_that_settles_years_has_a_line_of_its_own(border, people, get):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    page = text_of(get(people.bureau, "settlement", "TEST", 2023))
    assert "按年核算：定额年付法" in page
    assert "2023 年，下游区补偿上游区 350.00 万元" in page
    assert "3,500,000.00 元" in page


def test_a_month_of_an_agreement_settled_by_the_year_says_so_and_leads_to_the_year(
    border, people, get
):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 5))
    assert "2023年5月，按年核算，没有月结果" in page
    assert "本协议一年核算一次，不分摊到月" in page
    year = page.partition('id="of-year"')[2]
    accrual = Accrual.objects.get(period="2023-01-01", yearly=True)
    assert f'href="{reverse("explain", args=[accrual.pk])}"' in year
    assert f'href="{reverse("settlement", args=["TEST", 2023])}"' in year
    assert "350.00" in year


@told_instead(closed_year)
def test_the_list_is_narrowed_by_its_address_and_sums_up(border, people, get):
    everything = text_of(get(people.bureau, "settlement-list"))
    assert "2023年" in everything
    assert "2022年" in everything
    one = text_of(get(people.bureau, "settlement-list", year="2023", state="closed"))
    assert "下游区补偿上游区 1,200.00 万元" in one
    assert "/settlements/TEST/2022/" not in one
    assert text_of(get(people.bureau, "settlement-list", year="x", state="y", river="z"))


@told_instead(closed_year)
def test_a_stranger_lists_closed_years_only(border, people, get):
    page = text_of(get(people.stranger, "settlement-list"))
    assert "/settlements/TEST/2023/" in page
    assert "/settlements/TEST/2022/" not in page


def test_an_unknown_section_in_the_address_shows_all(border, people, get):
    border.assessed("2023-04", "IV")
    page = text_of(get(people.bureau, "settlement-month", "TEST", 2023, 4, section="x"))
    assert "100.00" in page


@pytest.mark.parametrize(
    ("name", "arguments", "most"),
    [("settlement", (2023,), 35), ("settlement-month", (2023, 4), 26)],
)
def test_the_number_of_queries_does_not_grow_with_sections(
    border, people, client, name, arguments, most
):
    client.force_login(people.bureau)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get(reverse(name, args=("TEST", *arguments))))
        return len(captured)

    for when in border.months("2023-01", "2023-12"):
        border.measured(when, "IV")
    pipeline.recompute()
    one = queries()
    for number in range(3):
        border.section.pk = None
        border.section.code, border.section.name = f"B{number}", f"第{number}"
        border.section.save()
        for term in border.agreement.terms.all():
            TermSection.objects.create(
                term=term,
                section=border.section,
                upstream=border.upstream,
                downstream=border.downstream,
            )
        border.measured("2023-04", "IV")
    pipeline.recompute()
    assert queries() <= one
    assert one <= most


def test_a_month_without_data_is_not_called_complete(border, people, client):
    border.measured("2023-04", "II")
    border.measured("2023-06", "II")
    pipeline.recompute()
    client.force_login(people.bureau)
    for number, said, other in ((5, "没有数据", "完整"), (4, "完整", "没有数据")):
        page = client.get(f"/settlements/TEST/2023/{number}/").content.decode()
        badge = page.partition("<dt>数据</dt>")[2].partition("</dd>")[0]
        assert said in badge, number
        assert other not in badge, number
