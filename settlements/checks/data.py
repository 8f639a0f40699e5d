"""Checks of the data under the money: terms, targets, readings, means, and what waits."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from basins.ranges import month_start, next_month
from monitoring.assessment.services.assessment import means_of_month
from monitoring.models import DirtyMonth, MonthlyMean, Origin, Reading
from settlements.checks.base import Check, Context, rows

# A hole between two terms of a strand is explained by a clause of the later one under the key
# "gap"; one between two targets by there being nothing measured in it.
TERMS = """
WITH ordered AS (
    SELECT agreement_id, strand, number, in_force, clauses, lag(number) OVER w AS before,
           max(upper(in_force)) OVER (PARTITION BY agreement_id, strand ORDER BY lower(in_force)
               NULLS FIRST, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
    FROM settlements_term
    WINDOW w AS (PARTITION BY agreement_id, strand ORDER BY lower(in_force) NULLS FIRST, number)
)
SELECT g.code, o.before, o.number, o.until, lower(o.in_force), false FROM ordered o
JOIN settlements_agreement g ON g.id = o.agreement_id
WHERE o.until < lower(o.in_force) AND NOT o.clauses ? 'gap'
UNION ALL
SELECT g.code, one.number, other.number, lower(other.in_force), upper(one.in_force), true
FROM settlements_term one
JOIN settlements_term other ON other.agreement_id = one.agreement_id
    AND other.strand = one.strand AND other.id <> one.id AND other.in_force && one.in_force
    AND (lower(one.in_force), one.number) < (lower(other.in_force), other.number)
JOIN settlements_agreement g ON g.id = one.agreement_id
ORDER BY 1, 2, 3
"""
TARGETS = """
WITH ordered AS (
    SELECT section_id, in_force, max(upper(in_force)) OVER (PARTITION BY section_id
        ORDER BY lower(in_force) NULLS FIRST
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
    FROM monitoring_target
)
SELECT c.name, o.until, lower(o.in_force), false FROM ordered o
JOIN monitoring_section c ON c.id = o.section_id
WHERE o.until < lower(o.in_force) AND EXISTS (SELECT 1 FROM monitoring_monthlymean m
    WHERE m.section_id = o.section_id AND m.month >= o.until AND m.month < lower(o.in_force))
UNION ALL
SELECT c.name, lower(other.in_force), upper(one.in_force), true
FROM monitoring_target one
JOIN monitoring_target other ON other.section_id = one.section_id AND other.id > one.id
    AND other.in_force && one.in_force
JOIN monitoring_section c ON c.id = one.section_id
ORDER BY 1, 2
"""
# The key of the table and of each of its months is what keeps a reading single: a partition
# without it is counted.
WITHOUT_KEY = """
SELECT t.relid::regclass::text FROM pg_partition_tree('monitoring_reading') t
WHERE t.isleaf AND NOT EXISTS (SELECT 1 FROM pg_index i
    WHERE i.indrelid = t.relid AND i.indisprimary AND i.indisunique AND i.indisvalid)
"""
SAME_KEY = """
SELECT c.name, i.code, r.sampled_at, count(*) FROM {table} r
JOIN monitoring_section c ON c.id = r.section_id
JOIN monitoring_indicator i ON i.id = r.indicator_id
GROUP BY c.name, i.code, r.section_id, r.indicator_id, r.sampled_at, r.origin
HAVING count(*) > 1 ORDER BY 1, 2, 3
"""
REVISIONS = """
WITH known AS (
    SELECT section_id, indicator_id, sampled_at, origin, known_from, known_to,
           lead(known_from) OVER (PARTITION BY section_id, indicator_id, sampled_at, origin
               ORDER BY known_from, known_to, id) AS next
    FROM monitoring_readingrevision
)
SELECT c.name, i.code, k.sampled_at, k.known_to < k.known_from FROM known k
LEFT JOIN monitoring_reading r ON (r.section_id, r.indicator_id, r.sampled_at, r.origin)
    = (k.section_id, k.indicator_id, k.sampled_at, k.origin)
JOIN monitoring_section c ON c.id = k.section_id
JOIN monitoring_indicator i ON i.id = k.indicator_id
WHERE k.known_to < k.known_from OR k.known_to > COALESCE(k.next, r.recorded_at)
ORDER BY 1, 2, 3
"""
OBSERVED = """
SELECT COALESCE(c.name, j.name), one.name, one.period FROM monitoring_observation one
JOIN monitoring_observation other ON other.id > one.id AND other.name = one.name
    AND other.period = one.period AND other.yearly = one.yearly
    AND other.section_id IS NOT DISTINCT FROM one.section_id
    AND other.jurisdiction_id IS NOT DISTINCT FROM one.jurisdiction_id
    AND one.recorded_at < COALESCE(other.superseded_at, 'infinity')
    AND other.recorded_at < COALESCE(one.superseded_at, 'infinity')
LEFT JOIN monitoring_section c ON c.id = one.section_id
LEFT JOIN basins_jurisdiction j ON j.id = one.jurisdiction_id
ORDER BY 1, 2, 3
"""
# What a laboratory's report says was a reading once: it is the live one's value, or stands among
# what that one was before a later correction.
REPORTED = """
SELECT c.name, i.code, s.sampled_at, s.id FROM settlements_labvalue v
JOIN settlements_labsample s ON s.id = v.sample_id
JOIN monitoring_section c ON c.id = s.section_id
JOIN monitoring_indicator i ON i.id = v.indicator_id
WHERE NOT EXISTS (SELECT 1 FROM monitoring_reading r
        WHERE r.section_id = s.section_id AND r.indicator_id = v.indicator_id
          AND r.sampled_at = s.sampled_at AND r.origin = %(origin)s
          AND (r.value, r.below_limit) = (v.value, v.below_limit))
  AND NOT EXISTS (SELECT 1 FROM monitoring_readingrevision r
        WHERE r.section_id = s.section_id AND r.indicator_id = v.indicator_id
          AND r.sampled_at = s.sampled_at AND r.origin = %(origin)s
          AND (r.value, r.below_limit) = (v.value, v.below_limit))
ORDER BY 1, 2, 3
"""
MARKS = """
SELECT c.name, d.month, d.marked_at, d.error FROM monitoring_dirtymonth d
JOIN monitoring_section c ON c.id = d.section_id
WHERE d.marked_at < now() - interval '5 minutes' ORDER BY d.marked_at, 1, 2
"""
JOBS = """
SELECT id, kind, lease_until FROM jobs_job
WHERE state = 'running' AND lease_until < now() ORDER BY id
"""


def terms_and_targets_fit(context: Context) -> Iterator[str]:
    for agreement, one, other, start, end, overlap in rows(TERMS):
        words = f"在 {start} 至 {end} 前重叠" if overlap else f"之间空着 {start} 至 {end} 前"
        yield f"{agreement}：第 {one} 与第 {other} 条款期{words}。"
    for name, start, end, overlap in rows(TARGETS):
        words = f"在 {start} 至 {end or '今'} 重叠" if overlap else f"空着 {start} 至 {end} 前"
        yield f"{name}断面目标：{words}。"


def one_live_reading(context: Context) -> Iterator[str]:
    for (table,) in rows(WITHOUT_KEY):
        yield f"{table}：没有主键。"
        for name, indicator, at, times in rows(SAME_KEY.format(table=table)):
            yield f"{name} {indicator} {at:%Y-%m-%d %H:%M}：有 {times} 个值。"
    for name, indicator, at, turned in rows(REVISIONS):
        words = "先失效后知悉" if turned else "与其后的值同时有效"
        yield f"{name} {indicator} {at:%Y-%m-%d %H:%M}：更正史中的一个值{words}。"
    for name, figure, period in rows(OBSERVED):
        yield f"{name} {figure} {period:%Y-%m}：两个指标值同时有效。"


def reports_are_readings(context: Context) -> Iterator[str]:
    for name, indicator, at, sample in rows(REPORTED, origin=Origin.MANUAL.value):
        yield f"实验室样品 #{sample} {name} {indicator} {at:%Y-%m-%d %H:%M}：没有成为手工数据。"


def mean_recomputes(context: Context) -> Iterator[str]:
    """A month at a time, so that one partition of readings is read: 3 SQL queries a month.
    Months that wait for their recomputation are left out."""
    waiting = set(DirtyMonth.objects.values_list("section_id", "month"))
    names: dict[int, str] = dict(rows("SELECT id, name FROM monitoring_section"))
    for month in _months():
        kept = {
            (section, code): of_mean
            for section, code, *of_mean in MonthlyMean.objects.filter(month=month).values_list(
                "section_id", "indicator__code", "mean", "valid", "total"
            )
        }
        again = {
            (m.section_id, m.indicator): [m.mean, m.valid, m.total]
            for m in means_of_month(month, sorted(names))
        }
        for section, code in sorted(kept.keys() | again.keys()):
            key = (section, code)
            if kept.get(key) == again.get(key) or (section, month) in waiting:
                continue
            yield (
                f"{names[section]} {code} {month:%Y-%m}：月均值为 {_words(kept.get(key))}，"
                f"按有效数据为 {_words(again.get(key))}。"
            )


def _months() -> list[date]:
    """Months that have means or readings, in order."""
    found: set[date] = set(MonthlyMean.objects.values_list("month", flat=True).distinct())
    ends = rows(
        "SELECT monitoring_month_of(min(sampled_at)), monitoring_month_of(max(sampled_at))"
        f" FROM {Reading._meta.db_table}"
    )[0]
    if ends[0] is not None:
        month, last = month_start(ends[0]), ends[1]
        while month <= last:
            found.add(month)
            month = next_month(month)
    return sorted(found)


def _words(mean: Sequence[Any] | None) -> str:
    """Of the mean, the number of its values and their total."""
    if mean is None:
        return "无"
    value, valid, total = mean
    added = "" if total is None else f"，合计 {total.normalize():f}"
    return f"{value.normalize():f}（{valid} 个{added}）"


def nothing_left_waiting(context: Context) -> Iterator[str]:
    waits: dict[str, list[date]] = defaultdict(list)
    for name, month, _, error in rows(MARKS):
        waits[f"{name}{f'（{error}）' if error else ''}"].append(month)
    for name, months in waits.items():
        words = "、".join(f"{m:%Y-%m}" for m in months[:3])
        more = f" 等 {len(months)} 个月" if len(months) > 3 else ""
        yield f"{name}：{words}{more} 待重算已超过 5 分钟。"
    for pk, kind, until in rows(JOBS):
        yield f"任务 #{pk} {kind}：租约 {until:%Y-%m-%d %H:%M} 已过，仍在进行中。"


CHECKS = (
    Check(
        "terms_and_targets_fit",
        "条款与目标不重不漏",
        "同一协议同一线索的条款期、同一断面的目标不重叠；空档须有说明（写在后一条款期的"
        "条款出处里），或其间没有监测数据。",
        terms_and_targets_fit,
    ),
    Check(
        "one_live_reading",
        "一数一值",
        "一个断面、指标、时间、来源只有一个现行值；被更正的值按时间先后相接，不同时有效。",
        one_live_reading,
    ),
    Check(
        "reports_are_readings",
        "报告值即数据",
        "录入的每份实验室报告，每个值都是同一断面、指标、时间的手工数据的现行值，或在它的更正史里。",
        reports_are_readings,
    ),
    Check(
        "mean_recomputes",
        "月均值可重算",
        "每个月均值都等于按现行有效数据重算的结果。",
        mean_recomputes,
    ),
    Check(
        "nothing_left_waiting",
        "没有积压",
        "没有超过 5 分钟的待重算月份，没有租约已过的任务。",
        nothing_left_waiting,
    ),
)
