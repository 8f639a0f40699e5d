"""节假日历: the State Council's arrangement of a year, every day that is out of the ordinary."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from basins.models import CalendarDay
from basins.reference.columns import Column, Values, day, text
from basins.reference.kind import Asked, Change, Entry, Key, Kind, Plan, Wrong
from basins.services.calendar import Day, announce_year
from basins.services.calendar_acts import propose_year

KINDS = tuple((str(value), str(label)) for value, label in CalendarDay.Kind.choices)

COLUMNS = (
    Column("date", "日期", "2027-01-01", day, needed=True),
    Column("kind", "类型", "放假", needed=True, choices=KINDS),
    Column("name", "节日", "元旦", text(40), needed=True),
    Column("source", "通知文号", "国办发明电〔2026〕8号", text(200), needed=True,
           names=("来源", "文号"), width=30, help="同一年各行相同；一年的日子须填全。"),
)  # fmt: skip
EXAMPLES = (
    {"date": "2027-01-01", "kind": "放假", "name": "元旦", "source": "国办发明电〔2026〕8号"},
    {"date": "2027-01-02", "kind": "放假", "name": "元旦", "source": "国办发明电〔2026〕8号"},
    {"date": "2027-02-14", "kind": "调休上班", "name": "春节", "source": "国办发明电〔2026〕8号"},
)


def _held() -> dict[Key, dict[str, Any]]:
    """Of the years that are announced; statutory days alone are nobody's file."""
    found = CalendarDay.objects.filter(announced=True).order_by("date")
    return {
        (d.date,): {"date": d.date, "kind": d.kind, "name": d.name, "source": d.source}
        for d in found
    }


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    kind, source = KIND.column("kind"), KIND.column("source")
    for entry in entries:
        on = entry.values["date"]
        if entry.values["kind"] == CalendarDay.Kind.WORKDAY and on.weekday() < 5:
            yield entry.wrong(kind, f"{on} 不是周末，不会是调休上班；请核对日期。")
    for year, of_year in _by_year(entries):
        first = of_year[0].values["source"]
        for entry in of_year:
            if entry.values["source"] != first:
                yield entry.wrong(source, f"{year} 年的文号不止一个；请写同一个，如 {first}。")
        if not any(e.values["kind"] == CalendarDay.Kind.HOLIDAY for e in of_year):
            yield of_year[0].wrong(kind, f"{year} 年没有放假的日子；请填通知的全部日期。")


def _by_year(entries: list[Entry]) -> Iterator[tuple[int, list[Entry]]]:
    ordered = sorted(entries, key=lambda e: e.key)
    for year, of_year in groupby(ordered, lambda e: e.key[0].year):
        yield year, list(of_year)


def _gone(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Entry]:
    """A file is the whole of each of its years."""
    given = {entry.key for entry in entries}
    for year, of_year in _by_year(entries):
        for key in sorted(held):
            if key[0].year == year and key not in given:
                yield Entry(key, {}, of_year[0].rows)


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    """At the command line the years take effect; from a page they wait for a second person."""
    answer: dict[str, Any] = {"years": [], "waiting": []}
    for year in sorted({change.entry.key[0].year for change in made.stored}):
        given = [
            change.values
            for change in made.changes
            if change.entry.key[0].year == year and change.what != Change.REMOVED
        ]
        days = [Day(v["date"], v["kind"], v["name"]) for v in given]
        days.sort(key=lambda each: each.date)
        source = given[0]["source"]
        if asked.by is None:
            announce_year(year=year, days=days, source=source, by=None)
            answer["years"].append(year)
        else:
            act = propose_year(year=year, days=days, source=source, by=asked.by)
            answer["waiting"].append(act.pk)
    return answer


KIND = Kind(
    code="calendar",
    title="节假日历",
    unit="天",
    lead="国务院办公厅公布的一年放假和调休；期限的工作日由此算出。",
    columns=COLUMNS,
    key=("date",),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    check=_check,
    history=False,
    gone=_gone,
)
