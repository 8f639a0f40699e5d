"""Payments: what may be recorded, by whom, and what it books."""

from datetime import date
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from basins.models import User
from settlements import pipeline
from settlements.ledger.books.books import verify
from settlements.ledger.services.ledger import Line, post
from settlements.ledger.services.payments import (
    PaymentRefused,
    approve_payment,
    reject_payment,
    transit_balance,
)
from settlements.ledger.services.reversals import (
    ReversalRefused,
    approve_reversal,
    propose_reversal,
    reject_reversal,
)
from settlements.models import JournalEntry, LedgerAccount, Payment
from settlements.money import yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.vouchers import canonical, key_of
from tests.books import DAY, PAID, Ledger
from tests.told_once import World, bare, told_instead
from tests.worlds import close_year, jurisdiction


@pytest.fixture
def ledger(people) -> Ledger:
    ledger = Ledger.make(people)
    ledger.owe("1000000")
    return ledger


def test_a_payment_takes_few_statements(ledger):
    """Its accounts are looked up once, and who is told at its end."""
    payment = ledger.prepare("400000")
    with CaptureQueriesContext(connection) as queries:
        approve_payment(payment=payment, by=ledger.people.treasury2, on=PAID)
    assert len(queries) <= 28


def test_a_payment_is_booked_by_a_second_person(ledger):
    payment = ledger.prepare("400000")
    assert (payment.state, payment.due_yuan, payment.is_full) == (
        "prepared", yuan("1000000"), False,
    )  # fmt: skip
    assert JournalEntry.objects.count() == 1
    with pytest.raises(Refused, match="须由另一人"):
        approve_payment(payment=payment, by=ledger.people.treasury)
    entry = approve_payment(payment=payment, by=ledger.people.treasury2, on=date(2024, 3, 25))
    assert entry.label == "SK-2024-0002"
    assert (entry.effective_on, entry.booked_on) == (PAID, date(2024, 3, 25))
    assert entry.payment == payment
    assert ledger.balance(ledger.up) == yuan("-600000")
    assert ledger.balance(ledger.down) == yuan("600000")
    with pytest.raises(Refused, match="已复核入账"):
        approve_payment(payment=payment, by=ledger.people.treasury2)
    assert verify().sound


@pytest.mark.parametrize("who", ["bureau", "district", "auditor", "admin", "nobody"])
def test_only_the_treasury_records_and_approves(ledger, who):
    other = getattr(ledger.people, who)
    with pytest.raises(NotAllowed):
        ledger.prepare("1", by=other)
    payment = ledger.prepare("1")
    with pytest.raises(NotAllowed):
        approve_payment(payment=payment, by=other)
    with pytest.raises(NotAllowed):
        reject_payment(payment=payment, why="不对", by=other)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"yuan": "1.234"}, "yuan", "多于两位小数"),
        ({"yuan": "-5"}, "yuan", "须大于零"),
        ({"yuan": "0"}, "yuan", "须大于零"),
        ({"yuan": "一百"}, "yuan", "不是金额"),
        ({"yuan": "1000000.01"}, "yuan", "超过应付的 1,000,000.00 元"),
        ({"voucher": "  "}, "voucher", "请填付款凭证号"),
        ({"voucher": "P" * 61}, "voucher", "至多 60"),
        ({"paid_on": date(2999, 1, 1)}, "paid_on", "在今天之后"),
        ({"paid_on": date(2024, 2, 1)}, "paid_on", "早于关账日期 2024-02-02"),
        ({"payer": None}, "payer", "请选择付款方"),
        ({"kind": "gift"}, "kind", "没有付款方式"),
        ({"kind": "offset"}, "other_agreement", "另一份协议"),
        ({"kind": "disbursement"}, "yuan", "超过应付的 0.00 元；市级拨付不能超过"),
        ({"kind": "disbursement", "overpayment": True}, "yuan", "不能超过"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_by_field(ledger, given, field, words):
    amount = given.pop("yuan", "5")
    with pytest.raises(PaymentRefused, match=words) as refused:
        ledger.prepare(amount, **given)
    assert field in {p.field for p in refused.value.problems}
    assert not Payment.objects.exists()


def test_several_problems_come_at_once(ledger):
    with pytest.raises(PaymentRefused) as refused:
        ledger.prepare("1.001", voucher="", payee=ledger.stranger)
    assert {p.field for p in refused.value.problems} == {"yuan", "voucher", "payee"}


def test_nobody_pays_the_wrong_way_round(ledger):
    with pytest.raises(PaymentRefused, match=r"超过应付的 0\.00 元"):
        ledger.prepare("5", payer=ledger.down, payee=ledger.up)


def test_more_than_is_due_must_be_marked_and_then_stands_to_the_payers_credit(ledger):
    ledger.pay("1000001", overpayment=True)
    assert ledger.balance(ledger.up) == yuan("1")
    assert "超付" in JournalEntry.objects.latest("pk").text


def test_far_more_than_is_due_needs_a_reason_of_its_own(ledger):
    with pytest.raises(PaymentRefused, match="5% 以上；请核对金额") as refused:
        ledger.prepare("1050000.01", overpayment=True)
    assert [p.field for p in refused.value.problems] == ["overpayment_why"]
    assert ledger.prepare("1050000", overpayment=True).overpayment_why == ""
    far = ledger.prepare("10000000", overpayment=True, overpayment_why="预付 2025 年")
    assert far.overpayment_why == "预付 2025 年"
    with pytest.raises(IntegrityError, match="payment_far_above_due"), transaction.atomic():
        Payment.objects.create(
            agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan=106, due_yuan=100,
            overpayment=True, voucher="X", paid_on=PAID, prepared_at=far.prepared_at,
        )  # fmt: skip


def test_what_was_within_the_share_when_recorded_is_asked_again_when_approved(ledger):
    first, second = ledger.prepare("700000"), ledger.prepare("700000", overpayment=True)
    approve_payment(payment=first, by=ledger.people.treasury2, on=PAID)
    with pytest.raises(PaymentRefused, match="写明超付理由"):
        approve_payment(payment=second, by=ledger.people.treasury2, on=PAID)


def test_two_that_were_recorded_within_the_debt_cannot_both_be_booked(ledger):
    first, second = ledger.prepare("700000"), ledger.prepare("700000")
    approve_payment(payment=first, by=ledger.people.treasury2, on=PAID)
    with pytest.raises(PaymentRefused, match=r"超过应付的 300,000\.00 元"):
        approve_payment(payment=second, by=ledger.people.treasury2, on=PAID)
    second.refresh_from_db()
    assert second.state == "prepared"


def test_a_voucher_is_recorded_once_until_it_is_rejected_or_reversed(ledger):
    first = ledger.prepare("1", voucher="PZ-A")
    with pytest.raises(PaymentRefused, match="PZ-A 已由 treasury 登记，待复核"):
        ledger.prepare("2", voucher="PZ-A")
    reject_payment(payment=first, why="金额有误", by=ledger.people.treasury2)
    entry = ledger.pay("2", voucher="PZ-A")
    with pytest.raises(PaymentRefused, match="PZ-A 已入账（SK-2024-0002）"):
        ledger.prepare("3", voucher="PZ-A")
    request = propose_reversal(entry=entry, why="付错协议", by=ledger.people.treasury)
    approve_reversal(reversal=request, by=ledger.people.treasury2, on=PAID)
    assert Payment.objects.get(voucher="PZ-A", state="approved").reversed_on == PAID
    assert ledger.pay("3", voucher="PZ-A").voucher == "PZ-A"
    assert verify().sound


@pytest.mark.parametrize(
    "typed",
    ["CQYH-2026-0001", "cqyh–2026–0001", "cqyh—2026—0001", "ｃｑｙｈ－2026－０001", "cqyh —— 2026−0001"],
)  # fmt: skip
def test_a_voucher_is_one_whatever_its_case_and_kind_of_dash(ledger, typed):
    first = ledger.prepare("1", voucher="cqyh-2026-0001")
    with pytest.raises(PaymentRefused, match="即 cqyh-2026-0001）已由 treasury 登记"):
        ledger.prepare("2", voucher=typed)
    entry = approve_payment(payment=first, by=ledger.people.treasury2, on=PAID)
    with pytest.raises(PaymentRefused, match=f"即 cqyh-2026-0001）已入账（{entry.label}）"):
        ledger.prepare("2", voucher=typed)
    with pytest.raises(IntegrityError, match="payment_voucher_once"), transaction.atomic():
        Payment.objects.create(
            agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan=1, due_yuan=1,
            voucher=typed, paid_on=PAID, prepared_at=first.prepared_at,
        )  # fmt: skip
    lines = [Line(p.account, p.yuan) for p in entry.postings.select_related("account")]
    third = ledger.prepare("1")
    with pytest.raises(IntegrityError, match="已入账（2024 年 2 号）"), transaction.atomic():
        post(cause="payment", on=PAID, text="x", lines=lines, by=None, payment=third, voucher=typed)


def test_other_vouchers_stay_others(ledger):
    for voucher in ("CQYH-2026-0001", "CQYH-2026-0002", "CQYH-20260001", "渝财-1", "渝财-2"):
        ledger.prepare("1", voucher=voucher)


def test_python_and_the_database_compare_vouchers_alike(db):
    dice = Random(7)
    typed = ["".join(dice.choices("aBéßıØ1-–——−─－﹣０ﬁ 　\xa0财①²", k=9)) for _ in range(300)]
    keys = {str(n): key_of(Value(text)) for n, text in enumerate(typed)}
    found = User.objects.values(**{f"k{n}": key for n, key in keys.items()})[:1]
    User.objects.create(username="anybody")
    assert list(found[0].values()) == [canonical(text) for text in typed]


def test_money_through_the_treasury_stands_in_transit_until_it_is_paid_out(ledger):
    people = ledger.people
    collected = ledger.pay("600000", kind="collection")
    deducted = ledger.pay("400000", kind="deduction")
    assert [e.label[:2] for e in (collected, deducted)] == ["DS", "KJ"]
    assert transit_balance(ledger.agreement) == yuan("1000000")
    assert ledger.balance(ledger.up) == 0
    assert ledger.balance(ledger.down) == yuan("1000000")
    paid_out = ledger.pay("1000000", kind="disbursement")
    assert paid_out.label == "BF-2024-0004"
    assert transit_balance(ledger.agreement) == 0
    assert ledger.balance(ledger.down) == 0
    assert {p.payer.name for p in Payment.objects.filter(kind="disbursement")} == {"市级财政"}
    assert people.treasury2 == paid_out.by
    kinds = LedgerAccount.objects.filter(kind="transit").values_list(
        "jurisdiction__code", flat=True
    )
    assert list(kinds) == ["500000-T"]


def test_debts_of_two_agreements_are_set_off_within_the_smaller(ledger):
    ledger.owe("300000", debtor=ledger.down, creditor=ledger.up, agreement=ledger.other)
    with pytest.raises(PaymentRefused, match=r"应付的 300,000\.00 元；协议间抵扣不能超过"):
        ledger.prepare("300000.01", kind="offset", other_agreement=ledger.other)
    entry = ledger.pay("300000", kind="offset", other_agreement=ledger.other)
    for agreement in (ledger.agreement, ledger.other):  # the voucher names both
        assert f"《{agreement.title}》" in entry.text
    assert entry.label.startswith("DK-")
    assert entry.postings.count() == 4
    assert ledger.balance(ledger.up) == yuan("-700000")
    sums = {
        account.agreement.code: sum(p.yuan for p in entry.postings.filter(account=account))
        for account in LedgerAccount.objects.filter(jurisdiction=ledger.up)
    }
    assert sums == {"LEDGER": yuan("300000"), "OTHER": yuan("-300000")}


def test_a_reversal_takes_two_persons_and_a_reason(ledger):
    people, entry = ledger.people, ledger.pay("5")
    with pytest.raises(ReversalRefused, match="理由"):
        propose_reversal(entry=entry, why="", by=people.treasury)
    with pytest.raises(NotAllowed):
        propose_reversal(entry=entry, why="错", by=people.bureau)
    request = propose_reversal(entry=entry, why="错", by=people.treasury)
    with pytest.raises(ReversalRefused, match="不能再次申请"):
        propose_reversal(entry=entry, why="又错", by=people.treasury2)
    with pytest.raises(ReversalRefused, match="另一人"):
        approve_reversal(reversal=request, by=people.treasury)
    reject_reversal(reversal=request, why="没有错", by=people.treasury2)
    again = propose_reversal(entry=entry, why="真错了", by=people.treasury2)
    back = approve_reversal(reversal=again, by=people.treasury)
    assert back.reverses == entry
    with pytest.raises(ReversalRefused, match="不能再办理"):
        approve_reversal(reversal=again, by=people.treasury)
    with pytest.raises(ReversalRefused, match="本身是冲销凭证"):
        propose_reversal(entry=back, why="反悔", by=people.treasury)
    assert JournalEntry.objects.count() == 3


def closed_year() -> World:
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "IV" if when == "2023-04" else "III")
    pipeline.recompute()
    close_year(border.agreement, 2023, world["people"], on=date(2024, 2, 2))
    return world


class TestOfAYear:
    @pytest.fixture
    def closed(self, border):
        return border.agreement.settlements.get(year=2023)

    @told_instead(closed_year)
    def test_paid_in_parts_a_year_is_cleared_and_a_reversal_opens_it_again(
        self, border, people, closed
    ):
        debtor, debt = next((n.jurisdiction, -n.yuan) for n in closed.nets.all() if n.yuan < 0)
        creditor = border.upstream if debtor == border.downstream else border.downstream
        ledger = Ledger(
            debtor, creditor, border.stranger, border.stranger, border.agreement, None, people
        )
        ledger.pay(f"{debt / 2:.2f}", settlement=closed)
        closed.refresh_from_db()
        assert closed.state == "closed"
        entry = ledger.pay(f"{debt - debt / 2:.2f}", settlement=closed)
        closed.refresh_from_db()
        assert (closed.state, closed.cleared_on) == ("cleared", PAID)
        request = propose_reversal(entry=entry, why="退汇", by=people.treasury)
        approve_reversal(reversal=request, by=people.treasury2, on=date(2024, 4, 1))
        closed.refresh_from_db()
        assert (closed.state, closed.cleared_on) == ("closed", None)
        closing = JournalEntry.objects.get(cause="settlement")
        with pytest.raises(ReversalRefused, match="请提出调整"):
            propose_reversal(entry=closing, why="错", by=people.treasury)
        with pytest.raises(PaymentRefused, match="早于关账日期 2024-02-02"):
            ledger.prepare("1", settlement=closed, paid_on=date(2024, 2, 1))
        assert verify().broken == []

    @told_instead(closed_year)
    def test_a_year_that_is_not_closed_takes_no_payment(self, border, people, closed):
        open_year = border.agreement.settlements.get(year=2022)
        ledger = Ledger(
            border.upstream, border.downstream, border.stranger, border.stranger,
            border.agreement, None, people,
        )  # fmt: skip
        with pytest.raises(PaymentRefused, match="2022 年尚未关账"):
            ledger.prepare("1", settlement=open_year)

    def test_a_year_is_not_closed_while_money_stands_in_transit(self, border, people):
        for when in border.months("2022-01", "2023-12"):
            border.measured(when, "III")
        pipeline.recompute()
        ledger = Ledger(
            border.upstream, border.downstream, border.stranger, border.stranger,
            border.agreement, None, people,
        )  # fmt: skip
        jurisdiction("500000-T", "市级财政", "treasury")
        ledger.owe("10", on=date(2024, 1, 5))
        ledger.pay("10", kind="collection", on=date(2024, 1, 6))
        with pytest.raises(Refused, match="过渡账户尚有"):
            close_year(border.agreement, 2023, people, on=DAY)
