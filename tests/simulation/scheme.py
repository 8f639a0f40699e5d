"""The small world that is lived through: one border, two parties, one agreement or two."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from basins.models import Jurisdiction, User
from basins.ranges import between, next_month
from monitoring.models import Origin, Section, Target
from monitoring.screening.services.verdicts import ReadingKey
from settlements import rules
from settlements.ledger.balances import balances
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    LedgerAccount,
    Party,
    Term,
    TermSection,
    Transfer,
)
from settlements.rules.parameters import with_defaults
from tests.published import person
from tests.worlds import AMMONIA, CLEAN, Border, People, jurisdiction

ZERO = Decimal(0)
# A day in whose scheme the rule's parameters have their values.
SCHEME_OF = {"baseline": date(2023, 1, 1), "class_vs_last_year": date(2018, 6, 1)}
Net = dict[str, Decimal]  # jurisdiction code → yuan it is to receive


@dataclass
class Deal:
    """One agreement, its section, and what the readings of each month should be in truth."""

    agreement: Agreement
    section: Section
    up: Jurisdiction
    down: Jurisdiction
    truth: dict[date, int] = field(default_factory=dict)  # month → water class as measured
    late: list[date] = field(default_factory=list)
    expected: Net = field(default_factory=dict)  # of the accounts, kept by the simulation itself

    @property
    def code(self) -> str:
        return self.agreement.code

    def book(self, net: Net) -> None:
        for place, yuan in net.items():
            self.expected[place] = self.expected.get(place, ZERO) + yuan

    def balances(self) -> Net:
        """What the ledger says of the parties' accounts, at the end of time."""
        own = LedgerAccount.objects.filter(agreement=self.agreement, kind="compensation")
        codes = dict(own.values_list("pk", "jurisdiction__code"))
        return {codes[pk]: yuan for pk, yuan in balances(list(codes), date(9998, 12, 31)).items()}

    def key(self, month: date) -> ReadingKey:
        return ReadingKey("NH3-N", sampled(month), Origin.MANUAL.value)


def sampled(month: date) -> datetime:
    start = datetime.combine(month, datetime.min.time(), timezone.get_default_timezone())
    return start + timedelta(days=14, hours=10)


@dataclass
class Scheme:
    border: Border
    people: People
    deals: list[Deal]
    admins: tuple[User, User]
    treasury: Jurisdiction

    @classmethod
    def make(
        cls, first: date, *, agreements: int = 1, rule: str = "baseline", yearly: bool = False
    ) -> "Scheme":
        """`first`: the day on which the agreements come into force, under that rule."""
        border, people = Border.make(with_agreement=False), People.make()
        border.agreement = _agreement(border, "TEST", "测试河协议", first)
        _term(border, rule, first, yearly)
        deals = [Deal(border.agreement, border.section, border.upstream, border.downstream)]
        if agreements > 1:
            deals.append(_other(border, first, yearly))
        treasury = jurisdiction("500000-T", "市级财政", Jurisdiction.Level.TREASURY)
        admins = (people.admin, person("second-admin", "admin"))
        return cls(border, people, deals, admins, treasury)

    def measure(self, deal: Deal, month: date, water_class: int) -> None:
        """Readings of the month as a laboratory sends them; the same again is a correction."""
        values = {**CLEAN, "NH3-N": AMMONIA[water_class]}
        self.border.store(sampled(month), values, section=deal.section)
        deal.truth[month] = water_class

    def official(self, place: Jurisdiction) -> User:
        return self.people.district if place.code == "500901" else self.people.downstream


def _agreement(border: Border, code: str, title: str, first: date) -> Agreement:
    agreement = Agreement.objects.create(
        code=code,
        title=title,
        river=border.river,
        state=Agreement.State.ACTIVE,
        signed_on=first,
    )
    for order, party in enumerate((border.upstream, border.downstream), start=1):
        Party.objects.create(agreement=agreement, jurisdiction=party, order=order)
    return agreement


def _term(border: Border, rule: str, first: date, yearly: bool) -> None:
    """One term for all the years, with the parameters of the rule's scheme."""
    module = rules.get(rule)
    given = {"comparison": "yearly"} if yearly else {}
    term = Term.objects.create(
        agreement=border.agreement,
        number=1,
        rule=rule,
        rule_revision=module.revision,
        parameters=with_defaults(module.parameters, given, on=SCHEME_OF[rule]),
        in_force=between(first),
    )
    TermSection.objects.create(
        term=term, section=border.section, upstream=border.upstream, downstream=border.downstream
    )


def _other(border: Border, first: date, yearly: bool) -> Deal:
    """A second agreement of the same two, on a river that runs the other way."""
    section = Section.objects.create(
        code="BACK",
        name="回水",
        province=border.section.province,
        river=border.river,
        km=5,
        upstream=border.downstream,
        downstream=border.upstream,
    )
    Target.objects.create(
        section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="测试用"
    )
    other = Border(border.downstream, border.upstream, border.stranger, border.river, section)
    other.agreement = agreement = _agreement(other, "BACK", "回水协议", first)
    _term(other, "baseline", first, yearly)
    return Deal(agreement, section, border.downstream, border.upstream)


# What is counted here on its own, to compare the services with ----------------------------


def net_of(payments: list[tuple[str, str, Decimal]]) -> Net:
    net: Net = {}
    for payer, payee, yuan in payments:
        net[payer] = net.get(payer, ZERO) - yuan
        net[payee] = net.get(payee, ZERO) + yuan
    return {place: yuan for place, yuan in net.items() if yuan}


def holds(accrual: Accrual) -> Net:
    """What an accrual says now: its own transfers, or the last adjustment approved to it."""
    last = (
        accrual.adjustments.filter(state=Adjustment.State.APPROVED)
        .order_by("approved_at", "pk")
        .last()
    )
    if last is not None:
        return said_by(last)
    rows = Transfer.objects.filter(accrual=accrual)
    return net_of(list(rows.values_list("payer__code", "payee__code", "yuan")))


def said_by(adjustment: Adjustment) -> Net:
    return net_of(
        [(t["payer"], t["payee"], Decimal(t["yuan"])) for t in adjustment.outcome["transfers"]]
    )


def minus(one: Net, other: Net) -> Net:
    places = {*one, *other}
    found = {p: one.get(p, ZERO) - other.get(p, ZERO) for p in sorted(places)}
    return {place: yuan for place, yuan in found.items() if yuan}


def year_of(agreement: Agreement, year: int) -> Net:
    """The year's net as its accruals hold now."""
    net: Net = {}
    for accrual in Accrual.objects.filter(term__agreement=agreement, period__year=year):
        for place, yuan in holds(accrual).items():
            net[place] = net.get(place, ZERO) + yuan
    return {place: yuan for place, yuan in net.items() if yuan}


def months_of(year: int, first: date) -> list[date]:
    found, day = [], max(date(year, 1, 1), first)
    while day.year == year:
        found.append(day)
        day = next_month(day)
    return found


def pick(dice: random.Random, chances: dict[str, float]) -> str:
    return dice.choices(list(chances), list(chances.values()))[0]
