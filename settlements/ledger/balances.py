"""Balances as of any date, by business date or by booking date, from nets and a tail.

A balance is the nets of the years that are over and of the year's months that are over (AccountYear,
AccountMonth, kept by a trigger) and the postings of the rest of the month. Amounts are Decimal yuan;
positive is owed to the account.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from basins.clock import today
from basins.ranges import month_start
from settlements.models import AccountMonth, LedgerAccount
from settlements.money import ZERO

Basis = AccountMonth.Basis
FEW = 20  # accounts; of more the nets of all are read, which takes less than naming each

_NETS = """
SELECT account_id, sum(net) FROM (
    SELECT account_id, net FROM settlements_accountyear
    WHERE basis = %(basis)s AND year < %(year)s AND (%(all)s OR account_id = ANY(%(accounts)s))
    UNION ALL
    SELECT account_id, net FROM settlements_accountmonth
    WHERE basis = %(basis)s AND month >= make_date(%(year)s, 1, 1) AND month < %(first)s
        AND (%(all)s OR account_id = ANY(%(accounts)s))
    {tail}
) AS nets GROUP BY account_id
"""
_TAIL = """UNION ALL
    SELECT p.account_id, p.yuan FROM settlements_journalentry e
    JOIN settlements_posting p ON p.entry_id = e.id
    WHERE e.{column} BETWEEN %(first)s AND %(on)s AND (%(all)s OR p.account_id = ANY(%(accounts)s))
"""
_AS_KNOWN = """
SELECT p.account_id, sum(p.yuan) FROM settlements_posting p
JOIN settlements_journalentry e ON e.id = p.entry_id
WHERE e.{column} <= %(on)s AND e.booked_at <= %(known)s
  AND (%(all)s OR p.account_id = ANY(%(accounts)s))
GROUP BY p.account_id
"""


def balances(
    accounts: Iterable[LedgerAccount | int] | None = None,
    on: date | None = None,
    basis: str = Basis.EFFECTIVE,
    *,
    known_at: datetime | None = None,
) -> dict[int, Decimal]:
    """Account id → balance at the end of that day (default today): 1 SQL query.

    Without `accounts` all that have an entry. `known_at`: only entries booked by that moment.
    """
    day = on or today()
    column = {Basis.EFFECTIVE: "effective_on", Basis.BOOKED: "booked_on"}[Basis(basis)]
    ids = None if accounts is None else [a if isinstance(a, int) else a.pk for a in accounts]
    if ids == []:
        return {}
    over = day + timedelta(days=1)
    whole_months = over.day == 1  # the day is the last of its month: no tail
    first = over if whole_months else month_start(day)
    every = ids is None or (known_at is None and len(ids) > FEW)
    given: dict[str, Any] = {
        "basis": str(Basis(basis)),
        "first": first,
        "year": first.year,
        "on": day,
        "known": known_at,
        "all": every,
        "accounts": [] if every else ids,
    }
    if known_at is not None:
        sql = _AS_KNOWN.format(column=column)
    else:
        sql = _NETS.format(tail="" if whole_months else _TAIL.format(column=column))
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found = dict(cursor.fetchall())
    if ids is None:
        return found
    return {account: found.get(account, ZERO) for account in ids}


def balance(
    account: LedgerAccount, on: date | None = None, basis: str = Basis.EFFECTIVE
) -> Decimal:
    """The account's balance at the end of that day (default today): 1 SQL query."""
    return balances([account], on, basis)[account.pk]


def standings(accounts: Iterable[LedgerAccount]) -> dict[int, Decimal]:
    """Account id → all that is booked on it, whatever the dates: 1 SQL query."""
    return balances(accounts, date.max - timedelta(days=1), Basis.BOOKED)


def standing(account: LedgerAccount | None) -> Decimal:
    """All that is booked on the account, whatever the dates; zero where there is no account."""
    if account is None:
        return ZERO
    return standings([account])[account.pk]
