"""监测频次: how many automatic values a day a section has to deliver, from a day on."""

from collections.abc import Iterator, Mapping
from typing import Any

from basins.reference.columns import Column, Values, day, whole
from basins.reference.kind import Asked, Entry, Key, Kind, Plan, Wrong
from monitoring.models import SamplingPlan, Section
from monitoring.reference.dated import cut, day_after, last_day, overlapping
from monitoring.reference.sections import sections

COLUMNS = (
    Column("section", "断面", "北河桥", of="sections", needed=True, names=("断面编码", "断面名称"),
           width=18),
    Column("since", "自", "2026-01-01", day, needed=True, names=("起", "起始日期")),
    Column("until", "至（含）", "", day, names=("至", "止"), help="不填即到下一个频次之前。"),
    Column("per_day", "每日次数", "6", whole(1, 24), needed=True, names=("监测频次",),
           help="自动站每四小时一次为 6。"),
)  # fmt: skip
EXAMPLES = (
    {"section": "北河桥", "since": "2024-01-01", "per_day": "6"},
    {"section": "南河口", "since": "2025-06-01", "until": "2025-09-30", "per_day": "12"},
)


def _held() -> dict[Key, dict[str, Any]]:
    """1 SQL query."""
    found = SamplingPlan.objects.order_by("section__code", "in_force").select_related("section")
    return {
        (p.section.code, p.in_force.lower): {
            "section": p.section.code,
            "since": p.in_force.lower,
            "until": last_day(p.in_force.upper),
            "per_day": p.per_day,
        }
        for p in found
    }


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    yield from overlapping(KIND, entries, held)


def _also(entry: Entry, held: Mapping[Key, Values]) -> Iterator[str]:
    section, since = entry.key
    for (of, start), values in held.items():
        ends = values["until"]
        if of == section and start < since and (ends is None or ends >= since):
            yield f"{start} 起的频次（每日 {values['per_day']} 次）止于 {last_day(since)}。"


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    """The months whose readings are counted anew are marked (guards/samplingplan.sql)."""
    by_code = Section.objects.in_bulk(
        {change.entry.key[0] for change in made.stored}, field_name="code"
    )
    for change in sorted(made.stored, key=lambda each: each.entry.key):
        values = change.values
        cut(
            SamplingPlan,
            by_code[values["section"]],
            since=values["since"],
            until=day_after(values.get("until")),
            per_day=values["per_day"],
        )
    return {}


KIND = Kind(
    code="plans",
    title="监测频次",
    unit="个",
    lead="自动站每日应有多少次数据；没有列出的按每日 6 次。手工监测不用填。",
    columns=COLUMNS,
    key=("section", "since"),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"sections": sections()},
    names="section",
    defaults=lambda: {"until": None},
    listed=("since", "until", "per_day"),
    check=_check,
    also=_also,
)
