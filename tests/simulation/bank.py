"""A bank test: many sessions at once pay, reverse, close, reconcile, confirm and read.

Every session has a connection and a clock of its own. A read of all balances sums to zero
whatever the others are doing; afterwards numbers have no gap and vouchers are single.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from basins.clock import moved_to
from settlements import pipeline
from settlements.ledger.balances import balances
from settlements.ledger.services import payments, reconciliation, reversals
from settlements.ledger.services.ledger import NotReversible
from settlements.models import (
    AgreementMonth,
    JournalEntry,
    LedgerAccount,
    Payment,
    Posting,
    Reversal,
    Settlement,
)
from settlements.moving.acts import Refused
from settlements.notices.services import months, notices
from settlements.years.services import closing, signing
from tests.books import Ledger
from tests.simulation.invariants import found
from tests.simulation.scheme import Scheme, months_of
from tests.simulation.together import at_once
from tests.slips import shown

TODAY = date(2024, 3, 20)
CHANCES = {
    "read": 30, "pay": 18, "approve": 18, "reverse": 8, "reconcile": 4, "confirm": 8, "close": 12,
    "voucher_again": 2,
}  # fmt: skip


@dataclass
class Bank:
    """Two agreements with a large debt, and one whose years wait to be confirmed and closed."""

    ledger: Ledger
    scheme: Scheme
    done: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def make(cls) -> "Bank":
        with moved_to(TODAY):
            scheme = Scheme.make(date(2022, 11, 1))
            ledger = Ledger.make(scheme.people)
            ledger.owe("900000000")
            ledger.owe("900000000", agreement=ledger.other, debtor=ledger.down, creditor=ledger.up)
            deal = scheme.deals[0]
            for year in (2022, 2023):
                for month in months_of(year, date(2022, 11, 1)):
                    scheme.measure(deal, month, 4)
            pipeline.recompute()
            for year in (2022, 2023):
                for month in months_of(year, date(2022, 11, 1)):
                    notice = notices.prepare_notice(month=month, by=scheme.people.bureau)
                    notices.sign_off_notice(notice=notice, by=scheme.people.bureau2)
        return cls(ledger, scheme)

    def run(self, *, sessions: int, operations: int, seed: int = 1) -> None:
        """That many operations in each session; collects what went wrong."""
        answers = at_once([self._session(n, operations, seed) for n in range(sessions)])
        self.wrong += [repr(a) for a in answers if isinstance(a, Exception)]
        self.wrong += self.counted()

    def _session(self, number: int, operations: int, seed: int) -> Callable[[], object]:
        def work() -> None:
            dice = random.Random(seed * 1000 + number)
            with moved_to(TODAY):
                for step in range(operations):
                    name = dice.choices(list(CHANCES), list(CHANCES.values()))[0]
                    try:
                        getattr(self, f"_{name}")(dice, f"{number}-{step}")
                        self.done[name] += 1
                    except (Refused, NotReversible):
                        self.refused[name] += 1

        return work

    # Operations ---------------------------------------------------------------------------

    def _read(self, dice: random.Random, name: str) -> None:
        total = sum(balances(None, date(9998, 12, 31)).values(), Decimal(0))
        posted = Posting.objects.aggregate(sum=Sum("yuan"))["sum"]
        if total or posted:
            self.wrong.append(f"a read summed to {total} and {posted}")

    def _pay(self, dice: random.Random, name: str) -> None:
        kind = dice.choice(["direct", "direct", "collection", "offset"])
        ledger = self.ledger
        given = {"kind": kind, "payer": ledger.up, "payee": ledger.down}
        if kind == "offset":
            given["other_agreement"] = ledger.other
        payments.prepare_payment(
            agreement=ledger.agreement, yuan=Decimal(dice.randint(1, 99999)) / 100,
            voucher=f"BK-{name}", paid_on=TODAY, by=ledger.people.treasury, **given,
        )  # fmt: skip

    def _voucher_again(self, dice: random.Random, name: str) -> None:
        """Everybody tries the same few vouchers."""
        payments.prepare_payment(
            agreement=self.ledger.agreement, payer=self.ledger.up, payee=self.ledger.down,
            yuan="1", voucher=f"SAME-{dice.randint(1, 3)}", paid_on=TODAY,
            by=self.ledger.people.treasury,
        )  # fmt: skip

    def _approve(self, dice: random.Random, name: str) -> None:
        waiting = Payment.objects.filter(state="prepared")
        if (found := waiting.order_by("?").first()) is not None:
            shown(found)
            payments.approve_payment(payment=found, by=self.ledger.people.treasury2)

    def _reverse(self, dice: random.Random, name: str) -> None:
        asked = Reversal.objects.filter(state="prepared").order_by("?").first()
        if asked is not None and dice.random() < 0.6:
            reversals.approve_reversal(reversal=asked, by=self.ledger.people.treasury2)
            return
        entry = JournalEntry.objects.filter(payment__isnull=False).order_by("?").first()
        if entry is not None:
            reversals.propose_reversal(entry=entry, why="误记", by=self.ledger.people.treasury)

    def _reconcile(self, dice: random.Random, name: str) -> None:
        account = LedgerAccount.objects.get(
            jurisdiction=self.ledger.up, agreement=self.ledger.agreement, kind="compensation"
        )
        reconciliation.state_balance(
            account=account, as_of=TODAY, amount=dice.randint(-9, 9), note=f"在途 {name}",
            by=self.ledger.people.district,
        )  # fmt: skip

    def _confirm(self, dice: random.Random, name: str) -> None:
        own = AgreementMonth.objects.filter(state="published").order_by("month").first()
        if own is None:
            months.finalise_due()
            return
        by = dice.choice([self.scheme.people.district, self.scheme.people.downstream])
        months.confirm_month(agreement_month=own, by=by)

    def _close(self, dice: random.Random, name: str) -> None:
        """The next step of a year, whatever it is; several try at once."""
        people = self.scheme.people
        year = Settlement.objects.exclude(state__in=Settlement.FIXED).order_by("?").first()
        if year is None:
            return
        months.finalise_due()
        if year.state in ("open", "signed"):
            act = signing.sign_data if year.state == "open" else signing.confirm_amounts
            act(settlement=year, by=dice.choice([people.district, people.downstream]))
        elif year.state == "confirmed":
            closing.prepare_closing(settlement=year, by=people.bureau)
        else:
            closing.close_settlement(settlement=year, by=people.bureau2)

    # Afterwards ---------------------------------------------------------------------------

    def counted(self) -> list[str]:
        """What is wrong with the books when all is quiet."""
        wrong = found()
        numbers = list(
            JournalEntry.objects.filter(year=TODAY.year)
            .order_by("number")
            .values_list("number", flat=True)
        )
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append("numbers have a gap")
        live = Payment.objects.filter(reversed_on__isnull=True).exclude(state="rejected")
        vouchers = list(live.values_list("voucher", flat=True))
        if len(vouchers) != len(set(vouchers)):
            wrong.append("a voucher stands twice")
        return wrong
