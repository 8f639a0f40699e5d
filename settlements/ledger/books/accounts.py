"""Checking accounts: month and year nets, transit at each closing, payments and their entries."""

from collections import defaultdict
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from settlements.ledger.books.found import Broken, Promise
from settlements.models import JournalEntry, LedgerAccount, Payment, Posting

_MONTHS_DIFFER = """
SELECT account_id, basis, month, COALESCE(k.net, 0), COALESCE(c.net, 0)
FROM settlements_accountmonth k
FULL JOIN (
    SELECT p.account_id, d.basis, date_trunc('month', d.day)::date AS month, sum(p.yuan) AS net
    FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
    CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on))
        AS d(basis, day)
    GROUP BY 1, 2, 3) c USING (account_id, basis, month)
WHERE COALESCE(k.net, 0) <> COALESCE(c.net, 0) ORDER BY 1, 2, 3
"""
_YEARS_DIFFER = """
SELECT account_id, basis, year, COALESCE(k.net, 0), COALESCE(c.net, 0)
FROM settlements_accountyear k
FULL JOIN (
    SELECT account_id, basis, extract(year FROM month)::smallint AS year, sum(net) AS net
    FROM settlements_accountmonth GROUP BY 1, 2, 3) c USING (account_id, basis, year)
WHERE COALESCE(k.net, 0) <> COALESCE(c.net, 0) ORDER BY 1, 2, 3
"""
_BASES = {"effective": "业务", "booked": "记账"}


def account_problems() -> list[Broken]:
    return [
        *_nets_that_differ(),
        *_transit_at_closings(),
        *_payments_without_entry(),
    ]


def _nets_that_differ() -> list[Broken]:
    """Month nets that are not the sum of their postings, year nets not that of their months."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS_DIFFER)
        months = cursor.fetchall()
        cursor.execute(_YEARS_DIFFER)
        years = cursor.fetchall()
    told = [
        (account, basis, f"{month:%Y-%m} 的月净额 {kept} 元与分录合计 {counted} 元不符")
        for account, basis, month, kept, counted in months
    ] + [
        (account, basis, f"{year} 年的年净额 {kept} 元与月净额合计 {counted} 元不符")
        for account, basis, year, kept, counted in years
    ]
    names = _names() if told else {}
    return [
        Broken(
            names.get(account, f"账户 #{account}"),
            f"{words}（按{_BASES[basis]}日期）。",
            Promise.MONTH_NETS,
        )
        for account, basis, words in told
    ]


def _names() -> dict[int, str]:
    accounts = LedgerAccount.objects.select_related("agreement", "jurisdiction")
    return {
        a.pk: f"{a.jurisdiction}{f' {a.agreement.code}' if a.agreement else ''}"
        for a in accounts.defer("jurisdiction__boundary")
    }


def _transit_at_closings() -> list[Broken]:
    """What a transit account held when a year of its agreement was closed: must be nothing."""
    held: dict[int, dict[tuple[int, int], Decimal]] = defaultdict(dict)
    for agreement, year, number, yuan in (
        Posting.objects.filter(account__kind=LedgerAccount.Kind.TRANSIT)
        .values_list("account__agreement", "entry__year", "entry__number")
        .annotate(total=Sum("yuan"))
        .order_by("entry__year", "entry__number")
    ):
        held[agreement][year, number] = yuan
    broken = []
    for entry in JournalEntry.objects.filter(
        cause=JournalEntry.Cause.SETTLEMENT,
        settlement__agreement__in=list(held),
    ).select_related("settlement__agreement"):
        settlement = entry.settlement
        assert settlement is not None
        moves = held[settlement.agreement_id]
        left = sum((y for at, y in moves.items() if at < (entry.year, entry.number)), Decimal(0))
        if left:
            words = f"关账时市级清算过渡账户还有 {left} 元，应为零。"
            broken.append(Broken(entry.label, words, Promise.TRANSIT))
    return broken


def _payments_without_entry() -> list[Broken]:
    booked = Payment.objects.filter(entry__isnull=False).exclude(state=Payment.State.APPROVED)
    unbooked = Payment.objects.filter(state=Payment.State.APPROVED, entry__isnull=True)
    caused = Promise.CAUSED
    broken = [
        Broken(p.voucher, "付款已复核，但台账里没有凭证。", caused) for p in unbooked.order_by("pk")
    ]
    broken += [Broken(p.voucher, "付款没有复核，却已入账。", caused) for p in booked.order_by("pk")]
    for payment in (
        Payment.objects.filter(entry__isnull=False)
        .select_related("entry")
        .prefetch_related("entry__postings__account")
        .order_by("pk")
    ):
        sizes = {abs(p.yuan) for p in payment.entry.postings.all()}
        reversed_too = hasattr(payment.entry, "reversal")
        if sizes != {payment.yuan}:
            broken.append(Broken(payment.entry.label, "金额与付款登记的不符。", caused))
        if reversed_too is not (payment.reversed_on is not None):
            broken.append(Broken(payment.entry.label, "冲销凭证与付款的冲销标记不符。", caused))
    return broken
