"""银行回单 of a payment: attached as it is recorded or after, seen by who sees the payment, kept."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from settlements.ledger.services.payments import reject_payment
from settlements.ledger.services.slips import attach_slips
from settlements.models import Payment, PaymentSlip
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import DocumentRefused
from tests.dashboard.ledger.test_ledger_acts import NEW, PAY, owing, post
from tests.disputes import pdf
from tests.told_once import of_told, told_once

told = told_once(owing)
ledger = of_told("ledger")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def bad() -> SimpleUploadedFile:
    return SimpleUploadedFile("回单.docx", b"PK\x03\x04 a text")


def test_slips_come_with_the_payment_or_nothing_does(client, people, ledger):
    checked = post(client, people.treasury, NEW, PAY)
    assert 'enctype="multipart/form-data"' in checked
    refused = post(
        client, people.treasury, NEW, {**PAY, "action": "record", "slip": [pdf(), bad()]}, 422
    )
    assert "内容不是 PDF、PNG 或 JPEG" in refused
    assert "核对后登记付款" in refused, "on the page that was posted, with what was typed"
    assert 'value="40万元"' in refused
    assert not Payment.objects.exists()
    assert not PaymentSlip.objects.exists()
    recorded = post(client, people.treasury, NEW, {**PAY, "action": "record", "slip": [pdf()]}, 302)
    slip = PaymentSlip.objects.get()
    assert f"/ledger/payments/{slip.payment_id}/slips/{slip.pk}/" in recorded
    assert slip.by == people.treasury


def test_a_payment_that_was_booked_takes_a_slip_too_and_its_parties_read_it(client, people, ledger):
    payment = ledger.pay("5").payment
    before = set(payment.slips.values_list("pk", flat=True))
    address = f"/ledger/payments/{payment.pk}/"
    assert "还没有附回单" not in client_page(client, people.treasury, address)
    assert "请选择回单文件" in post(client, people.treasury, f"{address}slips/", {}, 422)
    wrong = post(client, people.treasury, f"{address}slips/", {"slip": bad()}, 422)
    assert "内容不是 PDF、PNG 或 JPEG" in wrong
    said = post(client, people.treasury, f"{address}slips/", {"slip": pdf()}, 302)
    assert "回单已附上" in said
    slip = PaymentSlip.objects.exclude(pk__in=before).get()
    for reader in (people.district, people.bureau):
        client.force_login(reader)
        given = client.get(f"{address}slips/{slip.pk}/")
        assert b"".join(given.streaming_content) == pdf().read()


def client_page(client, user, address: str) -> str:
    client.force_login(user)
    return client.get(address).content.decode()


def test_only_who_records_payments_attaches_and_none_to_one_that_was_sent_back(
    client, people, ledger
):
    payment = ledger.prepare("5")
    page = client_page(client, people.bureau, f"/ledger/payments/{payment.pk}/")
    assert "附上回单" not in page
    post(client, people.district, f"/ledger/payments/{payment.pk}/slips/", {"slip": pdf()}, 404)
    with pytest.raises(NotAllowed):
        attach_slips(payment=payment, files=[pdf()], by=people.bureau)
    reject_payment(payment=payment, why="金额有误", by=people.treasury2)
    assert "附上回单" not in client_page(client, people.treasury, f"/ledger/payments/{payment.pk}/")
    with pytest.raises(Refused, match="已退回"):
        attach_slips(payment=payment, files=[pdf()], by=people.treasury)
    refused = post(
        client, people.treasury, f"/ledger/payments/{payment.pk}/slips/", {"slip": pdf()}, 422
    )
    assert "已退回" in refused


def test_the_same_slip_is_kept_once_and_stays(people, ledger):
    payment = ledger.prepare("5")
    [one] = attach_slips(payment=payment, files=[pdf()], by=people.treasury)
    assert attach_slips(payment=payment, files=[pdf()], by=people.treasury2) == [one]
    with pytest.raises(DocumentRefused):
        attach_slips(payment=payment, files=[pdf(), bad()], by=people.treasury)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing pending, for TRUNCATE
    for sql in (
        "UPDATE settlements_paymentslip SET name = 'x'",
        "DELETE FROM settlements_paymentslip",
        "TRUNCATE settlements_paymentslip",
    ):
        with (
            pytest.raises(IntegrityError, match="只增不改"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
