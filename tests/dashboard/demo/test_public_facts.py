"""The city as it is reported: each public fact of the mechanism, read off the pages of a demonstration."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client

from basins.models import River, User
from basins.ranges import months_between
from dashboard.demo import wanzhou
from dashboard.demo.city import sections
from dashboard.demo.plan import EXCELLENT_SINCE
from dashboard.demo.readings import planned_class
from monitoring.models import Assessment
from settlements.models import Accrual, JournalEntry, Payment, Term
from settlements.reckoning.periods import last_month
from tests import databases
from tests.demonstration import small_demonstration

LAST = date(2026, 10, 1)


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), databases.world("demo", small_demonstration) as done:
        yield done


@pytest.fixture
def page(db, seeded):
    """The words of a page, as a person reads them."""

    def words(url: str, who: str = "bureau") -> str:
        client = Client()
        client.force_login(User.objects.get(username=who))
        answer = client.get(url)
        assert answer.status_code == 200, url
        bare = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    return words


# 酉水 -------------------------------------------------------------------------------------


def test_manganese_is_a_core_indicator_of_the_you_river_since_september_2022(page):
    agreement = page("/agreements/YOUSHUI/")
    assert "第 1 条款期 2019-01-01 至 2022-08-31 基准法" in agreement
    assert "第 2 条款期 2022-09-01 起 关键污染物限值法" in agreement
    assert "2019年 湖南省应付 480.00" in agreement
    before, after = (
        Accrual.objects.filter(term__agreement__code="YOUSHUI", period=period).first()
        for period in (date(2022, 8, 1), date(2024, 5, 1))
    )
    assert "锰均值" not in page(f"/accruals/{before.pk}/")
    explained = page(f"/accruals/{after.pk}/")
    assert "锰均值达到限值" in explained
    assert "限值 0.1 mg/L" in explained


def test_its_mean_of_2024_at_the_border_is_seen_where_one_looks(page):
    section = page("/sections/LIYE/?month=2024-12&indicator=Mn")
    assert "锰：12 个月均值，平均 0.0310 mg/L" in section
    assert "年均值 0.031 mg/L" in page("/settlements/YOUSHUI/2024/")


# 龙滩水库 ---------------------------------------------------------------------------------


def test_the_city_awards_each_county_of_longtan_five_million_yuan(page):
    year = page("/settlements/LONGTAN-JL/2024/")
    for county in ("忠县", "垫江县"):
        assert f"重庆市财政（市级）补偿{county} 500.00 万元" in year
    award = {"settlement__agreement__code": "LONGTAN-JL", "settlement__year": 2024}
    entry = JournalEntry.objects.get(cause="settlement", **award)
    assert dict(entry.postings.values_list("account__jurisdiction__name", "yuan")) == {
        "重庆市财政（市级）": Decimal(-10_000_000),
        "忠县": Decimal(5_000_000),
        "垫江县": Decimal(5_000_000),
    }
    paid = Payment.objects.filter(**award, state="approved")
    assert sorted(paid.values_list("payee__name", "yuan")) == [
        ("垫江县", Decimal(5_000_000)), ("忠县", Decimal(5_000_000)),
    ]  # fmt: skip


def test_its_protection_area_and_class_are_named(page):
    agreement = page("/agreements/LONGTAN/")
    assert "16.52 km²，其中忠县 11.16 km²（67.6 %）、垫江县 5.36 km²（32.4 %）" in agreement
    assert "水质稳定在Ⅲ类" in agreement
    assert "350.00" in agreement
    classes = Assessment.objects.filter(section__code="LONGTAN-SK").values_list("water_class")
    assert set(classes) == {(3,)}


# Borders ----------------------------------------------------------------------------------


def test_the_map_says_which_waters_and_borders_are_covered_and_since_when(page):
    covered = page("/?layer=agreements")
    assert "长江干流 2 项，上下省界全线贯通" in covered
    assert "嘉陵江 1 项" in covered
    assert "乌江 1 项" in covered
    for border in ("与四川 2 项，2024 年起", "与湖北 1 项，2024 年起", "与贵州 1 项，2024 年起",
                   "与湖南 1 项，2019 年起"):  # fmt: skip
        assert border in covered


@pytest.mark.parametrize("river", ["JIALING", "WUJIANG", "CHANGJIANG", "WZ-RANGDU", "YOUSHUI"])
def test_the_pages_of_the_rivers_name_their_agreements(page, river):
    assert "没有有效协议" not in page(f"/basins/{river}/")


# 万州 -------------------------------------------------------------------------------------


def test_two_rivers_of_wanzhou_in_january_2024_and_all_21_with_33_sections_in_june(page):
    def of(month):
        found = Accrual.objects.filter(term__agreement__code="WANZHOU", period=month)
        return (
            found.count(),
            set(found.values_list("term_section__section__river__code", flat=True)),
        )

    assert of(date(2024, 1, 1)) == (7, {"WZ-ZHUXI", "WZ-RANGDU"})
    count, rivers = of(date(2024, 6, 1))
    assert (count, len(rivers)) == (33, 21)
    names = dict(River.objects.filter(code__in=rivers).values_list("code", "name"))
    assert {names["WZ-ZHUXI"], names["WZ-RANGDU"]} == {"苧溪河", "瀼渡河"}
    terms = Term.objects.filter(agreement__code="WANZHOU").order_by("number")
    assert [t.in_force.lower for t in terms] == [date(2024, 1, 1), date(2024, 6, 1)]


def test_its_monthly_table_has_each_sections_class_and_each_townships_money(page):
    month = page("/settlements/WANZHOU/2024/6/")
    assert month.count("万州区财政（镇街补偿）") >= 33
    for town in wanzhou.TOWNS:
        assert town.name in month
    year = page("/settlements/WANZHOU/2024/")
    for section in wanzhou.sections():
        assert section.name in year


def test_the_border_of_fenshui_and_zhushan_lies_at_the_tail_of_the_reservoir(page):
    river = page("/basins/WZ-RANGDU/")
    assert "分水–柱山（甘宁水库库尾） 分水 → 柱山" in river


def test_the_overview_has_them_in_one_line_for_the_city_and_each_for_a_township(page):
    title = "万州区次级河流镇街横向生态保护补偿（试点） ：33 笔"
    assert title in page("/?month=2024-06").replace("）：", "） ：")
    assert title in page("/?month=2024-06", "district").replace("）：", "） ：")
    assert "：33 笔" not in page("/?month=2024-06", "township")


def test_a_townships_official_sees_it(page):
    own = page("/districts/500101-FS/", "township")
    assert "分水–柱山（甘宁水库库尾）断面" in own
    assert "万州区财政（镇街补偿）补偿分水镇" in own
    assert "分水镇" in page("/settlements/WANZHOU/2024/6/", "township")


# 国考 -------------------------------------------------------------------------------------


def test_74_national_sections_are_excellent_or_good_throughout_2023_and_2024():
    national = [s for s in sections() if s.grade == "national"]
    assert len(national) == 74
    worse = {
        (s.code, month)
        for s in national
        for month in months_between(date(2022, 1, 1), date(2024, 12, 1))
        if month >= (s.monthly_from or month) and planned_class(s, month, LAST) > 3
    }
    # Two years in a row by the end of 2024: 2022 had other months.
    assert worse
    assert max(month.year for _, month in worse) == EXCELLENT_SINCE - 1 == 2022


def test_the_yangtze_has_left_the_city_in_class_two_for_eight_years(page):
    last = last_month()
    months = 12 * (last.year - 2018) + last.month
    leaving = page("/?group=leaving")
    assert f"巫峡口 长江 Ⅱ类 Ⅱ类 {months} {last.year - 2018}" in leaving
    at_the_end_of_2025 = page("/?group=leaving&month=2025-12")
    assert "巫峡口 长江 Ⅱ类 Ⅱ类 96 8" in at_the_end_of_2025


def test_the_figures_are_those_of_the_chosen_group(page):
    national = page("/?group=national&month=2024-12")
    assert re.search(r"2024年12月，(\d+) 个国考断面 \1 个优良", national)
    assert re.search(r"连续 \d+ 个月、2 个整年 100 %", national)
    assert re.search(r"3 个入境断面", page("/?group=entering&month=2024-12"))
