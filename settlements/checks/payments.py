"""Checks of payments, their vouchers, and 对账."""

from collections import defaultdict
from collections.abc import Iterator

from settlements.checks.base import Check, Context, rows
from settlements.checks.ledger import label
from settlements.models.payments import OVERPAID_SHARE
from settlements.vouchers import canonical

PAID = """
SELECT voucher, '登记了 # 笔付款' FROM settlements_payment
WHERE state <> 'rejected' AND reversed_on IS NULL
UNION ALL
SELECT e.voucher, '记了 # 张凭证' FROM settlements_journalentry e
WHERE e.voucher <> ''
  AND NOT EXISTS (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id)
"""
# A payer's claim never rises above nothing by a payment, a payee's never falls below: what
# stood on the account before covers it. Money the treasury collects is on its way.
OVERPAID = """
WITH running AS (
    SELECT p.entry_id, p.account_id, p.yuan, sum(p.yuan) OVER
        (PARTITION BY p.account_id ORDER BY e.year, e.number, e.id) AS after
    FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
)
SELECT y.voucher, y.yuan, e.cause, e.year, e.number, j.name
FROM running r
JOIN settlements_journalentry e ON e.id = r.entry_id
JOIN settlements_payment y ON y.id = e.payment_id
JOIN settlements_ledgeraccount a ON a.id = r.account_id
JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
WHERE NOT (y.overpayment AND y.kind IN ('direct', 'collection', 'deduction'))
  AND NOT (a.kind = 'transit' AND r.yuan < 0)
  AND (r.yuan > 0 AND r.after > 0 OR r.yuan < 0 AND r.after < 0)
ORDER BY e.year, e.number, j.code
"""
ABOVE_DUE = """
SELECT voucher, yuan, due_yuan FROM settlements_payment
WHERE state <> 'rejected' AND yuan > due_yuan AND NOT overpayment ORDER BY id
"""
FAR_ABOVE_DUE = """
SELECT voucher, yuan, due_yuan FROM settlements_payment
WHERE state <> 'rejected' AND overpayment AND overpayment_why = ''
  AND yuan > due_yuan * (1 + %(share)s) ORDER BY id
"""
# What was booked in the very moment of the statement came before or after it: not compared.
STATEMENTS = """
SELECT j.name, COALESCE(g.code, ''), s.as_of, s.yuan, s.our_yuan, s.note, c.ours
FROM settlements_balancestatement s
JOIN settlements_ledgeraccount a ON a.id = s.account_id
JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
LEFT JOIN settlements_agreement g ON g.id = a.agreement_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.yuan), 0) AS ours,
           count(*) FILTER (WHERE e.booked_at = s.at) AS just_then
    FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
    WHERE p.account_id = s.account_id AND e.effective_on <= s.as_of AND e.booked_at <= s.at
) AS c
WHERE s.yuan <> s.our_yuan AND s.note = '' OR c.just_then = 0 AND c.ours <> s.our_yuan
ORDER BY s.id
"""


def voucher_used_once(context: Context) -> Iterator[str]:
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for voucher, words in rows(PAID):
        alike[canonical(voucher), words].append(voucher)
    for (_, words), vouchers in sorted(alike.items()):
        if len(vouchers) > 1:
            named = "、".join(dict.fromkeys(vouchers))
            yield f"付款凭证号 {named}：{words.replace('#', str(len(vouchers)))}。"


def payments_within_due(context: Context) -> Iterator[str]:
    for voucher, yuan, due in rows(ABOVE_DUE):
        yield f"付款 {voucher}：{yuan} 元超过登记时应付的 {due} 元，没有注明超付。"
    for voucher, yuan, due in rows(FAR_ABOVE_DUE, share=OVERPAID_SHARE):
        yield (
            f"付款 {voucher}：{yuan} 元超过登记时应付的 {due} 元 "
            f"{OVERPAID_SHARE:.0%} 以上，没有超付理由。"
        )
    for voucher, yuan, cause, year, number, name in rows(OVERPAID):
        entry = label(cause, year, number)
        yield f"付款 {voucher}（{entry}）：{yuan} 元超过{name}当时账面所欠或应收，没有注明超付。"


def statements_agree_or_noted(context: Context) -> Iterator[str]:
    for name, agreement, as_of, theirs, ours, note, counted in rows(STATEMENTS):
        named = f"{name} {agreement} {as_of}"
        if theirs != ours and not note:
            yield f"{named}：对方 {theirs} 元，台账 {ours} 元，没有说明。"
        else:
            yield f"{named}：对账时留存的台账余额 {ours} 元，按分录应为 {counted} 元。"


CHECKS = (
    Check(
        "voucher_used_once",
        "付款凭证号不重复",
        "一个付款凭证号只有一笔有效的付款、一张未冲销的凭证，不论大小写和连接号怎么写。",
        voucher_used_once,
    ),
    Check(
        "payments_within_due",
        "付款不超应付",
        "付款不超过应付，注明超付的除外，超付较多的另有理由；没有代收到的不拨付，没有互欠的不抵扣。",
        payments_within_due,
    ),
    Check(
        "statements_agree_or_noted",
        "对账相符或有说明",
        "每次对账的余额相符，或写明了差额的原因；留存的台账余额是当时的余额。",
        statements_agree_or_noted,
    ),
)
