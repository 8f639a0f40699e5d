"""Checks of the journal: entries, their numbers, dates, hashes, causes and reversals."""

import re
from collections.abc import Iterator

from settlements.checks.base import Check, Context, of_the_books, rows
from settlements.ledger.books.found import Promise
from settlements.models.ledger import PREFIXES

# Every column that holds money: nothing in them is finer than a fen.
MONEY = (
    ("settlements_posting", "yuan", "分录"),
    ("settlements_accountmonth", "net", "账户月净额"),
    ("settlements_accountyear", "net", "账户年净额"),
    ("settlements_transfer", "yuan", "月核算收付"),
    ("settlements_settlementnet", "yuan", "年度净额"),
    ("settlements_adjustmentnet", "yuan", "调整差额"),
    ("settlements_payment", "yuan", "付款"),
    ("settlements_payment", "due_yuan", "付款的应付"),
    ("settlements_balancestatement", "yuan", "对账的对方余额"),
    ("settlements_balancestatement", "our_yuan", "对账的台账余额"),
)
NOT_FEN = " UNION ALL ".join(
    f"SELECT '{words}', id, {column} FROM {table}"
    f" WHERE {column} <> round({column}, 2) OR {column} = 'NaN'"
    for table, column, words in MONEY
)
HASH = re.compile(r"[0-9a-f]{64}")
PRINTED = """
SELECT 'notice', n.year, n.number, n.month::text, n.ledger_head FROM settlements_notice n
WHERE n.ledger_head <> '' AND n.state <> 'returned'
UNION ALL
SELECT p.kind, p.year, p.number, p.title, p.ledger_head FROM settlements_issuedpaper p
WHERE p.ledger_head <> ''
ORDER BY 1, 2, 3
"""
REVERSED_AGAIN = """
SELECT o.cause, o.year, o.number, count(*) FROM settlements_journalentry r
JOIN settlements_journalentry o ON o.id = r.reverses_id
GROUP BY o.id HAVING count(*) > 1 ORDER BY o.year, o.number
"""
DECIDED_NOT_BOOKED = """
SELECT '期初余额 #' || b.id || '（' || b.filename || '）' FROM settlements_openingbatch b
WHERE b.state = 'approved'
  AND NOT EXISTS (SELECT 1 FROM settlements_journalentry e WHERE e.opening_id = b.id)
UNION ALL
SELECT '对账更正 #' || c.id FROM settlements_correction c
WHERE c.state = 'approved'
  AND NOT EXISTS (SELECT 1 FROM settlements_journalentry e WHERE e.statement_id = c.statement_id)
UNION ALL
SELECT '区划结转 #' || l.carryover_id || ' 的账户 #' || l.account_id
FROM settlements_carryoverline l JOIN settlements_carryover c ON c.id = l.carryover_id
WHERE c.state = 'approved'
  AND NOT EXISTS (SELECT 1 FROM settlements_journalentry e WHERE e.carryover_id = l.id)
UNION ALL
SELECT '冲销申请 #' || r.id FROM settlements_reversal r
WHERE r.state = 'approved'
  AND NOT EXISTS (SELECT 1 FROM settlements_journalentry e WHERE e.reverses_id = r.entry_id)
"""
# What was carried over is what stood there, and went to the successor.
CARRIED_OTHERWISE = """
SELECT e.year, e.number, l.carryover_id FROM settlements_journalentry e
JOIN settlements_carryoverline l ON l.id = e.carryover_id
JOIN settlements_carryover c ON c.id = l.carryover_id
LEFT JOIN settlements_posting p ON p.entry_id = e.id
LEFT JOIN settlements_ledgeraccount a ON a.id = p.account_id
GROUP BY e.year, e.number, l.id, c.id
HAVING c.state <> 'approved'
    OR count(*) FILTER (WHERE p.account_id = l.account_id AND p.yuan = -l.yuan) <> 1
    OR count(*) FILTER (WHERE a.jurisdiction_id = c.successor_id AND p.yuan = l.yuan) <> 1
ORDER BY 1, 2
"""
CLOSED_TWICE = """
SELECT g.code, s.year, count(*) FROM settlements_journalentry e
JOIN settlements_settlement s ON s.id = e.settlement_id
JOIN settlements_agreement g ON g.id = s.agreement_id
WHERE e.cause = 'settlement' GROUP BY g.code, s.year HAVING count(*) > 1 ORDER BY 1, 2
"""


# Of before the database refused it (guards/posting.sql): entries in force that open one account.
OPENED_TWICE = """
SELECT j.name, COALESCE(g.code, ''), string_agg(e.year || '-' || e.number, '、' ORDER BY e.year, e.number)
FROM settlements_posting p
JOIN settlements_journalentry e ON e.id = p.entry_id AND e.cause = 'opening'
JOIN settlements_ledgeraccount a ON a.id = p.account_id
JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
LEFT JOIN settlements_agreement g ON g.id = a.agreement_id
WHERE NOT EXISTS (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id)
GROUP BY a.id, j.name, g.code HAVING count(*) > 1 ORDER BY 1, 2
"""


def label(cause: str, year: int, number: int) -> str:
    """凭证号."""
    return f"{PREFIXES.get(cause, '')}-{year}-{number:04d}".lstrip("-")


def fen_only(context: Context) -> Iterator[str]:
    for words, pk, yuan in rows(NOT_FEN):
        yield f"{words} #{pk}：{yuan} 元不是整分。"


def stored_heads_contained(context: Context) -> Iterator[str]:
    known = {
        hash: f"{year}-{number}"
        for hash, year, number in rows("SELECT hash, year, number FROM settlements_journalentry")
    }
    for kind, year, number, title, printed in rows(PRINTED):
        named = f"{title} 月通报" if kind == "notice" else f"〔{year}〕{number} 号 {title}"
        entry, _, head = printed.rpartition(" ")
        if not HASH.fullmatch(head):
            yield f"{named}：印的台账摘要“{printed}”不是摘要值。"
        elif head not in known:
            yield f"{named}：印的台账摘要 {head[:16]}… 不在链中。"
        elif entry and entry != known[head]:
            yield f"{named}：印的台账摘要是 {known[head]} 号凭证的，不是 {entry} 号的。"


def trial_balance_is_zero(context: Context) -> Iterator[str]:
    found = list(context.broken(Promise.TRIAL))
    yield from found
    if context.books.sum and not found:
        yield f"全部分录合计 {context.books.sum} 元。"


def reversal_mirrors_original_once(context: Context) -> Iterator[str]:
    yield from context.broken(Promise.REVERSED)
    for cause, year, number, times in rows(REVERSED_AGAIN):
        yield f"{label(cause, year, number)}：冲销了 {times} 次。"


def account_opened_once(context: Context) -> Iterator[str]:
    for name, agreement, entries in rows(OPENED_TWICE):
        yield f"{name} {agreement}：有几笔期初余额同时有效（凭证 {entries} 号），只能有一笔。"


def every_entry_has_one_cause(context: Context) -> Iterator[str]:
    yield from context.broken(Promise.CAUSED)
    for (what,) in rows(DECIDED_NOT_BOOKED):
        yield f"{what}：已复核，但台账里没有凭证。"
    for year, number, carryover in rows(CARRIED_OTHERWISE):
        yield f"QH-{year}-{number:04d}：与区划结转 #{carryover} 所登记的账户和余额不符。"
    for agreement, year, times in rows(CLOSED_TWICE):
        yield f"{agreement} {year}：有 {times} 张年清缴凭证。"


CHECKS = (
    Check(
        "entry_sums_to_zero",
        "凭证平衡",
        "每张凭证的分录合计为零。",
        of_the_books(Promise.BALANCED),
    ),
    Check(
        "entry_has_two_postings",
        "至少两条分录",
        "每张凭证至少有两条分录。",
        of_the_books(Promise.TWO_POSTINGS),
    ),
    Check(
        "no_zero_posting",
        "没有零分录",
        "没有金额为零的分录。",
        of_the_books(Promise.NO_ZERO),
    ),
    Check(
        "fen_only",
        "金额到分",
        "所有金额都是整分，没有更小的尾数。",
        fen_only,
    ),
    Check(
        "entry_numbers_have_no_gap",
        "凭证连号",
        "凭证号每年从 1 起，没有缺号和重号。",
        of_the_books(Promise.NUMBERED),
    ),
    Check(
        "dates_follow_numbers",
        "日期随号",
        "记账日期不随凭证号倒退，与年度相符；业务日期不晚于记账日期。",
        of_the_books(Promise.DATED),
    ),
    Check(
        "chain_hash_holds",
        "摘要链",
        "每张凭证的摘要值与内容相符，并接上前一张。",
        of_the_books(Promise.CHAINED),
    ),
    Check(
        "stored_heads_contained",
        "印出的摘要仍在链中",
        "月通报和已签发文书上印的台账摘要值都是链中某张凭证的。",
        stored_heads_contained,
    ),
)
TRIAL = Check(
    "trial_balance_is_zero",
    "试算平衡",
    "全部账户余额合计为零，没有无凭证的分录。",
    trial_balance_is_zero,
)
REVERSED = Check(
    "reversal_mirrors_original_once",
    "冲销与原凭证",
    "冲销凭证与原凭证逐笔反号，一张凭证只冲销一次，冲销凭证不再冲销。",
    reversal_mirrors_original_once,
)
CAUSED = Check(
    "every_entry_has_one_cause",
    "一证一事",
    "每张凭证只关联一件事，金额与之相符；已复核的付款、冲销、更正、期初和有净额的已关账年度各有一张凭证。",
    every_entry_has_one_cause,
)
OPENED_ONCE = Check(
    "account_opened_once",
    "一户一期初",
    "一个账户只有一笔有效的期初余额；冲销的不计。",
    account_opened_once,
)
