"""What was known when: corrections, deletions and what nobody ever saw."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from monitoring.assessment.queries.history import AS_KNOWN, means_as_known
from monitoring.assessment.services.assessment import means_of_month
from monitoring.models import Indicator, Origin, Reading, ReadingRevision
from tests.past import seeding_pretended
from tests.worlds import month

ZONE = timezone.get_default_timezone()
START, END = datetime(2023, 5, 1, tzinfo=ZONE), datetime(2023, 6, 1, tzinfo=ZONE)
SAMPLED = datetime(2023, 5, 8, 10, tzinfo=ZONE)
FIRST = datetime(2023, 6, 2, tzinfo=ZONE)  # stored
SECOND = datetime(2023, 7, 3, tzinfo=ZONE)  # corrected, or deleted
BEFORE, BETWEEN, AFTER = (moment + timedelta(days=1) for moment in (START, FIRST, SECOND))


@pytest.fixture
def at(border):
    """Act as at a moment: all tests share one transaction, so now() is moved into the past."""

    def store(moment, value, *, sampled=SAMPLED, flag="N", origin=Origin.MANUAL):
        with seeding_pretended(), connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO monitoring_reading (section_id, indicator_id, sampled_at, origin,
                   value, flag, recorded_at) VALUES (%s, %s, %s, %s, %s, %s, %s)""",
                [border.section.pk, ammonia(), sampled, origin, value, flag, moment],
            )

    return store


def ammonia() -> int:
    return Indicator.objects.get(code="NH3-N").pk


def revise(moment, value=None):
    """Correct or (without a value) delete, as a transaction at that moment would have."""
    reading = Reading.objects.filter(sampled_at=SAMPLED)
    before = reading.get()
    if value is None:
        reading.delete()
    else:
        reading.update(value=Decimal(value))
    revision = ReadingRevision.objects.order_by("-pk").first()
    assert revision is not None
    assert revision.value == before.value
    known_from = before.recorded_at if before.recorded_at <= moment else moment
    with connection.cursor() as cursor:  # past the guard of histories
        cursor.execute("SET LOCAL session_replication_role = replica")
        ReadingRevision.objects.filter(pk=revision.pk).update(
            known_from=known_from, known_to=moment
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    if value is not None:
        # The trigger keeps recorded_at of a row that changes nothing: take it away for a moment.
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitoring_reading DISABLE TRIGGER reading_known_since")
            cursor.execute(
                "UPDATE monitoring_reading SET recorded_at = %s WHERE sampled_at = %s",
                [moment, SAMPLED],
            )
            cursor.execute("ALTER TABLE monitoring_reading ENABLE TRIGGER reading_known_since")


def known(border, moment) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT value FROM {AS_KNOWN} r WHERE section_id = %(section)s"
            " AND sampled_at >= %(start)s AND sampled_at < %(end)s ORDER BY sampled_at",
            {"known_at": moment, "section": border.section.pk, "start": START, "end": END},
        )
        return [f"{value:f}".rstrip("0") for (value,) in cursor.fetchall()]


def mean(border, moment) -> str | None:
    found = means_as_known(border.section.pk, month("2023-05"), moment)
    return f"{found[0].mean:f}".rstrip("0") if found else None


def test_a_correction_shows_the_old_value_before_it_and_the_new_one_after(border, at):
    at(FIRST, "0.4")
    revise(SECOND, "0.9")
    assert known(border, BETWEEN) == ["0.4"]
    assert known(border, AFTER) == ["0.9"]


def test_the_moment_of_the_correction_already_knows_the_new_value(border, at):
    at(FIRST, "0.4")
    revise(SECOND, "0.9")
    assert known(border, SECOND) == ["0.9"]


def test_a_deleted_reading_was_known_until_it_was_deleted(border, at):
    at(FIRST, "0.4")
    revise(SECOND)
    assert known(border, BETWEEN) == ["0.4"]
    assert known(border, AFTER) == []


def test_nothing_is_known_before_anything_was_stored(border, at):
    at(FIRST, "0.4")
    revise(SECOND, "0.9")
    assert known(border, BEFORE) == []
    assert mean(border, BEFORE) is None


def test_a_value_corrected_by_the_same_file_was_never_known(border, at):
    at(FIRST, "0.4")
    revise(FIRST, "0.9")
    assert ReadingRevision.objects.count() == 1
    for moment in (FIRST, BETWEEN, AFTER):
        assert known(border, moment) == ["0.9"]


def test_real_triggers_in_one_transaction_leave_one_known_value(border):
    border.store(SAMPLED, {"NH3-N": "0.4"})
    border.store(SAMPLED, {"NH3-N": "0.9"})
    assert known(border, timezone.now()) == ["0.9"]


def test_only_the_range_asked_for_is_answered(border, at):
    at(FIRST, "0.4", sampled=START)
    at(FIRST, "0.5", sampled=END)
    assert known(border, AFTER) == ["0.4"]


def test_means_follow_what_was_known(border, at):
    at(FIRST, "0.4")
    at(SECOND, "0.6", sampled=SAMPLED + timedelta(days=2))
    assert mean(border, BETWEEN) == "0.4"
    assert mean(border, AFTER) == "0.5"


def test_means_as_known_now_are_the_means_computed_now(border):
    border.measured("2023-05", "III")
    now = means_of_month(month("2023-05"), [border.section.pk])
    assert means_as_known(border.section.pk, month("2023-05"), timezone.now()) == now
    assert len(now) == 5


def test_an_invalid_value_enters_no_mean_as_known(border, at):
    at(FIRST, "0.4")
    at(FIRST, "9", sampled=SAMPLED + timedelta(days=1), flag="M")
    assert mean(border, AFTER) == "0.4"
    assert known(border, AFTER) == ["0.4", "9."]


def test_a_moment_without_a_zone_is_refused(border):
    with pytest.raises(ValueError, match="没有时区"):
        means_as_known(border.section.pk, month("2023-05"), datetime(2023, 7, 1))  # noqa: DTZ001
