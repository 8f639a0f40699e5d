"""年清缴: the year signed by its parties, confirmed, and closed into the ledger by two persons.

Locks are taken in one order everywhere: agreement, settlement, months, journal.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from basins.ranges import months_of
from settlements.accruals.services.nets import resettle, void_signatures
from settlements.accruals.services.superseded import superseded_of
from settlements.ledger.services.clearing import refresh_cleared
from settlements.ledger.services.ledger import Line, account_of, post
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
    StateMove,
)
from settlements.money import format_yuan
from settlements.moving.acting import parties_signing
from settlements.moving.acts import Refused, check, moving, permit, refuse_same_person
from settlements.moving.telling import tell, tell_of_year
from settlements.reckoning.periods import due_in_year

State = Settlement.State
Subject = SettlementSignature.Subject


class NotReady(Refused):
    """The year is not ready for the act; the message (Chinese) names what is missing."""


@transaction.atomic
def sign_data(
    *,
    settlement: Settlement,
    by: User,
    party: Jurisdiction | None = None,
    parties: Sequence[Jurisdiction] = (),
    document: str = "",
) -> Settlement:
    """A party signs the year's data, before the amounts; the last one moves the year on.

    `party`, or several `parties` of one letter, are entered for by the bureau. Raises
    NotReady naming the months that are not final. Source: 新安江 (domain.md §8a).
    """
    settlement = _locked(settlement)
    check("settlement", "sign_data", settlement.state, settlement.get_state_display())
    digest = refuse_unready(settlement).digest()
    return _sign(settlement, Subject.DATA, digest, by, parties or (party,), document)


@transaction.atomic
def confirm_amounts(
    *,
    settlement: Settlement,
    by: User,
    party: Jurisdiction | None = None,
    parties: Sequence[Jurisdiction] = (),
    document: str = "",
) -> Settlement:
    """A party confirms the year's amounts; the last one moves the year on."""
    settlement = _locked(settlement)
    check("settlement", "confirm", settlement.state, settlement.get_state_display())
    digest = YearData.of(settlement).amount_digest()
    return _sign(settlement, Subject.AMOUNT, digest, by, parties or (party,), document)


@transaction.atomic
def prepare_closing(*, settlement: Settlement, by: User) -> Settlement:
    """The bureau asks for the closing. Raises NotReady where money lies in transit."""
    settlement = _locked(settlement)
    permit(check("settlement", "prepare", settlement.state, settlement.get_state_display()), by)
    _refuse_changed(refuse_unready(settlement))
    _refuse_transit(settlement)
    _move(settlement, "prepare", State.PREPARED, by)
    tell_of_year("settlement.prepare", settlement, by=by)
    return settlement


@transaction.atomic
def return_closing(*, settlement: Settlement, by: User, why: str) -> Settlement:
    """Back to confirmed, with the reason."""
    settlement = _locked(settlement)
    permit(check("settlement", "return", settlement.state, settlement.get_state_display()), by)
    if not why.strip():
        raise Refused("退回须写明理由。")
    _move(settlement, "return", State.CONFIRMED, by, note=why.strip())
    tell_of_year(
        "settlement.return", settlement, by=by, persons=[_preparer(settlement)], why=why.strip()
    )
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
    _refuse_changed(refuse_unready(settlement))
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
    _tell_closed(settlement, dict(nets), by)
    refresh_cleared(agreement=agreement, on=on)
    return settlement


def accruals_of(agreement: Agreement, year: int):
    """The year's accruals of the agreement, monthly and yearly ones."""
    return Accrual.objects.filter(term__agreement=agreement, period__range=months_of(year))


@dataclass(frozen=True, slots=True, order=True)
class Lacking:
    """A section and month that are due and have no accrual."""

    section: str
    period: date

    def __str__(self) -> str:
        return f"{self.section} {self.period:%Y-%m}"


@dataclass(frozen=True, slots=True)
class YearData:
    """What a year rests on, as it is now: 5 SQL queries, and 3 more for what is due."""

    settlement: Settlement
    accruals: list[Accrual]
    adjusted: list[tuple[int, str, str]]  # id, digest, state
    final: frozenset[date]  # months that are final
    stopped: bool

    @classmethod
    def of(cls, settlement: Settlement) -> "YearData":
        agreement, year = settlement.agreement, settlement.year
        own = accruals_of(agreement, year)
        return cls(
            settlement=settlement,
            accruals=list(
                own.order_by("period", "term_section").only(
                    "period", "yearly", "term_section_id", "input_digest", "month_state", "state"
                )
            ),
            adjusted=list(
                Adjustment.objects.filter(accrual__in=own)
                .order_by("pk")
                .values_list("pk", "input_digest", "state")
            ),
            final=frozenset(
                AgreementMonth.objects.filter(
                    agreement=agreement, month__year=year, state=AgreementMonth.State.FINAL
                ).values_list("month", flat=True)
            ),
            stopped=FuseTrip.objects.filter(
                agreement=agreement, state=FuseTrip.State.TRIPPED
            ).exists(),
        )

    def digest(self) -> str:
        """SHA-256 of the inputs of the accruals, and of the adjustments approved."""
        accruals = [(a.pk, a.input_digest, a.month_state) for a in self.accruals]
        approved = [(pk, digest) for pk, digest, state in self.adjusted if state == "approved"]
        return _digest([accruals, approved])

    def amount_digest(self) -> str:
        """SHA-256 of the year's nets per party, to the fen, and of its data."""
        nets = self.settlement.nets.order_by("jurisdiction__code").values_list(
            "jurisdiction__code", "yuan"
        )
        return _digest([self.digest(), [[code, f"{yuan:.2f}"] for code, yuan in nets]])

    def pending(self) -> int:
        return sum(state in Adjustment.PENDING for _, _, state in self.adjusted)

    def missing(self) -> list["Lacking"]:
        """Months of the year in which a term is in force but a section has no accrual, neither
        its own nor one published under an earlier term."""
        agreement = self.settlement.agreement
        have = {(a.term_section_id, a.period) for a in self.accruals}
        lacking = [
            (part, period)
            for part, period in due_in_year(agreement, self.settlement.year)
            if (part.pk, period) not in have
        ]
        if lacking:
            answered = superseded_of(agreement).answered
            lacking = [each for each in lacking if (each[0].pk, each[1]) not in answered]
        return sorted({Lacking(str(part.section), period) for part, period in lacking})

    def not_final(self) -> list[date]:
        """Months with accruals that are not published and final yet."""
        waiting = {
            month
            for a in self.accruals
            if (month := date(a.period.year, 12, 1) if a.yearly else a.period) not in self.final
            or a.state in Accrual.OPEN
        }
        return sorted(waiting)


def refuse_unready(settlement: Settlement) -> YearData:
    """Raises NotReady unless every section and month due is final and nothing is pending."""
    year = settlement.year
    if today() <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束。")
    data = YearData.of(settlement)
    name = f"{settlement.agreement.title} {year} 年"
    if missing := data.missing():
        raise NotReady(f"{name}缺核算：{'、'.join(map(str, missing))}；请先重算。")
    if waiting := data.not_final():
        raise NotReady(f"{name}尚未定稿的月份：{'、'.join(f'{m:%Y-%m}' for m in waiting)}。")
    if pending := data.pending():
        raise NotReady(f"{name}有 {pending} 项待审的调整；请先处理。")
    if data.stopped:
        raise NotReady(f"{settlement.agreement.title}有一次停下待查的重算；请先核实。")
    return data


def data_digest(settlement: Settlement) -> str:
    """SHA-256 of what the year rests on: inputs of its accruals, adjustments approved."""
    return YearData.of(settlement).digest()


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
    parties: Sequence[Jurisdiction | None],
    document: str,
) -> Settlement:
    words = SettlementSignature.Subject(subject).label
    left = unsigned(settlement, subject)
    moment = now()
    signing = parties_signing(
        agreement=settlement.agreement, by=by, parties=parties, document=document
    )
    for own in signing:
        if own not in left:
            raise Refused(f"{own}已签认{words}，或不是该年的一方。")
        left.remove(own)
    SettlementSignature.objects.bulk_create(
        SettlementSignature(
            settlement=settlement,
            jurisdiction=own,
            subject=subject,
            digest=digest,
            document=document.strip(),
            by=by,
            at=moment,
        )
        for own in signing
    )
    if not left:
        event, target = {
            Subject.DATA: ("sign_data", State.SIGNED),
            Subject.AMOUNT: ("confirm", State.CONFIRMED),
        }[Subject(subject)]
        _move(settlement, event, target, by)
        tell_of_year(
            "settlement.sign_data" if subject == Subject.DATA else "settlement.confirm",
            settlement,
            by=by,
        )
    return settlement


def _tell_closed(settlement: Settlement, nets: dict[Jurisdiction, Decimal], by: User) -> None:
    """Each party its own amount."""
    link = to("settlement", settlement.agreement.code, settlement.year)
    for place, yuan in nets.items():
        tell(
            "settlement.close",
            link,
            about=settlement.pk,
            by=by,
            payers=[place.pk] if yuan < 0 else [],
            payees=[place.pk] if yuan > 0 else [],
            parties=[] if yuan else [place.pk],
            settlement=settlement,
            yuan=format_yuan(abs(yuan)),
        )


def _preparer(settlement: Settlement) -> int | None:
    """Who asked for the closing last."""
    moves = StateMove.objects.filter(
        thing="settlement", object_id=settlement.pk, event="prepare"
    ).order_by("pk")
    return moves.values_list("by", flat=True).last()


def _refuse_changed(data: YearData) -> None:
    """What is closed is what was signed; else the signatures are void and the year is open."""
    settlement = data.settlement
    resettle(agreement=settlement.agreement, years=[settlement.year])
    settlement.refresh_from_db(fields=["state"])
    digests = {Subject.DATA: data.digest(), Subject.AMOUNT: data.amount_digest()}
    signed = settlement.signatures.filter(void_at__isnull=True).values_list("subject", "digest")
    if settlement.state == State.OPEN or any(digests[Subject(s)] != d for s, d in signed):
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


def _digest(content: Iterable) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
