"""Exact from the readings to the comparison: months and years, through the pipeline's tables."""

import csv
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins.ranges import between
from monitoring.models import Assessment, MonthlyMean, Origin, SamplingPlan, Section, Target
from monitoring.standards.gb3838_2002 import find_indicator
from settlements import pipeline, rules
from settlements.accruals.services.accruals import accrue_agreement
from settlements.models import Accrual, TermSection, Transfer
from settlements.money import yuan
from settlements.reckoning.known import known_at
from settlements.reckoning.preview import PartSpec, TermSpec, preview
from settlements.reckoning.verification import verify_accruals
from settlements.rules.parameters import with_defaults
from settlements.years.queries.adjustment import inputs_changed
from tests.worlds import month

CASES = Path(__file__).parents[1] / "rules" / "ties"
ORIGINS = {"自动": Origin.AUTOMATIC, "手工": Origin.MANUAL, "": Origin.MANUAL}


@pytest.fixture(autouse=True)
def years_of_the_cases():
    """Partitions for months that no other test has readings in."""
    with connection.cursor() as cursor:
        for year in (2010, 2011, 2015, 2016):
            for number in range(1, 13):
                cursor.execute("SELECT monitoring_ensure_partition(%s)", [date(year, number, 1)])


def stored(border, name):
    """The readings of a case at the border's section, worked in."""
    with (CASES / f"{name}.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["采样时间"])
            values = {
                find_indicator(heading.partition("(")[0]): value
                for heading, value in row.items()
                if heading not in ("断面", "采样时间", "来源") and value
            }
            border.store(
                at.replace(tzinfo=timezone.get_default_timezone()),
                values,
                origin=ORIGINS[row.get("来源", "")],
            )
    pipeline.recompute()


def previewed(border, rule, first, last, **given):
    spec = TermSpec(
        rule=rule,
        parameters=with_defaults(rules.get(rule).parameters, given, on=date(2023, 1, 1)),
        in_force=between(first, last),
        parts=(PartSpec(border.section, border.upstream, border.downstream),),
    )
    return preview(border.river, [spec])


@pytest.mark.parametrize(
    ("given", "paid"),
    [({"dead_band": "5"}, "0"), ({"tier_width": "5", "tier_amount": "20万元"}, "1000000")],
)
def test_june_worse_by_exactly_five_per_cent_than_a_base_of_a_third(border, given, paid):
    """03-readings-base-one-third: 0.35 against 1/3."""
    stored(border, "03-readings-base-one-third")
    lines = previewed(
        border, "baseline", month("2011-06"), month("2011-07"),
        baseline_kind="base_period", base_from=2010, base_to=2010, **given,
    )  # fmt: skip
    (line,) = lines
    assert line.yuan == yuan(paid)


def test_a_year_of_exactly_the_limit_of_class_three_is_class_three(border):
    """04-readings-year-mean-0.2: months of 1/6 three times, 0.2 eight times, 0.3 once."""
    stored(border, "04-readings-year-mean-0.2")
    january = MonthlyMean.objects.get(month=month("2015-01"))
    assert january.exact == Fraction(1, 6)
    assert (january.mean, january.exact.written) == (Decimal("0.166666666667"),) * 2
    terms = {
        "payer": "downstream", "amount": "300万元", "from_year": 2015, "to_year": 2015,
        "condition_class": "Ⅲ",
    }  # fmt: skip
    (line,) = previewed(border, "fixed_annual", month("2015-01"), month("2016-01"), **terms)
    assert line.state == "met"


def test_the_same_mean_comes_of_a_column_that_was_there_before_totals_were_kept(border):
    stored(border, "04-readings-year-mean-0.2")
    before = dict(MonthlyMean.objects.values_list("month", "total"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_monthlymean SET total = round(mean * valid, 9)")
    assert dict(MonthlyMean.objects.values_list("month", "total")) == before


# --- a plan that changes within a month ------------------------------------------------------


def planned(border, *spans):
    for first, until, per_day in spans:
        SamplingPlan.objects.create(
            section=border.section,
            per_day=per_day,
            in_force=between(date.fromisoformat(first), until and date.fromisoformat(until)),
        )


def test_a_plan_that_changes_within_the_month_counts_by_the_day(border):
    """06-readings-plan-down: six a day to the 15th, then one; one sample by hand of 2.5."""
    planned(border, ("2016-01-01", "2016-05-16", 6), ("2016-05-16", None, 1))
    stored(border, "06-readings-plan-down")
    mean = MonthlyMean.objects.get(month=month("2016-05"))
    assert (mean.expected, mean.valid, mean.complete) == (106, 106, True)
    assert (mean.mean, mean.origin) == (Decimal("0.5"), Origin.AUTOMATIC)
    assert Assessment.objects.get(month=month("2016-05")).water_class == 2


def test_a_declared_change_hides_no_silent_half_of_a_month(border):
    """One a day is due from the 16th and none comes: fifteen good days of 31 are too few."""
    planned(border, ("2016-01-01", "2016-05-16", 6), ("2016-05-16", None, 1))
    start = datetime(2016, 5, 1, tzinfo=timezone.get_default_timezone())
    for hours in range(0, 15 * 24, 4):
        border.store(start + timedelta(hours=hours), {"NH3-N": "0.5"}, origin=Origin.AUTOMATIC)
    pipeline.recompute()
    mean = MonthlyMean.objects.get(month=month("2016-05"))
    assert (mean.expected, mean.valid, mean.complete) == (106, 90, False)


def test_days_before_the_first_plan_count_by_the_scheme(border):
    planned(border, ("2016-05-11", "2016-05-21", 1))
    start = datetime(2016, 5, 1, tzinfo=timezone.get_default_timezone())
    border.store(start, {"NH3-N": "0.5"}, origin=Origin.AUTOMATIC)
    pipeline.recompute()
    mean = MonthlyMean.objects.get(month=month("2016-05"))
    assert mean.expected == 10 * 6 + 10 * 1 + 11 * 6


# --- shares ------------------------------------------------------------------------------------


def test_three_sections_of_a_third_each_pay_what_one_would(border):
    others = [
        Section.objects.create(
            code=f"SIDE{n}", name=f"支流{n}", province=border.section.province,
            river=border.river, upstream=border.upstream, downstream=border.downstream,
        )
        for n in (1, 2)
    ]  # fmt: skip
    for section in others:
        Target.objects.create(
            section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="测试"
        )
    for section in (border.section, *others):
        border.measured("2023-05", "IV", section=section)
    pipeline.recompute()
    spec = TermSpec(
        rule="baseline",
        parameters=with_defaults(
            rules.get("baseline").parameters, {"rate": "350万元"}, on=month("2023-01")
        ),
        in_force=between(month("2023-05"), month("2023-06")),
        parts=tuple(
            PartSpec(section, border.upstream, border.downstream, share=Fraction(1, 3))
            for section in (border.section, *others)
        ),
    )
    paid = [line.yuan for line in preview(border.river, [spec])]
    assert paid == [yuan("1166666.67"), yuan("1166666.67"), yuan("1166666.66")]
    assert sum(paid) == yuan("3500000")


@pytest.mark.parametrize("share", ["1/3", "2/3", "0.8783", "1", "0.000001"])
def test_a_share_comes_back_from_the_database_as_it_was(border, share):
    part = TermSection.objects.first()
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("ALTER TABLE settlements_termsection DISABLE TRIGGER USER")
        cursor.execute("UPDATE settlements_termsection SET share = %s", [share])
    part.refresh_from_db()
    assert part.share == Fraction(share)
    assert TermSection._meta.get_field("share").value_to_string(part) == share


@pytest.mark.parametrize("share", ["0", "4/3", "1.5", "0.50", "1/0", "-0.5", "50%", "0.0"])
def test_the_database_takes_no_share_that_is_no_part_of_one(border, share):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE settlements_termsection DISABLE TRIGGER USER")
        with pytest.raises(IntegrityError, match="term_section_share"), transaction.atomic():
            cursor.execute("UPDATE settlements_termsection SET share = %s", [share])


# --- what was stored before ------------------------------------------------------------------


def test_months_stored_before_keep_their_digest_and_are_known_as_they_were(border):
    """An accrual of before has cut means and no more; computed now the digest is the same."""
    for when in ("2018-06", "2019-06"):
        at = datetime.combine(month(when), datetime.min.time(), timezone.get_default_timezone())
        for hours, value in ((8, "0.3"), (32, "0.3"), (56, "0.4")):
            border.store(at + timedelta(hours=hours), {"NH3-N": value})
    pipeline.recompute()
    accrual = border.accrual("2019-06")
    assert accrual.inputs["means"]["NH3-N"] == "0.333333333333"
    assert accrual.inputs["exact"]["means.NH3-N"] == "1/3"
    before = {name: value for name, value in accrual.inputs.items() if name != "exact"}
    Accrual.objects.filter(pk=accrual.pk).update(inputs=before)
    assert not verify_accruals().differ
    assert accrue_agreement(agreement=border.agreement) == 0
    known = known_at(border.agreement, timezone.now())
    (again,) = known.month(month("2019-06"))
    assert again.digest == accrual.input_digest


def test_what_an_upgrade_reckons_otherwise_is_found_and_then_written(border, capsys):
    border.assessed("2018-06", "III")
    border.assessed("2019-06", "II")
    call_command("verify_accruals", from_readings=True)
    assert capsys.readouterr().out.startswith("由监测数据重算 ")
    accrual = border.accrual("2019-06")
    Transfer.objects.filter(accrual=accrual).delete()
    Accrual.objects.filter(pk=accrual.pk).update(month_state="not_met")
    with pytest.raises(SystemExit):
        call_command("verify_accruals", "--from-readings", "--json")
    found = json.loads(capsys.readouterr().out)
    (otherwise,) = found["otherwise"]
    assert (found["digests"], otherwise["period"], otherwise["same_inputs"]) == (0, "2019-06", True)
    assert otherwise["was"] == {"state": "not_met", "payments": []}
    assert otherwise["now"] == {
        "state": "met", "payments": [["500902", "500901", "1000000.00"]],
    }  # fmt: skip
    with pytest.raises(SystemExit):
        call_command("verify_accruals", from_readings=True)
    assert (
        "  TEST 交界 2019-06（未发布）：原 未达标，互不补偿；"
        "现 达标，500902→500901 1,000,000.00 元" in capsys.readouterr().out
    )
    assert accrue_agreement(agreement=border.agreement) == 1
    assert border.transfers("2019-06") == [(border.downstream, border.upstream, yuan("1000000"))]


def test_a_proposals_page_says_nothing_of_fractions(border):
    """What changed is told by what is written; the whole numbers behind it are in the steps."""
    before = {"means": {"NH3-N": "0.3"}}
    after = {"means": {"NH3-N": "0.333333333333"}, "exact": {"means.NH3-N": "1/3"}}
    assert [(c.label, c.before, c.after) for c in inputs_changed(before, after)] == [
        ("本期各指标均值：氨氮（mg/L）", "0.3", "0.333333333333")
    ]


def test_stored_exceedances_read_as_they_always_did(border):
    """What published notices hold is compared with it text by text."""
    border.store(
        datetime(2023, 5, 5, tzinfo=timezone.get_default_timezone()), {"TP": "0.35", "pH": "9.2"}
    )
    pipeline.recompute()
    assert Assessment.objects.get(month=month("2023-05")).exceedances == [
        {"indicator": "pH", "value": "9.200000000000", "multiple": None, "reference": 3},
        {
            "indicator": "TP", "value": "0.350000000000", "multiple": "0.75000000000",
            "reference": 3,
        },
    ]  # fmt: skip
