"""What must hold after every step, whoever did what: the named checks, and what they leave out."""

from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from settlements.checks.base import Context, answer
from settlements.checks.registry import CHECKS, run_checks
from settlements.ledger.balances import balances

# Their cost grows with the years that were lived: at the end of each year, not of each step.
SLOW = {
    "stored_inputs_give_stored_digest",
    "mean_recomputes",
    "notice_figures_hold",
    "published_month_unchanged",
}
# Words → rows that break them: what every step keeps, in one query.
PROMISES = {
    "an entry that does not balance": """
        SELECT entry_id FROM settlements_posting GROUP BY entry_id
        HAVING sum(yuan) <> 0 OR count(*) < 2""",
    "numbers with a gap": """
        SELECT id FROM (SELECT id, number, row_number() OVER (PARTITION BY year ORDER BY id) AS due
            FROM settlements_journalentry) e WHERE number <> due""",
    "a voucher booked twice": """
        SELECT min(e.id) FROM settlements_journalentry e WHERE e.voucher <> '' AND NOT EXISTS
            (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id)
        GROUP BY e.voucher HAVING count(*) > 1""",
    "a move that does not begin where the last one ended": """
        SELECT id FROM (SELECT id, source, COALESCE(lag(target) OVER
            (PARTITION BY thing, object_id ORDER BY id), '') AS due
            FROM settlements_statemove) m WHERE source <> due""",
    "a closed year whose net is not its entry": """
        SELECT n.settlement_id FROM settlements_settlementnet n
        JOIN settlements_settlement s ON s.id = n.settlement_id AND s.state IN ('closed', 'cleared')
        LEFT JOIN (SELECT e.settlement_id, a.jurisdiction_id, sum(p.yuan) AS yuan
            FROM settlements_journalentry e JOIN settlements_posting p ON p.entry_id = e.id
            JOIN settlements_ledgeraccount a ON a.id = p.account_id
            WHERE e.settlement_id IS NOT NULL GROUP BY 1, 2) b
            ON b.settlement_id = n.settlement_id AND b.jurisdiction_id = n.jurisdiction_id
        WHERE n.yuan <> COALESCE(b.yuan, 0)""",
    "a job past its lease": """
        SELECT id FROM jobs_job WHERE state = 'running' AND lease_until < now()""",
    "a closed year with a month that is not final": """
        SELECT m.id FROM settlements_agreementmonth m
        JOIN settlements_settlement s ON s.agreement_id = m.agreement_id
            AND s.year = extract(year FROM m.month) AND s.state IN ('closed', 'cleared')
        WHERE m.state <> 'final'""",
    "an approved payment without its one entry": """
        SELECT p.id FROM settlements_payment p LEFT JOIN settlements_journalentry e
            ON e.payment_id = p.id
        GROUP BY p.id HAVING count(e.id) <> (CASE p.state WHEN 'approved' THEN 1 ELSE 0 END)""",
    "an approved reversal without its entry": """
        SELECT r.id FROM settlements_reversal r LEFT JOIN settlements_journalentry e
            ON e.reverses_id = r.entry_id WHERE r.state = 'approved' AND e.id IS NULL""",
    "a month confirmed without all its parties": """
        SELECT m.id FROM settlements_agreementmonth m
        JOIN settlements_statemove s ON s.thing = 'month' AND s.object_id = m.id
            AND s.event = 'confirm'
        WHERE (SELECT count(*) FROM settlements_monthconfirmation c WHERE c.month_id = m.id) <
            (SELECT count(*) FROM settlements_party p WHERE p.agreement_id = m.agreement_id
                AND COALESCE(p.since, '1900-01-01') <= m.month
                AND COALESCE(p.until, '9999-01-01') > m.month)""",
}
_AT_ONCE = " UNION ALL ".join(
    f"SELECT {place}, (SELECT min(id) FROM ({sql}) AS broken (id))"
    for place, sql in enumerate(PROMISES.values())
)


def broken_promises() -> list[str]:
    """After every step: 2 SQL queries."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_ONCE)
        words = list(PROMISES)
        wrong = [f"{words[place]}: #{pk}" for place, pk in cursor.fetchall() if pk is not None]
    if total := sum(balances(None, date(9998, 12, 31)).values(), Decimal(0)):
        wrong.append(f"all accounts together: {total}")
    return wrong


def found(*, thorough: bool = False) -> list[str]:
    """What is wrong, in words that begin with the name of the check; empty where all holds."""
    if thorough:
        wrong = [f"{r.check.name}: {r.found[0]}" for r in run_checks() if not r.ok]
    else:
        with transaction.atomic():
            context = Context()
            results = [answer(c, context) for c in CHECKS if c.name not in SLOW]
            wrong = [f"{r.check.name}: {r.found[0]}" for r in results if not r.ok]
    return wrong + broken_promises()
