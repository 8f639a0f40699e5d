"""What a year rests on: its accruals and approved adjustments, and what it still lacks."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.clock import today
from basins.models import Jurisdiction
from basins.ranges import months_of
from basins.together import read_together
from settlements.accruals.services.nets import nets_asked, nets_from
from settlements.accruals.services.superseded import superseded_of
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    AgreementMonth,
    AmountRefusal,
    FuseTrip,
    LedgerAccount,
    Posting,
    Settlement,
    StateMove,
    TermSection,
)
from settlements.money import ZERO
from settlements.moving.acts import Refused
from settlements.reckoning.periods import due_in_year, sections_of


class NotReady(Refused):
    """The year is not ready for the act; the message (Chinese) names what is missing."""


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
    """What a year rests on, as it is now: 1 SQL query."""

    settlement: Settlement
    nets: list[tuple[Jurisdiction, Decimal]]  # in the order of their codes
    accruals: list[Accrual]
    adjusted: list[tuple[int, str, str]]  # id, digest, state
    final: frozenset[date]  # months that are final
    stopped: bool
    accepted: list[AmountRefusal]  # refusals taken for right, newest first
    sections: list[TermSection]  # of the agreement's terms
    counted: dict[int, Decimal]  # jurisdiction id → what the months make (net_of)
    signed: list[tuple[str, str]]  # subject and digest of what is signed and not void
    transit: Decimal  # what lies on the agreement's account of money in transit
    prepared_by: int | None  # who asked for the closing last

    @classmethod
    def of(cls, settlement: Settlement) -> "YearData":
        agreement, year = settlement.agreement, settlement.year
        own = accruals_of(agreement, year)
        nets = (
            settlement.nets.select_related("jurisdiction")
            .defer("jurisdiction__boundary")
            .order_by("jurisdiction__code")
        )
        accruals = own.order_by("period", "term_section").only(
            "period", "yearly", "term_section_id", "input_digest", "month_state", "state"
        )
        adjusted = (
            Adjustment.objects.filter(accrual__in=own)
            .order_by("pk")
            .values_list("pk", "input_digest", "state")
        )
        final = AgreementMonth.objects.filter(
            agreement=agreement, month__year=year, state=AgreementMonth.State.FINAL
        ).values_list("month", flat=True)
        trips = FuseTrip.objects.filter(agreement=agreement, state__in=FuseTrip.OPEN)
        stopped = trips.order_by().values_list("pk", flat=True)
        accepted = settlement.refusals.filter(state=AmountRefusal.State.ACCEPTED)
        signed = settlement.signatures.filter(void_at__isnull=True)
        signatures = signed.values_list("subject", "digest")
        transit = Posting.objects.filter(
            account__agreement=agreement, account__kind=LedgerAccount.Kind.TRANSIT
        ).values_list("yuan", flat=True)
        prepared = StateMove.objects.filter(
            thing="settlement", object_id=settlement.pk, event="prepare"
        )
        preparers = prepared.order_by("-pk").values_list("by", flat=True)[:1]
        sections, counted = sections_of(agreement), nets_asked(agreement, [year])
        read_together(
            *(nets, accruals, adjusted, final, stopped, accepted, signatures, transit),
            *(preparers, sections, *counted),
        )
        return cls(
            settlement=settlement,
            nets=[(net.jurisdiction, net.yuan) for net in nets],
            accruals=list(accruals),
            adjusted=list(adjusted),
            final=frozenset(final),
            stopped=bool(stopped),
            accepted=list(accepted),
            sections=list(sections),
            counted=nets_from([year], *counted)[year],
            signed=list(signatures),
            transit=sum(transit, ZERO),
            prepared_by=next(iter(preparers), None),
        )

    def digest(self) -> str:
        """SHA-256 of the inputs of the accruals, and of the adjustments approved."""
        accruals = [(a.pk, a.input_digest, a.month_state) for a in self.accruals]
        approved = [(pk, digest) for pk, digest, state in self.adjusted if state == "approved"]
        return _digest([accruals, approved])

    def amount_digest(self) -> str:
        """SHA-256 of the year's nets per party, to the fen, and of its data."""
        nets = [[place.code, f"{yuan:.2f}"] for place, yuan in self.nets]
        return _digest([self.digest(), nets])

    def pending(self) -> int:
        return sum(state in Adjustment.PENDING for _, _, state in self.adjusted)

    def missing(self) -> list["Lacking"]:
        """Months of the year in which a term is in force but a section has no accrual, neither
        its own nor one published under an earlier term."""
        have = {(a.term_section_id, a.period) for a in self.accruals}
        lacking = [
            (part, period)
            for part, period in due_in_year(self.sections, self.settlement.year)
            if (part.pk, period) not in have
        ]
        if lacking:
            answered = superseded_of(self.settlement.agreement).answered
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


def refuse_unready(settlement: Settlement, data: YearData | None = None) -> YearData:
    """Raises NotReady unless every section and month due is final and nothing is pending; `data`
    is what the year rests on, where it is at hand."""
    year = settlement.year
    if today() <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束。")
    data = data or YearData.of(settlement)
    digest = data.amount_digest()
    accepted = next((refusal for refusal in data.accepted if refusal.digest == digest), None)
    if accepted is not None:
        raise NotReady(
            f"{accepted.jurisdiction}的不予确认已采纳，数据尚未更正；请先更正并批准调整。"
        )
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


def _digest(content: Iterable) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
