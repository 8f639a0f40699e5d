"""From a stored reading to the year's net, through triggers, marks and the pipeline."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins.ranges import between
from monitoring.assessment.services.assessment import claim_marks, day_of, month_bounds
from monitoring.models import (
    Assessment,
    DirtyMonth,
    Indicator,
    MonthlyMean,
    Origin,
    Section,
    Target,
)
from settlements import pipeline
from settlements.accruals.services.accruals import accrue_agreement
from settlements.models import Accrual, Adjustment, Settlement, Transfer
from settlements.money import yuan
from settlements.years.services.year_data import NotReady
from tests.told_once import bare, computed, told_instead, told_once
from tests.worlds import close_year, mark_months, month

told = told_once(computed)
of_other_terms = told_instead(bare)

MILLION = yuan("1000000")


def test_better_water_makes_downstream_pay(border):
    border.assessed("2018-06", "III")
    border.assessed("2019-06", "II")
    assert border.transfers("2019-06") == [(border.downstream, border.upstream, MILLION)]


def test_worse_water_makes_upstream_pay(border):
    border.assessed("2018-06", "II")
    border.assessed("2019-06", "III")
    assert border.transfers("2019-06") == [(border.upstream, border.downstream, MILLION)]


def test_a_change_last_year_moves_this_year(border):
    border.assessed("2018-06", "III")
    border.assessed("2019-06", "II")
    border.assessed("2018-06", "II")
    assert border.transfers("2019-06") == []
    assert border.net(2019) == {"上游区": Decimal("0.00"), "下游区": Decimal("0.00")}


def test_december_2022_goes_by_the_first_rule_and_january_2023_by_the_second(border):
    for when, water_class in [("2021-12", "II"), ("2022-12", "III"), ("2023-01", "II")]:
        border.assessed(when, water_class)
    assert border.accrual("2022-12").term.rule == "class_vs_last_year"
    assert border.transfers("2022-12") == [(border.upstream, border.downstream, MILLION)]
    assert border.accrual("2023-01").term.rule == "baseline"
    assert border.transfers("2023-01") == [(border.downstream, border.upstream, MILLION)]


def test_a_month_without_readings_is_no_data_not_zero(border):
    border.assessed("2019-06", "II")
    accrual = border.accrual("2019-07")
    assert accrual.month_state == "no_data"
    assert "没有有效监测数据" in str(accrual.steps)


def test_the_year_nets_to_zero_and_names_every_party(border):
    border.assessed("2023-03", "II")
    border.assessed("2023-04", "IV")
    border.assessed("2023-05", "I")
    assert border.net(2023) == {"上游区": MILLION, "下游区": -MILLION}


def test_recompute_without_marks_changes_nothing(border):
    border.assessed("2019-06", "II")
    before = list(Accrual.objects.order_by("pk").values_list("pk", "computed_at"))
    assert pipeline.recompute() == 0
    assert list(Accrual.objects.order_by("pk").values_list("pk", "computed_at")) == before


def test_only_what_is_touched_is_recomputed(border):
    border.assessed("2019-06", "II")
    border.assessed("2021-03", "II")
    before = dict(Accrual.objects.values_list("period", "computed_at"))
    border.assessed("2021-03", "III")
    after = dict(Accrual.objects.values_list("period", "computed_at"))
    assert {p for p in after if after[p] != before[p]} == {month("2021-03"), month("2022-03")}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} (section_id, indicator_id, sampled_at, origin, value)"
        " VALUES ({section}, {indicator}, '2023-05-20 00:00+00', 1, 1.2)",
        "UPDATE {table} SET value = value + 0.1 WHERE section_id = {section}",
        "DELETE FROM {table} WHERE section_id = {section} AND indicator_id = {indicator}",
    ],
    ids=["insert", "update", "delete"],
)
@pytest.mark.parametrize("table", ["monitoring_reading", "monitoring_reading_2023_05"])
def test_raw_sql_marks_the_month_also_straight_into_a_partition(border, statement, table):
    border.assessed("2023-05", "III")
    assert not DirtyMonth.objects.exists()
    ammonia = Indicator.objects.get(code="NH3-N").pk
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, section=border.section.pk, indicator=ammonia))
    assert list(DirtyMonth.objects.values_list("section_id", "month")) == [
        (border.section.pk, month("2023-05"))
    ]


def test_a_reading_at_beijing_midnight_belongs_to_the_month_it_begins(border):
    first = datetime(2023, 5, 1, tzinfo=timezone.get_default_timezone())
    border.store(first, {"NH3-N": "1.2"})
    border.store(first - timedelta(seconds=1), {"NH3-N": "0.1"})
    pipeline.recompute()
    assert Assessment.objects.get(month=month("2023-05")).water_class == 4
    assert Assessment.objects.get(month=month("2023-04")).water_class == 1


def test_undetected_values_count_as_half_the_limit(border):
    at = datetime(2023, 5, 1, 8, tzinfo=timezone.get_default_timezone())
    border.store(at, {"NH3-N": "0.2"})
    border.store(at + timedelta(days=1), {"NH3-N": "0.1"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_reading SET below_limit = true WHERE value = 0.1")
    pipeline.recompute()
    mean = MonthlyMean.objects.get(month=month("2023-05"))
    assert (mean.mean, mean.valid, mean.below_limit) == (Decimal("0.125"), 2, 1)


def test_a_value_flagged_as_maintenance_never_enters_a_mean(border):
    at = datetime(2023, 5, 1, 8, tzinfo=timezone.get_default_timezone())
    border.store(at, {"NH3-N": "0.2"})
    border.store(at + timedelta(days=1), {"NH3-N": "9"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_reading SET flag = 'M' WHERE value = 9")
    pipeline.recompute()
    assert MonthlyMean.objects.get(month=month("2023-05")).mean == Decimal("0.2")


def test_an_incomplete_automatic_month_gives_way_to_the_manual_sample(border):
    at = datetime(2023, 5, 10, 8, tzinfo=timezone.get_default_timezone())
    border.store(at, {"NH3-N": "0.2"}, origin=Origin.AUTOMATIC)
    border.store(at, {"NH3-N": "1.2"}, origin=Origin.MANUAL)
    pipeline.recompute()
    mean = MonthlyMean.objects.get(month=month("2023-05"))
    assert (mean.mean, mean.origin, mean.complete) == (Decimal("1.2"), Origin.MANUAL, True)


def test_nineteen_days_of_three_values_make_a_complete_month_and_eighteen_do_not(border):
    # May has 31 days: 60 % of them are 18.6, so 19 are needed.
    start = datetime(2023, 5, 1, tzinfo=timezone.get_default_timezone())
    for days in (18, 19):
        for day in range(days):
            for hour in (0, 4, 8):
                border.store(
                    start + timedelta(days=day, hours=hour),
                    {"NH3-N": "0.2"},
                    origin=Origin.AUTOMATIC,
                )
        pipeline.recompute()
        assert MonthlyMean.objects.get(month=month("2023-05")).complete is (days == 19)


def test_a_killed_transaction_gives_its_mark_back(border):
    border.measured("2023-05", "II")

    class Killed(Exception):
        pass

    @transaction.atomic
    def recompute_and_die():
        pipeline.recompute()
        assert not DirtyMonth.objects.exists()
        raise Killed

    with pytest.raises(Killed):
        recompute_and_die()
    assert DirtyMonth.objects.get().month == month("2023-05")
    pipeline.recompute()
    assert border.transfers("2023-05") == [(border.downstream, border.upstream, MILLION)]


def close_2023(border, people):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    return close_year(border.agreement, 2023, people, on=month("2024-02"))


def test_a_correction_after_closing_proposes_and_changes_nothing(border, people):
    close_2023(border, people)
    before = border.net(2023), border.transfers("2023-05")
    border.measured("2023-05", "IV")
    pipeline.recompute()
    assert (border.net(2023), border.transfers("2023-05")) == before
    proposed = Adjustment.objects.get()
    assert proposed.accrual == border.accrual("2023-05")
    assert proposed.outcome["transfers"][0]["payer"] == border.upstream.code


def test_closing_settles_the_months_and_posts_one_balanced_entry(border, people):
    settlement = close_2023(border, people)
    assert set(Accrual.objects.filter(period__year=2023).values_list("state", flat=True)) == {
        "settled"
    }
    entry = settlement.entries.get()
    assert {p.account.jurisdiction.name: p.yuan for p in entry.postings.all()} == {
        "上游区": 12 * MILLION,
        "下游区": -12 * MILLION,
    }


def test_a_year_with_a_month_missing_is_not_closed(border, people):
    border.assessed("2023-05", "II")
    Transfer.objects.all().delete()
    border.accrual("2023-06").delete()
    with pytest.raises(NotReady, match="2023-06"):
        close_year(border.agreement, 2023, people, on=month("2024-02"))
    assert Settlement.objects.get(year=2023).state == "open"


def test_a_year_that_is_not_over_is_not_closed(border, people):
    border.assessed("2023-05", "II")
    with pytest.raises(NotReady, match="尚未结束"):
        close_year(border.agreement, 2023, people, on=month("2023-12"))


@of_other_terms
def test_a_base_period_moves_every_month_that_is_compared_with_it(border):
    border.agreement.terms.filter(rule="baseline").delete()
    border.term(
        "baseline", month("2023-01"), baseline_kind="base_period", base_from=2021, base_to=2022
    )
    base = datetime(2021, 6, 15, 10, tzinfo=timezone.get_default_timezone())
    border.store(base, {"DO": "8.0", "CODMn": "3.0", "TP": "0.05", "NH3-N": "0.8"})
    border.assessed("2023-05", "II")  # NH3-N 0.3, and all else better than the base
    assert border.transfers("2023-05") == [(border.downstream, border.upstream, MILLION)]
    border.store(base, {"NH3-N": "0.1"})  # corrected: cleaner than the month now
    pipeline.recompute()
    assert border.transfers("2023-05") == [(border.upstream, border.downstream, MILLION)]


@of_other_terms
def test_a_yearly_cap_cuts_the_later_months_and_says_so(border):
    border.agreement.terms.filter(rule="baseline").delete()
    border.term("baseline", month("2023-01"), yearly_cap="1500000")
    for when in ("2023-03", "2023-04", "2023-05"):
        border.measured(when, "II")
    pipeline.recompute()
    assert [t[2] for m in ("2023-03", "2023-04", "2023-05") for t in border.transfers(m)] == [
        MILLION,
        yuan("500000"),
    ]
    assert "封顶" in str(border.accrual("2023-05").steps)
    border.assessed("2023-03", "III")  # equal: nobody pays, the cap is free for May
    assert border.transfers("2023-05") == [(border.downstream, border.upstream, yuan("500000"))]


@of_other_terms
def test_a_yearly_cap_holds_over_the_running_month_too(border):
    with time_machine.travel(datetime(2023, 11, 20, 4, tzinfo=UTC), tick=False):
        border.agreement.terms.filter(rule="baseline").delete()
        border.term("baseline", month("2023-01"), yearly_cap="1500000")
        border.measured("2023-09", "II")
        border.assessed("2023-11", "II")
        border.assessed("2023-10", "II")  # late: it takes what the cap had left for November
        assert border.net(2023)["上游区"] == yuan("1500000")
        assert border.transfers("2023-11") == []


@of_other_terms
def test_a_fixed_yearly_sum_is_paid_once_for_the_year(border):
    border.agreement.terms.filter(rule="baseline").delete()
    border.term("fixed_annual", month("2023-01"), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    assert border.net(2023) == {"上游区": yuan("3500000"), "下游区": -yuan("3500000")}
    assert Accrual.objects.get(period=month("2023-01")).yearly is True


def run_verify(capsys) -> tuple[int, dict]:
    try:
        call_command("verify_accruals", "--json")
    except SystemExit as ended:
        return ended.code, json.loads(capsys.readouterr().out)
    return 0, json.loads(capsys.readouterr().out)


@of_other_terms
def test_every_accrual_follows_from_its_stored_inputs_also_under_a_cap(border, capsys):
    border.agreement.terms.filter(rule="baseline").delete()
    border.term("baseline", month("2023-01"), yearly_cap="1500000")
    for when in ("2019-06", "2020-06", "2023-03", "2023-04"):
        border.measured(when, "II")
    pipeline.recompute()
    status, found = run_verify(capsys)
    assert (status, found["differ"]) == (0, [])
    assert found["checked"] == Accrual.objects.count() > 60


def test_a_transfer_changed_behind_our_back_is_named(border, capsys):
    border.assessed("2023-03", "II")
    Transfer.objects.update(yuan=yuan("1.00"))
    status, found = run_verify(capsys)
    assert status == 1
    assert [(d["agreement"], d["period"]) for d in found["differ"]] == [("TEST", "2023-03")]
    assert "1000000.00" in found["differ"][0]["problem"]


def test_one_month_that_cannot_be_computed_stops_no_other(border, capsys):
    broken = Section.objects.create(
        code="BROKEN", name="坏", province=border.section.province, river=border.river
    )
    border.measured("2023-05", "II")
    border.store(
        datetime(2023, 5, 15, 10, tzinfo=timezone.get_default_timezone()),
        {"NH3-N": "-1"},
        section=broken,
    )
    assert pipeline.recompute() == 2
    assert border.transfers("2023-05") == [(border.downstream, border.upstream, MILLION)]
    mark = DirtyMonth.objects.get()
    assert mark.section == broken
    assert mark.error
    with pytest.raises(SystemExit):
        call_command("recompute", "--json")
    assert json.loads(capsys.readouterr().out)["failed"][0]["section"] == "坏"
    border.store(
        datetime(2023, 5, 15, 10, tzinfo=timezone.get_default_timezone()),
        {"NH3-N": "0.3"},
        section=broken,
    )
    assert pipeline.recompute() == 1
    assert not DirtyMonth.objects.exists()


def test_a_section_that_turns_out_to_be_a_lake_is_classed_anew(border):
    border.assessed("2023-05", "I")  # TP 0.015: class I in a river, II in a lake
    Section.objects.filter(pk=border.section.pk).update(water_body="lake")
    pipeline.recompute()
    assert Assessment.objects.get(month=month("2023-05")).water_class == 2


def test_a_target_that_changes_moves_the_money(border):
    border.assessed("2023-05", "II")
    Target.objects.update(water_class=2)
    pipeline.recompute()
    assert border.transfers("2023-05") == []


def test_an_assessment_that_went_missing_comes_back(border):
    border.assessed("2023-05", "II")
    Assessment.objects.all().delete()
    border.measured("2023-05", "II")
    pipeline.recompute()
    assert Assessment.objects.get().water_class == 2


def test_a_shortened_term_leaves_no_accrual_behind(border):
    border.assessed("2023-05", "II")
    border.agreement.terms.filter(rule="baseline").update(
        in_force=between(month("2023-01"), month("2023-04"))
    )
    accrue_agreement(agreement=border.agreement)
    assert not Accrual.objects.filter(period__gte=month("2023-04")).exists()
    assert border.net(2023) == {"上游区": Decimal("0.00"), "下游区": Decimal("0.00")}


def test_a_correction_taken_back_withdraws_its_proposal(border, people):
    close_2023(border, people)
    border.measured("2023-05", "IV")
    pipeline.recompute()
    border.measured("2023-05", "V")
    pipeline.recompute()
    assert sorted(Adjustment.objects.values_list("state", flat=True)) == ["proposed", "withdrawn"]
    border.measured("2023-05", "II")
    pipeline.recompute()
    assert set(Adjustment.objects.values_list("state", flat=True)) == {"withdrawn"}


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE monitoring_reading",
        "TRUNCATE monitoring_reading_2023_05",
        "TRUNCATE settlements_transfer",
        "TRUNCATE settlements_settlementnet",
        "UPDATE monitoring_reading SET value = 'NaN'",
        "UPDATE settlements_transfer SET accrual_id = (SELECT min(id) FROM settlements_accrual"
        " WHERE state = 'settled' AND id NOT IN (SELECT accrual_id FROM settlements_transfer))",
        "UPDATE settlements_settlementnet SET settlement_id = (SELECT id FROM"
        " settlements_settlement WHERE state = 'closed') WHERE settlement_id <> (SELECT id FROM"
        " settlements_settlement WHERE state = 'closed')",
    ],
)
def test_raw_sql_gets_round_no_guard(border, people, statement):
    for when in border.months("2022-01", "2024-03"):
        border.measured(when, "III" if when == "2023-05" else "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, people, on=month("2024-02"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_moved_reading_is_known_at_its_new_time_from_then_on(border):
    border.measured("2023-05", "II")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_reading SET sampled_at = sampled_at + interval '1 hour',"
            " recorded_at = '2023-06-01' RETURNING recorded_at = now()"
        )
        assert cursor.fetchall() == [(True,)] * 5


def test_marks_are_claimed_up_to_the_limit_by_whatever_plan(border):
    """A nested loop ran the sub-query once for each mark, and each time took others."""
    mark_months(border.section, "2018-01", 120)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        cursor.execute("SET LOCAL enable_material = off; SET LOCAL enable_memoize = off")
    assert len(claim_marks(50)) == 50
    assert DirtyMonth.objects.count() == 70


@pytest.mark.parametrize("when", ["1986-05", "1986-06", "1991-09", "2023-05", "2024-02"])
def test_a_reading_belongs_to_its_day_of_the_calendar_here(when):
    """In the months when summer time began or ended a day has 23 or 25 hours."""
    start, end = month_bounds(month(when))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT sampled_at AT TIME ZONE 'Asia/Shanghai', {day_of(start, end)}
                       AT TIME ZONE 'Asia/Shanghai'
                FROM generate_series(%(start)s::timestamptz, %(end)s - interval '1 second',
                                     interval '29 minutes 59 seconds') AS r (sampled_at)""",
            {"start": start, "end": end},
        )
        assert all(day == at.replace(hour=0, minute=0, second=0) for at, day in cursor.fetchall())
