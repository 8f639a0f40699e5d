"""Deadlines in working days, over the holidays and make-up days of the State Council's notices."""

import csv
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

import basins
from basins.models import CalendarChange, CalendarDay
from basins.queries.calendar import calendar_year
from basins.services.calendar import (
    CalendarError,
    announce_year,
    change_day,
    differences,
    read_announcement,
)
from basins.services.working_days import (
    REFRESH,
    Calendar,
    Deadline,
    add_working_days,
    is_working_day,
    provisional,
    statutory,
)

DATA = Path(basins.__file__).parent / "data" / "calendar.csv"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        # 春节 2024: 10–17 February free, 4 and 18 February (Sundays) worked.
        (date(2024, 2, 2), 5, date(2024, 2, 8)),
        (date(2024, 2, 9), 1, date(2024, 2, 18)),
        (date(2024, 2, 8), 3, date(2024, 2, 19)),
        # 春节 2025: 28 January–4 February free, 26 January and 8 February worked.
        (date(2025, 1, 24), 2, date(2025, 1, 27)),
        (date(2025, 1, 27), 5, date(2025, 2, 10)),
        # 国庆 2025: 1–8 October free, 28 September (Sunday) and 11 October (Saturday) worked.
        (date(2025, 9, 26), 3, date(2025, 9, 30)),
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        # Nothing out of the ordinary, and a start that is itself no working day.
        (date(2024, 7, 1), 5, date(2024, 7, 8)),
        (date(2024, 7, 6), 0, date(2024, 7, 8)),
        (date(2024, 7, 6), 1, date(2024, 7, 8)),
        (date(2024, 7, 5), 0, date(2024, 7, 5)),
    ],
)
def test_a_deadline_skips_holidays_and_counts_make_up_days(start, n, end):
    assert add_working_days(start, n) == Deadline(end, provisional=False)
    if n:
        assert Calendar([start.year, end.year]).between(start, end) == n


@pytest.mark.django_db
def test_make_up_days_are_working_days_and_holidays_on_weekdays_are_not():
    assert is_working_day(date(2025, 9, 28))
    assert is_working_day(date(2025, 10, 11))
    assert not is_working_day(date(2025, 10, 8))
    assert not is_working_day(date(2025, 10, 12))


@pytest.mark.django_db
def test_a_deadline_in_a_year_not_announced_is_provisional():
    assert not provisional(2026)
    assert provisional(2027)
    late = add_working_days(date(2026, 12, 30), 5)
    assert late == Deadline(date(2027, 1, 7), provisional=True)
    assert not add_working_days(date(2026, 12, 21), 5).provisional
    # Of a year the table knows nothing of, the statutory days are left out all the same.
    assert CalendarDay.objects.filter(date__year=2035).count() == 0
    assert add_working_days(date(2035, 9, 28), 1) == Deadline(date(2035, 10, 4), True) or (
        add_working_days(date(2035, 9, 28), 1).provisional
    )
    assert not is_working_day(date(2035, 10, 1))


@pytest.mark.django_db
def test_counting_takes_one_query_however_long(django_assert_num_queries):
    with django_assert_num_queries(1):
        add_working_days(date(2024, 1, 1), 400)
    with django_assert_num_queries(1):
        assert Calendar([2024, 2025]).between(date(2025, 12, 31), date(2024, 12, 31)) == -248
    calendar = Calendar([2024])
    with django_assert_num_queries(0):
        assert [calendar.add(date(2024, 3, 1), n).date.day for n in range(3)] == [1, 4, 5]


def test_a_negative_number_of_days_is_refused():
    with pytest.raises(ValueError, match="不能为负"):
        Calendar().add(date(2024, 1, 1), -1)


def test_the_shipped_days_agree_with_an_independent_list():
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    free = {date.fromisoformat(r["date"]) for r in rows if r["kind"] == "holiday"}
    worked = {date.fromisoformat(r["date"]) for r in rows if r["kind"] == "workday"}
    announced = [r for r in rows if r["announced"] == "yes"]
    assert {r["date"][:4] for r in announced} == {str(y) for y in range(2018, 2027)}
    assert all("国办发明电" in r["source"] for r in announced)
    known = holidays.country_holidays("CN", years=range(2018, 2031))
    assert {d for d in known if 2018 <= d.year <= 2030} <= free
    assert {d for d in free if d.weekday() < 5} <= set(known)
    assert worked == {d for d in known.weekend_workdays if 2018 <= d.year <= 2026}


ANNOUNCED = "日期,类型,节日\n2027/1/1,放假,元旦\n2027-02-05,放假,春节\n2027-02-14,调休上班,春节\n"


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_announcement_replaces_the_year_and_wakes_the_deadlines(
    people, encoding, django_capture_on_commit_callbacks, monkeypatch
):
    sent = []
    monkeypatch.setattr("jobs.wake.current_app.send_task", lambda name, args: sent.append(name))
    days = read_announcement(ANNOUNCED.encode(encoding), 2027)
    with django_capture_on_commit_callbacks(execute=True):
        changed = announce_year(
            year=2027, days=days, source="国办发明电〔2026〕9号", by=people.admin
        )
    assert sent == [REFRESH]
    assert not provisional(2027)
    assert is_working_day(date(2027, 2, 14))
    assert is_working_day(date(2027, 6, 9))  # 端午 is not in this file
    assert CalendarChange.objects.count() == len(changed) > 10
    assert differences(days, 2027) == []
    assert (
        announce_year(year=2027, days=days, source="国办发明电〔2026〕9号", by=people.admin) == []
    )


def test_a_wrong_file_names_every_line():
    wrong = (
        "日期,类型,节日\n2027-02-30,放假,元旦\n2026-01-01,放假,元旦\n2027-01-01,休假,元旦\n"
        "2027-03-03,调休上班,春节\n2027-05-01,放假\n2027-05-02,放假,劳动节\n2027-05-02,放假,劳动节\n"
    )
    with pytest.raises(CalendarError) as caught:
        read_announcement(wrong.encode(), 2027)
    starts = [problem[:5] for problem in caught.value.problems]
    assert starts == ["第 2 行", "第 3 行", "第 4 行", "第 5 行", "第 6 行", "第 8 行"]
    for content, words in (
        (b"\x89PNG\0\0", "不是文本"),
        (b"a,b,c\n", "表头应为"),
        (b"x" * 70_000, "不像一年的日历"),
        ("日期,类型,节日\n".encode(), "没有放假的日子"),
    ):
        with pytest.raises(CalendarError, match=words):
            read_announcement(content, 2027)


def test_a_calendar_of_an_old_machine_is_read():
    days = read_announcement(ANNOUNCED.replace("\n", "\r").encode(), 2027)
    assert [day.date for day in days] == [date(2027, 1, 1), date(2027, 2, 5), date(2027, 2, 14)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2027-01-0①,放假,元旦", "第 2 行：日期“2027-01-0①”不认识"),
        ("2027-01,放假,元旦", "不认识"),
        ('"2027-01-01,放假,元旦', "第 2 行的引号用法有误"),
        (f"2027-01-01,放假,{'元' * 140_000}", "不像一年的日历"),
        ("2027-01-01,放假,元旦,作废", "第 2 行：单元格多于列标题"),
    ],
)
def test_a_calendar_is_read_as_strictly_as_every_file(row, words):
    with pytest.raises(CalendarError, match=words):
        read_announcement(f"日期,类型,节日\n{row}\n".encode(), 2027)


def test_a_calendar_with_another_column_is_refused():
    with pytest.raises(CalendarError, match="三列"):
        read_announcement("日期,类型,节日,状态\n2027-01-01,放假,元旦,作废\n".encode(), 2027)


def test_one_day_is_changed_with_a_reason_and_remembered(people):
    strike = date(2024, 7, 3)
    change_day(on=strike, kind="holiday", name="临时放假", reason="防汛停工", by=people.admin)
    assert not is_working_day(strike)
    assert add_working_days(strike - timedelta(1), 1).date == date(2024, 7, 4)
    change_day(on=strike, kind="", name="", reason="取消", by=people.admin)
    assert is_working_day(strike)
    words = CalendarChange.objects.order_by("pk").values_list("before", "after", "reason")
    assert list(words) == [("", "放假 临时放假", "防汛停工"), ("放假 临时放假", "", "取消")]
    assert change_day(on=strike, kind="", name="", reason="再取消", by=people.admin) is None
    with pytest.raises(CalendarError, match="原因"):
        change_day(on=strike, kind="holiday", name="", reason=" ", by=people.admin)
    with pytest.raises(CalendarError, match="本来就上班"):
        change_day(on=strike, kind="workday", name="", reason="x", by=people.admin)


@pytest.mark.django_db
def test_a_day_entered_by_hand_leaves_the_years_statutory_holidays(people):
    new_year, spring = date(2031, 1, 1), next(d for d, n in statutory(2031).items() if "春节" in n)
    given = {"kind": "holiday", "name": "临时放假", "reason": "市府办通知", "by": people.bureau}
    change_day(on=date(2031, 5, 20), **given)
    calendar = Calendar([2031])
    assert not calendar.is_working_day(date(2031, 5, 20))
    assert not calendar.is_working_day(new_year)
    assert not calendar.is_working_day(spring)
    assert calendar.provisional(2031)
    page = calendar_year(2031)
    assert (page.announced, page.entered) == (False, True)
    assert {span.name for span in page.spans} > {"临时放假"}
    CalendarDay.objects.update(announced=True)  # as one entered elsewhere is
    assert not Calendar([2031]).is_working_day(new_year)
    assert not calendar_year(2031).announced


@pytest.mark.django_db
def test_a_statutory_day_can_be_made_an_ordinary_one_before_the_notice(people):
    new_year = date(2031, 1, 1)  # a Wednesday
    given = {"on": new_year, "name": "", "reason": "按通知", "by": people.bureau}
    assert change_day(kind="holiday", **given) is None
    change = change_day(kind="", **given)
    assert (change.before[:2], change.after) == ("放假", "")
    assert Calendar([2031]).is_working_day(new_year)
    assert change_day(kind="", **given) is None
    change_day(kind="holiday", **given)
    assert not Calendar([2031]).is_working_day(new_year)
