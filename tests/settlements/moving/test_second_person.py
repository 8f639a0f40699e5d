"""What waits for a second person is in that person's 待办 and told to them, never to the preparer."""

from datetime import date

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification, User
from settlements.ledger.services.carryovers import propose_carryover
from settlements.ledger.services.payments import Kind, prepare_payment, reject_payment
from settlements.ledger.services.reconciliation import propose_correction, state_balance
from settlements.ledger.services.reversals import propose_reversal
from settlements.models import JournalEntry, Payment
from settlements.money import yuan
from settlements.reference.services.ending import end_place
from settlements.shown.history import history_of
from settlements.work.queries.work import counts
from tests.drafting import person, submitted
from tests.slips import shown
from tests.told_once import bare, of_told, told_instead, told_once, with_ledger

told = told_once(with_ledger)
ledger = of_told("ledger")
TODAY = date(2024, 4, 1)


def payment(ledger, by: User) -> None:
    shown(
        prepare_payment(
            agreement=ledger.agreement, kind=Kind.DIRECT, payer=ledger.up, payee=ledger.down,
            yuan=yuan("1000"), paid_on=date(2024, 3, 20), voucher="CZ-9", by=by,
        )
    )  # fmt: skip


def reversal(ledger, by: User) -> None:
    ledger.pay("1000")
    entry = JournalEntry.objects.get(payment__isnull=False)
    propose_reversal(entry=entry, why="重复登记", by=by)


def correction(ledger, by: User) -> None:
    statement = state_balance(
        account=ledger.account(ledger.up), as_of=date(2024, 2, 29), amount="-999990", note="在途",
        by=by,
    )  # fmt: skip
    propose_correction(
        statement=statement, against=ledger.account(ledger.down), why="双方核实", by=by
    )


def carryover(ledger, by: User) -> None:
    ended, paper = date(2024, 2, 10), "渝府〔2024〕1号"
    end_place(place=ledger.up, on=ended, source=paper, by=ledger.people.admin)
    ledger.up.refresh_from_db()
    propose_carryover(ended=ledger.up, successor=ledger.stranger, on=ended, document=paper, by=by)


@pytest.mark.parametrize(("prepare", "source", "words"), [
    (payment, "payments-to-approve", "登记了付款 CZ-9：上游区付下游区 1,000.00 元，请您复核"),
    (reversal, "reversals-to-approve", "重复登记，请您复核"),
    (correction, "corrections-to-approve", "申请更正余额"),
    (carryover, "carryovers-to-approve", "上游区的账户余额由外人区承继（渝府〔2024〕1号），请您复核"),
])  # fmt: skip
def test_what_the_treasury_prepared_waits_for_its_second_person_alone(
    ledger, prepare, source, words
):
    people = ledger.people
    with moved_to(TODAY):
        ledger.owe("1000000")
        prepare(ledger, people.treasury)
        waiting = {
            who: counts(viewer_of(getattr(people, who))).by_source.get(source, 0)
            for who in ("treasury", "treasury2")
        }
    assert waiting == {"treasury": 0, "treasury2": 1}
    told_of = Notification.objects.filter(text__contains=words)
    assert [n.user for n in told_of] == [people.treasury2]
    assert str(people.treasury) in told_of.get().text


@told_instead(bare)
def test_a_draft_waits_for_an_administrator_who_had_no_hand_in_it(border, people):
    other = person("admin-two")
    draft = submitted(border, people.admin)
    key = "drafts-to-activate"
    assert counts(viewer_of(other)).by_source[key] == 1
    assert counts(viewer_of(people.admin)).by_source.get(key, 0) == 0
    (note,) = Notification.objects.filter(text__contains="请您核对启用")
    assert note.user == other
    assert f"/drafts/{draft.pk}/" in note.link


def test_a_payments_history_is_told_in_words_with_names_for_who_sees_all(ledger):
    people = ledger.people
    with moved_to(TODAY):
        ledger.owe("1000000")
        payment(ledger, people.treasury)
        made = Payment.objects.get()
        reject_payment(payment=made, why="凭证号不清", by=people.treasury2)
    told_to = {
        who: [(line.words, line.who, line.note) for line in
              history_of(viewer_of(getattr(people, who)), "payment", made.pk)]
        for who in ("bureau", "district")
    }  # fmt: skip
    assert told_to["bureau"] == [
        ("登记付款", "treasury", ""), ("退回付款", "treasury2", "凭证号不清"),
    ]  # fmt: skip
    assert told_to["district"] == [("登记付款", "市局", ""), ("退回付款", "市局", "")]
