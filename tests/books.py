"""Debts and payments for tests of the ledger, on an agreement without a river's months."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.clock import now
from basins.models import Jurisdiction, River, User
from settlements.ledger.balances import balance
from settlements.ledger.services.ledger import Line, account_of, post
from settlements.ledger.services.opening import (
    OpeningFile,
    OpeningRow,
    approve_opening,
    prepare_opening,
)
from settlements.ledger.services.opening_once import taken
from settlements.ledger.services.payments import approve_payment, prepare_payment
from settlements.models import (
    Agreement,
    BalanceStatement,
    JournalEntry,
    LedgerAccount,
    Party,
    Payment,
)
from settlements.money import yuan
from tests.slips import shown
from tests.worlds import People, jurisdiction

DAY = date(2024, 2, 2)
PAID = date(2024, 3, 20)


@dataclass
class Ledger:
    """上游区 and 下游区 with two agreements between them, and the treasury above."""

    up: Jurisdiction
    down: Jurisdiction
    stranger: Jurisdiction
    treasury: Jurisdiction
    agreement: Agreement
    other: Agreement
    people: People | None = None
    vouchers: int = 0

    @classmethod
    def make(cls, people: People | None = None) -> "Ledger":
        up, down = jurisdiction("500901", "上游区"), jurisdiction("500902", "下游区")
        stranger = jurisdiction("500903", "外人区")
        city = Jurisdiction.objects.get(code="500000")
        treasury = jurisdiction("500000-T", "市级财政", Jurisdiction.Level.TREASURY)
        Jurisdiction.objects.filter(pk__in=[up.pk, down.pk, treasury.pk]).update(parent=city)
        river = River.objects.create(code="LEDGERHE", name="台账河", level=1)
        agreements = []
        for code, title in (("LEDGER", "台账河协议"), ("OTHER", "另一协议")):
            agreement = Agreement.objects.create(
                code=code, title=title, river=river, state=Agreement.State.ACTIVE
            )
            for order, party in enumerate((up, down), start=1):
                Party.objects.create(agreement=agreement, jurisdiction=party, order=order)
            agreements.append(agreement)
        return cls(up, down, stranger, treasury, *agreements, people)

    def owe(
        self,
        amount: str,
        *,
        debtor: Jurisdiction | None = None,
        creditor: Jurisdiction | None = None,
        agreement: Agreement | None = None,
        on: date = DAY,
        booked_on: date | None = None,
    ) -> JournalEntry:
        """The debtor (上游区) owes the creditor (下游区): one entry with both accounts."""
        agreement = agreement or self.agreement
        self.vouchers += 1
        pair = (debtor or self.up, -yuan(amount)), (creditor or self.down, yuan(amount))
        if taken([(place.code, agreement.code) for place, _ in pair], on):
            return self._found_owing(pair, agreement, on, booked_on or on)
        rows = tuple(OpeningRow(place, agreement, amount, "") for place, amount in pair)
        file = OpeningFile("期初.csv", f"{self.vouchers:064d}", rows)
        batch = prepare_opening(file=file, on=on, by=None)
        return approve_opening(batch=batch, by=None, booked_on=booked_on or on)

    def owe_more(
        self,
        amount: str,
        *,
        agreement: Agreement | None = None,
        on: date = DAY,
        booked_on: date | None = None,
    ) -> JournalEntry:
        """上游区 owes 下游区, as a 对账 found: an entry of their own, no opening."""
        pair = (self.up, -yuan(amount)), (self.down, yuan(amount))
        return self._found_owing(pair, agreement or self.agreement, on, booked_on or on)

    def _found_owing(self, pair, agreement: Agreement, on: date, booked_on: date) -> JournalEntry:
        """An account is opened once: what it owes besides is what a 对账 found."""
        lines = [
            Line(account_of(place, agreement, opened_on=min(on, booked_on)), amount)
            for place, amount in pair
        ]
        ours = balance(lines[0].account, on)
        statement = BalanceStatement.objects.create(
            account=lines[0].account, as_of=on, yuan=ours + lines[0].yuan, our_yuan=ours,
            note="另欠", by=(self.people or People.make()).treasury, at=now(),
        )  # fmt: skip
        return post(
            cause=JournalEntry.Cause.RECONCILIATION, on=booked_on, effective_on=on,
            text="另欠", statement=statement, lines=lines, by=None,
        )  # fmt: skip

    def prepare(self, amount: str, *, by: User | None = None, **given) -> Payment:
        """上游区 pays 下游区, unless said otherwise; recorded by the treasury's first person, with its slip
        (an offset: both consent)."""
        self.vouchers += 1
        payment = prepare_payment(
            **{
                "agreement": self.agreement,
                "payer": self.up,
                "payee": self.down,
                "yuan": amount,
                "voucher": f"PZ-{self.vouchers}",
                "paid_on": PAID,
                "by": by or self.people.treasury,
                **given,
            }
        )
        return shown(payment)

    def pay(self, amount: str, *, on: date = PAID, **given) -> JournalEntry:
        payment = self.prepare(amount, **{"paid_on": on, **given})
        return approve_payment(payment=payment, by=self.people.treasury2, on=on)

    def account(
        self,
        place: Jurisdiction,
        agreement: Agreement | None = None,
        kind: str = LedgerAccount.Kind.COMPENSATION,
    ) -> LedgerAccount:
        return account_of(place, agreement or self.agreement, kind=kind, opened_on=DAY)

    def balance(self, place: Jurisdiction, **given) -> Decimal:
        return balance(self.account(place), **given)
