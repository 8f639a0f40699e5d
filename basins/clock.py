"""What time it is. All of the product asks here, so that a scheme-year can be lived through.

`moved_to` stands the clock at a moment for the code that runs inside it: the demonstration
publishes 2019 in 2019, and a simulation walks through years. The database's own clock is not
moved: what was known when (`recorded_at`, revisions) is real, but in the one transaction that
seeds an empty demonstration (basins.seeding).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("clock_moment", default=None)


def now() -> datetime:
    """This moment, with a zone (UTC)."""
    return _moment.get() or timezone.now()


def today() -> date:
    """Today in Asia/Shanghai, whatever the server's clock zone."""
    return timezone.localdate(now())


@contextmanager
def moved_to(moment: datetime | date) -> Iterator[None]:
    """The clock stands at `moment` (a date: 10:00 of that day in Asia/Shanghai).

    Raises ValueError for a moment without a zone.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(10), timezone.get_default_timezone())
    if moment.tzinfo is None:
        raise ValueError(f"时间 {moment!r} 没有时区。")
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
