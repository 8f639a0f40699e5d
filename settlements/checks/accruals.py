"""Checks of monthly accruals, their payments, and the years they add up to."""

from collections.abc import Iterator
from decimal import Decimal

from settlements.checks.base import Check, Context, each, rows
from settlements.ledger.books.found import Promise
from settlements.models import Adjustment
from settlements.reckoning.verification import verify_accruals

# Twice for one term, section and period; or published under a term since cut off, and once
# more under the one in force, where only an adjustment may answer (decision 0006).
TWICE = """
SELECT g.code, c.name, a.period, '第 ' || t.number || ' 条款期有 ' || count(*) || ' 笔月核算'
FROM settlements_accrual a
JOIN settlements_term t ON t.id = a.term_id
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN monitoring_section c ON c.id = x.section_id
GROUP BY g.code, c.name, t.number, a.term_id, a.term_section_id, a.period
HAVING count(*) > 1
UNION ALL
SELECT g.code, c.name, a.period,
    '第 ' || t.number || ' 条款期已发布，第 ' || u.number || ' 条款期又有一笔'
FROM settlements_accrual a
JOIN settlements_term t ON t.id = a.term_id AND upper(t.in_force) <= a.period
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN settlements_term u ON u.agreement_id = t.agreement_id AND u.strand = t.strand AND u.id <> t.id
JOIN settlements_accrual b ON b.term_id = u.id AND b.period = a.period AND b.yearly = a.yearly
JOIN settlements_termsection y ON y.id = b.term_section_id
    AND (y.section_id, y.upstream_id, y.downstream_id)
      = (x.section_id, x.upstream_id, x.downstream_id)
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN monitoring_section c ON c.id = x.section_id
ORDER BY 1, 2, 3
"""
BOTH_WAYS = """
WITH paid AS (
    SELECT t.accrual_id, NULL::bigint AS adjustment, p.code AS payer, q.code AS payee
    FROM settlements_transfer t
    JOIN basins_jurisdiction p ON p.id = t.payer_id
    JOIN basins_jurisdiction q ON q.id = t.payee_id
    UNION ALL
    SELECT a.accrual_id, a.id, x ->> 'payer', x ->> 'payee'
    FROM settlements_adjustment a, jsonb_path_query(a.outcome, '$.transfers[*]') AS x
    WHERE a.state = 'approved'
)
SELECT g.code, c.name, a.period, one.payer, one.payee, one.adjustment
FROM paid one
JOIN paid other ON other.accrual_id = one.accrual_id
    AND other.adjustment IS NOT DISTINCT FROM one.adjustment
    AND other.payer = one.payee AND other.payee = one.payer AND one.payer < one.payee
JOIN settlements_accrual a ON a.id = one.accrual_id
JOIN settlements_term t ON t.id = a.term_id
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN monitoring_section c ON c.id = x.section_id
ORDER BY 1, 2, 3
"""
ONE_SIDED = """
SELECT g.code, c.name, a.period, '收付 ' || w.yuan || ' 元不在两方之间，或不大于零'
FROM settlements_transfer w
JOIN settlements_accrual a ON a.id = w.accrual_id
JOIN settlements_term t ON t.id = a.term_id
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN monitoring_section c ON c.id = x.section_id
WHERE w.payer_id = w.payee_id OR w.yuan <= 0
ORDER BY 1, 2, 3
"""
ADJUSTED = """
WITH nets AS (
    SELECT adjustment_id, jurisdiction_id, yuan FROM settlements_adjustmentnet
), booked AS (
    SELECT e.adjustment_id, a.jurisdiction_id, sum(p.yuan) AS yuan
    FROM settlements_journalentry e
    JOIN settlements_posting p ON p.entry_id = e.id
    JOIN settlements_ledgeraccount a ON a.id = p.account_id
    WHERE e.cause = 'adjustment' GROUP BY 1, 2
), wrong AS (
    SELECT adjustment_id, '差额合计 ' || sum(yuan) || ' 元，应为零' AS words
    FROM nets GROUP BY adjustment_id HAVING sum(yuan) <> 0
    UNION
    SELECT adjustment_id, '差额与凭证的分录不符'
    FROM (SELECT * FROM nets WHERE adjustment_id IN (SELECT adjustment_id FROM booked)) n
    FULL JOIN booked b USING (adjustment_id, jurisdiction_id)
    WHERE n.yuan IS DISTINCT FROM b.yuan
)
SELECT g.code, c.name, a.period, '调整 #' || w.adjustment_id || ' 的' || w.words
FROM wrong w
JOIN settlements_adjustment d ON d.id = w.adjustment_id
JOIN settlements_accrual a ON a.id = d.accrual_id
JOIN settlements_term t ON t.id = a.term_id
JOIN settlements_agreement g ON g.id = t.agreement_id
JOIN settlements_termsection x ON x.id = a.term_section_id
JOIN monitoring_section c ON c.id = x.section_id
ORDER BY 1, 2, 3, 4
"""
# Closed years are compared by the verification of the books.
OPEN_YEARS = """
WITH counted AS (
    SELECT t.agreement_id, extract(year FROM a.period)::int AS year, v.party, sum(v.yuan) AS yuan
    FROM settlements_countedtransfer w
    JOIN settlements_accrual a ON a.id = w.accrual_id
    JOIN settlements_term t ON t.id = a.term_id
    CROSS JOIN LATERAL (VALUES (w.payer_id, -w.yuan), (w.payee_id, w.yuan)) AS v (party, yuan)
    GROUP BY 1, 2, 3
), kept AS (
    SELECT s.agreement_id, s.year, n.jurisdiction_id AS party, n.yuan
    FROM settlements_settlementnet n JOIN settlements_settlement s ON s.id = n.settlement_id
)
SELECT g.code, year, j.name, COALESCE(kept.yuan, 0), COALESCE(counted.yuan, 0)
FROM kept FULL JOIN counted USING (agreement_id, year, party)
LEFT JOIN settlements_settlement s USING (agreement_id, year)
JOIN settlements_agreement g ON g.id = agreement_id
JOIN basins_jurisdiction j ON j.id = party
WHERE COALESCE(kept.yuan, 0) <> COALESCE(counted.yuan, 0)
  AND COALESCE(s.state, 'open') NOT IN ('closed', 'cleared')
ORDER BY 1, 2, j.code
"""


def _named(found: list[tuple]) -> Iterator[str]:
    for agreement, section, period, words in found:
        yield f"{agreement} {section} {period:%Y-%m}：{words}。"


def one_live_accrual(context: Context) -> Iterator[str]:
    yield from _named(rows(TWICE))


def none_paid_both_ways(context: Context) -> Iterator[str]:
    approved = Adjustment.objects.filter(state=Adjustment.State.APPROVED).order_by("pk")
    yield from each(
        approved.iterator(), lambda adjustment: f"调整 #{adjustment.pk}", _refuse_other_shape
    )
    for agreement, section, period, one, other, adjustment in rows(BOTH_WAYS):
        what = f"调整 #{adjustment} 中" if adjustment else ""
        yield f"{agreement} {section} {period:%Y-%m}：{what}{one} 与 {other} 互相付款。"


def _refuse_other_shape(adjustment: Adjustment) -> list[str]:
    """Nothing found; raises KeyError and the like for what the query above would pass over."""
    for transfer in adjustment.outcome["transfers"]:
        Decimal(transfer["yuan"]), transfer["payer"], transfer["payee"]
    return []


def transfers_sum_to_zero(context: Context) -> Iterator[str]:
    yield from _named(rows(ONE_SIDED))
    yield from _named(rows(ADJUSTED))


def stored_inputs_give_stored_digest(context: Context) -> Iterator[str]:
    for d in verify_accruals().differ:
        yield f"{d.agreement} {d.section} {d.period}：{d.problem}。"


def settlement_is_sum_of_months(context: Context) -> Iterator[str]:
    yield from context.broken(Promise.SETTLED)
    for agreement, year, name, kept, counted in rows(OPEN_YEARS):
        yield f"{agreement} {year} {name}：净额 {kept} 元，各月与调整合计 {counted} 元。"


CHECKS = (
    Check(
        "one_live_accrual",
        "一期一笔核算",
        "每个条款期、断面、期间只有一笔月核算；已发布后条款修订的，只有调整，没有第二笔。",
        one_live_accrual,
    ),
    Check(
        "none_paid_both_ways",
        "不互相付款",
        "一笔月核算或调整中，没有两方互相付款。",
        none_paid_both_ways,
    ),
    Check(
        "transfers_sum_to_zero",
        "收付合计为零",
        "每笔收付由一方付给另一方；每项调整的差额合计为零，并与它的凭证相符。",
        transfers_sum_to_zero,
    ),
    Check(
        "stored_inputs_give_stored_digest",
        "按留存输入可重算",
        "每笔月核算按留存的输入重算，摘要、状态和收付都与留存的相同。",
        stored_inputs_give_stored_digest,
    ),
)
SETTLED = Check(
    "settlement_is_sum_of_months",
    "年度等于各月之和",
    "年度净额等于各月收付与计入该年的调整之和；已关账的与年清缴凭证相同。",
    settlement_is_sum_of_months,
)
