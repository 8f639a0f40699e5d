"""Locks are taken in one order, and what was asked before a lock is asked again behind it."""

from datetime import date
from threading import Thread

import psycopg2
import pytest
from django.db import connection, transaction

from basins.clock import moved_to
from monitoring.assessment.services.assessment import assess_months, claim_marks
from settlements.accruals.services.accruals import accrue_changed
from settlements.models import Adjustment, AgreementMonth, FuseTrip, Objection, Settlement
from settlements.notices.services.notices import prepare_notice, sign_off_notice
from settlements.objections.services.objections import raise_objection, refresh_evidence_deadlines
from settlements.years.services.locking import locked
from tests.disputes import proofs
from tests.processes import until
from tests.simulation.scheme import Scheme, months_of

FIRST, LATE = date(2023, 9, 1), date(2024, 1, 16)


@pytest.fixture
def scheme(committed) -> Scheme:
    """Two agreements; September to December published on one day."""
    scheme = Scheme.make(FIRST, agreements=2)
    with moved_to(LATE):
        for month in months_of(2023, FIRST):
            for deal in scheme.deals:
                scheme.measure(deal, month, 4)
        assess()
        accrue_changed((d.section.pk, m) for d in scheme.deals for m in months_of(2023, FIRST))
        for month in months_of(2023, FIRST):
            notice = prepare_notice(month=month, by=scheme.people.bureau)
            sign_off_notice(notice=notice, by=scheme.people.bureau2)
    return scheme


@transaction.atomic
def assess() -> None:
    """Means and classes, but no accruals: as a worker that has just claimed its marks."""
    assess_months(claim_marks(50))


class Holding:
    """Another session that holds an agreement."""

    def __init__(self, agreement: int) -> None:
        given = connection.get_connection_params()
        given.pop("cursor_factory", None)
        self.session = psycopg2.connect(**given)
        self.take(agreement)

    def take(self, agreement: int) -> None:
        with self.session.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM settlements_agreement WHERE id = %s FOR NO KEY UPDATE NOWAIT",
                [agreement],
            )

    def let_go(self) -> None:
        self.session.close()


def waiting(count: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database()"""
        )
        return cursor.fetchone()[0] == count


def started(work) -> Thread:
    def run() -> None:
        try:
            with moved_to(LATE):
                work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_run_that_waited_does_not_lift_the_stop_of_the_one_before_it(scheme):
    deal = scheme.deals[0]
    months = months_of(2023, FIRST)
    for month in months:
        scheme.measure(deal, month, 2)
    assess()
    pairs = [(deal.section.pk, month) for month in months]
    held = Holding(deal.agreement.pk)
    many = started(lambda: accrue_changed(pairs[:3]))
    until(lambda: waiting(1), seconds=30, what="the run of three months")
    one = started(lambda: accrue_changed(pairs[3:]))
    until(lambda: waiting(2), seconds=30, what="the run of one month")
    held.let_go()
    many.join(60)
    one.join(60)
    assert FuseTrip.objects.filter(state="tripped").count() == 1
    (trip,) = FuseTrip.objects.filter(state="tripped")
    assert len(trip.changes) == 4
    assert not Adjustment.objects.exists()


def test_a_year_is_locked_behind_its_agreement_and_read_as_both_are_then(scheme):
    deal = scheme.deals[0]
    year, other = (Settlement.objects.get_or_create(agreement=deal.agreement, year=y)[0]
                   for y in (2023, 2022))  # fmt: skip
    held = Holding(deal.agreement.pk)
    found: list[Settlement] = []

    @transaction.atomic
    def lock() -> None:
        found.append(locked(year))

    locking = started(lock)
    until(lambda: waiting(1), seconds=30, what="the lock")
    with held.session.cursor() as cursor:
        # Nobody holds the year yet: whoever has the agreement may take it and change both.
        cursor.execute(
            "SELECT 1 FROM settlements_settlement WHERE id = %s FOR UPDATE NOWAIT", [year.pk]
        )
        cursor.execute(
            "UPDATE settlements_settlement SET computed_at = %s WHERE id = %s",
            ["2031-01-01T00:00:00Z", year.pk],
        )
        cursor.execute(
            "UPDATE settlements_agreement SET title = '改名协议' WHERE id = %s", [deal.agreement.pk]
        )
    held.session.commit()
    held.let_go()
    locking.join(60)
    (then,) = found
    assert (then.agreement.title, then.computed_at.year) == ("改名协议", 2031)
    assert then.agreement == deal.agreement
    with transaction.atomic():
        assert locked(other).year == 2022
        other.delete()
        with pytest.raises(Settlement.DoesNotExist):
            locked(other)


def test_deadlines_of_objections_are_refreshed_in_the_order_of_agreements(scheme):
    first, second = sorted(scheme.deals, key=lambda d: d.agreement.pk)
    # The later agreement's objection comes first.
    for deal in (second, first):
        with moved_to(date(2024, 1, 17)):
            raise_objection(
                month=AgreementMonth.objects.get(agreement=deal.agreement, month=FIRST),
                by=scheme.people.district, kind="data_error", section=deal.section,
                reason="有误。", readings=[deal.key(FIRST)], files=proofs(),
            )  # fmt: skip
    assert Objection.objects.count() == 2
    held = Holding(first.agreement.pk)
    refreshing = started(refresh_evidence_deadlines)
    until(lambda: waiting(1), seconds=30, what="the refresh")
    held.take(second.agreement.pk)  # nobody holds it: no ring can close
    held.let_go()
    refreshing.join(60)
    assert not refreshing.is_alive()
