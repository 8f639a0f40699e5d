"""对账 and what comes after it: earlier payments, corrections, closed accounts."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification
from settlements.ledger.books.books import verify
from settlements.ledger.queries.reconciliation import statements
from settlements.ledger.services.accounts import AccountRefused, retire_account
from settlements.ledger.services.ledger import reverse
from settlements.ledger.services.opening import (
    OpeningFile,
    OpeningRefused,
    OpeningRow,
    prepare_opening,
)
from settlements.ledger.services.payments import (
    PaymentRefused,
    examine_payment,
)
from settlements.ledger.services.reconciliation import (
    StatementRefused,
    approve_correction,
    propose_correction,
    reject_correction,
    state_balance,
)
from settlements.models import Agreement, BalanceStatement, Correction, JournalEntry
from settlements.money import yuan
from settlements.moving.acts import NotAllowed
from tests.slips import approve_payment, shown
from tests.told_once import World, of_told, told_once, with_ledger

LATE_FEBRUARY = date(2024, 2, 29)


def owing() -> World:
    world = with_ledger()
    with moved_to(date(2024, 2, 3)):
        world["ledger"].owe("1000000")
    return world


told = told_once(owing)
ledger = of_told("ledger")


def stated(
    ledger, amount: str, *, as_of: date = LATE_FEBRUARY, on: date = date(2024, 3, 1), place=None
):
    with moved_to(on):
        return state_balance(
            account=ledger.account(place or ledger.up), as_of=as_of, amount=amount,
            note="在途", by=ledger.people.treasury,
        )  # fmt: skip


def line(ledger, statement: BalanceStatement):
    found = statements(viewer_of(ledger.people.treasury))
    return next(each for each in found if each.pk == statement.pk)


# A payment of an earlier day ----------------------------------------------------------------


def test_a_payment_dated_before_a_statement_says_which_it_changes_and_marks_it(ledger):
    agreed = stated(ledger, "-1000000")
    later = stated(ledger, "-999999", as_of=date(2024, 2, 10))
    elsewhere = stated(ledger, "1000000", place=ledger.down, as_of=date(2024, 2, 4))
    with moved_to(date(2024, 3, 2)):
        draft = examine_payment(
            agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="5",
            voucher="X", paid_on=date(2024, 2, 8),
        )  # fmt: skip
        assert set(draft.changes) == {agreed, later}
        payment = ledger.prepare("5", paid_on=date(2024, 2, 8))
        assert not line(ledger, agreed).changed_by
        entry = approve_payment(payment=payment, by=ledger.people.treasury2)
    assert line(ledger, agreed).changed_by == line(ledger, later).changed_by == (entry.label,)
    assert line(ledger, elsewhere).changed_by == ()
    told = Notification.objects.filter(
        user=ledger.people.treasury, key__startswith="statement.moved:"
    )
    assert told.count() == 2
    assert entry.label in told[0].text
    reverse(entry, on=date(2024, 3, 2), why="退汇", by=None)
    assert line(ledger, agreed).changed_by  # taken back in March: February stays another


def test_a_payment_after_the_day_changes_no_statement(ledger):
    agreed = stated(ledger, "-1000000")
    with moved_to(date(2024, 3, 20)):
        ledger.pay("5")
    assert line(ledger, agreed).changed_by == ()


def test_the_page_says_it_before_the_payment_is_recorded_and_before_it_is_approved(client, ledger):
    stated(ledger, "-1000000")
    typed = {
        "kind": "direct", "agreement": "LEDGER", "payer": "500901", "payee": "500902", "yuan": "5",
        "voucher": "Y", "paid_on": "2024-02-08", "action": "check",
    }  # fmt: skip
    client.force_login(ledger.people.treasury)
    checked = client.post("/ledger/payments/new/", typed).content.decode()
    assert "改变的对账" in checked
    assert "上游区 2024-02-29：应付" in checked
    recorded = client.post("/ledger/payments/new/", typed | {"action": "record"}, follow=True)
    assert "改变的对账" in recorded.content.decode()
    payment = shown(ledger.agreement.payments.get())
    client.force_login(ledger.people.treasury2)
    client.post(f"/ledger/payments/{payment.pk}/", {"action": "approve"})
    listed = client.get("/ledger/reconcile/").content.decode()
    assert "余额已变" in listed
    assert payment.entry.label in listed


# Corrections --------------------------------------------------------------------------------


def asked(ledger, statement) -> Correction:
    return propose_correction(
        statement=statement, against=ledger.account(ledger.down), why="双方核实",
        by=ledger.people.treasury,
    )  # fmt: skip


def test_a_difference_is_asked_for_by_one_and_booked_by_another(ledger):
    people, statement = ledger.people, stated(ledger, "-999990")
    assert line(ledger, statement).may_be_corrected
    correction = asked(ledger, statement)
    assert not line(ledger, statement).may_be_corrected
    assert JournalEntry.objects.count() == 1
    with pytest.raises(StatementRefused, match="须由另一人"):
        approve_correction(correction=correction, by=people.treasury)
    for who in (people.bureau, people.district, people.auditor):
        with pytest.raises(NotAllowed):
            approve_correction(correction=correction, by=who)
    with pytest.raises(StatementRefused, match="正待复核"):
        asked(ledger, statement)
    entry = approve_correction(correction=correction, by=people.treasury2)
    assert ledger.balance(ledger.up) == yuan("-999990")
    assert ledger.balance(ledger.down) == yuan("999990")
    assert line(ledger, statement).corrected_by == entry.label
    with pytest.raises(StatementRefused, match="不能再办理"):
        approve_correction(correction=correction, by=people.treasury2)
    with pytest.raises(StatementRefused, match=f"已由 {entry.label} 更正"):
        asked(ledger, statement)
    reverse(entry, on=entry.booked_on, why="误", by=None)
    with pytest.raises(StatementRefused, match="更正后又冲销，请重新对账"):
        asked(ledger, statement)
    assert verify().sound


def test_a_declined_correction_books_nothing_and_may_be_asked_for_again(ledger):
    statement = stated(ledger, "-999990")
    declined = asked(ledger, statement)
    with pytest.raises(StatementRefused, match="退回理由"):
        reject_correction(correction=declined, why=" ", by=ledger.people.treasury2)
    reject_correction(correction=declined, why="未核实", by=ledger.people.treasury2)
    assert asked(ledger, statement).pk != declined.pk
    assert JournalEntry.objects.count() == 1


def test_a_difference_that_is_cleared_is_not_corrected(ledger):
    under_way = stated(ledger, "-999990")
    waiting = asked(ledger, under_way)
    with moved_to(date(2024, 3, 2)):  # the slip arrives: the payment counts from its day
        entry = approve_payment(
            payment=ledger.prepare("10", paid_on=date(2024, 2, 28)), by=ledger.people.treasury2
        )
    words = f"{entry.label} 改变了这一天的余额，差额已消除"
    with pytest.raises(StatementRefused, match=words):
        approve_correction(correction=waiting, by=ledger.people.treasury2)
    waiting.refresh_from_db()
    assert waiting.state == "prepared"


def test_a_difference_that_became_another_or_was_stated_again_is_not_corrected(ledger):
    statement = stated(ledger, "-999990")
    with moved_to(date(2024, 3, 2)):
        ledger.pay("4", on=date(2024, 3, 2), paid_on=date(2024, 2, 28))
    with pytest.raises(StatementRefused, match=r"差额现为 6\.00 元，请重新对账"):
        asked(ledger, statement)
    again = stated(ledger, "-999990", on=date(2024, 3, 3))
    with pytest.raises(StatementRefused, match="此后 2024-02-29 的对账另有差额"):
        asked(ledger, statement)
    assert asked(ledger, again)
    agreed = stated(ledger, "-999996", as_of=date(2024, 3, 2), on=date(2024, 3, 4))
    with pytest.raises(StatementRefused, match="已相符，差额已消除"):
        asked(ledger, again)
    with pytest.raises(StatementRefused, match="没有可更正的差额"):
        asked(ledger, agreed)


def test_a_correction_needs_a_reason_and_another_account_of_the_agreement(ledger):
    statement = stated(ledger, "-999990")
    given = {"statement": statement, "by": ledger.people.treasury}
    with pytest.raises(StatementRefused, match="理由"):
        propose_correction(against=ledger.account(ledger.down), why=" ", **given)
    for account in (ledger.account(ledger.up), ledger.account(ledger.down, ledger.other)):
        with pytest.raises(StatementRefused, match="同一协议的另一个"):
            propose_correction(against=account, why="核实", **given)
    with pytest.raises(NotAllowed):
        propose_correction(
            statement=statement, against=ledger.account(ledger.down), why="核实",
            by=ledger.people.district,
        )  # fmt: skip


def test_the_database_wants_two_persons_for_a_correction_too(ledger):
    correction = asked(ledger, stated(ledger, "-999990"))
    with pytest.raises(IntegrityError, match="correction_two_persons"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(
            state="approved", approved_by=ledger.people.treasury
        )
    with pytest.raises(IntegrityError, match="不能改动"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(why="另")


def test_a_correction_on_its_pages(client, ledger):
    statement = stated(ledger, "-999990")
    address = f"/ledger/statements/{statement.pk}/correct/"
    client.force_login(ledger.people.treasury)
    assert address in client.get("/ledger/reconcile/").content.decode()
    form = client.get(address).content.decode()
    assert "将记入的差额" in form
    typed = {"against": ledger.account(ledger.down).pk, "why": "双方核实，见函"}
    assert "请选择对方账户" in client.post(address, {"why": "x"}).content.decode()
    checked = client.post(address, typed).content.decode()
    assert "下游区 台账河协议" in checked
    done = client.post(address, typed | {"action": "do"}, follow=True).content.decode()
    assert "更正已提出" in done
    correction = Correction.objects.get()
    page = f"/ledger/corrections/{correction.pk}/"
    assert "您登记了此事，不能复核" in client.get(page).content.decode()
    assert client.get(address)["Location"] == page
    client.force_login(ledger.people.treasury2)
    booked = client.post(page, {"action": "approve"}, follow=True).content.decode()
    assert "已复核入账：DZ-" in booked
    assert "已更正" in client.get("/ledger/reconcile/").content.decode()


# Closing an account -------------------------------------------------------------------------


def settled(ledger):
    with moved_to(date(2024, 3, 20)):
        ledger.pay("1000000")
    Agreement.objects.filter(pk=ledger.agreement.pk).update(state=Agreement.State.ENDED)
    return ledger.account(ledger.up)


def test_an_empty_account_of_an_ended_agreement_is_closed_once(ledger):
    account, treasury = settled(ledger), ledger.people.treasury
    for on, words in (
        (date(2024, 3, 19), "最后一笔记于 2024-03-20"),
        (date(2023, 1, 1), "不能早于开户"),
        (date(2999, 1, 1), "在今天之后"),
    ):
        with pytest.raises(AccountRefused, match=words):
            retire_account(account=account, on=on, by=treasury)
    for who in (ledger.people.bureau, ledger.people.district, ledger.people.admin):
        with pytest.raises(NotAllowed):
            retire_account(account=account, on=date(2024, 4, 1), by=who)
    assert retire_account(account=account, on=date(2024, 4, 1), by=treasury).closed_on
    with pytest.raises(AccountRefused, match="已于 2024-04-01 销户"):
        retire_account(account=account, on=date(2024, 4, 1), by=treasury)


def test_an_account_that_holds_something_or_is_needed_stays_open(ledger):
    account, treasury = ledger.account(ledger.up), ledger.people.treasury
    on = date(2024, 4, 1)
    with pytest.raises(AccountRefused, match="不为零"):
        retire_account(account=account, on=on, by=treasury)
    settled(ledger)
    Agreement.objects.filter(pk=ledger.agreement.pk).update(state=Agreement.State.ACTIVE)
    with pytest.raises(AccountRefused, match="仍在执行"):
        retire_account(account=account, on=on, by=treasury)
    Agreement.objects.filter(pk=ledger.agreement.pk).update(state=Agreement.State.ENDED)
    ledger.prepare("1", overpayment=True, overpayment_why="预付", voucher="待")
    with pytest.raises(AccountRefused, match="付款 待 待复核"):
        retire_account(account=account, on=on, by=treasury)


def test_nothing_is_entered_for_a_closed_account(ledger):
    account = settled(ledger)
    retire_account(account=account, on=date(2024, 4, 1), by=ledger.people.treasury)
    with pytest.raises(PaymentRefused, match="已于 2024-04-01 销户，不能再记账"):
        ledger.prepare("1", overpayment=True, overpayment_why="预付")
    file = OpeningFile("期初.csv", "5" * 64, tuple(
        OpeningRow(place, ledger.agreement, yuan(amount), "")
        for place, amount in ((ledger.up, "-1"), (ledger.down, "1"))
    ))  # fmt: skip
    with pytest.raises(OpeningRefused, match="上游区在《台账河协议》的账户已于 2024-04-01 销户"):
        prepare_opening(file=file, on=date(2020, 1, 1), by=None)


def test_an_account_is_closed_on_its_page(client, ledger):
    account = settled(ledger)
    address = f"/ledger/accounts/{account.pk}/close/"
    client.force_login(ledger.people.treasury)
    assert address in client.get(f"/ledger/accounts/{account.pk}/").content.decode()
    assert "最后一笔记账" in client.get(address).content.decode()
    checked = client.post(address, {"on": "2024-04-01"}).content.decode()
    assert "核对：销户" in checked
    done = client.post(address, {"on": "2024-04-01", "action": "do"}, follow=True).content.decode()
    assert "已于 2024-04-01 销户" in done
    assert "2024-04-01，不能再记账" in done
    assert address not in done
    again = client.get(address, follow=True).content.decode()
    assert "账户已于 2024-04-01 销户" in again
    for who in ("bureau", "district", "auditor"):
        client.force_login(getattr(ledger.people, who))
        assert client.get(address).status_code == 404
