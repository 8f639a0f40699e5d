"""Entering holidays and make-up days: a year's announcement as CSV, or one day by hand.

The file has a heading line and three columns: 日期 (2027-01-01 or 2027/1/1), 类型 (放假 or
调休上班) and 节日. UTF-8 or GB 18030.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from basins.models import CalendarChange, CalendarDay, User
from basins.services.working_days import on_calendar_changed, statutory
from written.days import read_day
from written.decoding import decode
from written.files import csv_records, likely_delimiter
from written.text import CellError, FileError, plain, shown

HEADINGS = ("日期", "类型", "节日")
KINDS = {
    "放假": CalendarDay.Kind.HOLIDAY,
    "休": CalendarDay.Kind.HOLIDAY,
    "调休上班": CalendarDay.Kind.WORKDAY,
    "上班": CalendarDay.Kind.WORKDAY,
    "班": CalendarDay.Kind.WORKDAY,
}
HOLIDAY = CalendarDay.Kind.HOLIDAY
LARGEST = 64 * 1024  # bytes; a year has some forty days


class CalendarError(ValueError):
    """The days cannot be entered; `problems` (Chinese) says where, what and the remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Day:
    """A day out of the ordinary, as it is to be kept."""

    date: date
    kind: str
    name: str

    @property
    def words(self) -> str:
        return f"{CalendarDay.Kind(self.kind).label} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class CalendarDifference:
    """What an entry would change; empty words: an ordinary day of the week."""

    date: date
    before: str
    after: str


def read_announcement(content: bytes, year: int) -> list[Day]:
    """The days of a CSV file, all of that year. Raises CalendarError with every problem."""
    headings, rows = _table(content)
    problems: list[str] = []
    days: dict[date, Day] = {}
    for number, row in rows:
        if any(cell.strip() for cell in row[headings:]):
            problems.append(f"第 {number} 行：单元格多于列标题；多出的请删去。")
            continue
        cells = [cell.strip() for cell in row[:headings]]
        try:
            day = _day(cells, year)
            if day.date in days:
                raise CalendarError([f"{day.date} 重复；每天只填一行。"])
            days[day.date] = day
        except CalendarError as error:
            problems += [f"第 {number} 行：{problem}" for problem in error.problems]
    if not problems and not any(d.kind == CalendarDay.Kind.HOLIDAY for d in days.values()):
        problems.append("文件里没有放假的日子；请填国务院办公厅通知的全部日期。")
    if problems:
        raise CalendarError(problems)
    return [days[d] for d in sorted(days)]


def differences(days: list[Day], year: int) -> list[CalendarDifference]:
    """What entering these as the whole of the year would change: 1 SQL query."""
    before = {d.date: _of(d).words for d in CalendarDay.objects.filter(date__year=year)}
    after = {d.date: d.words for d in days}
    return [
        CalendarDifference(day, before.get(day, ""), after.get(day, ""))
        for day in sorted({*before, *after})
        if before.get(day) != after.get(day)
    ]


@transaction.atomic
def announce_year(
    *, year: int, days: list[Day], source: str, by: User | None, second: User | None = None
) -> list[CalendarDifference]:
    """Make these the days of the year, announced by `source`; returns what changed. `second` let
    what `by` proposed take effect (basins.services.calendar_acts); `by` None is the command line.

    Raises CalendarError without a source. Entering the same again changes nothing.
    """
    if not source.strip():
        raise CalendarError(["请填通知的文号，如 国办发明电〔2025〕7号。"])
    _hold_calendar()
    held = CalendarDay.objects.filter(date__year=year)
    changed = differences(days, year)
    held.exclude(date__in=[d.date for d in days]).delete()
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=d.date, kind=d.kind, name=d.name, source=source.strip()) for d in days],
        update_conflicts=True,
        unique_fields=["date"],
        update_fields=["kind", "name", "source", "announced"],
    )
    _keep(changed, f"公布 {year} 年安排：{source.strip()}"[:200], by, second)
    on_calendar_changed()
    return changed


def day_difference(*, on: date, kind: str, name: str, reason: str) -> CalendarDifference | None:
    """What making one day free (holiday), worked (workday) or ordinary ('') would change; None:
    it is so already. 2 SQL queries.

    Raises CalendarError without a reason, or for a kind that says what the weekday says.
    """
    if not reason.strip():
        raise CalendarError(["请写明修改原因。"])
    if kind == CalendarDay.Kind.WORKDAY and on.weekday() < 5:
        raise CalendarError([f"{on} 是{WEEKDAYS[on.weekday()]}，本来就上班；请选“按星期”。"])
    held, by_law = _held(on), _by_law(on)
    before = Day(on, HOLIDAY, by_law).words if by_law else ""
    if held is not None:
        said_ordinary = held.kind == CalendarDay.Kind.WORKDAY and on.weekday() < 5
        before = "" if said_ordinary else _of(held).words
    after = Day(on, kind, _named(name, held, by_law)).words if kind else ""
    return None if before == after else CalendarDifference(on, before, after)


@transaction.atomic
def change_day(
    *, on: date, kind: str, name: str, reason: str, by: User, second: User | None = None
) -> CalendarDifference | None:
    """Make one day free (holiday), worked (workday) or ordinary (''); None: it was so already.
    `second` let what `by` proposed take effect. Raises CalendarError as day_difference."""
    _hold_calendar()
    change = day_difference(on=on, kind=kind, name=name, reason=reason)
    if change is None:
        return None
    held, by_law = _held(on), _by_law(on)
    name = _named(name, held, by_law)
    if by_law and not kind and on.weekday() < 5:
        kind = CalendarDay.Kind.WORKDAY  # said, or the law's free day comes back
    if kind:
        CalendarDay.objects.update_or_create(
            date=on,
            defaults={
                "kind": kind,
                "name": name,
                "source": reason.strip(),
                "announced": _announced(on.year),
            },
        )
    elif held is not None:
        held.delete()
    _keep([change], reason.strip(), by, second)
    on_calendar_changed()
    return change


def _held(on: date) -> CalendarDay | None:
    return CalendarDay.objects.filter(date=on).first()


def _announced(year: int) -> bool:
    return CalendarDay.objects.filter(date__year=year, announced=True).exists()


def _by_law(on: date) -> str:
    """The statutory holiday a day is by itself, where its year's notice is not in the table."""
    return "" if _announced(on.year) else statutory(on.year).get(on, "")


def _named(name: str, held: CalendarDay | None, by_law: str) -> str:
    return name.strip() or (held.name if held else by_law)


def _hold_calendar() -> None:
    """One change after the other, until the commit: also of days that have no row yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('basins_calendar'))")


WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


def _of(held: CalendarDay) -> Day:
    return Day(held.date, held.kind, held.name)


def _keep(
    changes: list[CalendarDifference], reason: str, by: User | None, second: User | None
) -> None:
    CalendarChange.objects.bulk_create(
        CalendarChange(
            date=c.date, before=c.before, after=c.after, reason=reason, by=by, second=second
        )
        for c in changes
    )


def _day(cells: list[str], year: int) -> Day:
    if len(cells) < 3:
        raise CalendarError([f"只有 {len(cells)} 列；应有日期、类型、节日三列。"])
    on = _date(cells[0])
    if on.year != year:
        raise CalendarError([f"{on} 不在 {year} 年；跨年的日子在各自年份填写。"])
    kind = KINDS.get(cells[1])
    if kind is None:
        raise CalendarError([f"类型“{cells[1]}”不认识；请填 放假 或 调休上班。"])
    if kind == CalendarDay.Kind.WORKDAY and on.weekday() < 5:
        raise CalendarError([f"{on} 是{WEEKDAYS[on.weekday()]}，不会是调休上班；请核对日期。"])
    if not 1 <= len(cells[2]) <= 40:
        raise CalendarError(["节日须填，至多 40 字，如 春节。"])
    return Day(on, kind, cells[2])


def _date(text: str) -> date:
    try:
        return read_day(text)
    except CellError as wrong:
        raise CalendarError([f"日期“{shown(text)}”不认识；请写成 2027-01-01。"]) from wrong


def _table(content: bytes) -> tuple[int, list[tuple[int, list[str]]]]:
    """How many columns the file has, and its rows, numbered, below the headings."""
    if len(content) > LARGEST:
        raise CalendarError(
            [f"文件超过 {LARGEST // 1024} KB，不像一年的日历；请只留日期、类型、节日三列。"]
        )
    try:
        text, _ = decode(content)
        rows = list(csv_records(text, likely_delimiter(text)))
    except FileError as wrong:
        raise CalendarError([str(wrong)]) from wrong
    number, cells = rows[0] if rows else (1, [])
    heads = [plain(cell) for cell in cells]
    while heads and not heads[-1]:
        heads.pop()
    if tuple(heads) != HEADINGS:
        raise CalendarError(
            [f"第 {number} 行：表头应为 {'、'.join(HEADINGS)} 三列；请照模板填写。"]
        )
    return len(heads), rows[1:]
