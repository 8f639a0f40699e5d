"""The audit trail of what concerns money: with its reason, its amount, and the act in words."""

from datetime import date

from basins.clock import moved_to
from basins.models import AuditRecord
from dashboard.audit import words
from tests.dashboard.work.test_audit import page
from tests.told_once import of_told, told_once, with_ledger

told = told_once(with_ledger)
ledger = of_told("ledger")


def test_a_line_carries_the_reason_typed_the_amount_and_the_page_in_words(ledger, client):
    people = ledger.people
    with moved_to(date(2024, 4, 1)):
        ledger.owe("1000000")
        made = ledger.prepare("1234.5")
        client.force_login(people.treasury2)
        client.post(f"/ledger/payments/{made.pk}/", {"action": "reject", "why": "凭证号不清"})
    made.refresh_from_db()
    assert made.state == "rejected"
    rejected = AuditRecord.objects.filter(table="settlements_payment").latest("pk")
    assert (rejected.act, rejected.why) == ("复核付款", "凭证号不清")
    entered = AuditRecord.objects.filter(table="settlements_payment", op="I").latest("pk")
    assert "，金额 1,234.50 元" in words.told([entered])[0].what


def test_an_agreements_whole_trail_is_one_page_narrowed_by_act(ledger, client):
    people = ledger.people
    with moved_to(date(2024, 4, 1)):
        ledger.owe("1000000")
        entry = ledger.pay("1000")
    address = f"/audit/?table=settlements_agreement&key={ledger.agreement.pk}"
    whole = page(client, people.bureau, address)
    for said in ("付款", "凭证", "账户"):
        assert said in whole, said
    assert entry.label in whole
    assert "没有符合条件" in page(client, people.bureau, f"{address}&how=关账")
    assert address.partition("?")[2].partition("&")[0] in page(
        client, people.bureau, f"/agreements/{ledger.agreement.code}/"
    )
