"""Payments, readings and jobs, while web, worker, beat, backends and the server are killed.

Whoever asks does not know after a kill whether the answer was lost or the act: they ask again,
with the same voucher. After each kill the books balance, what was acknowledged is there, and
nothing is there twice; at the end everything that waited was done.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from jobs.models import Job
from monitoring.models import DirtyMonth
from settlements.checks.job import start_checks
from settlements.models import Accrual, JournalEntry, Payment
from tests.books import Ledger
from tests.processes import until
from tests.simulation.invariants import broken_promises, found
from tests.simulation.scheme import Scheme
from tests.simulation.site import LOST, PATIENCE, Site
from tests.slips import shown

VICTIMS = {"backend": 10, "web": 4, "worker": 3, "postmaster": 3, "beat": 1}
MONTH = date(2023, 11, 1)
PAID_ON = "2024-03-20"


@dataclass
class Killing:
    """A site at work, and what it was asked to do."""

    site: Site
    scheme: Scheme
    ledger: Ledger
    seed: int = 1
    acknowledged: list[str] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)

    @staticmethod
    def prepared() -> tuple[Scheme, Ledger]:
        """The world the site begins with; committed in the present database."""
        scheme = Scheme.make(MONTH)
        ledger = Ledger.make(scheme.people)
        ledger.owe("90000000")
        return scheme, ledger

    def run(self, kills: int) -> None:
        """That many shots; Site.killed counts what they hit.

        Raises AssertionError at the first thing lost or doubled.
        """
        dice = random.Random(self.seed)
        # Each victim at least once, the rest by their weights.
        order = [*VICTIMS][:kills]
        order += dice.choices(list(VICTIMS), list(VICTIMS.values()), k=kills - len(order))
        for number, victim in enumerate(order):
            self._something_waits(number)
            voucher = f"KILL-{number}"
            shot = self.site.later(dice.random() * 0.25, victim)
            self._pay(voucher, once=True)
            shot.join()
            self.site.restore(victim)
            self._pay(voucher)
            self.acknowledged.append(voucher)
            self._check(f"kill {number} ({victim})")
        self._quiet()

    def _something_waits(self, number: int) -> None:
        """A corrected reading and a job for the worker, as SQL enters them: no message."""
        self.scheme.measure(self.scheme.deals[0], MONTH, 2 if number % 2 else 4)
        if number % 5 == 0:
            self.jobs.append(start_checks(by=self.scheme.people.treasury, wake=False).pk)

    # One payment through the web ----------------------------------------------------------

    def _pay(self, voucher: str, *, once: bool = False) -> None:
        """Recorded by one, approved by another; asked again until it is acknowledged."""

        def acknowledged() -> bool:
            return self._record(voucher) and self._show(voucher) and self._approve(voucher)

        if once:
            acknowledged()
        else:
            until(acknowledged, seconds=PATIENCE, what=f"the payment {voucher}")

    def _record(self, voucher: str) -> bool:
        status, page = self.site.ask(
            "POST", "/ledger/payments/new/", "treasury", action="record", kind="direct",
            agreement="LEDGER", payer="500901", payee="500902", yuan="100", voucher=voucher,
            paid_on=PAID_ON,
        )  # fmt: skip
        # Refused because it is registered: the answer was lost, not the act.
        return status == 302 or (status == 422 and f"付款凭证号 {voucher} 已" in page)

    def _show(self, voucher: str) -> bool:
        """Its slip, kept beside: the site's own folder for files is another."""
        try:
            shown(Payment.objects.get(voucher=voucher))
        except LOST:
            connection.close()
            return False
        return True

    def _approve(self, voucher: str) -> bool:
        try:
            payment = Payment.objects.filter(voucher=voucher).first()
        except LOST:
            connection.close()
            return False
        if payment is None:
            return False
        status, page = self.site.ask(
            "POST", f"/ledger/payments/{payment.pk}/", "treasury2", action="approve"
        )
        return status == 302 or (status == 200 and "已复核入账" in page)

    # What must hold -----------------------------------------------------------------------

    def _check(self, after: str) -> None:
        connection.close()
        # The job of a killed worker waits for its lease and then for the next sweep.
        until(lambda: not _lapsed().exists(), seconds=PATIENCE, what="the sweep of a job")
        wrong = broken_promises()
        assert not wrong, f"after {after}: {wrong}"
        booked = Counter(
            JournalEntry.objects.filter(voucher__startswith="KILL-").values_list(
                "voucher", flat=True
            )
        )
        assert booked == Counter(self.acknowledged), f"after {after}: lost or doubled"

    def _quiet(self) -> None:
        """What waited is done by the sweep; then all checks hold."""
        until(lambda: not DirtyMonth.objects.exists(), seconds=PATIENCE, what="the marks")
        until(
            lambda: not Job.objects.filter(pk__in=self.jobs, state__in=Job.LIVE).exists(),
            seconds=PATIENCE,
            what="the jobs",
        )
        ended = set(Job.objects.filter(pk__in=self.jobs).values_list("state", flat=True))
        assert ended == {"done"}, f"jobs ended as {ended}"
        last = self.scheme.deals[0].truth[MONTH]
        accrual = Accrual.objects.get(term__agreement__code="TEST", period=MONTH)
        assert accrual.water_class == last, f"class {accrual.water_class}, measured {last}"
        wrong = found(thorough=True)
        assert not wrong, wrong
        paid = -sum(Payment.objects.values_list("yuan", flat=True), Decimal(0))
        assert paid == Decimal(-100 * len(self.acknowledged)), f"{paid} yuan paid"


def _lapsed() -> QuerySet[Job]:
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=Now())
