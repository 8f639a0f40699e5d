"""The demonstration's closed years: each closed in February, paid in March."""

from datetime import date, timedelta
from decimal import Decimal

from basins.models import Jurisdiction, User
from basins.ranges import next_month
from settlements.models import Agreement, Settlement
from settlements.services.ledger import record_payment
from settlements.services.settlements import close_settlement

FIRST_YEAR = 2018
CLOSED_A_DAY = 6
# Of the last closed year this agreement's debtors have paid four tenths: arrears to look at.
IN_ARREARS, PAID_PART = "XIAOAN", Decimal("0.4")


def closable_years(last: date) -> list[int]:
    """Years whose closing (February) and payments (March) lie before the month after `last`."""
    return [y for y in range(FIRST_YEAR, last.year) if date(y + 1, 4, 1) <= next_month(last)]


def close_years(*, last: date, bureau: User, treasury: User) -> tuple[int, int]:
    """Close every finished year of every agreement, in the order of the days.

    Returns how many settlements were closed and how many payments recorded.
    """
    closed, paid, years = 0, 0, closable_years(last)
    for year in years:
        due = list(Agreement.objects.filter(settlements__year=year).order_by("code").distinct())
        settlements = [
            close_settlement(
                agreement=agreement,
                year=year,
                on=date(year + 1, 2, 2) + timedelta(days=at // CLOSED_A_DAY),
                by=bureau,
            )
            for at, agreement in enumerate(due)
        ]
        closed += len(settlements)
        for settlement in settlements:
            partly = year == years[-1] and settlement.agreement.code == IN_ARREARS
            paid += _pay(settlement, treasury, paid, PAID_PART if partly else Decimal(1))
    return closed, paid


def _pay(settlement: Settlement, treasury: User, before: int, part: Decimal) -> int:
    """Record the debtors' payments to the creditors; the days go on through March."""
    number = 0
    for payer, payee, amount in payments_of(settlement):
        number += 1
        serial = before + number
        record_payment(
            payer=payer,
            payee=payee,
            amount=(amount * part).quantize(Decimal("0.01")),
            on=date(settlement.year + 1, 3, 20),
            voucher=f"CZ{settlement.year + 1}-{serial:04d}",
            by=treasury,
        )
    return number


def payments_of(settlement: Settlement) -> list[tuple[Jurisdiction, Jurisdiction, Decimal]]:
    """Who pays whom to clear the nets: debtors in order fill creditors in order."""
    nets = [
        (n.jurisdiction, n.yuan)
        for n in settlement.nets.select_related("jurisdiction").order_by("jurisdiction__code")
    ]
    debtors = [(j, -y) for j, y in nets if y < 0]
    creditors = [(j, y) for j, y in nets if y > 0]
    found = []
    while debtors and creditors:
        (payer, owes), (payee, due) = debtors[0], creditors[0]
        amount = min(owes, due)
        found.append((payer, payee, amount))
        debtors[:1] = [(payer, owes - amount)] if owes > amount else []
        creditors[:1] = [(payee, due - amount)] if due > amount else []
    return found
