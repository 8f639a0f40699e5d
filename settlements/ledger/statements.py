"""对账 and what was booked since: which statements an entry of an earlier day changes.

A statement is kept as it was said. An entry booked later that counts from its day or before makes the
balance of that day another one; nothing is written for that, it follows from the entries.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection

from settlements.models import BalanceStatement, LedgerAccount
from settlements.models.ledger import PREFIXES

_SINCE = """
SELECT s.id, e.cause, e.year, e.number, p.yuan
FROM settlements_balancestatement s
JOIN settlements_posting p ON p.account_id = s.account_id
JOIN settlements_journalentry e ON e.id = p.entry_id
WHERE s.id = ANY(%s) AND e.effective_on <= s.as_of AND e.booked_at > s.at
ORDER BY s.id, e.year, e.number
"""


def changed_since(statements: Iterable[BalanceStatement]) -> dict[int, tuple[str, ...]]:
    """Statement id → 凭证号 of what made the balance of its day another one since: 1 SQL query.

    Entries that cancel each other out have changed nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [[s.pk for s in statements]])
        rows = cursor.fetchall()
    found: dict[int, tuple[str, ...]] = {}
    for pk in dict.fromkeys(row[0] for row in rows):
        own = [row[1:] for row in rows if row[0] == pk]
        if sum(yuan for *_, yuan in own):
            found[pk] = tuple(f"{PREFIXES[c]}-{year}-{n:04d}" for c, year, n, _ in own)
    return found


def statements_from(accounts: Collection[LedgerAccount], day: date) -> tuple[BalanceStatement, ...]:
    """What was stated of these accounts for that day or later: an entry of that day changes it."""
    return tuple(
        BalanceStatement.objects.filter(account__in=accounts, as_of__gte=day)
        .select_related("account__jurisdiction", "account__agreement")
        .defer("account__jurisdiction__boundary")
        .order_by("as_of", "pk")
    )
