"""Readings that became others between a computation and what was found later: from what to what,
by which file or verdict, by whom.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from django.db.models import Q
from django.utils.timezone import localtime

from basins.access import Act, Viewer
from basins.links import Link, to
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Origin, Reading, ReadingRevision, Verdict
from monitoring.standards.detection import show
from monitoring.standards.gb3838_2002 import NAMES, UNITS
from monitoring.visible import visible_sections
from settlements.models import Accrual, LabSample
from settlements.shown.visible import visible_samples

MOST = 60
GONE = "（已不在）"
# Section, indicator, when sampled, origin.
Key = tuple[int, int, datetime, int]


@dataclass(frozen=True, slots=True)
class Window:
    """Readings of a section sampled in [start, end) that were changed in (since, until]."""

    section: int
    start: datetime
    end: datetime
    since: datetime
    until: datetime

    @classmethod
    def of(cls, accrual: Accrual, until: datetime) -> Self:
        """What an accrual, with its term_section, rests on, changed since it was computed."""
        start, _ = month_bounds(accrual.period)
        last = date(accrual.period.year, 12, 1) if accrual.yearly else accrual.period
        return cls(
            accrual.term_section.section_id,
            start,
            month_bounds(last)[1],
            accrual.computed_at,
            until,
        )

    def holds(self, sampled: datetime) -> bool:
        return self.start <= sampled < self.end


@dataclass(frozen=True, slots=True)
class ReadingChange:
    """One reading. `source` says what changed it; `by` who, "" where the viewer is not told."""

    section: str
    code: str
    month: date  # its first day
    label: str
    before: str
    after: str
    source: str
    by: str
    evidence: str = ""
    file: Link | None = None


def readings_changed(viewer: Viewer, windows: Sequence[Window]) -> tuple[ReadingChange, ...]:
    """The first MOST by section and time, for sections the viewer sees: 5 SQL queries."""
    seen = set(
        visible_sections(viewer)
        .filter(pk__in={w.section for w in windows})
        .values_list("pk", flat=True)
    )
    windows = [w for w in windows if w.section in seen]
    if not windows:
        return ()
    old: dict[Key, Any] = {}
    for revision in (
        ReadingRevision.objects.filter(_any(windows, "known_to"))
        .select_related("indicator", "section")
        .order_by("section", "sampled_at", "indicator", "-known_to")[: MOST * len(windows)]
    ):
        old[_key(revision)] = revision  # the last is the first that was known
    new: dict[Key, Any] = {
        _key(reading): reading
        for reading in Reading.objects.filter(_any(windows, "recorded_at"))
        .select_related("indicator", "section", "batch__by")
        .order_by("section", "sampled_at", "indicator")[: MOST * len(windows)]
    }
    judged = {
        (v.section_id, v.indicator_id, v.sampled_at, v.origin): v
        for v in Verdict.objects.filter(_any(windows, "at"))
        .select_related("by", "evidence")
        .order_by("at")
    }
    samples = {
        (s.section_id, s.sampled_at, value.indicator_id): s
        for s in visible_samples(viewer)
        .filter(_any(windows, "at"), corrected_by__isnull=True)
        .select_related("by")
        .prefetch_related("values")
        .order_by("pk")
        for value in s.values.all()
    }
    names = viewer.sees_all(Act.SEE_DRAFTS)
    changed = []
    for key in sorted({*old, *new}, key=lambda k: (k[0], k[2], k[1], k[3])):
        before, after = old.get(key), new.get(key)
        one: Any = after or before
        words = (_value(before), _value(after) if after or before is None else GONE)
        if words[0] == words[1]:
            continue
        at = localtime(one.sampled_at)
        typed = samples.get((key[0], key[2], key[1])) if key[3] == Origin.MANUAL else None
        name = NAMES.get(one.indicator.code, one.indicator.code)
        changed.append(
            ReadingChange(
                one.section.name, one.section.code, at.date().replace(day=1),
                f"{at:%m-%d %H:%M} {name}", *words,
                *_source(after, judged.get(key), typed, names), *_proof(judged.get(key), typed),
            )
        )  # fmt: skip
    return tuple(changed[:MOST])


def _any(windows: Iterable[Window], field: str) -> Q:
    found = Q()
    for w in windows:
        found |= Q(
            section=w.section, sampled_at__gte=w.start, sampled_at__lt=w.end,
            **{f"{field}__gt": w.since, f"{field}__lte": w.until},
        )  # fmt: skip
    return found


def _key(row: Any) -> Key:
    return row.section_id, row.indicator_id, row.sampled_at, row.origin


def _source(
    reading: Any, verdict: Verdict | None, typed: LabSample | None, names: bool
) -> tuple[str, str]:
    if verdict is not None:
        who = str(verdict.by) if names else "市局"
        return f"审核为{verdict.get_outcome_display()}：{verdict.reason}", who
    batch = reading.batch if reading is not None else None
    if batch is None and typed is not None:
        return f"实验室样品 {typed.report_number}", str(typed.by) if names else "市局"
    if batch is None:
        return "未记来源", ""
    who = str(batch.by) if batch.by is not None else "系统"
    return f"导入 {batch}", who if names else "市局"


def _proof(verdict: Verdict | None, typed: LabSample | None) -> tuple[str, Link | None]:
    """The file a judgement rests on, or the laboratory's report."""
    found = getattr(verdict, "evidence", None)
    if found is not None:
        return found.name, to("verdict-evidence", found.pk)
    return (typed.name, to("sample-report", typed.pk)) if typed is not None else ("", None)


def _value(reading: Any) -> str:
    if reading is None:
        return "-"
    flag = f"（{Reading.flag_words(reading.flag)}）" if reading.flag != "N" else ""
    unit = UNITS.get(reading.indicator.code, "")
    value = show(reading.indicator.reported(reading.value, reading.below_limit))
    return f"{value} {unit}{flag}".strip()
