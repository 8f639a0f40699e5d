"""按某日所知: stored digests come out again from what was known, at random past moments."""

import itertools
import json
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from basins.access import viewer_of
from basins.ranges import next_month
from basins.seeding import on, recorded_at, recorded_by_period, seeding
from monitoring.models import DirtyMonth, MarkWorked
from settlements import pipeline, rules
from settlements.as_known.queries.as_known import month_as_known
from settlements.models import Accrual, AccrualVersion, Adjustment, MonthRuling, Transfer
from settlements.reckoning.known import known_at
from settlements.reckoning.known_basis import with_later
from settlements.reckoning.known_check import differing, verify_known
from settlements.reckoning.known_spans import lifetimes, without
from settlements.reckoning.periods import last_month
from settlements.rules.parameters import specs, with_defaults
from tests import databases
from tests.known_world import World
from tests.worlds import Border, month


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), databases.world("known", World) as world:
        yield world


def test_three_hundred_random_pairs_give_their_stored_digests(world):
    found = verify_known(300, seed=1)
    assert [each.to_json() for each in found.differ] == []
    assert (found.checked, found.moments >= 8) == (300, True)
    gone = set(AccrualVersion.objects.filter(known_to__isnull=False).values_list("input_digest"))
    assert len(gone) > 10


def test_every_kind_of_change_ended_versions_that_are_drawn_from(world):
    """Of the digests that something replaced, none comes out of what is known now."""
    alive = lifetimes()
    moments = list(world.seen.values())
    replaced = 0
    for before, after in itertools.pairwise(moments[1:]):
        old = [each for each in alive if each.holds(before) and not each.holds(after)]
        replaced += bool(old)
        assert differing(old, before) == []
    assert replaced >= 7
    ended = [
        each for each in alive
        if each.holds(world.seen["first"]) and not each.holds(world.seen["target"])
    ]  # fmt: skip
    assert len(differing(ended, timezone.now())) == len(ended) > 10


def test_the_moments_between_a_change_and_its_run_are_left_out(world):
    waits = MarkWorked.objects.filter(section=world.border.section, month=month("2019-03"))
    wait = waits.order_by("pk")[1]  # its correction
    inside = wait.waiting_since + timedelta(microseconds=1)
    part = world.border.agreement.terms.get(number=1).sections.get()
    of_march = [x for x in lifetimes() if (x.part, x.period) == (part.pk, month("2019-03"))]
    assert of_march
    assert not any(each.holds(inside) for each in of_march)
    before, after = world.seen["first"], world.seen["corrected"]
    digests = [{x.digest for x in of_march if x.holds(at)} for at in (before, after)]
    assert len(digests[0] | digests[1]) == 2


def test_a_month_waiting_now_is_left_out_up_to_now(world):
    DirtyMonth.objects.create(
        section=world.border.section, month=month("2019-03"), marked_at=timezone.now()
    )
    now = timezone.now()
    held = {x.period for x in lifetimes(now) if x.holds(now - timedelta(microseconds=9))}
    assert month("2020-11") in held
    assert month("2019-03") not in held
    pipeline.recompute()


def test_what_a_month_came_to_is_known_as_it_was(world):
    agreement = world.border.agreement
    classes = {
        name: [c.facts.water_class for c in known_at(agreement, at).month(month("2019-03"))]
        for name, at in world.seen.items()
    }
    assert (classes["first"], classes["corrected"]) == ([3], [5])
    assert classes["empty"] == []
    states = {
        name: [c.outcome.state.value for c in known_at(agreement, at).month(month("2020-06"))]
        for name, at in world.seen.items()
    }
    assert states["ruled"] == ["natural_no_flow"] != states["revoked"]
    targets = [
        known_at(agreement, world.seen[name]).month(month("2019-03"))[0].facts.target
        for name in ("plan", "late")
    ]
    assert targets == [2, 3]


def test_a_mean_that_does_not_end_is_the_same_then_and_now(world):
    accrual = Accrual.objects.get(term__agreement=world.border.agreement, period=month("2020-07"))
    assert "means.NH3-N" in accrual.inputs["exact"]
    viewer, at = viewer_of(world.people.bureau), world.seen["late"]
    then = month_as_known(viewer, "TEST", month("2020-07"), at)
    (section,) = then.sections
    assert [(m.code, m.changed) for m in section.means if m.code == "NH3-N"] == [("NH3-N", False)]


def test_a_version_keeps_what_was_paid_and_each_finding_follows_the_last(world):
    part = world.chain.agreement.terms.get(rule="pollution_load").sections.get()
    versions = list(AccrualVersion.objects.filter(term_section=part, period=month("2023-01")))
    paid = [[Decimal(t["yuan"]) for t in v.transfers] for v in versions]
    assert paid[-2:] == [[Decimal("2500000.00")], [Decimal("3000000.00")]]
    assert [v.known_to for v in versions[:-1]] == [v.known_from for v in versions[1:]]
    assert versions[-1].known_to is None
    live = AccrualVersion.objects.filter(known_to__isnull=True)
    assert set(live.values_list("accrual_id", "input_digest")) == set(
        Accrual.objects.values_list("pk", "input_digest")
    )
    stored = {
        (t.accrual_id, t.payer.code, str(t.yuan)) for t in Transfer.objects.select_related("payer")
    }
    assert stored == {
        (v.accrual_id, t["payer"], t["yuan"]) for v in live for t in v.transfers
    }  # fmt: skip


def test_a_proposal_counts_while_it_stood(world):
    proposal = Adjustment.objects.get()
    assert proposal.state == "withdrawn"
    at = world.seen["proposed"]
    alive = [each for each in lifetimes() if each.period == month("2020-05") and each.holds(at)]
    assert [each.digest for each in alive] == [proposal.input_digest]
    assert differing(alive, at) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_accrualversion SET input_digest = 'x'",
        "UPDATE settlements_accrualversion SET known_to = now() WHERE known_to IS NOT NULL",
        "UPDATE settlements_accrualversion SET transfers = '[1]'",
        "DELETE FROM settlements_accrualversion",
        "TRUNCATE settlements_accrualversion",
        "DELETE FROM monitoring_markworked",
    ],
)
def test_history_is_not_rewritten(world, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_command_says_what_it_checked_and_fails_where_a_history_is_wrong(world):
    out = StringIO()
    call_command("verify_known", pairs=50, seed=3, json=True, stdout=out)
    said = json.loads(out.getvalue())
    assert (said["checked"], said["differ"]) == (50, [])
    ruling = MonthRuling.objects.get()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                """DELETE FROM basins_auditrecord WHERE "table" = 'settlements_monthruling'
                   AND key = %s AND op = 'I'""",
                [str(ruling.pk)],
            )
        at = world.seen["ruled"]
        wrong = differing([each for each in lifetimes() if each.holds(at)], at)
        assert {each.period for each in wrong} >= {month("2020-06")}
        transaction.set_rollback(True)


def test_a_term_of_before_a_parameter_is_read_as_it_always_was():
    declared = rules.get("baseline").parameters
    whole = with_defaults(declared, {}, on=month("2023-01"))
    added = {name for name, spec in specs(declared).items() if spec.added}
    assert added
    before = {name: entry for name, entry in whole.items() if name not in added}
    assert declared.from_json(with_later(declared, before)) == declared.from_json(whole)
    assert with_later(declared, whole) == whole


def test_what_is_left_of_a_span():
    def at(n: int) -> datetime:
        return datetime(2024, 1, n, tzinfo=timezone.get_default_timezone())

    assert without((at(1), at(9)), [(at(3), at(4)), (at(8), at(20))]) == (
        (at(1), at(3)), (at(4), at(8)),
    )  # fmt: skip
    assert without((at(1), at(9)), [(at(1), at(9))]) == ()
    assert without((at(5), at(9)), [(at(1), at(6)), (at(2), at(5))]) == ((at(6), at(9)),)


@pytest.mark.django_db
def test_what_a_seeding_revises_of_a_month_not_yet_known_ends_no_version_before_it_began():
    """In the first week of a month the last one is recorded at the present, the stories are not."""
    last = last_month()
    with seeding():
        border = Border.make()
        when = f"{last:%Y-%m}"
        with recorded_by_period():
            border.assessed(when, "II")
        with recorded_at(on(next_month(last), 0)):
            border.assessed(when, "IV")
    assert not DirtyMonth.objects.exclude(error="").exists()
    versions = AccrualVersion.objects.filter(period=last).order_by("pk")
    known = [(v.water_class, v.known_to is None) for v in versions if v.known_from != v.known_to]
    assert known == [(4, True)]
    [first, second] = versions
    assert first.known_from == first.known_to == second.known_from
    assert [t["payer"] for t in second.transfers] == ["500901"]
