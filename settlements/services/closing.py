"""年清缴: the year signed by its parties, confirmed, and closed into the ledger by two persons.

Locks are taken in one order everywhere: agreement, settlement, months, journal.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.clock import now, today
from basins.models import Jurisdiction, User
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    AgreementMonth,
    FuseTrip,
    LedgerAccount,
    Posting,
    Settlement,
    SettlementSignature,
)
from settlements.services.acting import party_signing
from settlements.services.clearing import refresh_cleared
from settlements.services.ledger import Line, account_of, post
from settlements.services.periods import due_in_year
from settlements.services.settlements import resettle, void_signatures
from settlements.services.superseded import superseded_of
from settlements.services.workflow import Refused, check, moving, permit, refuse_same_person

State = Settlement.State
Subject = SettlementSignature.Subject


class NotReady(Refused):
    """The year is not ready for the act; the message (Chinese) names what is missing."""


@transaction.atomic
def sign_data(
    *, settlement: Settlement, by: User, party: Jurisdiction | None = None, document: str = ""
) -> Settlement:
    """A party signs the year's data, before the amounts; the last one moves the year on.

    Raises NotReady naming the months that are not final. Source: 新安江 (domain.md §8a).
    """
    settlement = _locked(settlement)
    check("settlement", "sign_data", settlement.state, settlement.get_state_display())
    refuse_unready(settlement)
    return _sign(settlement, Subject.DATA, data_digest(settlement), by, party, document)


@transaction.atomic
def confirm_amounts(
    *, settlement: Settlement, by: User, party: Jurisdiction | None = None, document: str = ""
) -> Settlement:
    """A party confirms the year's amounts; the last one moves the year on."""
    settlement = _locked(settlement)
    check("settlement", "confirm", settlement.state, settlement.get_state_display())
    return _sign(settlement, Subject.AMOUNT, amount_digest(settlement), by, party, document)


@transaction.atomic
def prepare_closing(*, settlement: Settlement, by: User) -> Settlement:
    """The bureau asks for the closing. Raises NotReady where money lies in transit."""
    settlement = _locked(settlement)
    permit(check("settlement", "prepare", settlement.state, settlement.get_state_display()), by)
    refuse_unready(settlement)
    _refuse_changed(settlement)
    _refuse_transit(settlement)
    _move(settlement, "prepare", State.PREPARED, by)
    return settlement


@transaction.atomic
def return_closing(*, settlement: Settlement, by: User, why: str) -> Settlement:
    """Back to confirmed, with the reason."""
    settlement = _locked(settlement)
    permit(check("settlement", "return", settlement.state, settlement.get_state_display()), by)
    if not why.strip():
        raise Refused("退回须写明理由。")
    _move(settlement, "return", State.CONFIRMED, by, note=why.strip())
    return settlement


@transaction.atomic
def close_settlement(*, settlement: Settlement, by: User, on: date | None = None) -> Settlement:
    """Close the year, by another person: its accruals are settled, one balanced entry posted.

    `on`: the day it is booked, today unless said. Raises NotReady, Refused.
    """
    settlement = _locked(settlement)
    move = check("settlement", "close", settlement.state, settlement.get_state_display())
    permit(move, by)
    refuse_same_person("settlement", settlement.pk, move, by)
    agreement, year, on = settlement.agreement, settlement.year, on or today()
    if on <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束，不能在 {on} 关账。")
    refuse_unready(settlement)
    _refuse_changed(settlement)
    _refuse_transit(settlement)
    accruals_of(agreement, year).update(state=Accrual.State.SETTLED)
    settlement.closed_on, settlement.closed_by = on, by
    _move(settlement, "close", State.CLOSED, by)
    nets = [
        (n.jurisdiction, n.yuan)
        for n in settlement.nets.select_related("jurisdiction").order_by("jurisdiction__code")
    ]
    lines = [Line(account_of(j, agreement, opened_on=on), yuan) for j, yuan in nets if yuan]
    if lines:
        post(
            cause="settlement",
            settlement=settlement,
            on=on,
            text=f"{year} 年清缴：{agreement.title}",
            lines=lines,
            by=by,
        )
    refresh_cleared(agreement=agreement, on=on)
    return settlement


def accruals_of(agreement: Agreement, year: int):
    """The year's accruals of the agreement, monthly and yearly ones."""
    return Accrual.objects.filter(
        term__agreement=agreement, period__range=(date(year, 1, 1), date(year, 12, 1))
    )


def refuse_unready(settlement: Settlement) -> None:
    """Raises NotReady unless every section and month due is final and nothing is pending."""
    agreement, year = settlement.agreement, settlement.year
    if today() <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束。")
    name = f"{agreement.title} {year} 年"
    if missing := _months_missing(agreement, year):
        raise NotReady(f"{name}缺核算：{'、'.join(missing)}；请先重算。")
    if waiting := _months_not_final(agreement, year):
        raise NotReady(f"{name}尚未定稿的月份：{'、'.join(waiting)}。")
    pending = Adjustment.objects.filter(
        accrual__in=accruals_of(agreement, year), state__in=Adjustment.PENDING
    ).count()
    if pending:
        raise NotReady(f"{name}有 {pending} 项待审的调整；请先处理。")
    if FuseTrip.objects.filter(agreement=agreement, state=FuseTrip.State.TRIPPED).exists():
        raise NotReady(f"{agreement.title}有一次停下待查的重算；请先核实。")


def data_digest(settlement: Settlement) -> str:
    """SHA-256 of what the year rests on: inputs of its accruals, adjustments approved."""
    agreement, year = settlement.agreement, settlement.year
    accruals = list(
        accruals_of(agreement, year)
        .order_by("period", "term_section")
        .values_list("pk", "input_digest", "month_state")
    )
    adjusted = list(
        Adjustment.objects.filter(
            accrual__in=accruals_of(agreement, year), state=Adjustment.State.APPROVED
        )
        .order_by("pk")
        .values_list("pk", "input_digest")
    )
    return _digest([accruals, adjusted])


def amount_digest(settlement: Settlement) -> str:
    """SHA-256 of the year's nets per party, to the fen, and of its data."""
    nets = settlement.nets.order_by("jurisdiction__code").values_list("jurisdiction__code", "yuan")
    return _digest([data_digest(settlement), [[code, f"{yuan:.2f}"] for code, yuan in nets]])


def unsigned(settlement: Settlement, subject: str) -> list[Jurisdiction]:
    """Parties of the year whose valid signature is missing, in their order."""
    have = settlement.signatures.filter(subject=subject, void_at__isnull=True)
    return list(
        Jurisdiction.objects.filter(pk__in=settlement.nets.values("jurisdiction"))
        .exclude(pk__in=have.values("jurisdiction"))
        .order_by("code")
    )


def _sign(
    settlement: Settlement,
    subject: str,
    digest: str,
    by: User,
    party: Jurisdiction | None,
    document: str,
) -> Settlement:
    own = party_signing(agreement=settlement.agreement, by=by, party=party, document=document)
    words = SettlementSignature.Subject(subject).label
    if own not in unsigned(settlement, subject):
        raise Refused(f"{own}已签认{words}，或不是该年的一方。")
    SettlementSignature.objects.create(
        settlement=settlement,
        jurisdiction=own,
        subject=subject,
        digest=digest,
        document=document.strip(),
        by=by,
        at=now(),
    )
    if not unsigned(settlement, subject):
        event, target = {
            Subject.DATA: ("sign_data", State.SIGNED),
            Subject.AMOUNT: ("confirm", State.CONFIRMED),
        }[Subject(subject)]
        _move(settlement, event, target, by)
    return settlement


def _refuse_changed(settlement: Settlement) -> None:
    """What is closed is what was signed; else the signatures are void and the year is open."""
    resettle(agreement=settlement.agreement, years=[settlement.year])
    settlement.refresh_from_db()
    signed = settlement.signatures.filter(void_at__isnull=True)
    now_digests = {
        Subject.DATA: data_digest(settlement),
        Subject.AMOUNT: amount_digest(settlement),
    }
    if settlement.state == State.OPEN or any(
        s.digest != now_digests[Subject(s.subject)] for s in signed
    ):
        raise NotReady(f"{settlement}签认后数据有变，须由各方重新签认。")


def void_if_changed(settlement: Settlement) -> bool:
    """After a change of the data: void what was signed of other data."""
    digest = data_digest(settlement)
    old = settlement.signatures.filter(void_at__isnull=True, subject=Subject.DATA)
    if old.exclude(digest=digest).exists():
        return void_signatures(settlement)
    return False


def _refuse_transit(settlement: Settlement) -> None:
    lying = sum(
        Posting.objects.filter(
            account__agreement=settlement.agreement,
            account__kind=LedgerAccount.Kind.TRANSIT,
        ).values_list("yuan", flat=True),
        Decimal(0),
    )
    if lying:
        raise NotReady(
            f"{settlement.agreement.title}的过渡账户尚有 {lying} 元未拨付；关账前须拨付完毕。"
        )


def _move(settlement: Settlement, event: str, target: str, by: User, note: str = "") -> None:
    with moving(event, by=by, note=note):
        settlement.state = target
        settlement.save()


def _locked(settlement: Settlement) -> Settlement:
    """The settlement and its agreement, locked in that order, as they are now."""
    Agreement.objects.select_for_update(no_key=True).get(pk=settlement.agreement_id)
    return (
        Settlement.objects.select_for_update(of=("self",))
        .select_related("agreement")
        .get(pk=settlement.pk)
    )


def _months_missing(agreement: Agreement, year: int) -> list[str]:
    """Months of the year in which a term is in force but a section has no accrual, neither
    its own nor one published under an earlier term."""
    have = set(accruals_of(agreement, year).values_list("term_section_id", "period"))
    have |= set(superseded_of(agreement).answered)
    return sorted(
        {
            f"{part.section} {period:%Y-%m}"
            for part, period in due_in_year(agreement, year)
            if (part.pk, period) not in have
        }
    )


def _months_not_final(agreement: Agreement, year: int) -> list[str]:
    """Months (2023-05) with accruals that are not published and final yet."""
    due = {
        date(year, 12, 1) if yearly else period
        for period, yearly in accruals_of(agreement, year).values_list("period", "yearly")
    }
    final = set(
        AgreementMonth.objects.filter(
            agreement=agreement, month__year=year, state=AgreementMonth.State.FINAL
        ).values_list("month", flat=True)
    )
    unpublished = accruals_of(agreement, year).filter(state__in=Accrual.OPEN)
    due_again = {
        date(year, 12, 1) if yearly else period
        for period, yearly in unpublished.values_list("period", "yearly")
    }
    return [f"{m:%Y-%m}" for m in sorted((due - final) | due_again)]


def _digest(content: Iterable) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
