"""抵扣 as its two parties see it: what each owes before and after, and what may still be done."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.models import Role
from settlements.ledger.services.payments import prepare_payment
from settlements.models import OffsetConsent, Payment
from tests.books import PAID, Ledger
from tests.published import person
from tests.worlds import out_of_office


@pytest.fixture
def ledger(people) -> Ledger:
    """上游区 owes 500,000 in one agreement and is owed 300,000 in the other."""
    ledger = Ledger.make(people)
    ledger.owe("500000")
    ledger.owe("300000", debtor=ledger.down, creditor=ledger.up, agreement=ledger.other)
    return ledger


@pytest.fixture
def offset(ledger) -> Payment:
    return prepare_payment(
        agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="300000",
        kind="offset", other_agreement=ledger.other, voucher="DK-1", paid_on=PAID,
        by=ledger.people.treasury,
    )  # fmt: skip


@pytest.fixture
def reads(client, offset):
    """What the page of the offset, or one below it, says to somebody."""

    def page(user, below: str = "", **posted: str) -> str:
        client.force_login(user)
        address = f"/ledger/payments/{offset.pk}/{below}"
        answer = client.post(address, posted, follow=True) if posted else client.get(address)
        assert answer.status_code == 200
        return re.sub(r"<[^>]*>|\s+", "", answer.content.decode())

    return page


def test_a_party_reads_what_it_consents_to_and_that_this_holds(ledger, reads):
    up = person("上游经办", Role.Code.DISTRICT, ledger.up)
    assert "上游区与下游区互抵30.00万元" in reads(up)
    asked = reads(up, "consent/")
    assert "台账河协议上游区尚欠500,000.00元，抵扣后尚欠200,000.00元" in asked
    assert "另一协议下游区尚欠300,000.00元，抵扣后尚欠0.00元" in asked
    assert "同意后不能撤回" in asked
    consented = reads(up, "consent/", action="do")
    assert "已同意抵扣。" in consented
    assert "不同意抵扣…" not in consented, "it said that this holds"
    assert "不同意抵扣…" in reads(person("下游经办", Role.Code.DISTRICT, ledger.down))


def test_who_records_an_offset_is_told_that_the_parties_come_first(ledger, client):
    client.force_login(ledger.people.treasury)
    given = {
        "action": "record", "kind": "offset", "agreement": "LEDGER", "payer": ledger.up.code,
        "payee": ledger.down.code, "other_agreement": "OTHER", "yuan": "300000",
        "voucher": "DK-1", "paid_on": str(PAID),
    }  # fmt: skip
    answer = client.post("/ledger/payments/new/", given, follow=True)
    assert "抵扣已登记；双方同意后由市财政另一人复核入账。" in answer.content.decode()


def test_the_bureau_enters_a_letter_with_its_scan_which_the_parties_read(
    ledger, reads, client, offset, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    out_of_office(ledger.people.district)
    client.force_login(ledger.people.bureau)
    address = f"/ledger/payments/{offset.pk}/consent/?party={ledger.up.code}"
    given = {"action": "do", "document": "上函〔2024〕1号"}
    missing = client.post(address, given)
    assert (missing.status_code, OffsetConsent.objects.count()) == (422, 0)
    scan = SimpleUploadedFile("同意函.pdf", b"%PDF-1.4\n%%EOF\n")
    assert client.post(address, {**given, "scan": scan}).status_code == 302
    consent = OffsetConsent.objects.get()
    assert (consent.document, consent.scan_name) == ("上函〔2024〕1号", "同意函.pdf")
    down = person("下游经办", Role.Code.DISTRICT, ledger.down)
    assert "依上函〔2024〕1号代为登记扫描件" in reads(down)
    file = f"/ledger/payments/{offset.pk}/consents/{consent.pk}/"
    assert b"".join(client.get(file).streaming_content) == b"%PDF-1.4\n%%EOF\n"
    client.force_login(person("外人经办", Role.Code.DISTRICT, ledger.stranger))
    assert client.get(file).status_code == 404
