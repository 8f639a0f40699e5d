"""工作日: counting deadlines over weekends, holidays and make-up days (调休上班).

Source: 《全国年节及纪念日放假办法》 and the yearly State Council notices, as kept in CalendarDay.
The day a period begins does not count, and it ends on a working day (《民法典》第二百零一条、
第二百零三条). Of a year whose notice is not in the table the statutory days are worked out, and days
entered by hand stand beside them; its make-up days are unknown, so what is counted there is provisional.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays
from django.db.models import QuerySet

from basins.models import CalendarDay
from jobs.wake import wake_on_commit

REFRESH = "settlements.refresh_deadlines"
DAY = timedelta(days=1)
Days = Iterable[tuple[date, str, bool]]  # what the table says: day, kind, announced


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a period; provisional (暂定) where a year in it is not announced yet."""

    date: date
    provisional: bool


class Calendar:
    """The table of some years, read once, for many questions: 1 SQL query.

    Asked about a day of another year it reads that year too (1 query more).
    """

    def __init__(self, years: Iterable[int] = (), days: Days | None = None) -> None:
        """`days`: what `days_asked` asks of the years, where it is at hand."""
        self._kinds: dict[date, str] = {}
        self._years: set[int] = set()
        self._announced: set[int] = set()
        self._read(years, days)

    def is_working_day(self, day: date) -> bool:
        if day.year not in self._years:
            self._read([day.year])
        kind = self._kinds.get(day)
        if kind is None:
            return day.weekday() < 5
        return kind == CalendarDay.Kind.WORKDAY

    def provisional(self, year: int) -> bool:
        """Whether the State Council's notice for the year is not entered yet."""
        if year not in self._years:
            self._read([year])
        return year not in self._announced

    def add(self, start: date, n: int) -> Deadline:
        """The n-th working day after `start`, which itself does not count.

        n = 0 is `start` itself, or the first working day after it. Raises ValueError for n < 0.
        """
        if n < 0:
            raise ValueError(f"工作日数 {n} 不能为负。")
        day, left = start, n
        while left > 0 or not self.is_working_day(day):
            day += DAY
            if left > 0 and self.is_working_day(day):
                left -= 1
        years = range(start.year, day.year + 1)
        return Deadline(day, any(self.provisional(year) for year in years))

    def between(self, a: date, b: date) -> int:
        """Working days after `a` up to and with `b`; negative where b lies before a."""
        if b < a:
            return -self.between(b, a)
        days = ((a + DAY * i) for i in range(1, (b - a).days + 1))
        return sum(self.is_working_day(day) for day in days)

    def _read(self, years: Iterable[int], given: Days | None = None) -> None:
        wanted = set(years) - self._years
        if not wanted:
            return
        entered: dict[int, dict[date, str]] = {year: {} for year in wanted}
        for day, kind, announced in days_asked(wanted) if given is None else given:
            if day.year in wanted:
                entered[day.year][day] = kind
                if announced:
                    self._announced.add(day.year)
        for year, days in entered.items():
            if not holds_a_notice(year, days):
                self._announced.discard(year)
            if year not in self._announced:
                self._kinds.update(dict.fromkeys(statutory(year), CalendarDay.Kind.HOLIDAY))
            self._kinds.update(days)
        self._years |= wanted


def days_asked(years: Collection[int]) -> QuerySet:
    """The days of the table from the first of the years to the last."""
    span = (date(min(years), 1, 1), date(max(years), 12, 31))
    return CalendarDay.objects.filter(date__range=span).values_list("date", "kind", "announced")


def holds_a_notice(year: int, kinds: Mapping[date, str]) -> bool:
    """Whether these days can be a year's notice, which names its statutory days; a day entered by
    hand alone cannot."""
    return any(kinds.get(day) == CalendarDay.Kind.HOLIDAY for day in statutory(year))


@cache
def statutory(year: int) -> dict[date, str]:
    """The statutory holidays of a year with their names, without any rearranged day."""
    found = holidays.country_holidays(
        "CN", years=year, language="zh_CN", categories=(holidays.PUBLIC,)
    )
    return {day: name for day, name in found.items() if day.year == year}


def is_working_day(d: date) -> bool:
    """1 SQL query."""
    return Calendar([d.year]).is_working_day(d)


def provisional(year: int) -> bool:
    """Whether deadlines in the year are provisional: 1 SQL query."""
    return Calendar([year]).provisional(year)


def add_working_days(start: date, n: int) -> Deadline:
    """The n-th working day after `start`: 1 SQL query, whatever n.

    A deadline is kept as its rule (start, n) and asked for again when the calendar changes.
    """
    return Calendar(years_for(start, n)).add(start, n)


def years_for(start: date, n: int) -> range:
    """The years in which the n-th working day after `start` may lie."""
    last = start + timedelta(days=max(n, 0) * 2 + 30)
    return range(start.year, last.year + 1)


def on_calendar_changed() -> None:
    """Let whoever keeps deadlines compute them again, once the change is committed."""
    wake_on_commit(REFRESH)
