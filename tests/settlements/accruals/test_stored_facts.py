"""Stored figures run through the pipeline: awards, charges, fills, flow, days over a limit."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum
from django.utils import timezone

from monitoring.models import Origin
from settlements import pipeline
from settlements.accruals.services.accruals import accrue_agreement
from settlements.accruals.services.rulings import rule_month
from settlements.models import Accrual, Transfer
from settlements.reckoning.computation import load, work_of
from settlements.reckoning.verification import verify_accruals
from tests.settlements.strands import Chain
from tests.worlds import month

JULY = date(2023, 7, 1)


@pytest.fixture
def two(db) -> Chain:
    return Chain.make("甲区", "乙区")


def test_longtan_pays_2800_wan_over_eight_years_and_two_awards_of_500(two):
    """垫江县、忠县备忘录: 350 万元 × 8 ＝ 2,800 万元; two awards of 500 万元 (domain.md §1)."""
    two.term("fixed_annual", JULY, date(2031, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    awards = [
        {"kind": kind, "year": 2024, "at_least": "1", "amount": "5000000", "recipient": who}
        for kind, who in (("water_source", "upstream"), ("results", "downstream"))
    ]
    two.term("awards", JULY, date(2031, 1, 1), awards=awards)
    two.figures("S0 2024 建成水源地 1", "S0 2024 治理成效 1", "S0 2024 重大水污染事件 0")
    assert two.net(2023) == {"甲区": 350, "乙区": -350}
    assert two.net(2024) == {"甲区": 500 + 350, "乙区": 500 - 350, "市级财政": -1000}
    with time_machine.travel("2031-02-01T08:00:00+08:00"):
        accrue_agreement(agreement=two.agreement)
    paid = Transfer.objects.filter(accrual__term__rule="fixed_annual")
    assert (paid.count(), paid.aggregate(sum=Sum("yuan"))["sum"]) == (8, Decimal("28000000"))
    assert verify_accruals().differ == []


def test_modao_is_filled_with_1000_wan_by_the_treasury_without_a_single_reading(two):
    """磨刀溪: 石柱、万州合计 1,000 万元, the stretch outside the city (domain.md §1)."""
    two.term(
        "municipal_fill", date(2019, 1, 1), date(2020, 1, 1), amount="10000000",
        from_year=2019, to_year=2019, missing_side="outside",
    )  # fmt: skip
    pipeline.recompute()
    assert two.net(2019) == {"甲区": 500, "乙区": 500, "市级财政": -1000}
    assert "中段在市外" in str(two.one("municipal_fill", "2019-01").steps)


def test_manganese_decides_a_month_of_the_you_river(two):
    """酉水: class and manganese (0.1 mg/L) both; 40 万元 a month, 480 a year (domain.md §1)."""
    two.term("pollutant_threshold", date(2023, 1, 1), date(2024, 1, 1))
    for n in range(1, 13):
        two.measured(f"2023-{n:02d}", "II")
        at = datetime(2023, n, 15, 10, tzinfo=timezone.get_default_timezone())
        two.border.store(at, {"Mn": "0.031" if n != 6 else "0.2"}, section=two.sections[0])
    pipeline.recompute()
    states = {when: a.month_state for when, a in two.accruals("pollutant_threshold").items()}
    assert [when for when, state in states.items() if state != "met"] == ["S0 2023-06"]
    assert two.net(2023)["甲区"] == (12 - 1) * 40 - 40
    at = datetime(2023, 6, 15, 10, tzinfo=timezone.get_default_timezone())
    two.border.store(at, {"Mn": "0.1"}, section=two.sections[0])
    pipeline.recompute()
    assert two.net(2023) == {"甲区": 480, "乙区": -480}


def test_a_dry_month_without_natural_cause_costs_30_wan_and_revoked_nothing(two, people):
    """昆明 2017: 30 万元 a month; a natural one costs nothing (domain.md §8a)."""
    two.term("charges", date(2023, 1, 1), basis="dry")
    pipeline.recompute()
    assert two.net(2023) == {}
    for when, state, ground in (
        ("2023-03", "manmade_no_flow", "drained"),
        ("2023-04", "natural_no_flow", "drought"),
    ):
        rule_month(
            section=two.sections[0], month=month(when), state=state, ground=ground,
            reason="现场查勘", by=people.bureau,
        )  # fmt: skip
    pipeline.recompute()
    assert two.net(2023) == {"甲区": -30, "市级财政": 30}
    assert two.one("charges", "2023-04").month_state == "natural_no_flow"
    assert verify_accruals().differ == []


def test_unfinished_works_cost_a_fifth_of_the_unfinished_investment(two):
    two.term("charges", date(2023, 1, 1), date(2024, 1, 1), basis="works")
    two.figures("S0 2023 年度工程计划投资 1,000万元", "S0 2023 年度工程完成投资 ６００万")
    assert two.net(2023) == {"甲区": -80, "市级财政": 80}
    two.figures("S0 2023 年度工程完成投资 1000万元")
    assert two.net(2023) == {}


def test_one_serious_incident_forfeits_the_years_awards(two):
    """河南: an incident vetoes the reward of the year."""
    award = {"kind": "results", "year": 2023, "at_least": "1", "amount": "5000000"}
    two.term(
        "awards", date(2023, 1, 1), date(2024, 1, 1), awards=[award | {"recipient": "upstream"}]
    )
    two.figures("S0 2023 治理成效 1", "S0 2023 重大水污染事件 0")
    assert two.net(2023) == {"甲区": 500, "市级财政": -500}
    two.figures("S0 2023 重大水污染事件 1")
    assert two.net(2023) == {}
    assert "否决" in str(two.one("awards", "2023-01").steps)


def test_an_award_without_a_finding_is_not_reckoned_and_says_what_is_missing(two):
    award = {"kind": "results", "year": 2023, "at_least": "1", "amount": "5000000"}
    two.term(
        "awards", date(2023, 1, 1), date(2024, 1, 1), awards=[award | {"recipient": "upstream"}]
    )
    pipeline.recompute()
    accrual = two.one("awards", "2023-01")
    assert accrual.month_state == "no_data"
    assert "observations.award.results" in str(accrual.steps)


def test_the_score_of_ecological_figures_divides_the_fund(two):
    """川渝第二轮: 60/15/15/10; all full marks but half of the fish: 95 points."""
    two.term(
        "weighted_score", date(2024, 1, 1), date(2025, 1, 1),
        upstream_contribution="100000000", downstream_contribution="100000000",
    )  # fmt: skip
    for n in range(1, 13):
        two.measured(f"2024-{n:02d}", "II")
    two.figures("S0 2024 生态流量满足率 100%", "S0 2024 自然岸线率 80", "S0 2024 鱼类多样性 2")
    assert two.net(2024) == {"甲区": 9000, "乙区": -9000}
    inputs = two.one("weighted_score", "2024-01").inputs
    assert inputs["observations"]["ecological_flow"] == "100"
    assert inputs["sources"]["observations"] == "测试"


AMMONIA = [{"indicator": "NH3-N", "limit": None, "unit_price": "100000", "mirror_price": None}]


def test_flow_times_concentration_is_a_load_and_a_correction_of_the_flow_counts(two):
    """(1.2 − 1.0) g/m³ × 1.25 亿 m³ ＝ 25 t; × 10 万元/t ＝ 250 万元."""
    two.term("pollution_load", date(2023, 5, 1), date(2023, 6, 1), indicators=AMMONIA)
    two.measured("2023-05", "IV")
    pipeline.recompute()
    assert "缺少“本期水量”" in str(two.one("pollution_load", "2023-05").steps)
    two.figures("S0 2023-05 水量 12,500万m³")
    assert two.net(2023) == {"甲区": -250, "乙区": 250}
    two.figures("S0 2023-05 水量 1亿m³")
    assert two.net(2023) == {"甲区": -200, "乙区": 200}


def flowed(two: Chain, month: date, days: int, flow: str, *, origin=Origin.AUTOMATIC) -> None:
    zone = timezone.get_default_timezone()
    for day in range(1, days + 1):
        for hour in (0, 8, 16):
            at = datetime(month.year, month.month, day, hour, tzinfo=zone)
            two.border.store(at, {"Q": flow}, origin=origin, section=two.sections[0])


def test_without_a_figure_a_months_flow_is_what_the_station_measured(two):
    """46.67 m³/s × 31 × 86,400 s ＝ 125,000,928 m³: (1.2 − 1.0) × that ＝ 25.0001856 t, × 10 万元/t."""
    two.term("pollution_load", date(2023, 5, 1), date(2023, 6, 1), indicators=AMMONIA)
    two.measured("2023-05", "IV")
    flowed(two, date(2023, 5, 1), 18, "46.67")
    pipeline.recompute()
    assert two.one("pollution_load", "2023-05").month_state == "no_data", (
        "18 days of 31 are too few"
    )
    flowed(two, date(2023, 5, 1), 31, "46.67")
    pipeline.recompute()
    found = two.one("pollution_load", "2023-05")
    assert found.transfers.get().yuan == Decimal("2500018.56")
    assert "由 2023-05 流量月均值 46.67 m³/s 推算" in str(found.steps)
    assert verify_accruals().differ == []
    two.figures("S0 2023-05 水量 1亿m³")
    assert two.net(2023) == {"甲区": -200, "乙区": 200}


def test_a_gauging_by_hand_is_no_months_flow(two):
    two.term("pollution_load", date(2023, 5, 1), date(2023, 6, 1), indicators=AMMONIA)
    two.measured("2023-05", "IV")
    flowed(two, date(2023, 5, 1), 1, "46.67", origin=Origin.MANUAL)
    pipeline.recompute()
    assert two.one("pollution_load", "2023-05").month_state == "no_data"


def test_a_years_flow_is_its_twelve_months_together_and_eleven_are_none(two):
    two.term(
        "pollution_load", date(2023, 1, 1), date(2024, 1, 1),
        indicators=AMMONIA, comparison="yearly",
    )  # fmt: skip
    for n in range(1, 13):
        two.measured(f"2023-{n:02d}", "IV")
    two.figures(*(f"S0 2023-{n:02d} 水量 1000万m³" for n in range(1, 12)))
    assert two.one("pollution_load", "2023-01").month_state == "no_data"
    two.figures("S0 2023-12 水量 1500万m³")
    assert two.net(2023) == {"甲区": -250, "乙区": 250}


def test_facts_of_an_agreement_come_by_the_same_number_of_queries_however_many(
    two, django_assert_num_queries
):
    two.term("exceedance_steps", date(2023, 1, 1), days_from=5, day_amount="10000")
    two.term("awards", date(2023, 1, 1))
    for n in range(1, 5):
        two.measured(f"2023-{n:02d}", "IV")
    pipeline.recompute()
    work = work_of(two.agreement)
    with django_assert_num_queries(6):
        load(work)
    days_in_a_row = next(item for item in work if item.rule.family.code == "exceedance_steps")
    with django_assert_num_queries(5):
        load([days_in_a_row.over(days_in_a_row.periods[:1])])


def days(two: Chain, first: date, count: int, ammonia: str) -> None:
    at = datetime.combine(first, datetime.min.time(), timezone.get_default_timezone())
    for n in range(count):
        for hour in (0, 8, 16):
            two.border.store(
                at + timedelta(days=n, hours=hour), {"NH3-N": ammonia}, origin=Origin.AUTOMATIC
            )


HEFEI = {
    "days_from": 5,
    "day_amount": "10000",
    "indicators": [
        {"indicator": "NH3-N", "limit": None, "step_width": "0.5", "unit_amount": "0", "cap": None}
    ],
}


@pytest.mark.parametrize(
    ("counted", "runs", "wan"),
    [
        ("all", [(date(2023, 5, 3), 7)], {"2023-05": 7}),
        ("from", [(date(2023, 5, 3), 7)], {"2023-05": 3}),
        ("all", [(date(2023, 5, 3), 4)], {"2023-05": 0}),
        # Two runs, each from its own fifth day on: 3 + 2.
        ("from", [(date(2023, 5, 3), 7), (date(2023, 5, 20), 6)], {"2023-05": 5}),
        # Over the month's end: days 5–7 of the run fall into June.
        ("from", [(date(2023, 5, 28), 7)], {"2023-05": 0, "2023-06": 3}),
        ("all", [(date(2023, 5, 28), 7)], {"2023-05": 0, "2023-06": 7}),
    ],
)  # fmt: skip
def test_days_over_the_limit_in_a_row_count_by_the_stations_daily_means(two, counted, runs, wan):
    """合肥 2022: five days running or more, 1 万元 a day here."""
    two.term("exceedance_steps", date(2023, 5, 1), date(2023, 7, 1), days_counted=counted, **HEFEI)
    for when in ("2023-05", "2023-06"):
        days(two, month(when), 1, "0.1")
    for first, count in runs:
        days(two, first, count, "1.2")
    pipeline.recompute()
    found = {
        when: sum((t.yuan for t in two.one("exceedance_steps", when).transfers.all()), Decimal(0))
        for when in wan
    }
    assert found == {when: amount * 10_000 for when, amount in wan.items()}


def test_a_run_that_reaches_into_june_recomputes_june_when_may_is_corrected(two):
    two.term("exceedance_steps", date(2023, 5, 1), date(2023, 7, 1), days_counted="from", **HEFEI)
    days(two, date(2023, 6, 1), 3, "1.2")
    pipeline.recompute()
    assert two.one("exceedance_steps", "2023-06").transfers.count() == 0
    days(two, date(2023, 5, 28), 4, "1.2")
    pipeline.recompute()
    assert two.one("exceedance_steps", "2023-06").transfers.get().yuan == 30_000


def test_a_figure_nothing_asks_for_leaves_every_digest_as_it_was(two):
    two.term("baseline", date(2023, 1, 1))
    two.measured("2023-05", "II")
    pipeline.recompute()
    before = dict(Accrual.objects.values_list("pk", "input_digest"))
    two.figures("S0 2023 湿地保护率 40", "S0 2023-05 水量 12.5万m³")
    assert dict(Accrual.objects.values_list("pk", "input_digest")) == before
    accrue_agreement(agreement=two.agreement)
    assert dict(Accrual.objects.values_list("pk", "input_digest")) == before
