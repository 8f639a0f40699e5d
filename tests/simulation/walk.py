"""The model and the services side by side: each event tried, both must say the same."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from basins.clock import moved_to
from settlements import tasks
from settlements.ledger.services import offsets, payments, reversals
from settlements.models import (
    Adjustment,
    AgreementMonth,
    JournalEntry,
    Notice,
    Objection,
    Payment,
    Settlement,
    StateMove,
)
from settlements.moving.acts import Refused
from settlements.notices.services import months, notices
from settlements.objections.services import decisions, objections
from settlements.objections.services.decisions import Treatment
from settlements.years.services import adjustments, closing, signing
from tests.disputes import proofs
from tests.simulation.invariants import broken_promises
from tests.simulation.model import Model as Workflow
from tests.simulation.scheme import Scheme
from tests.slips import shown
from tests.worlds import AMMONIA

MONTH = date(2023, 12, 1)
BEFORE, AFTER = date(2024, 1, 18), date(2024, 2, 5)  # of the end of the objection period
MILLION = Decimal(1_000_000)
MODELS: dict[str, type[Model]] = {
    "notice": Notice, "month": AgreementMonth, "objection": Objection,
    "adjustment": Adjustment, "settlement": Settlement, "payment": Payment,
}  # fmt: skip


def _of(model: type[Model]) -> QuerySet:
    """The newest first; of years the one that is walked through."""
    all_of_them = model._default_manager.order_by("-pk")
    return all_of_them.filter(year=MONTH.year) if model is Settlement else all_of_them


class Undo(Exception):
    """Takes a try back."""


class Walk:
    """One agreement, one month, one year, in the caller's transaction."""

    def __init__(self) -> None:
        self.model, self.count = Workflow(), 0
        self.scheme = Scheme.make(MONTH)
        self.deal = self.scheme.deals[0]
        with self.clock():
            self.scheme.measure(self.deal, MONTH, 4)
            tasks.recompute()

    def clock(self):
        return moved_to(AFTER if self.model.over else BEFORE)

    # Trying -------------------------------------------------------------------------------

    def attempt(self, thing: str, event: str, who: str, *, undo: bool = False) -> bool:
        """Whether it was allowed; the model must have said the same. `undo`: take it back."""
        if self.model.unclear(thing, event, who):
            return False
        expected = self.model.allows(thing, event, who)
        before = None if expected else StateMove.objects.count()
        made, words = True, ""
        with self.clock():
            try:
                with transaction.atomic():
                    self._do(thing, event, getattr(self.scheme.people, who))
                    if undo:
                        raise Undo
            except Refused as error:
                made, words = False, str(error)
            except Undo:
                pass
        assert made == expected, (
            f"{thing}.{event} by {who} was {'done' if made else 'refused'} ({words}) in"
            f" {self.model.state}"
        )
        if not made:
            assert StateMove.objects.count() == before, (
                f"{thing}.{event} was refused, yet something moved"
            )
        elif not undo:
            self.model.happens(thing, event, who)
        return made

    def allowed(self, events, people) -> list[tuple[str, str, str]]:
        return [
            (thing, event, who)
            for thing, event in events
            for who in people
            if self.model.allows(thing, event, who) and not self.model.unclear(thing, event, who)
        ]

    def daily(self) -> None:
        with self.clock():
            tasks.daily()
        self.model.daily()

    def pass_the_deadline(self) -> None:
        if self.model.state["month"]:
            self.model.over = True
            self.daily()

    def correct(self) -> None:
        """The readings turn out the other class, and are recomputed."""
        self.scheme.measure(self.deal, MONTH, 6 - self.model.data)
        with self.clock():
            tasks.recompute()
        self.model.corrected()

    def add_evidence(self) -> None:
        if self.model.state["objection"] not in ("raised", "answered") or self.model.over:
            return
        with self.clock():
            objections.add_evidence(
                objection=self._last(Objection),
                by=getattr(self.scheme.people, self.model.raiser),
                item="original",
                file=SimpleUploadedFile("记录.pdf", b"%PDF-1.7 walk"),
            )

    def record_remeasurement(self) -> None:
        if self.model.state["objection"] != "remeasuring":
            return
        with self.clock():
            decisions.record_remeasurement(
                objection=self._last(Objection), by=self.scheme.people.bureau, text="相符"
            )
        self.model.measured = True

    def take_back(self) -> None:
        if not self.model.paid:
            return
        entry = JournalEntry.objects.filter(payment__isnull=False).latest("pk")
        with self.clock():
            asked = reversals.propose_reversal(
                entry=entry, why="误记", by=self.scheme.people.treasury
            )
            reversals.approve_reversal(reversal=asked, by=self.scheme.people.treasury2)
        self.model.taken_back()

    # Comparing ----------------------------------------------------------------------------

    def states(self) -> dict[str, str]:
        found = {}
        for thing, model in MODELS.items():
            found[thing] = _of(model).values_list("state", flat=True).first() or ""
        return found

    def agree(self) -> None:
        """The database is in the model's states, balanced, each state reached by a legal chain."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        found = self.states()
        if found["notice"] == "returned":
            found["notice"] = ""
        if found["objection"] == "withdrawn":
            found["objection"] = ""
        assert found == self.model.state, f"{found}, the model says {self.model.state}"
        wrong = broken_promises()
        assert not wrong, wrong
        owed = -self.deal.balances().get(self.deal.up.code, Decimal(0))
        assert owed == self.model.owed * MILLION, f"{owed} owed, not {self.model.owed} million"

    # Doing --------------------------------------------------------------------------------

    def _last(self, model: type[Model]) -> Any:
        found = _of(model).first()
        if found is None:
            raise Refused("there is none yet")
        return found

    def _do(self, thing: str, event: str, by: Any) -> object:
        special: Callable[[Any], object] | None = getattr(self, f"_{thing}_{event}", None)
        if special is not None:
            return special(by)
        service, name, more = SERVICES[thing, event]
        return service(**{name: self._last(MODELS[thing]), "by": by, **more})

    def _notice_prepare(self, by: Any) -> object:
        return notices.prepare_notice(month=MONTH, by=by)

    def _objection_raise(self, by: Any) -> object:
        return objections.raise_objection(
            month=self._last(AgreementMonth), by=by, kind="data_error",
            section=self.deal.section, reason="有误。", readings=[self.deal.key(MONTH)],
            files=proofs(),
        )  # fmt: skip

    def _objection_answer(self, by: Any) -> object:
        self.count += 1
        made = objections.reply(objection=self._last(Objection), by=by, text=f"答复 {self.count}")
        if made.kind != "answer":
            raise Refused("a remark is no answer")
        return made

    def _objection_accept(self, by: Any) -> object:
        value = Decimal(AMMONIA[6 - self.model.data])
        decided = decisions.accept_objection(
            unheard="急", objection=self._last(Objection), by=by, reason="记录有误",
            treatment=[Treatment("correct", reading=self.deal.key(MONTH), value=value)],
        )  # fmt: skip
        tasks.recompute()
        return decided

    def _payment_record(self, by: Any) -> object:
        self.count += 1
        sides = [self.deal.up, self.deal.down]
        if self.model.owed < 0:
            sides.reverse()
        return shown(
            payments.prepare_payment(
                agreement=self.deal.agreement, payer=sides[0], payee=sides[1],
                yuan=max(abs(self.model.owed), 1) * MILLION, voucher=f"PZ-{self.count}",
                paid_on=AFTER if self.model.over else BEFORE, by=by,
            )
        )  # fmt: skip


SERVICES: dict[tuple[str, str], tuple[Callable[..., object], str, dict[str, str]]] = {
    ("notice", "sign_off"): (notices.sign_off_notice, "notice", {}),
    ("notice", "return"): (notices.return_notice, "notice", {"reason": "改"}),
    ("month", "confirm"): (months.confirm_month, "agreement_month", {}),
    ("objection", "withdraw"): (objections.withdraw_objection, "objection", {}),
    ("objection", "remeasure"): (decisions.order_remeasurement, "objection", {"reason": "复测"}),
    ("objection", "reject"): (
        decisions.reject_objection,
        "objection",
        {"reason": "无误", "unheard": "急"},
    ),
    ("adjustment", "review"): (adjustments.review_adjustment, "adjustment", {"reason": "核"}),
    ("adjustment", "return"): (adjustments.return_adjustment, "adjustment", {"why": "再核"}),
    ("adjustment", "decline"): (adjustments.decline_adjustment, "adjustment", {"reason": "不"}),
    ("adjustment", "dismiss"): (adjustments.dismiss_adjustment, "adjustment", {}),
    ("adjustment", "approve"): (adjustments.approve_adjustment, "adjustment", {}),
    ("settlement", "sign_data"): (signing.sign_data, "settlement", {}),
    ("settlement", "confirm"): (signing.confirm_amounts, "settlement", {}),
    ("settlement", "prepare"): (closing.prepare_closing, "settlement", {}),
    ("settlement", "return"): (closing.return_closing, "settlement", {"why": "再核"}),
    ("settlement", "close"): (closing.close_settlement, "settlement", {}),
    ("payment", "approve"): (payments.approve_payment, "payment", {}),
    ("payment", "decline"): (offsets.decline_offset, "payment", {"why": "不"}),
    ("payment", "reject"): (payments.reject_payment, "payment", {"why": "错"}),
}
