"""Checks of published notices: the months they published, and the figures they print."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from basins.malformed import MALFORMED
from monitoring.models import Assessment
from settlements.checks.base import Check, Context, each, rows, unreadable
from settlements.models import Notice
from settlements.money import ZERO
from settlements.notices.services.content import digest_of

CHANGED = """
WITH said AS (
    SELECT n.month, b ->> 'code' AS agreement, s AS section, (s ->> 'accrual')::bigint AS accrual
    FROM settlements_notice n
    CROSS JOIN LATERAL jsonb_array_elements(n.content -> 'agreements') AS b
    CROSS JOIN LATERAL jsonb_array_elements(b -> 'sections') AS s
    WHERE n.state = 'published' AND n.id <> ALL(%(unread)s::bigint[])
), paid AS (
    SELECT t.accrual_id, jsonb_agg(jsonb_build_object('payer', p.code, 'payee', q.code,
        'yuan', t.yuan::text, 'reason', t.reason) ORDER BY p.code, q.code) AS transfers
    FROM settlements_transfer t
    JOIN basins_jurisdiction p ON p.id = t.payer_id
    JOIN basins_jurisdiction q ON q.id = t.payee_id
    GROUP BY t.accrual_id
), compared AS (
    SELECT d.agreement, d.section ->> 'name' AS name, d.month, CASE
        WHEN a.id IS NULL THEN '月核算已不存在'
        WHEN a.state = 'preliminary' THEN '月核算又成了初步'
        WHEN a.input_digest <> d.section ->> 'digest' THEN '输入摘要不同'
        WHEN a.month_state <> d.section ->> 'state' THEN '月度状态不同'
        WHEN a.water_class::text IS DISTINCT FROM d.section ->> 'water_class' THEN '水质类别不同'
        WHEN a.complete <> (d.section ->> 'complete')::boolean THEN '数据完整与否不同'
        WHEN COALESCE(p.transfers, '[]') <> d.section -> 'transfers' THEN '收付不同'
        END AS words
    FROM said d
    LEFT JOIN settlements_accrual a ON a.id = d.accrual
    LEFT JOIN paid p ON p.accrual_id = a.id
)
SELECT agreement, name, month, words FROM compared WHERE words IS NOT NULL
UNION ALL
SELECT g.code, c.name, a.period, '已发布，但' || CASE count(d.accrual)
    WHEN 0 THEN '没有月通报' ELSE '在 ' || count(d.accrual) || ' 份月通报中' END
FROM settlements_accrual a
JOIN settlements_term t ON t.id = a.term_id
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN monitoring_section c ON c.id = x.section_id
LEFT JOIN said d ON d.accrual = a.id
WHERE a.state <> 'preliminary'
GROUP BY a.id, g.code, c.name HAVING count(d.accrual) <> 1
ORDER BY 1, 2, 3
"""
PAID = """
SELECT t.accrual_id, p.code, q.code, t.yuan FROM settlements_transfer t
JOIN basins_jurisdiction p ON p.id = t.payer_id
JOIN basins_jurisdiction q ON q.id = t.payee_id
JOIN settlements_accrual a ON a.id = t.accrual_id AND a.state <> 'preliminary'
"""
# Readings of the section's month that came, or were corrected, after the notice was prepared:
# what it prints was so then. StateMove.stored_at is the database's own clock.
SINCE = """
SELECT w.notice, w.section, w.month
FROM unnest(%(notices)s::bigint[], %(sections)s::bigint[], %(months)s::date[])
    AS w (notice, section, month)
JOIN settlements_statemove m ON m.thing = 'notice' AND m.object_id = w.notice AND m.event = 'prepare'
WHERE EXISTS (SELECT 1 FROM monitoring_dirtymonth d
        WHERE d.section_id = w.section AND d.month = w.month)
    OR EXISTS (SELECT 1 FROM monitoring_reading r WHERE r.section_id = w.section
        AND r.sampled_at >= w.month::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND r.sampled_at < (w.month + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
        AND r.recorded_at > m.stored_at)
    OR EXISTS (SELECT 1 FROM monitoring_readingrevision r WHERE r.section_id = w.section
        AND r.sampled_at >= w.month::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND r.sampled_at < (w.month + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
        AND r.known_to > m.stored_at)
"""
Payments = dict[int, list[tuple[str, str, Decimal]]]
Exceedances = dict[tuple[str, date], dict[str, tuple[Any, ...]]]  # by section code and month


@dataclass(frozen=True, slots=True)
class Printed:
    """A concentration a notice prints that is not the one of today's assessment."""

    notice: int
    section: str
    month: date
    indicator: str
    said: str
    found: str


def published_month_unchanged(context: Context) -> Iterator[str]:
    unread: list[int] = []
    for notice in _published():
        try:
            _refuse_other_shape(notice.content)
        except MALFORMED as error:
            unread.append(notice.pk)
            yield unreadable(f"{notice.month:%Y-%m} 月通报", error)
    for agreement, name, month, words in rows(CHANGED, unread=unread):
        yield f"{agreement} {name} {month:%Y-%m}：{words}。"


def _published() -> Iterator[Notice]:
    return (
        Notice.objects.filter(state=Notice.State.PUBLISHED)
        .order_by("month", "pk")
        .iterator(chunk_size=20)
    )


def _refuse_other_shape(content: dict) -> None:
    """Raises ValueError and the like for what the query above could not read."""
    for block in content["agreements"]:
        for section in block["sections"]:
            if type(section["accrual"]) is not int or type(section["complete"]) is not bool:
                raise ValueError(f"{section['name']} 的月核算编号或数据完整标记不是数和真假")


def notice_figures_hold(context: Context) -> Iterator[str]:
    paid: Payments = defaultdict(list)
    for accrual, payer, payee, yuan in rows(PAID):
        paid[accrual].append((payer, payee, yuan))
    notices = Notice.objects.filter(state=Notice.State.PUBLISHED)
    printed: list[Printed] = []
    names: dict[int, str] = {}
    sections, assessed, unread = _assessed(list(notices.values_list("month", flat=True)))
    yield from unread

    def of_notice(notice: Notice) -> Iterator[str]:
        names[notice.pk] = f"{notice.month:%Y-%m} 月通报"
        if digest_of(notice.content) != notice.digest:
            yield f"{names[notice.pk]}：内容与摘要值不符。"
        for words in _amounts(notice.content, paid):
            yield f"{names[notice.pk]}：{words}。"
        printed.extend(_concentrations(notice, assessed))

    yield from each(_published(), lambda notice: f"{notice.month:%Y-%m} 月通报", of_notice)
    corrected = _corrected_since(printed, sections)
    for p in printed:
        if (p.notice, sections.get(p.section), p.month) not in corrected:
            what = f"{p.section} {p.indicator} 为 {p.said}，数据库为 {p.found}"
            yield f"{names[p.notice]}：{what}。"


def _amounts(content: dict, paid: Payments) -> Iterator[str]:
    """Every sum of the notice against the payments of the accruals it names."""
    nets: dict[str, Decimal] = defaultdict(lambda: ZERO)
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    owes: dict[str, Decimal] = defaultdict(lambda: ZERO)
    total = ZERO
    for block in content.get("agreements", ()):
        own: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for section in block["sections"]:
            for payer, payee, yuan in paid.get(section["accrual"], ()):
                own[payer] -= yuan
                own[payee] += yuan
                owes[payer] += yuan
                owed[payee] += yuan
                total += yuan
        for party in block["parties"]:
            net = own.pop(party["code"], ZERO)
            nets[party["code"]] += net
            yield from _differs(f"{block['code']} {party['name']}", party["yuan"], net)
        for code, net in own.items():
            yield f"{block['code']} 没有列出 {code} 的 {net} 元"
    for party in content.get("parties", ()):
        code, name = party["code"], party["name"]
        yield from _differs(f"{name}应收", party["receivable"], owed[code])
        yield from _differs(f"{name}应付", party["payable"], owes[code])
        yield from _differs(f"{name}净额", party["net"], nets[code])
    yield from _differs("合计", content.get("total", "0.00"), total)


def _differs(what: str, said: str, found: Decimal) -> Iterator[str]:
    if Decimal(said) != found:
        yield f"{what}为 {said} 元，数据库为 {found:.2f} 元"


def _assessed(months: list[date]) -> tuple[dict[str, int], Exceedances, list[str]]:
    """Section code → id, the exceedances of these months as they are assessed now, and which of
    them cannot be read."""
    ids: dict[str, int] = dict(rows("SELECT code, id FROM monitoring_section"))
    found: Exceedances = {}
    unread: list[str] = []
    for code, month, exceedances in (
        Assessment.objects.filter(month__in=months)
        .exclude(exceedances=[])
        .values_list("section__code", "month", "exceedances")
    ):
        try:
            found[code, month] = {
                e["indicator"]: (e["value"], e["multiple"], e["reference"]) for e in exceedances
            }
        except MALFORMED as error:
            unread.append(unreadable(f"{code} {month:%Y-%m} 的评价结果", error))
    return ids, found, unread


def _concentrations(notice: Notice, assessed: Exceedances) -> Iterator[Printed]:
    for indicator in notice.content.get("indicators", ()):
        for line in indicator["sections"]:
            said = (line["value"], line["multiple"], line["reference"])
            now = assessed.get((line["code"], notice.month), {}).get(indicator["code"])
            if now != said:
                found = now[0] if now else "未超标"
                yield Printed(
                    notice.pk, line["code"], notice.month, indicator["code"], line["value"], found
                )


def _corrected_since(printed: list[Printed], sections: dict[str, int]) -> set[tuple]:
    """Notice, section and month whose readings changed after the notice was prepared."""
    known = [p for p in printed if p.section in sections]
    if not known:
        return set()
    return set(
        rows(
            SINCE,
            notices=[p.notice for p in known],
            sections=[sections[p.section] for p in known],
            months=[p.month for p in known],
        )
    )


UNCHANGED = Check(
    "published_month_unchanged",
    "发布后不变",
    "已发布的月核算与月通报发布的逐项相同，各在一份月通报中；更正只走调整。",
    published_month_unchanged,
)
FIGURES = Check(
    "notice_figures_hold",
    "月通报数字属实",
    "月通报上的每个金额、超标浓度都与编制之日的数据库相同，内容与摘要值相符。",
    notice_figures_hold,
)
