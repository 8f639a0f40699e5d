"""What of a year is signed: its months as they count now, with what they rest on.

The digest over it is settlements.years.services.year_data.YearData's. Amounts are Decimal yuan,
signed from the side of the party that signs (positive: it receives).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.db.models.functions import Least

from basins.access import Viewer
from basins.links import Link, to
from basins.models import Jurisdiction
from basins.ranges import months_of
from monitoring.models import MonthlyMean
from settlements.models import (
    Accrual,
    AgreementMonth,
    MonthRuling,
    Objection,
    Settlement,
    SettlementSignature,
)
from settlements.money import ZERO
from settlements.shown.findings import starred
from settlements.shown.revisions import Revision, published_result, revisions_of
from settlements.shown.visible import sees_year_of
from settlements.years.queries.years import accruals_of_year


@dataclass(frozen=True, slots=True)
class Ground:
    """A ruling or a decided objection that a month rests on."""

    words: str
    path: Link | None = None


@dataclass(frozen=True, slots=True)
class MonthToSign:
    """One accrual of the year as it counts now."""

    period: date
    yearly: bool
    section: str
    water_class: int | None
    month_state: str
    valid: int | None  # values used of those due; None: not assessed here
    expected: int | None
    complete: bool
    words: str  # who pays whom
    yuan: Decimal  # of the signing party
    grounds: tuple[Ground, ...]
    revision: Revision | None
    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class VoidSignature:
    """What a party signed once and what became of it."""

    subject: str
    by: str
    at: datetime
    void_at: datetime | None
    why: str


def months_to_sign(
    viewer: Viewer, settlement: Settlement, party: Jurisdiction
) -> list[MonthToSign]:
    """The year's accruals by month: 8 SQL queries at most, 3 more where some were adjusted."""
    agreement, year = settlement.agreement, settlement.year
    states = {
        m.month: str(m.get_state_display())
        for m in AgreementMonth.objects.filter(agreement=agreement, month__year=year)
    }
    accruals = sorted(accruals_of_year(viewer, agreement, year), key=lambda a: (a.period, a.pk))
    revised, grounds, counts = (
        revisions_of(accruals),
        _grounds(settlement, accruals),
        _counts(accruals),
    )
    return [
        _month(
            a, party, revised.get(a.pk), grounds, counts, states.get(_published_with(a), "未发布")
        )
        for a in accruals
    ]


def _month(
    accrual: Accrual,
    party: Jurisdiction,
    revision: Revision | None,
    grounds: dict[tuple[int, date], list[Ground]],
    counts: dict[tuple[int, date], tuple[int, int]],
    state: str,
) -> MonthToSign:
    section = accrual.term_section.section
    counted = revision.after if revision else published_result(accrual)
    at = (section.pk, accrual.period)
    valid, expected = (None, None) if accrual.yearly else counts.get(at, (None, None))
    return MonthToSign(
        period=accrual.period,
        yearly=accrual.yearly,
        section=starred(section.name, section.is_demo),
        water_class=counted.water_class,
        month_state=counted.month_state,
        valid=valid,
        expected=expected,
        complete=accrual.complete,
        words=counted.words,
        yuan=counted.signed_for(party.code),
        grounds=() if accrual.yearly else tuple(grounds.get(at, ())),
        revision=revision,
        state=state,
        digest=f"{accrual.input_digest[:4]}-{accrual.input_digest[4:8]}".upper(),
    )


def _published_with(accrual: Accrual) -> date:
    """What a yearly rule found is published with December."""
    return accrual.period.replace(month=12) if accrual.yearly else accrual.period


def _counts(accruals: list[Accrual]) -> dict[tuple[int, date], tuple[int, int]]:
    """(section, month) → values used and due, over all indicators: 1 SQL query."""
    rows = (
        MonthlyMean.objects.filter(
            section__in={a.term_section.section_id for a in accruals},
            month__in={a.period for a in accruals},
        )
        .order_by()
        .values("section", "month")
        .annotate(used=Sum(Least("valid", "expected")), due=Sum("expected"))
    )
    return {(row["section"], row["month"]): (row["used"], row["due"]) for row in rows}


def _grounds(
    settlement: Settlement, accruals: list[Accrual]
) -> dict[tuple[int, date], list[Ground]]:
    """Rulings in force and objections decided, by section and month: 2 SQL queries."""
    found: dict[tuple[int, date], list[Ground]] = defaultdict(list)
    sections = {a.term_section.section_id for a in accruals}
    for ruling in MonthRuling.objects.filter(
        Q(agreement=None) | Q(agreement=settlement.agreement_id),
        section__in=sections,
        month__range=months_of(settlement.year),
        revoked_at=None,
    ).order_by("month", "pk"):
        words = (
            f"认定{ruling.get_state_display()}（{ruling.get_ground_display()}）：{ruling.reason}"
        )
        found[ruling.section_id, ruling.month].append(Ground(words))
    for objection in (
        Objection.objects.filter(
            month__agreement=settlement.agreement_id,
            month__month__range=months_of(settlement.year),
            state__in=[Objection.State.ACCEPTED, Objection.State.REJECTED],
        )
        .annotate(of=F("month__month"))
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("decided_at", "pk")
    ):
        words = (
            f"{objection.jurisdiction}的异议（{objection.get_kind_display()}）"
            f"{objection.get_state_display()}"
        )
        at = (objection.section_id, objection.of)  # type: ignore[attr-defined]
        found[at].append(Ground(words, to("objection", objection.pk)))
    return found


def void_signatures_of(settlement: Settlement, party: Jurisdiction) -> list[VoidSignature]:
    """What the party had signed and is void, the newest first: 1 SQL query."""
    return [
        VoidSignature(str(s.get_subject_display()), str(s.by), s.at, s.void_at, s.void_why)
        for s in SettlementSignature.objects.filter(
            settlement=settlement, jurisdiction=party, void_at__isnull=False
        )
        .select_related("by")
        .order_by("-void_at", "-pk")
    ]


@dataclass(frozen=True, slots=True)
class SectionToSign:
    """A section's months, with what they give the signing party together."""

    section: str
    months: tuple[MonthToSign, ...]

    @property
    def yuan(self) -> Decimal:
        return sum((m.yuan for m in self.months), ZERO)


def by_section(months: list[MonthToSign]) -> list[SectionToSign]:
    found: dict[str, list[MonthToSign]] = defaultdict(list)
    for month in months:
        found[month.section].append(month)
    return [SectionToSign(section, tuple(own)) for section, own in found.items()]


def visible_signature(viewer: Viewer, pk: int) -> SettlementSignature | None:
    """A signature with its scan, for who sees how far its year is; None for others."""
    found = (
        SettlementSignature.objects.filter(pk=pk)
        .select_related("settlement__agreement", "jurisdiction")
        .defer("jurisdiction__boundary")
        .first()
    )
    return found if found and sees_year_of(viewer, found.settlement.agreement) else None
