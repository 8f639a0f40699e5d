"""A whole life of books, committed, on which every check holds: for tests that break one."""

from dataclasses import dataclass
from datetime import date

from basins.access import viewer_of
from basins.clock import moved_to
from settlements import pipeline
from settlements.ledger.services.reconciliation import state_balance
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import Adjustment, JournalEntry, Settlement
from settlements.notices.services.months import finalise_due, lapse_due
from settlements.papers.queries.papers import agreement_paper
from settlements.papers.queries.sources import Standing
from settlements.papers.services.papers import issue
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.books import Ledger
from tests.published import published
from tests.worlds import Border, People, begun_later


@dataclass
class World:
    """上游区 owes for 2022 and 2023 (IV where III is the target); two agreements without a
    river's months hold the entries that tests break.

    Entries by name: `closing` of 2023 and, on the same day right after it, `collected`;
    `reversal`; `first`, `second` and `last` of the spare agreement. `before` was adjusted
    before its year was closed, `after` after it.
    """

    border: Border
    people: People
    ledger: Ledger
    before: Adjustment
    after: Adjustment
    entries: dict[str, JournalEntry]

    @classmethod
    def make(cls) -> "World":
        border, people = Border.make(), People.make()
        begun_later(border, date(2022, 1, 1))
        ledger = Ledger.make(people)
        with moved_to(date(2024, 1, 20)):
            for when in border.months("2021-01", "2021-12"):
                border.measured(when, "III")
            for when in border.months("2022-01", "2023-12"):
                border.measured(when, "IV")
            pipeline.recompute()
            for when in border.months("2022-01", "2023-12"):
                published(people, when)
        with moved_to(date(2024, 2, 5)):
            before = _corrected(border, people, "2023-05", "II")
            lapse_due()
            finalise_due()
        entries: dict[str, JournalEntry] = {}
        _first_year(border, people, ledger)
        with moved_to(date(2024, 2, 28)):
            entries["closing"] = _closed(border, people, 2023)
            entries["collected"] = ledger.pay(
                "1000000", on=date(2024, 2, 28), kind="collection", agreement=border.agreement
            )
        with moved_to(date(2024, 3, 5)):
            after = _corrected(border, people, "2023-06", "II")
            _stated(ledger, people, border)
        _paid_and_reversed(ledger, people, entries)
        entries["first"] = _owed(ledger, "5", date(2024, 3, 10))
        entries["second"] = _owed(ledger, "6", date(2024, 3, 12))
        with moved_to(date(2024, 3, 13)):
            for when in ("2024-01", "2024-02"):
                border.measured(when, "IV")
            pipeline.recompute()
            for when in ("2024-01", "2024-02"):
                published(people, when)
            paper = agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2023)
            assert paper is not None
            issue(paper, people.bureau)
        entries["last"] = _owed(ledger, "7", date(2024, 3, 15))
        with moved_to(date(2024, 4, 10)):
            border.measured("2024-03", "III")
            pipeline.recompute()
        return cls(border, people, ledger, before, after, entries)


def _corrected(border: Border, people: People, when: str, water_class: str) -> Adjustment:
    border.measured(when, water_class)
    pipeline.recompute()
    adjustment = Adjustment.objects.get(state__in=Adjustment.PENDING)
    review_adjustment(adjustment=adjustment, by=people.bureau, reason="复核属实")
    return approve_adjustment(adjustment=adjustment, by=people.bureau2)


def _closed(border: Border, people: People, year: int) -> JournalEntry:
    settlement = Settlement.objects.get(agreement=border.agreement, year=year)
    for act in (sign_data, confirm_amounts):
        for person in (people.district, people.downstream):
            act(settlement=settlement, by=person)
    prepare_closing(settlement=settlement, by=people.bureau)
    close_settlement(settlement=settlement, by=people.bureau2)
    return JournalEntry.objects.get(settlement=settlement)


def _first_year(border: Border, people: People, ledger: Ledger) -> None:
    """2022 closed, paid in part directly and in part through the treasury."""
    with moved_to(date(2024, 2, 20)):
        _closed(border, people, 2022)
    day = date(2024, 2, 22)
    with moved_to(day):
        for kind in ("direct", "collection", "disbursement"):
            ledger.pay("2000000", on=day, kind=kind, agreement=border.agreement)


def _stated(ledger: Ledger, people: People, border: Border) -> None:
    """The downstream district's books agree, the upstream's differ by a payment under way."""
    for place, person, other in (
        (ledger.down, people.downstream, 0),
        (ledger.up, people.district, 5),
    ):
        account = border.agreement.accounts.get(jurisdiction=place)
        with moved_to(date(2024, 3, 6)):
            ours = ledger_balance(account)
            state_balance(
                account=account,
                as_of=date(2024, 3, 5),
                amount=ours + other,
                note="回单未到" if other else "",
                by=person,
            )


def ledger_balance(account):
    from settlements.ledger.balances import balance

    return balance(account, date(2024, 3, 5))


def _paid_and_reversed(ledger: Ledger, people: People, entries: dict[str, JournalEntry]) -> None:
    with moved_to(date(2024, 3, 7)):
        ledger.owe("100", on=date(2024, 3, 7))
        paid = ledger.pay("40", on=date(2024, 3, 7))
    with moved_to(date(2024, 3, 8)):
        request = propose_reversal(entry=paid, why="退汇", by=people.treasury)
        entries["reversal"] = approve_reversal(reversal=request, by=people.treasury2)
        ledger.pay("150", on=date(2024, 3, 8), overpayment=True, overpayment_why="预付")


def _owed(ledger: Ledger, amount: str, on: date) -> JournalEntry:
    with moved_to(on):
        return ledger.owe(amount, agreement=ledger.other, on=on)
