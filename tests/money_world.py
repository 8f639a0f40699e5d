"""A world with money in every state, for tests of what pages, files and the interface show of it.

Told up to 10 September 2024. No amount is a round sum, no two months of an agreement alike in
class and payer, so that a figure in the wrong cell is seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.clock import moved_to
from basins.models import Jurisdiction, River, RiverReach
from basins.ranges import between
from monitoring.models import Section, Target
from settlements import pipeline
from settlements.ledger.services.payments import Kind, prepare_payment
from settlements.models import Accrual, Adjustment, AdjustmentNet, Agreement, Party, Transfer
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.slips import approve_payment
from tests.worlds import Border, People, close_published_year, jurisdiction, publish_year

TODAY = date(2024, 9, 10)
MAIN, SIDE = "TEST", "TOWN"  # codes of the two agreements
UP, DOWN, TOWN = "500901", "500902", "500901100"
NAMES = {UP: "上游区", DOWN: "下游区", TOWN: "上游镇"}
SIDES = {MAIN: {UP, DOWN}, SIDE: {TOWN, UP}}
# Classes of the twelve months of 2023 and of January to August 2024 (baseline: class III).
BEFORE = ("II", "IV", "I", "II", "V", "II", "III", "IV", "II", "I", "IV", "II")
RUNNING = ("IV", "II", "V", "III", "I", "IV", "II", "V")
TOWN_BEFORE = ("IV", "IV", "II", "V", "II", "IV", "IV", "II", "IV", "I", "II", "V")
TOWN_RUNNING = ("II", "IV", "IV", "II", "IV", "IV", "V", "IV")


@dataclass(frozen=True)
class Money:
    """Two agreements.

    TEST, between 上游区 and 下游区: 2023 closed with an adjustment in it and half paid, and one
    of October approved after the closing, so booked in 2024; 2024 published to June with an
    adjustment in it, July and August preliminary.
    TOWN, between 上游镇 and 上游区: 2023 published and not closed, 2024 preliminary.
    """

    border: Border
    people: People
    town: Jurisdiction

    @classmethod
    def make(cls) -> "Money":
        people = People.make()
        border = Border.make()
        town = jurisdiction("500901100", "上游镇", Jurisdiction.Level.TOWNSHIP)
        world = cls(border, people, town)
        world._terms()
        world._agree_with_the_town()
        world._measure(border.section, 2023, BEFORE)
        world._measure(Section.objects.get(code="TOWNSEC"), 2023, TOWN_BEFORE)
        with moved_to(date(2024, 2, 5)):
            pipeline.recompute()
            publish_year(border.agreement, 2023, people, on=date(2024, 1, 20))
            publish_year(world.side, 2023, people, on=date(2024, 1, 21))
            world._adjust("2023-05", "IV")
        close_published_year(border.agreement, 2023, people, on=date(2024, 2, 6))
        world._measure(border.section, 2024, RUNNING[:6])
        with moved_to(date(2024, 7, 20)):
            pipeline.recompute()
            publish_year(border.agreement, 2024, people, on=date(2024, 7, 20))
            world._adjust("2024-02", "I")
        with moved_to(date(2024, 8, 20)):
            world._adjust("2023-10", "V")
        world._measure(border.section, 2024, RUNNING[6:], first=7)
        world._measure(Section.objects.get(code="TOWNSEC"), 2024, TOWN_RUNNING)
        with moved_to(TODAY):
            pipeline.recompute()
            world._pay()
        return world

    @property
    def main(self) -> Agreement:
        return self.border.agreement

    @property
    def side(self) -> Agreement:
        return Agreement.objects.get(code=SIDE)

    def _terms(self) -> None:
        self.main.terms.all().delete()
        self.border.term("baseline", date(2023, 1, 1), rate="1234567.80", tier_amount="345678.05")

    def _agree_with_the_town(self) -> None:
        """上游镇 lies above 上游区 on a stream of its own."""
        river = River.objects.create(code="ZHIHE", name="支河", level=2)
        section = Section.objects.create(
            code="TOWNSEC", name="镇界", province=Jurisdiction.objects.get(code="500000"),
            river=river, km=3, upstream=self.town, downstream=self.border.upstream,
        )  # fmt: skip
        Target.objects.create(
            section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="规划"
        )
        RiverReach.objects.create(river=river, jurisdiction=self.town, order=1, from_km=0, to_km=3)
        agreement = Agreement.objects.create(
            code=SIDE, title="支河协议", river=river, state=Agreement.State.ACTIVE,
            signed_on=date(2022, 12, 1),
        )  # fmt: skip
        for order, place in enumerate((self.town, self.border.upstream), start=1):
            Party.objects.create(agreement=agreement, jurisdiction=place, order=order)
        side = Border(
            self.town, self.border.upstream, self.border.stranger, river, section, agreement
        )
        side.term("baseline", date(2023, 1, 1), rate="76543.20", tier_amount="1111.15")

    def _measure(self, section: Section, year: int, classes: Iterable[str], first: int = 1):
        for number, water_class in enumerate(classes, start=first):
            self.border.measured(f"{year}-{number:02d}", water_class, section=section)

    def _adjust(self, when: str, water_class: str) -> None:
        """A correction after publication: it counts in its year while that is open."""
        self.border.measured(when, water_class)
        pipeline.recompute()
        found = Adjustment.objects.get(state=Adjustment.State.PROPOSED)
        review_adjustment(adjustment=found, by=self.people.bureau, reason="复核属实")
        approve_adjustment(adjustment=found, by=self.people.bureau2)

    def _pay(self) -> None:
        """A part of what 2023 left owing is paid; a second payment waits for its second person."""
        settlement = self.main.settlements.get(year=2023)
        nets = {n.jurisdiction: n.yuan for n in settlement.nets.select_related("jurisdiction")}
        payer, payee = sorted(nets, key=lambda place: nets[place])
        for number, (yuan, done) in enumerate((("1000000.55", True), ("20.05", False)), start=1):
            payment = prepare_payment(
                agreement=self.main, settlement=settlement, kind=Kind.DIRECT, payer=payer,
                payee=payee, yuan=yuan, paid_on=date(2024, 3, number), voucher=f"CZ-{number}",
                by=self.people.treasury,
            )  # fmt: skip
            if done:
                approve_payment(payment=payment, by=self.people.treasury2)


@contextmanager
def rolled_back(blocker) -> Iterator[None]:
    """The database for a module's tests in one transaction that leaves nothing."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


# What counts now, from the rows of payments and adjustments alone ----------------------------


@dataclass(frozen=True)
class Counted:
    """A payment of a month or year as it counts now."""

    agreement: str
    month: date
    state: str
    section: str
    upstream: str
    payer: str
    payee: str
    yuan: Decimal

    def to(self, code: str) -> Decimal:
        """From one side: positive it receives."""
        return self.yuan * ((self.payee == code) - (self.payer == code))


def counted(year: int, *, states: Iterable[str] | None = None) -> list[Counted]:
    """Of every accrual of the year its payments, or those of the adjustment approved last."""
    adjusted = {
        each.accrual_id: each.outcome["transfers"]
        for each in Adjustment.objects.filter(approved_at__isnull=False).order_by("approved_at")
    }
    own: dict[int, list[dict]] = defaultdict(list)
    for each in Transfer.objects.select_related("payer", "payee"):
        own[each.accrual_id].append(
            {"payer": each.payer.code, "payee": each.payee.code, "yuan": each.yuan}
        )
    found = []
    for accrual in Accrual.objects.filter(period__year=year).select_related(
        "term__agreement", "term_section__section", "term_section__upstream"
    ):
        if states is not None and accrual.state not in states:
            continue
        for paid in adjusted.get(accrual.pk, own[accrual.pk]):
            found.append(
                Counted(
                    accrual.term.agreement.code, accrual.period, accrual.state,
                    accrual.term_section.section.code, accrual.term_section.upstream.code,
                    paid["payer"], paid["payee"], Decimal(paid["yuan"]),
                )
            )  # fmt: skip
    return found


def total(found: Iterable[Counted], code: str = "", **where) -> Decimal:
    """The sum from one side, or of all the payments; `where` narrows by a field or its month."""
    chosen = [
        each
        for each in found
        if all(
            each.month.month == value if name == "number" else getattr(each, name) == value
            for name, value in where.items()
        )
    ]
    return sum((each.to(code) if code else each.yuan for each in chosen), Decimal(0))


def carried(year: int, code: str, agreement: str = MAIN) -> Decimal:
    """What a party's year has booked beside its months as they count now: adjustments of other
    years' months that were booked in it, less those of its own months booked in another."""
    yuan = Decimal(0)
    for net in AdjustmentNet.objects.filter(
        jurisdiction__code=code,
        adjustment__accrual__term__agreement__code=agreement,
        adjustment__entry__isnull=False,
    ).select_related("adjustment__accrual", "adjustment__entry"):
        yuan += net.yuan * (
            (net.adjustment.entry.year == year) - (net.adjustment.accrual.period.year == year)
        )
    return yuan


def published(code: str, year: int) -> dict[int, Decimal]:
    """Month → what upstream receives by the payments as they were published, adjustments aside."""
    found = Transfer.objects.filter(
        accrual__term__agreement__code=code, accrual__period__year=year
    ).select_related("accrual__term_section")
    return {
        t.accrual.period.month: t.yuan
        if t.payee_id == t.accrual.term_section.upstream_id
        else -t.yuan
        for t in found
    }


# Who sees what of it, in the words of the access table ----------------------------------------

PUBLISHED = {"published", "settled"}
# The agreements whose unpublished months a person sees; None: of all.
DRAFTS: dict[str, set[str] | None] = {
    "bureau": None, "treasury": None, "district": {MAIN, SIDE}, "downstream": {MAIN},
    "stranger": set(),
}  # fmt: skip


def seen_by(who: str, found: Iterable[Counted]) -> list[Counted]:
    """What of it a person sees: all; what is published and one's own; one's own published."""
    if who == "township":
        return [c for c in found if c.state in PUBLISHED and TOWN in SIDES[c.agreement]]
    own = DRAFTS[who]
    return [c for c in found if own is None or c.agreement in own or c.state in PUBLISHED]
