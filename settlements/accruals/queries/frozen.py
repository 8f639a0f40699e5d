"""The readings behind a published calculation, as they were known when it was made.

A published month stays whole: its steps, means and readings are of one moment. What came in or
was corrected since stands apart, beside it. The moment is that of the stored version
(AccrualVersion); where what was known then does not give the stored means again, nothing is shown
for them rather than something of another moment.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from basins.access import Viewer
from monitoring.sections.queries.month_readings import (
    MonthReadings,
    last_changed,
    month_readings,
)
from settlements.models import Accrual, AccrualVersion


@dataclass(frozen=True, slots=True)
class ReadingsThen:
    """`then`: of the calculation, None where it is not known any more (or not to be seen);
    `now`: as they are, None where they are the same."""

    then: MonthReadings | None
    now: MonthReadings | None = None


def readings_of(
    viewer: Viewer, accruals: Collection[Accrual], months: Iterable[date]
) -> dict[tuple[int, date], ReadingsThen]:
    """(accrual id, month) → its readings; sections unseen are left out.

    3 SQL queries a month, 3 more where accruals are published, and 6 for each moment at which
    something else was known.
    """
    answer: dict[tuple[int, date], ReadingsThen] = {}
    fixed = [a for a in accruals if a.state != Accrual.State.PRELIMINARY]
    made = dict(
        AccrualVersion.objects.filter(
            accrual_id__in=[a.pk for a in fixed], known_to__isnull=True
        ).values_list("accrual_id", "known_from")
        if fixed
        else ()
    )
    for month in months:
        now = month_readings(viewer, sorted({_section(a) for a in accruals}), month)
        answer |= {
            (a.pk, month): ReadingsThen(now[_section(a)]) for a in accruals if _section(a) in now
        }
        changed = last_changed([pk for pk in {_section(a) for a in fixed} if pk in now], month)
        moments: dict[datetime, list[Accrual]] = defaultdict(list)
        for accrual in fixed:
            last = changed.get(_section(accrual))
            if last is not None and last > made.get(accrual.pk, last):
                moments[made[accrual.pk]].append(accrual)
        for at, own in sorted(moments.items(), key=lambda pair: pair[0]):
            then = month_readings(viewer, sorted({_section(a) for a in own}), month, at)
            for accrual in own:
                section = _section(accrual)
                found = then[section]
                if found == now[section]:
                    continue
                whole = _gives(found, accrual)
                answer[accrual.pk, month] = ReadingsThen(found if whole else None, now[section])
    return answer


def _section(accrual: Accrual) -> int:
    return accrual.term_section.section_id


def _gives(readings: MonthReadings, accrual: Accrual) -> bool:
    """Whether the readings make the means that the accrual was computed from; a whole year's
    stored means are of no single month."""
    if accrual.yearly:
        return True
    found = {m.code: m.mean for m in readings.means}
    stored = {code: Decimal(value) for code, value in accrual.inputs.get("means", {}).items()}
    return all(found.get(code) == value for code, value in stored.items())
