"""A published month: confirmed by its parties or by the lapse of time, then final."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from basins.clock import moved_to
from basins.models import CalendarDay, Notification
from settlements import tasks
from settlements.models import (
    Adjustment,
    AgreementMonth,
    FuseTrip,
    MonthConfirmation,
    Party,
    Reminder,
    StateMove,
)
from settlements.moving.acts import NotAllowed, Refused, moving
from settlements.notices.services.months import (
    confirm_month,
    finalise_due,
    lapse_due,
    refresh_deadlines,
)
from settlements.notices.services.reminders import note_receipt, remind_to_confirm, remind_to_read
from tests.disputes import objected
from tests.published import published
from tests.told_once import bare, of_told, told_instead, told_once, with_april
from tests.worlds import month

DAY = timedelta(days=1)


told = told_once(with_april)
april = of_told("april")


def state_of(month_: AgreementMonth) -> str:
    return AgreementMonth.objects.get(pk=month_.pk).state


# Confirming ----------------------------------------------------------------------------


def test_the_last_party_to_confirm_confirms_the_month(april, people):
    confirm_month(agreement_month=april, by=people.district)
    assert state_of(april) == "published"
    confirm_month(agreement_month=april, by=people.downstream)
    assert state_of(april) == "confirmed"
    move = StateMove.objects.get(thing="month", object_id=april.pk, event="confirm")
    assert move.by == people.downstream


def test_a_second_confirmation_of_a_party_changes_nothing(april, people):
    for _ in range(3):
        confirm_month(agreement_month=april, by=people.district)
    assert MonthConfirmation.objects.count() == 1
    for _ in range(3):
        confirm_month(agreement_month=april, by=people.downstream)
    assert MonthConfirmation.objects.count() == 2
    assert StateMove.objects.filter(thing="month", event="confirm").count() == 1


@pytest.mark.parametrize(
    "who",
    ["stranger", "bureau", "treasury", "township", "admin", "auditor", "station", "nobody"],
)
def test_nobody_confirms_for_another_district(april, people, who):
    with pytest.raises(NotAllowed):
        confirm_month(agreement_month=april, by=getattr(people, who))
    assert not MonthConfirmation.objects.exists()


def test_the_city_that_fills_in_need_not_confirm(april, border, people):
    Party.objects.filter(jurisdiction=border.downstream).update(role=Party.Role.MUNICIPAL_FILL)
    confirm_month(agreement_month=april, by=people.district)
    assert state_of(april) == "confirmed"


def test_a_party_that_left_before_the_month_need_not_confirm(april, border, people):
    Party.objects.filter(jurisdiction=border.downstream).update(until=month("2023-04"))
    with pytest.raises(NotAllowed):
        confirm_month(agreement_month=april, by=people.downstream)
    confirm_month(agreement_month=april, by=people.district)
    assert state_of(april) == "confirmed"


def test_a_month_with_an_objection_is_not_confirmed(april, border, people):
    objected(border, people, april)
    with pytest.raises(Refused, match="有异议"):
        confirm_month(agreement_month=april, by=people.downstream)


# The lapse of time, and the end --------------------------------------------------------


def test_the_last_day_still_counts_and_the_day_after_confirms(april):
    assert april.objection_until == date(2023, 5, 22)
    assert lapse_due(on=date(2023, 5, 22)) == 0
    assert [lapse_due(on=date(2023, 5, 23)) for _ in range(3)] == [1, 0, 0]
    move = StateMove.objects.get(thing="month", event="lapse")
    assert (state_of(april), move.by) == ("confirmed", None)


def test_an_objection_stops_the_lapse(april, border, people):
    objected(border, people, april)
    assert lapse_due() == 0


def test_a_confirmed_month_is_final_unless_something_pends(april, border):
    with moved_to(date(2023, 5, 23)):
        lapse_due()
    trip = FuseTrip.objects.create(
        agreement=border.agreement, reasons=[], changes=[], digest="x", tripped_at=timezone.now()
    )
    assert finalise_due() == 0
    with transaction.atomic(), moving("expire", by=None):
        FuseTrip.objects.filter(pk=trip.pk).update(state="dropped")
    proposed = Adjustment.objects.create(
        accrual=border.accrual("2023-04"), outcome={}, inputs={}, input_digest="y"
    )
    assert finalise_due() == 0
    with transaction.atomic(), moving("withdraw", by=None):
        Adjustment.objects.filter(pk=proposed.pk).update(state="withdrawn")
    assert [finalise_due() for _ in range(3)] == [1, 0, 0]
    assert state_of(april) == "final"


def test_the_daily_task_three_times_does_it_once(april):
    for _ in range(3):
        tasks.daily()
    assert state_of(april) == "final"
    events = StateMove.objects.filter(thing="month").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["publish", "lapse", "finalise"]


@told_instead(bare)
def test_months_lapse_and_end_in_a_number_of_queries_that_does_not_grow(border, people):
    border.assessed("2023-04", "IV")
    border.assessed("2023-05", "IV")
    for number in range(5):
        border.sign(f"T{number}")
    border.assessed("2023-06", "IV")

    def queries(*months: str) -> int:
        with moved_to(date(2023, 7, 10)):
            for when in months:
                published(people, when)
        with CaptureQueriesContext(connection) as captured:
            tasks.daily()
        assert not AgreementMonth.objects.exclude(state="final").exists()
        return len(captured)

    assert queries("2023-04") >= queries("2023-05", "2023-06")
    assert AgreementMonth.objects.count() == 3 * 6


# What the database holds ---------------------------------------------------------------

ILLEGAL = [
    ("", "final"),
    ("finalise", "final"),
    ("confirm", "final"),
    ("decide", "decided"),
    ("", "objected"),
    ("", "published"),
]


@pytest.mark.parametrize(("event", "state"), ILLEGAL)
def test_a_move_that_is_not_in_the_table_is_refused_to_the_orm(april, people, event, state):
    if state == "published":
        lapse_due()
    with (
        pytest.raises((IntegrityError, Refused), match="流程不允许"),
        transaction.atomic(),
        moving(event, by=people.bureau),
    ):
        AgreementMonth.objects.filter(pk=april.pk).update(state=state)


def sql(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_move_without_a_doer_is_refused_to_sql(april):
    with pytest.raises(IntegrityError, match="流程不允许"):
        sql(
            "SELECT set_config('rivers.event', 'confirm', true)",
            "UPDATE settlements_agreementmonth SET state = 'confirmed'",
        )


def test_a_confirmation_a_receipt_and_a_reminder_stay(april, people):
    confirm_month(agreement_month=april, by=people.district)
    note_receipt(notice=april.notice, by=people.district)
    remind_to_confirm(
        agreement_month=april, jurisdiction=jurisdiction_of(people.downstream), by=people.bureau
    )
    for table in ("monthconfirmation", "noticereceipt", "reminder"):
        for statement in ("DELETE FROM settlements_{}", "UPDATE settlements_{} SET id = id"):
            with pytest.raises(IntegrityError, match="只增不改"):
                sql(statement.format(table))


def jurisdiction_of(user):
    return user.roles.get().jurisdiction


# The calendar --------------------------------------------------------------------------


def new_holiday(day: date) -> None:
    CalendarDay.objects.create(date=day, kind="holiday", name="临时", source="通知")


def test_a_new_holiday_moves_the_deadline_and_tells_the_parties_once(april, people):
    new_holiday(date(2023, 5, 18))
    with moved_to(date(2023, 5, 17)):
        assert [refresh_deadlines() for _ in range(3)] == [1, 0, 0]
        tasks.refresh_deadlines()
    april.refresh_from_db()
    assert april.objection_until == date(2023, 5, 23)
    told = Notification.objects.filter(key__startswith="month.deadline:")
    assert {n.user for n in told} == {people.district, people.downstream}
    assert "5月22日改为5月23日" in told[0].text


def test_every_move_is_told_also_back_to_a_day_it_was_moved_to_before(april, people):
    days = []
    with moved_to(date(2023, 5, 17)):
        for _ in range(2):
            new_holiday(date(2023, 5, 18))
            refresh_deadlines()
            CalendarDay.objects.filter(date=date(2023, 5, 18)).delete()
            refresh_deadlines()
    told = Notification.objects.filter(key__startswith="month.deadline:", user=people.district)
    days = [n.text.split("改为")[1] for n in told.order_by("pk")]
    assert days == ["5月23日", "5月22日", "5月23日", "5月22日"]


def test_a_deadline_never_moves_into_the_past(april):
    CalendarDay.objects.create(
        date=date(2023, 5, 20), kind="workday", name="补班", source="通知"
    )  # a Saturday: the fifth day would be the 19th… now counted one earlier
    with moved_to(date(2023, 5, 22)):
        refresh_deadlines()
    april.refresh_from_db()
    assert april.objection_until == date(2023, 5, 22)
    with moved_to(date(2023, 5, 17)):
        refresh_deadlines()
    april.refresh_from_db()
    assert april.objection_until == date(2023, 5, 20)


def test_a_confirmed_month_keeps_its_deadline(april):
    lapse_due()
    new_holiday(date(2023, 5, 18))
    assert refresh_deadlines() == 0


# Reading and reminding -----------------------------------------------------------------


def test_opening_is_noted_once_a_person_and_only_of_a_partys_people(april, people):
    assert [note_receipt(notice=april.notice, by=people.district) for _ in range(3)] == [
        True, False, False,
    ]  # fmt: skip
    for other in (people.bureau, people.stranger, people.treasury, people.township):
        assert not note_receipt(notice=april.notice, by=other)
    assert april.notice.receipts.count() == 1


def test_a_party_is_reminded_once_a_day_and_told(april, people, border):
    def remind():
        return remind_to_read(notice=april.notice, jurisdiction=border.downstream, by=people.bureau)

    with moved_to(date(2023, 5, 16)):
        remind()
        with pytest.raises(Refused, match="今天已经催办过"):
            remind()
    with moved_to(date(2023, 5, 17)):
        remind()
    assert Reminder.objects.count() == 2
    assert (
        Notification.objects.filter(
            user=people.downstream, key__startswith="notice.remind:"
        ).count()
        == 2
    )


def test_who_has_read_or_confirmed_or_is_no_party_is_not_reminded(april, people, border):
    note_receipt(notice=april.notice, by=people.district)
    confirm_month(agreement_month=april, by=people.district)
    for call in (
        lambda: remind_to_read(notice=april.notice, jurisdiction=border.upstream, by=people.bureau),
        lambda: remind_to_read(notice=april.notice, jurisdiction=border.stranger, by=people.bureau),
        lambda: remind_to_confirm(
            agreement_month=april, jurisdiction=border.upstream, by=people.bureau
        ),
        lambda: remind_to_confirm(
            agreement_month=april, jurisdiction=border.stranger, by=people.bureau
        ),
    ):
        with pytest.raises(Refused):
            call()
    with pytest.raises(NotAllowed):
        remind_to_read(notice=april.notice, jurisdiction=border.downstream, by=people.district)
    assert not Reminder.objects.exists()
