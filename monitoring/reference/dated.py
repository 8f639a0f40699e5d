"""What holds at a section from one day on: a new one ends the one before it."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from basins.ranges import between
from basins.reference.kind import Entry, Key, Values, Wrong
from basins.reference.kind import Kind as _Kind
from monitoring.models import SamplingPlan, Section, Target

Dated = type[Target] | type[SamplingPlan]


def spans_of(model: Dated) -> dict[int, list[Any]]:
    """By section, in the order of time: 1 SQL query."""
    found: dict[int, list[Any]] = {}
    for row in model._default_manager.order_by("section", "in_force"):
        found.setdefault(row.section_id, []).append(row)
    return found


def cut(model: Dated, section: Section, *, since: date, until: date | None, **what: Any) -> None:
    """From `since` on, to the day before `until`, it is `what`. What held until then ends there;
    one that began that day is changed."""
    rows = model._default_manager.filter(section=section)
    same = rows.filter(in_force__startswith=since).first()
    if same is not None:
        for name, value in what.items():
            setattr(same, name, value)
        if until is not None or same.in_force.upper is None:
            same.in_force = between(since, until)
        same.save()
        return
    before = rows.filter(in_force__contains=since).first()
    upper = until
    if before is not None:
        upper = until or before.in_force.upper
        before.in_force = between(before.in_force.lower, since)
        before.save(update_fields=["in_force"])
    else:  # before all others: it ends where the next one begins
        later = rows.filter(in_force__startswith__gt=since).order_by("in_force").first()
        upper = until or (later.in_force.lower if later else None)
    model._default_manager.create(section=section, in_force=between(since, upper), **what)


def day_after(last: date | None) -> date | None:
    """The first day on which what holds up to `last` no longer does."""
    return None if last is None else last + timedelta(days=1)


def last_day(upper: date | None) -> date | None:
    return None if upper is None else upper - timedelta(days=1)


def overlapping(kind: _Kind, entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    """Rows that end before they begin, or reach into what another row or a stored one has from a
    later day. `until`: the last day, in entries as in what is held."""
    spans: dict[str, dict[date, tuple[date | None, Entry | None]]] = {}
    for key, values in held.items():
        spans.setdefault(key[0], {})[key[1]] = values["until"], None
    for entry in entries:
        of = spans.setdefault(entry.key[0], {})
        until = entry.values.get("until")
        if until is None and entry.key in held:
            until = held[entry.key]["until"]
        of[entry.key[1]] = until, entry
    column = kind.column("until")
    for of in spans.values():
        starts = sorted(of)
        for at, start in enumerate(starts):
            until, row = of[start]
            if row is None:
                continue
            if until is not None and until < start:
                yield row.wrong(column, f"止于 {until}，早于起始的 {start}；请更正。")
            following = starts[at + 1] if at + 1 < len(starts) else None
            if until is not None and following is not None and until >= following:
                yield row.wrong(
                    column,
                    f"止于 {until}，与 {following} 起的一段重叠；请改早，或留空由后一段接上。",
                )
