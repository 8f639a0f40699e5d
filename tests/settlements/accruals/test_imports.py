"""What an import means for amounts, and taking a batch back as long as nothing stands on it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins.clock import moved_to
from basins.refusals import NotAllowed, Refused
from monitoring.assessment.queries.history import AS_KNOWN
from monitoring.ingest.services.ingest import import_readings
from monitoring.ingest.services.undoing import take_back_batch
from monitoring.models import DirtyMonth, ImportBatch, Origin, Reading, ReadingRevision
from monitoring.screening.services.verdicts import ReadingKey, judge_reading
from settlements import pipeline
from settlements.accruals.services.imports import try_import_with_amounts, undo_batch
from settlements.models import Accrual, Adjustment, Transfer
from tests.at_once import at_once
from tests.published import published
from tests.told_once import nothing, told_instead
from tests.worlds import Border, People

HEAD = "断面编码,采样时间,pH,溶解氧,高锰酸盐指数,氨氮,总磷\n"


def file(*rows: tuple[str, str]) -> dict:
    """Rows of a month and its ammonia: 0.8 is class III, 1.2 IV, 3.0 劣Ⅴ."""
    lines = (f"BORDER,{when}-15 10:00,7.5,9.0,1.5,{value},0.015\n" for when, value in rows)
    return {"raw": (HEAD + "".join(lines)).encode(), "filename": "读数.csv"}


def stored(*rows: tuple[str, str]) -> int:
    pk = import_readings(**file(*rows)).batch_id
    assert pk is not None
    return pk


def ammonia() -> list[str]:
    found = Reading.objects.filter(indicator__code="NH3-N").order_by("sampled_at")
    return [f"{value:f}".rstrip("0") for value in found.values_list("value", flat=True)]


# --- amounts --------------------------------------------------------------------------


def test_a_trial_names_the_amounts_the_import_then_changes(border):
    stored(("2023-04", "0.8"), ("2023-05", "0.8"))
    pipeline.recompute()
    later = ("2023-04", "1.2"), ("2023-06", "3.0"), ("2023-05", "0.8")
    accruals = Accrual.objects.count()
    tried = try_import_with_amounts(**file(*later))
    assert Accrual.objects.count() == accruals
    said = {a.period: (a.yuan_before, a.yuan_after) for a in tried.amounts}
    before = paid()
    stored(*later)
    pipeline.recompute()
    after = paid()
    changed = {p for p in before | after if before.get(p) != after.get(p)}
    assert {p for p, (was, now) in said.items() if was != now} == changed
    for period in changed:
        assert said[period] == (before.get(period, 0), after.get(period, 0))
    april = next(a for a in tried.amounts if a.period == date(2023, 4, 1))
    assert (april.agreement, april.section, april.published) == ("测试河协议", "交界", False)
    assert "上游区 付 下游区" in april.after or "下游区 付 上游区" in april.after


def paid() -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for period, yuan in Transfer.objects.values_list("accrual__period", "yuan"):
        found[period] = found.get(period, Decimal(0)) + yuan
    return found


def test_a_trial_knows_that_next_year_is_compared_with_this_one(border):
    stored(("2020-04", "0.8"), ("2021-04", "0.8"))
    pipeline.recompute()
    tried = try_import_with_amounts(**file(("2020-04", "3.0")))
    assert {a.period for a in tried.amounts} >= {date(2021, 4, 1)}


def test_a_trial_says_which_amounts_are_published(border, people):
    stored(("2023-04", "1.2"))
    pipeline.recompute()
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
    (april,) = try_import_with_amounts(**file(("2023-04", "0.3"))).amounts
    assert april.published
    assert not Adjustment.objects.exists()


def test_a_file_that_changes_nothing_changes_no_amount(border):
    stored(("2023-04", "1.2"))
    pipeline.recompute()
    assert try_import_with_amounts(**file(("2023-04", "1.2"))).amounts == []


# --- taking a batch back --------------------------------------------------------------


def test_what_a_batch_stored_is_taken_out_and_what_it_corrected_is_as_it_was(border, people):
    first = stored(("2023-04", "0.8"))
    second = stored(("2023-04", "1.2"), ("2023-05", "1.2"))
    DirtyMonth.objects.all().delete()
    taken = undo_batch(batch_id=second, by=people.bureau, why="报错了表")
    assert (taken.removed, taken.restored) == (5, 1)
    assert ammonia() == ["0.8"]
    assert set(Reading.objects.values_list("batch_id", flat=True)) == {first}
    assert set(DirtyMonth.objects.values_list("month", flat=True)) == {
        date(2023, 4, 1), date(2023, 5, 1),
    }  # fmt: skip
    batch = ImportBatch.objects.get(pk=second)
    assert (batch.undone_by, batch.undone_why) == (people.bureau, "报错了表")
    assert batch.undone_at is not None


def test_the_months_are_computed_as_if_the_batch_had_not_come(border, people):
    stored(("2023-04", "0.8"))
    pipeline.recompute()
    before = paid()
    second = stored(("2023-04", "3.0"), ("2023-05", "1.2"))
    pipeline.recompute()
    assert paid() != before
    undo_batch(batch_id=second, by=people.bureau, why="报错了表")
    pipeline.recompute()
    assert paid() == before


def test_a_value_the_batch_itself_corrected_comes_back_neither_way(border, people):
    stored(("2023-04", "0.8"))
    second = stored(("2023-04", "1.2"), ("2023-04", "1.8"))
    undo_batch(batch_id=second, by=people.bureau, why="报错了表")
    assert ammonia() == ["0.8"]


def test_what_was_taken_back_before_is_no_value_of_before(border, people):
    first = stored(("2023-04", "0.8"))
    undo_batch(batch_id=first, by=people.bureau, why="一")
    second = stored(("2023-04", "1.2"))
    undo_batch(batch_id=second, by=people.bureau, why="二")
    assert ammonia() == []


@told_instead(nothing)
def test_a_moment_in_between_still_knows_the_batch(committed):
    border, people = Border.make(), People.make()
    stored(("2023-04", "0.8"))
    second = stored(("2023-04", "1.2"), ("2023-05", "1.8"))
    between = timezone.now()
    undo_batch(batch_id=second, by=people.bureau, why="报错了表")
    assert known(border, between) == ["1.2", "1.8"]
    assert known(border, timezone.now()) == ["0.8"]
    assert ReadingRevision.objects.filter(batch_id=second, known_to__gt=between).count() == 6


def known(border, moment: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT r.value FROM {AS_KNOWN} r JOIN monitoring_indicator i ON i.id = r.indicator_id
                WHERE i.code = 'NH3-N' AND section_id = %(section)s ORDER BY sampled_at""",
            {"known_at": moment, "section": border.section.pk,
             "start": moment - timedelta(days=9999), "end": moment},
        )  # fmt: skip
        return [f"{value:f}".rstrip("0") for (value,) in cursor.fetchall()]


@told_instead(nothing)
def test_a_batch_whose_readings_a_later_one_corrected_is_refused_by_its_name(committed):
    Border.make()
    people = People.make()
    first = stored(("2023-04", "0.8"), ("2023-05", "0.8"))
    second = stored(("2023-04", "1.2"))
    with pytest.raises(
        Refused, match=rf"交界 氨氮 2023-04-15 10:00（手工）后来由导入批次 {second}"
    ):
        undo_batch(batch_id=first, by=people.bureau, why="报错了表")
    undo_batch(batch_id=second, by=people.bureau, why="先撤后来的")
    undo_batch(batch_id=first, by=people.bureau, why="报错了表")
    assert ammonia() == []


def test_a_batch_with_a_judged_reading_is_refused(border, people):
    first = stored(("2023-04", "0.8"))
    at = datetime(2023, 4, 15, 10, tzinfo=timezone.get_default_timezone())
    key = ReadingKey("NH3-N", at, Origin.MANUAL.value)
    judge_reading(
        section=border.section, key=key, outcome="invalidated", reason="仪器故障", by=people.bureau
    )
    with pytest.raises(Refused, match="已有审核结论"):
        undo_batch(batch_id=first, by=people.bureau, why="报错了表")


def test_a_batch_is_refused_where_a_month_it_touches_is_published(border, people):
    stored(("2023-03", "0.8"))
    second = stored(("2023-04", "1.2"), ("2023-05", "1.2"))
    pipeline.recompute()
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
    with pytest.raises(Refused, match="测试河协议 2023年4月"), transaction.atomic():
        undo_batch(batch_id=second, by=people.bureau, why="报错了表")
    assert ammonia() == ["0.8", "1.2", "1.2"]
    assert ImportBatch.objects.get(pk=second).undone_at is None


def test_a_batch_is_taken_back_once_and_with_a_reason(border, people):
    first = stored(("2023-04", "0.8"))
    with pytest.raises(Refused, match="理由"):
        undo_batch(batch_id=first, by=people.bureau, why=" ")
    undo_batch(batch_id=first, by=people.bureau, why="报错了表")
    with pytest.raises(Refused, match="已于"):
        undo_batch(batch_id=first, by=people.bureau, why="报错了表")
    with pytest.raises(Refused, match="没有导入批次"):
        undo_batch(batch_id=0, by=people.bureau, why="报错了表")


def test_a_batch_of_an_earlier_version_is_not_taken_back(border, people):
    first = stored(("2023-04", "0.8"))
    ImportBatch.objects.filter(pk=first).update(first_sampled=None)
    with pytest.raises(Refused, match="早于可撤销的版本"):
        undo_batch(batch_id=first, by=people.bureau, why="报错了表")


@pytest.mark.parametrize("who", ["treasury", "district", "admin", "station"])
def test_only_who_uploads_readings_takes_a_batch_back(border, people, who):
    first = stored(("2023-04", "0.8"))
    with pytest.raises(NotAllowed):
        undo_batch(batch_id=first, by=getattr(people, who), why="报错了表")


@told_instead(nothing)
def test_two_who_take_the_same_batch_back_do_it_once(committed):
    Border.make()
    people = People.make()
    first = stored(("2023-04", "0.8"))
    answers = at_once(
        *(
            lambda: take_back_batch(batch_id=first, by=people.bureau, why="报错了表")
            for _ in range(2)
        )
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "TakenBack"]


@pytest.mark.parametrize(
    "change",
    [
        "sha256 = 'x'",
        "counts = '{\"rows\": 0}'",
        "sender = '别人'",
        "undone_at = now()",
        "reviewed_by = '某局'",
    ],
)
def test_the_database_keeps_what_a_batch_was(border, change):
    first = stored(("2023-04", "0.8"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE monitoring_importbatch SET {change} WHERE id = %s", [first])


def test_the_database_keeps_an_undone_batch_undone(border, people):
    first = stored(("2023-04", "0.8"))
    undo_batch(batch_id=first, by=people.bureau, why="报错了表")
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportBatch.objects.filter(pk=first).update(undone_at=None, undone_by=None, undone_why="")
