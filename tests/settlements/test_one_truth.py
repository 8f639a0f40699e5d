"""One month, one truth: whatever names a party, an agreement and a period says the same yuan.

A month is what counts now; a year is what is booked in it, so that an adjustment approved after
the closing counts in the year of its approval. The rule is counted here from rows alone, over
random worlds of adjustments, and held against every query behind pages, files and answers.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Jurisdiction, River
from basins.ranges import between
from dashboard.api.explanations import document_of
from monitoring.models import Section, Target
from settlements import pipeline
from settlements.accruals.queries.explain import explain_accrual, explain_month
from settlements.accruals.queries.month import money_of_month
from settlements.accruals.queries.river_year import river_year
from settlements.districts.queries.district import district
from settlements.districts.queries.districts import district_list
from settlements.models import Accrual, Adjustment, AdjustmentNet, JournalEntry, Transfer
from settlements.notices.queries.months import settlement_month
from settlements.papers.queries.papers import built
from settlements.scenarios.comparison import what_happened
from settlements.years.queries.listing import settlement_list
from settlements.years.queries.published import published_year
from settlements.years.queries.years import settlement_year
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.told_once import World, bare, told_once
from tests.worlds import Border, close_published_year, publish_year

ZERO = Decimal(0)
CLASSES = ("I", "II", "III", "IV", "V")
YEARS = (2023, 2024)
UP, DOWN, STRANGER = "500901", "500902", "500903"
RIVERS = {"TEST": "TESTHE", "ZWEI": "ERHE"}


def two_agreements() -> World:
    """2023 of two agreements published; 上游区 is party to both, 外人区 to the second."""
    world = bare()
    border = world["border"]
    river = River.objects.create(code="ERHE", name="第二河", level=1)
    section = Section.objects.create(
        code="SECOND", name="第二断面", province=Jurisdiction.objects.get(code="500000"),
        river=river, km=5, upstream=border.stranger, downstream=border.upstream,
    )  # fmt: skip
    Target.objects.create(
        section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="测试用"
    )
    other = Border(border.stranger, border.upstream, border.downstream, river, section)
    other.sign("ZWEI")
    random = Random(15)
    for when in border.months("2023-01", "2024-09"):
        border.measured(when, random.choice(CLASSES))
        other.measured(when, random.choice(CLASSES))
    with moved_to(date(2024, 1, 20)):
        pipeline.recompute()
    for each in (border, other):
        publish_year(each.agreement, 2023, world["people"], on=date(2024, 1, 20))
    with moved_to(date(2024, 10, 8)):
        pipeline.recompute()
    for each in (border, other):
        publish_year(each.agreement, 2024, world["people"], on=date(2024, 10, 8))
    return {**world, "other": other}


told = told_once(two_agreements)


# The rule, from rows alone --------------------------------------------------------------------


def nets(payments) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for payer, payee, yuan in payments:
        found[payer] -= yuan
        found[payee] += yuan
    return found


def published() -> dict[int, dict[str, Decimal]]:
    paid: dict[int, list] = defaultdict(list)
    for t in Transfer.objects.select_related("payer", "payee"):
        paid[t.accrual_id].append((t.payer.code, t.payee.code, t.yuan))
    return {pk: nets(own) for pk, own in paid.items()}


def counts_now() -> dict[int, dict[str, Decimal]]:
    """Accrual → party → yuan, as the newest approved adjustment has it."""
    found = published()
    for a in Adjustment.objects.filter(state="approved").order_by("approved_at", "pk"):
        found[a.accrual_id] = nets(
            (t["payer"], t["payee"], Decimal(t["yuan"])) for t in a.outcome["transfers"]
        )
    return found


class Truth:
    """What each month counts and each year has booked, by agreement and party."""

    def __init__(self) -> None:
        self.month: dict[tuple[str, date, str], Decimal] = defaultdict(lambda: ZERO)
        self.year: dict[tuple[str, int, str], Decimal] = defaultdict(lambda: ZERO)
        self.revised: set[tuple[str, date]] = set()
        now, before = counts_now(), published()
        for a in Accrual.objects.select_related("term__agreement"):
            code = a.term.agreement.code
            for party, yuan in now.get(a.pk, {}).items():
                self.month[code, a.period, party] += yuan
            for party, yuan in before.get(a.pk, {}).items():
                self.year[code, a.period.year, party] += yuan
        entries = {e.adjustment_id: e.year for e in JournalEntry.objects.filter(cause="adjustment")}
        for net in AdjustmentNet.objects.select_related(
            "adjustment__accrual__term__agreement", "jurisdiction"
        ):
            accrual = net.adjustment.accrual
            year = entries.get(net.adjustment_id, accrual.period.year)
            self.year[accrual.term.agreement.code, year, net.jurisdiction.code] += net.yuan
        for a in Adjustment.objects.filter(state="approved").select_related(
            "accrual__term__agreement"
        ):
            if now.get(a.accrual_id, {}) != before.get(a.accrual_id, {}):
                self.revised.add((a.accrual.term.agreement.code, a.accrual.period))

    def of(self, party: str, *, agreement: str | None = None, year: int) -> Decimal:
        return sum(
            (
                yuan
                for (code, in_year, of), yuan in self.year.items()
                if of == party and in_year == year and agreement in (None, code)
            ),
            ZERO,
        )

    def in_month(self, party: str, month: date, agreement: str | None = None) -> Decimal:
        return sum(
            (
                yuan
                for (code, of_month, of), yuan in self.month.items()
                if of == party and of_month == month and agreement in (None, code)
            ),
            ZERO,
        )


# A world of adjustments ------------------------------------------------------------------------


def adjust(border: Border, people, when: str, water_class: str) -> None:
    border.measured(when, water_class)
    pipeline.recompute()
    for found in Adjustment.objects.filter(state="proposed"):
        review_adjustment(adjustment=found, by=people.bureau, reason="复核属实")
        approve_adjustment(adjustment=found, by=people.bureau2)


@pytest.fixture
def borders(told, border) -> dict[str, Border]:
    section = Section.objects.get(code="SECOND")
    other = Border(
        border.stranger, border.upstream, border.downstream, section.river, section,
        told["other"].agreement,
    )  # fmt: skip
    return {"TEST": border, "ZWEI": other}


def told_at_random(seed: int, borders: dict[str, Border], people) -> None:
    """Some adjustments before the closing of 2023, the closings, some after, some of 2024."""
    random = Random(seed)

    def some(year: int, last: int, most: int) -> None:
        for _ in range(random.randint(0, most)):
            code = random.choice(sorted(borders))
            when = f"{year}-{random.randint(1, last):02d}"
            adjust(borders[code], people, when, random.choice(CLASSES))

    with moved_to(date(2024, 10, 9)):
        some(2023, 12, 2)
    closed = [code for code in sorted(borders) if random.random() < 0.8]
    for code in closed:
        close_published_year(borders[code].agreement, 2023, people, on=date(2024, 10, 10))
    with moved_to(date(2024, 11, 3)):
        some(2023, 12, 3)
        some(2024, 9, 2)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_names_a_party_an_agreement_and_a_period_says_the_yuan_of_the_rule(
    seed, borders, people
):
    told_at_random(seed, borders, people)
    with moved_to(date(2024, 11, 20)):
        truth = Truth()
        years_agree(truth, people)
        months_agree(truth, borders, people)
        statements_agree(truth, people)
        published_years_agree(truth, people)


def years_agree(truth: Truth, people) -> None:
    bureau = viewer_of(people.bureau)
    for year in YEARS:
        months = [date(year, n, 1) for n in range(1, 13)]
        lines = {line.place.code: line for line in district_list(bureau, year).lines}
        listed = {line.code: line for line in settlement_list(bureau, year=year).lines}
        for place in (UP, DOWN, STRANGER):
            page = district(bureau, place, year)
            booked = truth.of(place, year=year)
            assert page.net == booked, (year, place)
            assert page.totals[-1].yuan == booked
            assert lines[place].net == booked
            for line in page.agreements:
                own = truth.of(place, agreement=line.code, year=year)
                assert line.net[-1].yuan == own
                parts = (line.receivable, line.payable, line.carried or line.net[:0])
                assert sum((row[-1].yuan or ZERO for row in parts if row), ZERO) == own
            for month, shown in zip(months, page.months, strict=True):
                assert (shown.yuan or ZERO) == truth.in_month(place, month)
                assert shown.revised == any(
                    (code, month) in truth.revised for code in RIVERS if _party(code, place)
                )
        for code, river in RIVERS.items():
            money = river_year(bureau, river, year)
            found = {p.code: net for p, net in zip(money.parties, money.nets, strict=True)}
            page = settlement_year(bureau, code, year)
            for party in found:
                booked = truth.of(party, agreement=code, year=year)
                assert found[party] == booked
                assert _net(page.booked, party) == booked
                assert _net(listed[code].nets, party) == booked
            for line in money.months:
                of_month = dict(zip([p.code for p in money.parties], line.nets, strict=True))
                for party, yuan in of_month.items():
                    assert yuan == truth.in_month(party, line.month, code)
                assert bool(line.revised) == ((code, line.month) in truth.revised)
            (section,) = page.sections
            for line in section.months:
                if line.computed:
                    assert line.yuan == truth.in_month(section.upstream.code, line.month, code)
                    assert bool(line.revised) == ((code, line.month) in truth.revised)


def months_agree(truth: Truth, borders: dict[str, Border], people) -> None:
    bureau = viewer_of(people.bureau)
    for code, border in borders.items():
        happened = what_happened(bureau, border.agreement)
        for accrual in Accrual.objects.filter(term__agreement__code=code, period__gte="2023-01-01"):
            month = accrual.period
            overview = {n.place.code: n.net for n in money_of_month(bureau, month).nets}
            page = settlement_month(bureau, code, month)
            explained = explain_month(bureau, code, month)
            document = document_of(explain_accrual(bureau, accrual.pk))
            holds = nets(
                (t["payer"]["code"], t["payee"]["code"], Decimal(t["yuan"]))
                for t in document["holds"]
            )
            revised = (code, month) in truth.revised
            assert ("已修订" in page.finding) == revised == bool(page.revisions)
            assert (document["revision"] is not None) == revised
            for party in (border.upstream.code, border.downstream.code):
                wanted = truth.in_month(party, month, code)
                assert overview.get(party, ZERO) == truth.in_month(party, month)
                assert _net(page.nets, party) == wanted
                assert _net_of(explained.nets, party) == wanted
                assert holds.get(party, ZERO) == wanted
                assert happened.nets.get(((month, False), party), ZERO) == wanted


def statements_agree(truth: Truth, people) -> None:
    bureau = viewer_of(people.bureau)
    for year in YEARS:
        for place in (UP, DOWN, STRANGER):
            paper = built(bureau, f"district:{place}:{year}")
            booked = truth.of(place, year=year)
            assert paper.amounts[0].yuan == booked
            (own,) = paper.sections[0].tables
            total = own.rows[-1].cells
            assert total[3] - total[4] + total[5] == total[6] == booked
            (months,) = paper.sections[1].tables
            assert months.rows[-1].cells[5] == total[3] - total[4]
        for code in RIVERS:
            paper = built(bureau, f"agreement:{code}:{year}")
            (own,) = next(each for each in paper.sections if each.title == "各方净额").tables
            for row in own.rows[:-1]:
                party = next(p for p, name in NAMES.items() if name == row.cells[0])
                booked = truth.of(party, agreement=code, year=year)
                assert row.cells[-1] == row.cells[2] + row.cells[3] == booked


def published_years_agree(truth: Truth, people) -> None:
    """As who is no party to it is told them."""
    stranger = viewer_of(people.stranger)  # party to the second alone
    page = published_year(stranger, "TEST", 2024)
    for party in (UP, DOWN):
        assert _net(page.booked, party) == truth.of(party, agreement="TEST", year=2024)


NAMES = {UP: "上游区", DOWN: "下游区", STRANGER: "外人区"}


def _party(agreement: str, place: str) -> bool:
    return place in {"TEST": (UP, DOWN), "ZWEI": (STRANGER, UP)}[agreement]


def _net(found, party: str) -> Decimal:
    return sum((n.yuan for n in found if n.place.code == party), ZERO)


def _net_of(found, party: str) -> Decimal:
    return sum((n.yuan for n in found if n.party.code == party), ZERO)
