"""抵扣 between two agreements: booked once both parties consented, sent back by either."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification, Role
from settlements.ledger.balances import standing
from settlements.ledger.services.offsets import consent_offset, decline_offset
from settlements.ledger.services.payments import (
    PaymentRefused,
    approve_payment,
    prepare_payment,
    reject_payment,
)
from settlements.models import OffsetConsent, Party, Payment
from settlements.moving.acts import NotAllowed, Refused, moving
from settlements.work.queries.work import counts, todo
from tests.books import PAID, Ledger
from tests.published import person


@pytest.fixture
def ledger(people):
    """上游区 owes 500,000 in one agreement and is owed 300,000 in the other."""
    ledger = Ledger.make(people)
    ledger.owe("500000")
    ledger.owe("300000", debtor=ledger.down, creditor=ledger.up, agreement=ledger.other)
    return ledger


@pytest.fixture
def sides(ledger):
    return person("上游经办", Role.Code.DISTRICT, ledger.up), person(
        "下游经办", Role.Code.DISTRICT, ledger.down
    )


@pytest.fixture
def offset(ledger, sides) -> Payment:
    return prepare_payment(
        agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="300000",
        kind="offset", other_agreement=ledger.other, voucher="DK-1", paid_on=PAID,
        by=ledger.people.treasury,
    )  # fmt: skip


def waits(user) -> dict[str, list[str]]:
    viewer = viewer_of(user)
    return {g.key: [t.title for t in g.tasks] for g in todo(viewer, counts(viewer))}


def told_to(user, part: str) -> list[str]:
    found = Notification.objects.filter(user=user, text__contains=part).order_by("pk")
    return list(found.values_list("text", flat=True))


def test_an_offset_is_booked_once_both_parties_consented(ledger, offset, sides):
    up, down = sides
    approver = ledger.people.treasury2
    asked = "登记了抵扣 DK-1：上游区与下游区互抵 300,000.00 元，双方同意后入账，请办理"
    assert [asked in told_to(who, "抵扣")[0] for who in sides] == [True, True]
    assert waits(up)["offsets-to-consent"] == ["同意抵扣：上游区与下游区互抵 300,000.00 元"]
    assert "offsets-waiting" in waits(ledger.people.bureau)
    assert "payments-to-approve" not in waits(approver)
    with pytest.raises(PaymentRefused, match="上游区、下游区尚未同意抵扣"):
        approve_payment(payment=offset, by=approver)
    consent_offset(payment=offset, by=up)
    with pytest.raises(Refused, match="上游区已同意"):
        consent_offset(payment=offset, by=up)
    assert "offsets-to-consent" not in waits(up)
    with pytest.raises(PaymentRefused, match=r"^下游区尚未同意抵扣"):
        approve_payment(payment=offset, by=approver)
    assert told_to(approver, "上游区同意抵扣 DK-1（300,000.00 元），尚待下游区同意")
    consent_offset(payment=offset, by=down)
    assert "payments-to-approve" in waits(approver)
    approve_payment(payment=offset, by=approver, on=PAID)
    left = {
        agreement: standing(ledger.account(ledger.up, agreement))
        for agreement in (ledger.agreement, ledger.other)
    }
    assert left == {ledger.agreement: Decimal(-200000), ledger.other: Decimal(0)}
    assert "offsets-waiting" not in waits(ledger.people.bureau)


def test_either_party_sends_it_back_with_its_reason(ledger, offset, sides):
    up, down = sides
    consent_offset(payment=offset, by=up)
    with pytest.raises(Refused, match="须写明理由"):
        decline_offset(payment=offset, by=down, why=" ")
    decline_offset(payment=offset, by=down, why="另一协议的金额尚有异议")
    offset.refresh_from_db()
    assert (offset.state, offset.rejected_why) == (
        "rejected",
        "下游区不同意抵扣：另一协议的金额尚有异议",
    )
    for who in (up, ledger.people.treasury, ledger.people.treasury2):
        assert told_to(who, "下游区不同意抵扣 DK-1（另一协议的金额尚有异议）")
    with pytest.raises(Refused, match="现为“已退回”"):
        decline_offset(payment=offset, by=down, why="再退")
    with pytest.raises(Refused, match="现为“已退回”"):
        consent_offset(payment=offset, by=down)


def test_who_consented_does_not_send_it_back(ledger, offset, sides):
    up, down = sides
    consent_offset(payment=offset, by=up)
    with pytest.raises(Refused, match="上游区已同意这笔抵扣，不能再退回"):
        decline_offset(payment=offset, by=up, why="改主意")
    decline_offset(payment=offset, by=down, why="另一协议的金额尚有异议")
    offset.refresh_from_db()
    assert offset.state == "rejected"


def test_only_the_two_parties_consent(ledger, offset, people):
    for who in (people.treasury, people.stranger, people.auditor, people.admin):
        with pytest.raises(NotAllowed):
            consent_offset(payment=offset, by=who)
    with pytest.raises(Refused, match="有自己的经办人"):
        consent_offset(payment=offset, by=people.bureau, party=ledger.up, document="函1")
    assert not OffsetConsent.objects.exists()


def test_another_party_of_the_agreement_consents_to_nothing_of_theirs(ledger, offset, people):
    Party.objects.create(agreement=ledger.agreement, jurisdiction=ledger.stranger, order=3)
    with pytest.raises(Refused, match="外人区不是这笔抵扣的一方"):
        consent_offset(payment=offset, by=people.stranger)
    with pytest.raises(Refused, match="外人区不是这笔抵扣的一方"):
        decline_offset(payment=offset, by=people.stranger, why="不同意")
    offset.refresh_from_db()
    assert (offset.state, offset.consents.count()) == ("prepared", 0)


def test_the_bureau_enters_a_letter_of_who_did_not_act_in_time(ledger, offset, sides, people):
    up, _ = sides
    with moved_to(date(2099, 1, 4)):
        with pytest.raises(Refused, match="文号"):
            consent_offset(payment=offset, by=people.bureau, party=ledger.up)
        consent_offset(payment=offset, by=people.bureau, party=ledger.up, document="函〔2024〕7号")
    assert OffsetConsent.objects.get().document == "函〔2024〕7号"
    assert "依 函〔2024〕7号 代贵方同意抵扣 DK-1" in told_to(up, "代贵方")[0]


def test_a_payment_is_no_offset(ledger, sides):
    paid = ledger.prepare("1")
    with pytest.raises(Refused, match="只有协议间抵扣"):
        consent_offset(payment=paid, by=sides[0])


def test_a_payment_is_booked_with_its_slip(ledger, people):
    paid = prepare_payment(
        agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="1",
        voucher="PZ-OHNE", paid_on=PAID, by=people.treasury,
    )  # fmt: skip
    assert waits(people.treasury)["slips-to-attach"] == ["附回单：上游区付下游区 1.00 元"]
    assert "payments-to-approve" not in waits(people.treasury2)
    with pytest.raises(PaymentRefused, match="还没有附银行回单"):
        approve_payment(payment=paid, by=people.treasury2)
    reject_payment(payment=paid, why="补齐后重报", by=people.treasury2)
    assert "slips-to-attach" not in waits(people.treasury)


FORBIDDEN = (
    "UPDATE settlements_offsetconsent SET document = 'x'",
    "DELETE FROM settlements_offsetconsent",
    "TRUNCATE settlements_offsetconsent",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_keeps_who_consented(ledger, offset, sides, statement):
    consent_offset(payment=offset, by=sides[0])
    with (
        pytest.raises((IntegrityError, OperationalError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert OffsetConsent.objects.get().document == ""


@pytest.mark.parametrize(
    ("kind", "why"), [("offset", "双方尚未都同意抵扣"), ("direct", "还没有附银行回单")]
)
def test_the_database_books_nothing_that_is_not_shown(ledger, offset, people, kind, why):
    """Past the service: the guard of the move."""
    bare = offset
    if kind == "direct":
        bare = prepare_payment(
            agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="1",
            voucher="PZ-OHNE", paid_on=PAID, by=people.treasury,
        )  # fmt: skip
    with (
        pytest.raises(Refused, match=why),
        transaction.atomic(),
        moving("approve", by=people.treasury2),
    ):
        Payment.objects.filter(pk=bare.pk).update(
            state="approved", approved_by=people.treasury2, approved_at="2024-03-20T00:00Z"
        )
    bare.refresh_from_db()
    assert bare.state == "prepared"
