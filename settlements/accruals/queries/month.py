"""The money of one month: who pays whom, each party's net, and the months before.

Amounts are Decimal yuan to the fen. A month holds what is computed by the month; rules that
settle whole years are counted apart (`yearly`), never spread over months. A month is what counts
now, adjustments included, and says where that is not what was published (`revised`).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch, Q, Sum

from basins.access import Act, Viewer
from monitoring.standards.gb3838_2002 import WaterClass
from settlements import rules
from settlements.models import Accrual, Agreement, CurrentTransfer, Party, Term, TermSection
from settlements.money import ZERO
from settlements.rules import Rule
from settlements.rules.family import Classes, Yardstick
from settlements.shown.places import Place
from settlements.shown.revisions import Revision, revisions_of
from settlements.shown.visible import only_words, visible_accruals, visible_agreements


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One payment of the month, with what the class was compared with."""

    agreement: str
    agreement_title: str
    river: str
    river_code: str
    section: str
    section_code: str
    is_demo: bool
    payer: Place
    payee: Place
    reference: int | None
    reference_name: str  # 基准 or 去年同月
    water_class: int | None
    reason: str
    yuan: Decimal
    state: str
    period: date
    revised: Revision | None

    @property
    def shown_section(self) -> str:
        return f"{self.section}*" if self.is_demo else self.section


@dataclass(frozen=True, slots=True)
class PartyNet:
    """What a party is to receive and to pay; `net` positive: it receives."""

    place: Place
    receivable: Decimal
    payable: Decimal

    @property
    def net(self) -> Decimal:
        return self.receivable - self.payable


@dataclass(frozen=True, slots=True)
class MonthTotal:
    month: date
    yuan: Decimal  # computed by the month
    yearly: Decimal  # settled for the whole year, booked in its January
    whole: bool  # False: the viewer does not see all of it


@dataclass(frozen=True, slots=True)
class MonthMoney:
    month: date
    lines: tuple[TransferLine, ...]
    nets: tuple[PartyNet, ...]  # receivers first, then payers
    states: tuple[tuple[Accrual.State, int], ...]  # and how many accruals are in it
    accruals: int
    seen: frozenset[str]  # codes of the agreements whose accruals the viewer sees
    computed_at: datetime | None
    totals: tuple[MonthTotal, ...]  # since January of last year, oldest first
    revised: tuple[Revision, ...]  # accruals that are not what they were published as
    only: str  # words saying that figures cover only a part; '' where they are whole

    @property
    def total(self) -> Decimal:
        return sum((line.yuan for line in self.lines), ZERO)

    @property
    def receivers(self) -> int:
        return sum(n.net > 0 for n in self.nets)

    @property
    def payers(self) -> int:
        return sum(n.net < 0 for n in self.nets)

    def at(self, month: date) -> MonthTotal | None:
        return next((t for t in self.totals if t.month == month), None)

    def to_date(self, year: int) -> list[MonthTotal]:
        """January up to this month's name, of a year."""
        return [
            t for t in self.totals if t.month.year == year and t.month.month <= self.month.month
        ]


@dataclass(frozen=True, slots=True)
class AgreementInForce:
    """An agreement in force on the month's first day."""

    code: str
    title: str
    river: str
    river_code: str
    rule: str
    parties: tuple[Place, ...]
    sections: tuple[str, ...]  # codes
    section_names: tuple[str, ...]
    section_rivers: tuple[str, ...]  # the code of each section's river; "" where none is known
    crosses_province: bool
    since: date | None
    until: date | None
    begun: date | None  # its first term, whether in force or not

    def lies_on(self, river: str) -> bool:
        """Whether it is of the river of that code, or has a section there."""
        return river == self.river_code or river in self.section_rivers


# Read of the rivers and sections that payments are named by.
RIVER = ("code", "name", "former_names")
TERM = ("agreement", "rule", "in_force", "number")
SECTION = ("code", "is_demo", "name", "former_names")


def money_of_month(viewer: Viewer, month: date) -> MonthMoney:
    """Transfers, nets and totals the viewer may see: 5 queries, 4 for who sees everything, and 2
    more where something was revised."""
    revised = revisions_of(visible_accruals(viewer).filter(period=month, yearly=False))
    lines = transfer_lines(viewer, month, revised)
    states: dict[Accrual.State, int] = defaultdict(int)
    seen, computed = set(), None
    for row in (
        visible_accruals(viewer)
        .filter(period=month, yearly=False)
        .order_by("state")
        .values("state", "term__agreement__code")
        .annotate(n=Count("pk"), at=Max("computed_at"))
    ):
        states[Accrual.State(row["state"])] += row["n"]
        seen.add(row["term__agreement__code"])
        computed = max(computed, row["at"]) if computed else row["at"]
    totals = month_totals(viewer, date(month.year - 1, 1, 1), month)
    this = next((t for t in totals if t.month == month), None)
    return MonthMoney(
        month=month,
        lines=lines,
        nets=nets_of(lines),
        states=tuple(states.items()),
        accruals=sum(states.values()),
        seen=frozenset(seen),
        computed_at=computed,
        totals=totals,
        revised=tuple(sorted(revised.values(), key=lambda r: (r.agreement, r.section))),
        only=only_words(viewer) if this and not this.whole else "",
    )


def payments_so_far(viewer: Viewer, month: date) -> tuple[int, Decimal]:
    """How many payments of a month the viewer sees, and their sum in yuan: 1 query."""
    found = CurrentTransfer.objects.filter(
        accrual__in=visible_accruals(viewer), accrual__period=month, accrual__yearly=False
    ).aggregate(number=Count("pk"), yuan=Sum("yuan"))
    return found["number"], found["yuan"] or ZERO


def transfer_lines(
    viewer: Viewer, month: date, revised: Mapping[int, Revision]
) -> tuple[TransferLine, ...]:
    """The month's payments as they count now, largest first: 1 query."""
    found = (
        CurrentTransfer.objects.filter(
            accrual__in=visible_accruals(viewer), accrual__period=month, accrual__yearly=False
        )
        .select_related(
            "payer",
            "payee",
            "accrual__term__agreement__river",
            "accrual__term_section__section__river",
        )
        .only(
            "yuan",
            "reason",
            *(f"accrual__{name}" for name in ("period", "state", "water_class", "inputs")),
            *(f"accrual__term__{name}" for name in ("rule", "parameters")),
            *(f"accrual__term__agreement__{name}" for name in ("code", "title")),
            *(f"accrual__term__agreement__river__{name}" for name in RIVER),
            *(f"accrual__term_section__section__{name}" for name in SECTION),
            *(f"accrual__term_section__section__river__{name}" for name in RIVER),
            *Place.columns("payer"),
            *Place.columns("payee"),
        )
        .order_by("-yuan", "accrual__term__agreement__code", "accrual__term_section", "pk")
    )
    rules_of: dict[int, Rule] = {}
    lines = []
    for transfer in found:
        term = transfer.accrual.term
        if term.pk not in rules_of:
            rules_of[term.pk] = rules.read(term.rule, term.parameters)
        revision = revised.get(transfer.accrual_id)
        lines.append(_line(transfer, rules_of[term.pk], revision))
    return tuple(lines)


def _line(transfer: CurrentTransfer, rule: Rule, revised: Revision | None) -> TransferLine:
    accrual = transfer.accrual
    agreement, section = accrual.term.agreement, accrual.term_section.section
    inputs = revised.inputs if revised else accrual.inputs
    found = revised.after.water_class if revised else accrual.water_class
    held = _yardstick(found, inputs, rule)
    river = section.river or agreement.river
    return TransferLine(
        agreement=agreement.code,
        agreement_title=agreement.title,
        river=river.name_on(accrual.period),
        river_code=river.code,
        section=section.name_on(accrual.period),
        section_code=section.code,
        is_demo=section.is_demo,
        payer=Place.of(transfer.payer, accrual.period),
        payee=Place.of(transfer.payee, accrual.period),
        reference=held.water_class.value if held.water_class else None,
        reference_name=held.words,
        water_class=found,
        reason=transfer.reason,
        yuan=transfer.yuan,
        state=str(Accrual.State(accrual.state).label),
        period=accrual.period,
        revised=revised,
    )


def _yardstick(found: int | None, inputs: Mapping[str, Any], rule: Rule) -> Yardstick:
    """What this month's class was held against, as the inputs it was found from have it."""
    return rule.yardstick(
        Classes(
            found=WaterClass(found) if found else None,
            target=_class_of(inputs.get("target")),
            last_year=_class_of(inputs.get("last_year_class")),
        )
    )


def _class_of(stored: str | None) -> WaterClass | None:
    return WaterClass.parse(stored) if stored else None


def nets_of(lines) -> tuple[PartyNet, ...]:
    """Each party's sums, the largest receiver first and the largest payer last."""
    places: dict[str, Place] = {}
    received: dict[str, Decimal] = defaultdict(lambda: ZERO)
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        places[line.payer.code], places[line.payee.code] = line.payer, line.payee
        paid[line.payer.code] += line.yuan
        received[line.payee.code] += line.yuan
    nets = [PartyNet(place, received[code], paid[code]) for code, place in places.items()]
    return tuple(sorted(nets, key=lambda n: (-n.net, n.place.code)))


def month_totals(viewer: Viewer, first: date, last: date) -> tuple[MonthTotal, ...]:
    """Sum of each month that has accruals: 1 query, and 1 more for who sees only a part."""
    seen = visible_accruals(viewer).filter(period__range=(first, last))
    sums: dict[date, dict[bool, Decimal]] = defaultdict(dict)
    for period, yearly, total in (
        seen.values_list("period", "yearly").annotate(total=Sum("current__yuan")).order_by("period")
    ):
        sums[period][yearly] = total or ZERO
    hidden: set[date] = set()
    if not viewer.sees_all(Act.SEE_RESULTS):
        hidden = set(
            Accrual.objects.filter(period__range=(first, last))
            .exclude(pk__in=seen.values("pk"))
            .values_list("period", flat=True)
            .distinct()
            .order_by("period")
        )
    return tuple(
        MonthTotal(
            month,
            sums[month].get(False, ZERO) if month in sums else ZERO,
            sums[month].get(True, ZERO) if month in sums else ZERO,
            month not in hidden,
        )
        for month in sorted(set(sums) | hidden)
    )


def agreements_in_force(
    viewer: Viewer, day: date, river: str | None = None
) -> tuple[AgreementInForce, ...]:
    """Agreements with a term in force on a day, with its parties and sections, or those that lie on
    one river: 4 queries."""
    terms = Term.objects.filter(in_force__contains=day).order_by("number").only(*TERM)
    current = terms.filter(agreement=OuterRef("pk"))
    found = (
        visible_agreements(viewer)
        .filter(Exists(current), _lies_on(river, day), state=Agreement.State.ACTIVE)
        .select_related("river")
        .only("code", "title", "river__code", "river__name")
        .annotate(begun=Min("terms__in_force__startswith"))
        .prefetch_related(
            Prefetch(
                "parties",
                queryset=Party.objects.select_related("jurisdiction")
                .only("agreement", *Place.columns("jurisdiction"))
                .order_by("order"),
            ),
            Prefetch("terms", queryset=terms, to_attr="in_force_now"),
            Prefetch(
                "in_force_now__sections",
                queryset=TermSection.objects.select_related("section__river").only(
                    "term",
                    "section__code",
                    "section__name",
                    "section__is_demo",
                    "section__river__code",
                ),
            ),
        )
        .order_by("river__level", "river__code", "code")
    )
    return tuple(_agreement_line(a) for a in found)


def _lies_on(river: str | None, day: date) -> Q:
    """As AgreementInForce.lies_on has it."""
    if river is None:
        return Q()
    counted = TermSection.objects.filter(
        term__agreement=OuterRef("pk"), term__in_force__contains=day, section__river__code=river
    )
    return Q(river__code=river) | Q(Exists(counted))


def _agreement_line(agreement: Agreement) -> AgreementInForce:
    terms = agreement.in_force_now  # type: ignore[attr-defined]
    sections = {part.section.code: part.section for term in terms for part in term.sections.all()}
    parties = [Place.of(p.jurisdiction) for p in agreement.parties.all()]
    return AgreementInForce(
        code=agreement.code,
        title=agreement.title,
        river=agreement.river.name,
        river_code=agreement.river.code,
        rule="、".join(dict.fromkeys(rules.get(term.rule).title for term in terms)),
        parties=tuple(parties),
        sections=tuple(sections),
        section_names=tuple(f"{s.name}*" if s.is_demo else s.name for s in sections.values()),
        section_rivers=tuple(s.river.code if s.river else "" for s in sections.values()),
        # Parties outside the city carry another province in the first two digits (GB/T 2260).
        crosses_province=len({p.code[:2] for p in parties}) > 1,
        since=min((t.in_force.lower for t in terms if t.in_force.lower), default=None),
        until=max((t.in_force.upper for t in terms), default=None)
        if all(t.in_force.upper for t in terms)
        else None,
        begun=agreement.begun,  # type: ignore[attr-defined]
    )
