"""A year's end: signed, confirmed, closed by two, paid, sometimes taken back and paid again."""

from datetime import date, timedelta
from decimal import Decimal

from basins.clock import moved_to, today
from settlements.ledger.services import payments, reconciliation, reversals
from settlements.models import JournalEntry, LedgerAccount, Settlement
from settlements.years.services import closing, signing
from tests.simulation.scheme import ZERO, Deal, year_of
from tests.slips import shown


def close(years, deal: Deal, year: int) -> None:
    """From the first signature to the last payment, in February of the next year; one agreement
    after the other, because no entry is booked before the last one."""
    start = date(year + 1, 2, 2) + timedelta(days=10 * years.scheme.deals.index(deal))
    with moved_to(start):
        settlement = Settlement.objects.get(agreement=deal.agreement, year=year)
        _sign(years, deal, settlement)
        if years.chance("changed_when_signed"):
            _change(years, deal, settlement)
    with moved_to(start + timedelta(days=2)):
        _close(years, deal, settlement)
    owed = {p: y for p, y in deal.expected.items() if y}
    if not owed:
        return
    with moved_to(start + timedelta(days=6)):
        _pay(years, deal, settlement)
        _cleared(years, deal)
    with moved_to(start + timedelta(days=8)):
        if years.chance("reversal"):
            _take_back(years, deal)
        _reconcile(years, deal)


def _change(years, deal: Deal, settlement: Settlement) -> None:
    """A correction between the signatures and the closing: signed again where it counts. The
    first ones may be dismissed, or change no amount."""
    for _ in range(3):
        years._correct_earlier(date(settlement.year, 12, 1))
        years._settle()
        years._all_final(settlement.year)
        settlement.refresh_from_db()
        if settlement.state == "open":
            _sign(years, deal, settlement)
            return


def _sign(years, deal: Deal, settlement: Settlement) -> None:
    people = years.scheme.people
    for act, subject in ((signing.sign_data, "data"), (signing.confirm_amounts, "amount")):
        if years.chance("wrong_person"):
            stranger = years.one_of(people.stranger, people.treasury, people.auditor)
            years.act(
                f"{act.__name__} by {stranger}",
                lambda act=act, by=stranger: act(settlement=settlement, by=by),
                refused=True,
            )
        for party in signing.unsigned(settlement, subject):
            by = years.scheme.official(party)
            years.act(act.__name__, lambda act=act, by=by: act(settlement=settlement, by=by))
        settlement.refresh_from_db()
    years.expect(settlement.state == "confirmed", f"{settlement} is {settlement.state}")


def _close(years, deal: Deal, settlement: Settlement) -> None:
    people = years.scheme.people
    one, two = years.two_of(people.bureau, people.bureau2)
    years.act("prepare_closing", lambda: closing.prepare_closing(settlement=settlement, by=one))
    if years.chance("returned"):
        years.act(
            "return_closing",
            lambda: closing.return_closing(settlement=settlement, by=two, why="再核"),
        )
        years.act("prepare_closing", lambda: closing.prepare_closing(settlement=settlement, by=one))
    if years.chance("wrong_person"):
        years.act(
            "close_settlement by its preparer",
            lambda: closing.close_settlement(settlement=settlement, by=one),
            refused=True,
        )
    deal.book(year_of(deal.agreement, settlement.year))
    years.act("close_settlement", lambda: closing.close_settlement(settlement=settlement, by=two))
    years.act(
        "close_settlement twice",
        lambda: closing.close_settlement(settlement=settlement, by=two),
        refused=True,
    )


def _sides(years, deal: Deal):
    """(debtor, creditor, yuan between them) as the simulation itself keeps it."""
    owes = {p: y for p, y in deal.expected.items() if y}
    debtor = next(p for p in (deal.up, deal.down) if owes.get(p.code, ZERO) < 0)
    creditor = next(p for p in (deal.up, deal.down) if p != debtor)
    return debtor, creditor, -owes[debtor.code]


def _pay(years, deal: Deal, settlement: Settlement) -> None:
    debtor, creditor, owed = _sides(years, deal)
    how = years.one_of("direct", "parts", "treasury", "deduction")
    if len(years.scheme.deals) > 1 and years.dice.random() < 0.6:
        return  # left for setting off
    if years.chance("wrong_person"):
        _refused_payments(years, deal, debtor, creditor, owed)
    given = {"payer": debtor, "payee": creditor}
    settlement.refresh_from_db()
    year = year_of(deal.agreement, settlement.year)
    named = {"settlement": settlement} if year == deal.expected else {}
    if how == "direct":
        _booked(years, deal, owed, kind="direct", **given, **named)
    elif how == "parts":
        part = (owed / 3).quantize(Decimal("0.01"))
        _booked(years, deal, part, kind="direct", **given, **named)
        _booked(years, deal, owed - part, kind="direct", **given, **named)
    else:
        kind = "collection" if how == "treasury" else "deduction"
        _booked(years, deal, owed, kind=kind, payer=debtor, **named)
        _booked(years, deal, owed, kind="disbursement", payee=creditor, **named)


def _refused_payments(years, deal: Deal, debtor, creditor, owed: Decimal) -> None:
    people = years.scheme.people
    given = {"agreement": deal.agreement, "payer": debtor, "payee": creditor, "voucher": "PZ-NO"}

    def tried(by, **more):
        return lambda: payments.prepare_payment(**given, paid_on=today(), by=by, **more)

    years.act(
        "prepare_payment above the debt",
        tried(people.treasury, yuan=owed + Decimal("0.01")),
        refused=True,
    )
    years.act("prepare_payment by a bureau", tried(people.bureau, yuan=owed), refused=True)
    years.act("prepare_payment of nothing", tried(people.treasury, yuan=-owed), refused=True)


def _booked(years, deal: Deal, yuan: Decimal, *, voucher: str = "", **given) -> JournalEntry:
    """Recorded by one, booked by another; and not a second time."""
    people = years.scheme.people
    one, two = years.two_of(people.treasury, people.treasury2)
    voucher = voucher or years.voucher()
    more = {"agreement": deal.agreement, "yuan": yuan, "voucher": voucher, "paid_on": today()}
    payment = years.act(
        f"prepare_payment_{given['kind']}",
        lambda: payments.prepare_payment(**more, **given, by=one),
    )
    if years.chance("wrong_person"):
        years.act(
            "approve_payment by who recorded it",
            lambda: payments.approve_payment(payment=payment, by=one),
            refused=True,
        )
        years.act(
            "prepare_payment with the voucher again",
            lambda: payments.prepare_payment(**more, **given, by=one),
            refused=True,
        )
    years.act(
        "approve_payment without what shows it",
        lambda: payments.approve_payment(payment=payment, by=two),
        refused=True,
    )
    years.act("shown", lambda: shown(payment))
    if given.get("payer") is not None:
        deal.book({given["payer"].code: yuan})
    if given.get("payee") is not None:
        deal.book({given["payee"].code: -yuan})
    if (other := given.get("other_agreement")) is not None:
        back = next(d for d in years.scheme.deals if d.agreement == other)
        back.book({given["payer"].code: -yuan, given["payee"].code: yuan})
    entry = years.act("approve_payment", lambda: payments.approve_payment(payment=payment, by=two))
    years.act(
        "approve_payment twice",
        lambda: payments.approve_payment(payment=payment, by=two),
        refused=True,
    )
    return entry


def _cleared(years, deal: Deal) -> None:
    """Even accounts mean cleared years."""
    if any(deal.expected.values()):
        return
    left = Settlement.objects.filter(agreement=deal.agreement, state="closed")
    years.expect(not left.exists(), f"all is paid, but closed only: {list(left)}")


def _reversed(years, entry: JournalEntry) -> None:
    people = years.scheme.people
    one, two = years.two_of(people.treasury, people.treasury2)
    request = years.act(
        "propose_reversal", lambda: reversals.propose_reversal(entry=entry, why="误记", by=one)
    )
    if years.chance("wrong_person"):
        years.act(
            "approve_reversal by who asked",
            lambda: reversals.approve_reversal(reversal=request, by=one),
            refused=True,
        )
    for deal in years.scheme.deals:
        rows = entry.postings.filter(
            account__agreement=deal.agreement, account__kind="compensation"
        )
        deal.book({code: -y for code, y in rows.values_list("account__jurisdiction__code", "yuan")})
    years.act("approve_reversal", lambda: reversals.approve_reversal(reversal=request, by=two))
    years.act(
        "propose_reversal twice",
        lambda: reversals.propose_reversal(entry=entry, why="再来", by=one),
        refused=True,
    )


def _take_back(years, deal: Deal) -> None:
    """The last payment but a set-off was booked wrongly: reversed, and booked again."""
    entry = (
        JournalEntry.objects.filter(
            payment__agreement=deal.agreement,
            payment__paid_on__year=today().year,
            reversal__isnull=True,
        )
        .exclude(payment__kind="offset")
        .order_by("-pk")
        .first()
    )
    if entry is None:
        return
    _reversed(years, entry)
    payment = entry.payment
    assert payment is not None
    if payment.settlement is not None and any(deal.expected.values()):
        payment.settlement.refresh_from_db()
        years.expect(
            payment.settlement.state == "closed",
            f"{payment.settlement} stayed cleared, its payment was taken back",
        )
    sides = {"payer": payment.payer, "payee": payment.payee}
    _booked(
        years, deal, payment.yuan, voucher=payment.voucher, kind=payment.kind,
        settlement=payment.settlement, **{k: v for k, v in sides.items() if v in (deal.up, deal.down)},
    )  # fmt: skip
    _cleared(years, deal)


def _reconcile(years, deal: Deal) -> None:
    """对账: the party's own books agree, or a difference is kept with its note."""
    place = years.one_of(deal.up, deal.down)
    by = years.scheme.official(place)
    account = LedgerAccount.objects.filter(
        agreement=deal.agreement, jurisdiction=place, kind="compensation"
    ).first()
    if account is None:
        return
    ours = deal.expected.get(place.code, ZERO)
    given = {"account": account, "as_of": today(), "by": by}
    years.act("state_balance", lambda: reconciliation.state_balance(**given, amount=ours))
    years.act(
        "state_balance with a difference unexplained",
        lambda: reconciliation.state_balance(**given, amount=ours + 1),
        refused=True,
    )


def offset(years) -> None:
    """Two agreements that owe in opposite directions are set off, taken back, set off again."""
    if len(years.scheme.deals) < 2:
        return
    one, other = years.scheme.deals
    if not any(one.expected.values()) or not any(other.expected.values()):
        return
    debtor, creditor, owed = _sides(years, one)
    other_debtor, _, other_owed = _sides(years, other)
    if other_debtor == debtor:
        return
    given = {"kind": "offset", "payer": debtor, "payee": creditor}
    yuan = min(owed, other_owed)
    before = _states()
    entry = _booked(years, one, yuan, other_agreement=other.agreement, **given)
    _cleared(years, one)
    _cleared(years, other)
    _reversed(years, entry)
    years.expect(_states() == before, f"after the reversal {_states()}, before it {before}")
    _booked(years, one, yuan, other_agreement=other.agreement, **given)


def _states() -> list[tuple]:
    return list(Settlement.objects.order_by("pk").values_list("agreement__code", "year", "state"))
