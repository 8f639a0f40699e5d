"""统计口径: from readings to the value that is assessed, by dated choices that a term may leave."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins.clock import today
from basins.ranges import between, month_start
from monitoring.assessment.services.basis import (
    BasisRefused,
    choose_basis,
    first_month_open,
    withdraw_basis,
)
from monitoring.models import Assessment, AssessmentBasis, MonthlyMean, Origin
from monitoring.standards.basis import Basis, rounded_value
from settlements import pipeline, rules
from settlements.accruals.services.accruals import accrue_agreement
from settlements.models import Accrual, Agreement, Party
from settlements.money import yuan
from settlements.reckoning.known import known_at
from settlements.reckoning.preview import PartSpec, TermSpec, preview
from settlements.reckoning.verification import verify_accruals
from settlements.rules.parameters import with_defaults
from tests.worlds import month

ROUNDED = Basis(rounding="rounded")
HYDROGEN = Basis(ph="hydrogen")
MANUAL = Basis(first="manual")
ABOVE = "1.004"  # of ammonia: class Ⅳ as it is, class Ⅲ at two decimals


def chosen(since, basis):
    """As an installation that chose before it had any assessment."""
    return choose_basis(since=month(since), basis=basis, source="市局〔2018〕1号")


def sampled(border, when, values, *, day=5, origin=Origin.MANUAL):
    at = datetime.combine(month(when), datetime.min.time(), timezone.get_default_timezone())
    border.store(at + timedelta(days=day, hours=8), values, origin=origin)


def assessed(border, when, values, **more):
    sampled(border, when, values, **more)
    pipeline.recompute()
    return Assessment.objects.get(section=border.section, month=month(when))


# --- the value that is assessed --------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("NH3-N", "1.005", "1.00"),  # half to even
        ("NH3-N", "1.015", "1.02"),
        ("NH3-N", "1.0050000001", "1.01"),
        ("TP", "0.2005", "0.200"),
        ("DO", "4.95", "5.0"),  # half to even: the nine is odd
        ("pH", "9.4", "9"),
        ("Hg", "0.0000049", "0.000005"),  # would be zero: one significant digit stays
        ("Hg", "0.000055", "0.00006"),
        ("TN", "0", "0.00"),
        ("Fe", "0.123456", "0.123456"),  # no decimals are set for it
    ],
)
def test_a_mean_is_rounded_to_its_assessed_decimals(code, value, expected):
    assert str(rounded_value(code, Decimal(value))) == str(Decimal(expected))


def test_a_basis_is_stored_as_a_code_and_read_again():
    assert Basis().code == ""
    assert Basis.of("") == Basis()
    for basis in (ROUNDED, HYDROGEN, MANUAL, Basis("rounded", "hydrogen", "manual")):
        assert Basis.of(basis.code) == basis
    with pytest.raises(ValueError, match="没有“up”"):
        Basis(rounding="up")


# --- months and years ------------------------------------------------------------------------


def test_without_a_choice_a_month_is_classed_by_what_was_measured(border):
    found = assessed(border, "2023-05", {"NH3-N": ABOVE})
    assert (found.water_class, found.basis) == (4, "")


def test_a_month_is_classed_by_the_rounded_mean_from_the_chosen_month_on(border):
    chosen("2023-05", ROUNDED)
    before = assessed(border, "2023-04", {"NH3-N": ABOVE})
    after = assessed(border, "2023-05", {"NH3-N": ABOVE})
    assert (before.water_class, before.basis) == (4, "")
    assert (after.water_class, after.basis) == (3, ROUNDED.code)
    assert MonthlyMean.objects.get(month=month("2023-05")).mean == Decimal(ABOVE)
    accrual = border.accrual("2023-05")
    assert accrual.inputs["means"]["NH3-N"] == "1"
    assert accrual.inputs["unrounded"] == {"NH3-N": ABOVE}
    assert accrual.inputs["basis"] == ROUNDED.code
    (line,) = [step for step in accrual.steps if step["key"] == "means"]
    assert line["text"].startswith("统计口径：修约到参评小数位的均值，pH 算术平均，自动监测优先。")
    assert line["inputs"][0]["source"] == f"未修约 {ABOVE}"
    assert not verify_accruals().differ


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (None, "临界：修约后为Ⅲ类，未修约为Ⅳ类；按统计口径取Ⅳ类。"),
        (ROUNDED, "临界：修约后为Ⅲ类，未修约为Ⅳ类；按统计口径取Ⅲ类。"),
    ],
)
def test_the_steps_say_where_the_choice_decides_the_class(border, basis, words):
    if basis:
        chosen("2023-01", basis)
    assessed(border, "2023-05", {"NH3-N": ABOVE})
    (line,) = [step for step in border.accrual("2023-05").steps if step["key"] == "class"]
    assert line["hint"] == words
    assert line["defaults"] == ["均值修约"]


def test_a_year_is_rounded_once_from_its_unrounded_months(border):
    """Months of 1.004 and 1.006: rounded first they would make 1.005, and that 1.00."""
    chosen("2022-01", ROUNDED)
    for number, value in ((1, "1.004"), (2, "1.007")):
        assessed(border, f"2023-0{number}", {"NH3-N": value})
    terms = {
        "payer": "downstream", "amount": "300万元", "from_year": 2023, "to_year": 2023,
        "condition_class": "Ⅲ",
    }  # fmt: skip
    (line,) = previewed(border, "fixed_annual", "2023-01", "2024-01", **terms)
    # (1.004 + 1.007) ÷ 2 = 1.0055, at two decimals 1.01: class Ⅳ.
    assert line.state == "not_met"


def test_ph_can_be_the_mean_of_hydrogen_ions(border):
    """pH 6 and 10: arithmetic 8; of 10⁻⁶ and 10⁻¹⁰ the mean is 5.0005 × 10⁻⁷, pH 6.30099."""
    chosen("2023-05", HYDROGEN)
    for when in ("2023-04", "2023-05"):
        for day, value in ((5, "6.00"), (6, "10.00")):
            sampled(border, when, {"pH": value, "NH3-N": "0.1"}, day=day)
    pipeline.recompute()
    arithmetic, hydrogen = MonthlyMean.objects.filter(indicator__code="pH").order_by("month")
    assert arithmetic.mean == 8
    assert hydrogen.mean == Decimal("6.300986568387")
    assert (hydrogen.total, hydrogen.exact) == (None, hydrogen.mean)


def test_equal_ph_values_have_just_that_mean_of_hydrogen_ions(border):
    chosen("2023-05", HYDROGEN)
    for day in (5, 6, 7):
        sampled(border, "2023-05", {"pH": "9.00"}, day=day)
    pipeline.recompute()
    assert MonthlyMean.objects.get(month=month("2023-05")).mean == 9
    assert Assessment.objects.get(month=month("2023-05")).water_class == 1


def test_manual_samples_can_stand_first(border):
    chosen("2023-05", MANUAL)
    start = datetime(2023, 4, 1, tzinfo=timezone.get_default_timezone())
    for hours in range(0, 61 * 24, 4):  # April and May, complete
        border.store(start + timedelta(hours=hours), {"NH3-N": "0.2"}, origin=Origin.AUTOMATIC)
    for when in ("2023-04", "2023-05"):
        sampled(border, when, {"NH3-N": "1.2"})
    pipeline.recompute()
    means = dict(MonthlyMean.objects.values_list("month", "origin"))
    assert means == {month("2023-04"): Origin.AUTOMATIC, month("2023-05"): Origin.MANUAL}


# --- a term that has its own -----------------------------------------------------------------


def previewed(border, rule, first, last, **given):
    spec = TermSpec(
        rule=rule,
        parameters=with_defaults(rules.get(rule).parameters, given, on=date(2023, 1, 1)),
        in_force=between(month(first), month(last)),
        parts=(PartSpec(border.section, border.upstream, border.downstream),),
    )
    return preview(border.river, [spec])


@pytest.mark.parametrize(
    ("scheme", "own", "paid"),
    [
        (None, {}, "1000000"),  # upstream pays: Ⅳ
        (None, {"rounding": "rounded"}, "0"),
        (ROUNDED, {}, "0"),
        (ROUNDED, {"rounding": "unrounded"}, "1000000"),
    ],
)
def test_a_term_may_round_otherwise_than_the_bureau(border, scheme, own, paid):
    if scheme:
        chosen("2022-01", scheme)
    assessed(border, "2023-05", {"NH3-N": ABOVE})
    (line,) = previewed(border, "baseline", "2023-05", "2023-06", **own)
    assert (line.payer, line.yuan) == (border.upstream if paid != "0" else None, yuan(paid))


def test_a_term_may_put_manual_samples_first_and_average_ions(border):
    start = datetime(2023, 5, 1, tzinfo=timezone.get_default_timezone())
    for hours in range(0, 31 * 24, 4):
        border.store(start + timedelta(hours=hours), {"NH3-N": "0.9"}, origin=Origin.AUTOMATIC)
    sampled(border, "2023-05", {"NH3-N": "1.2"})
    pipeline.recompute()
    (line,) = previewed(border, "baseline", "2023-05", "2023-06")
    assert line.payer is None
    (line,) = previewed(border, "baseline", "2023-05", "2023-06", first_origin="manual")
    assert (line.payer, line.yuan) == (border.upstream, yuan("1000000"))
    assert line.computed.facts.basis == MANUAL.code
    assert Assessment.objects.get(month=month("2023-05")).water_class == 3


def test_what_a_deviating_term_found_is_found_again_as_known(border):
    border.agreement = Agreement.objects.create(
        code="OWN", title="自定口径协议", river=border.river, state=Agreement.State.ACTIVE,
        signed_on=date(2023, 1, 1),
    )  # fmt: skip
    for order, party in enumerate((border.upstream, border.downstream), start=1):
        Party.objects.create(agreement=border.agreement, jurisdiction=party, order=order)
    border.term("baseline", date(2023, 1, 1), first_origin="manual")
    start = datetime(2023, 5, 1, tzinfo=timezone.get_default_timezone())
    for hours in range(0, 31 * 24, 4):
        border.store(start + timedelta(hours=hours), {"NH3-N": "0.9"}, origin=Origin.AUTOMATIC)
    assessed(border, "2023-05", {"NH3-N": "1.2"})
    accrual = border.accrual("2023-05")
    assert border.transfers("2023-05") == [(border.upstream, border.downstream, yuan("1000000"))]
    assert not verify_accruals().differ
    (again,) = known_at(border.agreement, timezone.now()).month(month("2023-05"))
    assert again.digest == accrual.input_digest
    assert accrue_agreement(agreement=border.agreement) == 0


# --- choosing --------------------------------------------------------------------------------


def test_stored_months_keep_what_they_were_assessed_by(border):
    assessed(border, "2023-05", {"NH3-N": ABOVE})
    running = month_start(today())
    assert first_month_open() == running
    with pytest.raises(BasisRefused, match=r"2023-05 已有评价，统计口径不能追溯；请自 \d{4}-\d\d"):
        chosen("2023-05", ROUNDED)
    with (
        pytest.raises(IntegrityError, match="2023-05 起已有评价,统计口径不能追溯"),
        transaction.atomic(),
    ):
        AssessmentBasis.objects.create(
            rounding="rounded", ph="arithmetic", first="automatic", source="某文",
            in_force=between(month("2023-05")),
        )  # fmt: skip
    choose_basis(since=running, basis=ROUNDED, source="某文")
    assert assessed(border, "2023-05", {"NH3-N": ABOVE}, day=6).water_class == 4


def test_the_running_month_is_assessed_again_when_a_choice_begins_with_it(border):
    running = month_start(today())
    sampled(border, f"{running:%Y-%m}", {"NH3-N": ABOVE}, day=0)
    pipeline.recompute()
    assert Assessment.objects.get(month=running).water_class == 4
    choice = choose_basis(since=running, basis=ROUNDED, source="某文")
    pipeline.recompute()
    assert Assessment.objects.get(month=running).water_class == 3
    withdraw_basis(pk=choice.pk)
    pipeline.recompute()
    assert Assessment.objects.get(month=running).water_class == 4


@pytest.mark.parametrize(
    ("since", "basis", "source", "words"),
    [
        (date(2023, 5, 2), ROUNDED, "某文", "须自某月 1 日起"),
        (date(2023, 5, 1), ROUNDED, " ", "请填依据"),
        (date(2023, 5, 1), Basis(), "某文", "与现行的口径相同"),
    ],
)
def test_a_choice_that_says_nothing_is_refused(border, since, basis, source, words):
    with pytest.raises(BasisRefused, match=words):
        choose_basis(since=since, basis=basis, source=source)


def test_a_choice_ends_the_one_before_and_its_withdrawal_opens_it_again(border):
    first = chosen("2020-01", ROUNDED)
    with pytest.raises(BasisRefused, match="已定自 2020-01 起的口径"):
        chosen("2019-01", HYDROGEN)
    second = chosen("2022-01", HYDROGEN)
    first.refresh_from_db()
    assert first.in_force == between(month("2020-01"), month("2022-01"))
    with pytest.raises(BasisRefused, match="只能撤销最后定的口径"):
        withdraw_basis(pk=first.pk)
    withdraw_basis(pk=second.pk)
    first.refresh_from_db()
    assert first.in_force.upper is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE monitoring_assessmentbasis SET rounding = 'unrounded', ph = 'hydrogen'",
        "UPDATE monitoring_assessmentbasis SET source = '他文'",
        "UPDATE monitoring_assessmentbasis SET in_force = daterange('2022-06-01', NULL)",
        "UPDATE monitoring_assessmentbasis SET in_force = daterange('2023-01-01', '2023-03-01')",
        "DELETE FROM monitoring_assessmentbasis",
    ],
)
def test_sql_changes_no_choice_that_months_were_assessed_by(border, statement):
    chosen("2023-01", ROUNDED)
    assessed(border, "2023-05", {"NH3-N": ABOVE})
    with (
        pytest.raises(IntegrityError, match="统计口径"),
        connection.cursor() as cursor,
        transaction.atomic(),
    ):
        cursor.execute(statement)


def test_a_choice_leaves_nobody_an_accrual_that_does_not_follow(border):
    """What was known before the choice is known by the default, also afterwards."""
    chosen("2023-05", ROUNDED)
    assessed(border, "2023-05", {"NH3-N": ABOVE})
    accrual = Accrual.objects.get(period=month("2023-05"))
    (again,) = known_at(border.agreement, timezone.now()).month(month("2023-05"))
    assert again.digest == accrual.input_digest


def test_a_scenario_shows_the_yuan_of_rounding_over_all_past_months(border):
    """Switched in the terms, without anything stored: three months of 1.004 are class Ⅲ then."""
    for number in (1, 2, 3):
        assessed(border, f"2023-0{number}", {"NH3-N": ABOVE})
    as_it_is = previewed(border, "baseline", "2023-01", "2024-01")
    rounded = previewed(border, "baseline", "2023-01", "2024-01", rounding="rounded")
    assert sum(line.yuan for line in as_it_is) == yuan("3000000")
    assert sum(line.yuan for line in rounded) == 0
    assert Accrual.objects.filter(month_state="not_met").count() == 3
