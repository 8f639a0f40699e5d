"""The demonstration's closed years: signed and closed in February, paid in March.

Everything goes through the services, each act by the person whose it is, on a clock that
stands at its day. One agreement pays through the treasury; one has paid only in part.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile

from basins.access import viewer_of
from basins.models import Jurisdiction, User
from basins.ranges import next_month
from basins.seeding import on, recorded_at
from dashboard.demo.blank_page import BLANK_PAGE
from settlements.ledger.balances import balance
from settlements.ledger.services.payments import approve_payment, prepare_payment
from settlements.ledger.services.reconciliation import state_balance
from settlements.ledger.services.slips import attach_slips
from settlements.models import Agreement, LedgerAccount, Payment, Settlement, SettlementSignature
from settlements.money import yuan
from settlements.moving.acting import speaks_for
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data, unsigned
from settlements.years.services.year_data import NotReady

FIRST_YEAR = 2018
CLOSED_A_DAY = 6
# Of the last closed year this agreement's debtors have paid four tenths: arrears to look at.
IN_ARREARS, PAID_PART = "XIAOAN", Decimal("0.4")
THROUGH_TREASURY = "LONGTAN"
# What the official of this district says of its own books at the end of the last closed year.
RECONCILED = "500155"
SIGNERS = ("district", "township", "treasury")

People = Mapping[str, User]
Kind = Payment.Kind


def closable_years(last: date) -> list[int]:
    """Years whose closing (February) and payments (March) lie before the month after `last`."""
    return [y for y in range(FIRST_YEAR, last.year) if date(y + 1, 4, 1) <= next_month(last)]


def close_years(*, last: date, people: People) -> tuple[int, int]:
    """Close every finished year of every agreement, in the order of the days.

    Returns how many settlements were closed and how many payments recorded.
    """
    closed, paid, years = 0, 0, closable_years(last)
    for year in years:
        due = list(
            Settlement.objects.filter(year=year)
            .select_related("agreement")
            .order_by("agreement__code")
        )
        settlements = []
        for at, settlement in enumerate(due):
            day = date(year + 1, 2, 2) + timedelta(days=at // CLOSED_A_DAY)
            if (done := _close(settlement, day, people)) is not None:
                settlements.append(done)
        closed += len(settlements)
        for settlement in settlements:
            partly = year == years[-1] and settlement.agreement.code == IN_ARREARS
            paid += _pay(settlement, people, paid, PAID_PART if partly else Decimal(1))
    if years:
        _reconcile(date(years[-1] + 1, 3, 31), people)
    return closed, paid


def _close(settlement: Settlement, day: date, people: People) -> Settlement | None:
    """Signed by every party (by its person, else entered from its letter), closed by two persons.

    None for a year that still lacks a month: it stays open, as it would.
    """
    subject = SettlementSignature.Subject
    letter = f"渝环流域函〔{day.year}〕{settlement.pk}号（演示）"
    try:
        with recorded_at(on(day, 10)):
            for act, what in ((sign_data, subject.DATA), (confirm_amounts, subject.AMOUNT)):
                by_letter = unsigned(settlement, what)
                for who in SIGNERS:  # parties with a person here sign themselves
                    own = set(speaks_for(viewer_of(people[who])).values_list("pk", flat=True))
                    if any(party.pk in own for party in by_letter):
                        act(settlement=settlement, by=people[who])
                        by_letter = [party for party in by_letter if party.pk not in own]
                if by_letter:
                    act(
                        settlement=settlement,
                        by=people["bureau"],
                        parties=by_letter,
                        document=letter,
                    )
        with recorded_at(on(day, 15)):
            prepare_closing(settlement=settlement, by=people["bureau"])
            return close_settlement(settlement=settlement, by=people["bureau2"])
    except NotReady:
        return None


def _pay(settlement: Settlement, people: People, before: int, part: Decimal) -> int:
    """The debtors' payments to the creditors, each recorded by one and approved by another."""
    number, day = 0, date(settlement.year + 1, 3, 20)
    agreement: Agreement = settlement.agreement
    for payer, payee, amount in payments_of(settlement):
        kinds = [Kind.DIRECT]
        if agreement.code == THROUGH_TREASURY:
            kinds = [Kind.COLLECTION, Kind.DISBURSEMENT]
        for kind in kinds:
            number += 1
            with recorded_at(on(day, 10)):
                payment = prepare_payment(
                    agreement=agreement,
                    settlement=settlement,
                    kind=kind,
                    payer=payer,
                    payee=payee,
                    yuan=(amount * part).quantize(Decimal("0.01")),
                    paid_on=day,
                    voucher=f"CZ{settlement.year + 1}-{before + number:04d}",
                    by=people["treasury"],
                )
                attach_slips(payment=payment, files=[_slip()], by=people["treasury"])
                approve_payment(payment=payment, by=people["treasury2"])
    return number


def _slip() -> ContentFile:
    """One empty page for all of them, marked by its name."""
    return ContentFile(BLANK_PAGE, name="演示回单.pdf")


def _reconcile(as_of: date, people: People) -> None:
    """The district's first account agrees, a second one differs by a payment under way."""
    accounts = LedgerAccount.objects.filter(jurisdiction__code=RECONCILED).order_by(
        "agreement__code"
    )
    with recorded_at(as_of + timedelta(days=9)):
        for at, account in enumerate(accounts[:2]):
            ours = balance(account, as_of)
            state_balance(
                account=account,
                as_of=as_of,
                amount=ours - yuan("20000") if at else ours,
                note="3 月 31 日付出 2 万元，回单未到。" if at else "",
                by=people["district"],
            )


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
