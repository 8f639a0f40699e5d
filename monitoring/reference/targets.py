"""断面目标: the class a section's water must reach, from a day on, with the paper that says so."""

from collections.abc import Iterator, Mapping
from typing import Any

from basins.reference.columns import Column, Values, day, text
from basins.reference.kind import Asked, Change, Entry, Key, Kind, Plan, Wrong
from monitoring.models import Section, Target
from monitoring.reference.dated import cut, day_after, last_day, overlapping
from monitoring.reference.sections import CLASS_WORDS, sections, water_class

COLUMNS = (
    Column("section", "断面", "北河桥", of="sections", needed=True, names=("断面编码", "断面名称"),
           width=18),
    Column("since", "自", "2026-01-01", day, needed=True, names=("起", "起始日期")),
    Column("until", "至（含）", "", day, names=("至", "止"),
           help="不填即到下一个目标之前；没有下一个就一直有效。"),
    Column("water_class", "目标类别", "Ⅲ类", water_class, needed=True, choices=CLASS_WORDS, names=("类别",)),
    Column("source", "依据", "示例府办〔2025〕3号", text(200), needed=True, names=("来源", "文号"),
           width=30),
)  # fmt: skip
EXAMPLES = (
    {"section": "北河桥", "since": "2024-01-01", "until": "2025-12-31", "water_class": "Ⅲ类",
     "source": "示例府办〔2023〕1号"},
    {"section": "北河桥", "since": "2026-01-01", "water_class": "Ⅱ类",
     "source": "示例府办〔2025〕3号"},
)  # fmt: skip


def _held() -> dict[Key, dict[str, Any]]:
    """1 SQL query."""
    found = Target.objects.order_by("section__code", "in_force").select_related("section")
    return {
        (t.section.code, t.in_force.lower): {
            "section": t.section.code,
            "since": t.in_force.lower,
            "until": last_day(t.in_force.upper),
            "water_class": str(t.water_class),
            "source": t.source,
        }
        for t in found
    }


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    yield from overlapping(KIND, entries, held)


def _also(entry: Entry, held: Mapping[Key, Values]) -> Iterator[str]:
    section, since = entry.key
    for (of, start), values in held.items():
        ends = values["until"]
        if of == section and start < since and (ends is None or ends >= since):
            word = dict(CLASS_WORDS)[values["water_class"]]
            yield f"{start} 起的目标（{word}）止于 {last_day(since)}。"


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    """The months that a target decides are marked by the database (guards/target.sql)."""
    by_code = Section.objects.in_bulk(
        {change.entry.key[0] for change in made.stored}, field_name="code"
    )
    for change in _earliest_first(made):
        values = change.values
        cut(
            Target,
            by_code[values["section"]],
            since=values["since"],
            until=day_after(values.get("until")),
            water_class=int(values["water_class"]),
            source=values["source"],
        )
    return {}


def _earliest_first(made: Plan) -> list[Change]:
    return sorted(made.stored, key=lambda change: change.entry.key)


KIND = Kind(
    code="targets",
    title="断面目标",
    unit="个",
    lead="断面须达到的水环境功能类别，从哪一天起、依据哪个文件；改目标即从新的日期加一行。",
    columns=COLUMNS,
    key=("section", "since"),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"sections": sections()},
    names="section",
    defaults=lambda: {"until": None},
    listed=("since", "until", "water_class", "source"),
    check=_check,
    also=_also,
)
