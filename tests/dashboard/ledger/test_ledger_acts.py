"""Payments, reversals, 对账, 期初 and 核验 on their pages: checked, by two persons, by role."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from settlements.ledger.chain import head
from settlements.models import BalanceStatement, JournalEntry, OpeningBatch, Payment, Reversal
from settlements.money import yuan
from tests.blank import blank_pages
from tests.books import PAID
from tests.slips import shown
from tests.told_once import World, of_told, told_once, with_ledger

PAY = {
    "kind": "direct", "agreement": "LEDGER", "payer": "500901", "payee": "500902",
    "yuan": "40万元", "voucher": "ＰＺ－１", "paid_on": "2024年3月20日", "action": "check",
}  # fmt: skip
NEW = "/ledger/payments/new/"


def owing() -> World:
    world = with_ledger()
    world["ledger"].owe("1000000")
    return world


told = told_once(owing)
ledger = of_told("ledger")


def post(client, user, address, data, status=200) -> str:
    client.force_login(user)
    answer = client.post(address, data, follow=status == 302)
    assert answer.status_code == (200 if status == 302 else status), answer.content.decode()
    return answer.content.decode()


def test_a_payment_is_checked_recorded_and_approved_by_another(client, people, ledger):
    checked = post(client, people.treasury, NEW, PAY)
    assert "核对后登记付款" in checked
    assert "400,000.00 元" in checked
    assert "目前应付 1,000,000.00 元" in checked
    assert 'href="/ledger/payments/new/?kind=direct' in checked
    assert not Payment.objects.exists()
    recorded = post(client, people.treasury, NEW, {**PAY, "action": "record"}, 302)
    payment = Payment.objects.get()
    assert (payment.voucher, payment.paid_on) == ("PZ-1", PAID)
    assert "您登记了此事，不能复核" in recorded
    address = f"/ledger/payments/{payment.pk}/"
    own = post(client, people.treasury, address, {"action": "approve"})
    assert "须由另一人复核" in own
    unshown = post(client, people.treasury2, address, {"action": "approve"})
    assert "还没有附银行回单；请先附上回单" in unshown
    assert "复核入账</button>" not in unshown
    shown(payment)
    booked = post(client, people.treasury2, address, {"action": "approve"}, 302)
    entry = JournalEntry.objects.get(payment=payment)
    assert f"已复核入账：{entry.label}。<" in "".join(booked.split()), "the year is not cleared yet"
    again = post(client, people.treasury2, address, {"action": "approve"})
    assert "已复核入账" in again
    assert JournalEntry.objects.count() == 2


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(client, people, ledger):
    wrong = {**PAY, "yuan": "1.234", "paid_on": "2999-01-01", "voucher": ""}
    found = post(client, people.treasury, NEW, wrong, 422)
    assert "有内容需要更正" in found
    assert "不是整分" in found
    assert 'value="1.234"' in found
    found = post(client, people.treasury, NEW, {**PAY, "yuan": "1000000.01"}, 422)
    assert "超过应付的 1,000,000.00 元；确为超付请勾选" in found
    over = post(client, people.treasury, NEW, {**PAY, "yuan": "1000000.01", "overpayment": "on"})
    assert "<b>超付</b>" in over


def test_changing_something_brings_the_form_back_filled(client, people, ledger):
    client.force_login(people.treasury)
    found = client.get(NEW, {**PAY, "action": ""}).content.decode()
    assert 'value="40万元"' in found
    assert "有内容需要更正" not in found


def test_a_rejected_payment_books_nothing_and_needs_a_reason(client, people, ledger):
    payment = ledger.prepare("5")
    address = f"/ledger/payments/{payment.pk}/"
    post(client, people.treasury2, address, {"action": "reject", "why": ""}, 422)
    post(client, people.treasury2, address, {"action": "reject", "why": "金额有误"}, 302)
    payment.refresh_from_db()
    assert (payment.state, payment.rejected_why) == ("rejected", "金额有误")
    assert JournalEntry.objects.count() == 1


def test_a_reversal_goes_the_same_way(client, people, ledger):
    entry = ledger.pay("5")
    address = f"/ledger/entries/{entry.pk}/reverse/"
    checked = post(client, people.treasury, address, {"why": "付错", "action": "check"})
    assert "核对后提出冲销" in checked
    post(client, people.treasury, address, {"why": "付错", "action": "propose"}, 302)
    request = Reversal.objects.get()
    again = post(client, people.treasury2, address, {"why": "再", "action": "propose"}, 302)
    assert "不能再次申请" in again
    decide = f"/ledger/reversals/{request.pk}/"
    assert "须由另一人" in post(client, people.treasury, decide, {"action": "approve"})
    done = post(client, people.treasury2, decide, {"action": "approve"}, 302)
    assert JournalEntry.objects.get(reverses=entry).label in done
    closing = client.get(f"/ledger/entries/{entry.pk}/").content.decode()
    assert "已冲销" in closing


@pytest.mark.parametrize("day", ["2024-03", "2024", "2024.3"])
def test_a_payment_needs_its_day(client, people, ledger, day):
    assert "没有写到日" in post(client, people.treasury, NEW, {**PAY, "paid_on": day}, 422)


def test_days_that_the_table_says_need_not_be_typed(client, people, ledger):
    table = (
        "行政区代码,协议编码,金额(元),期初日期\n"
        "上游区,OTHER,-7,2018-12-31\n下游区,OTHER,7,2018-12-31\n"
    )
    client.force_login(people.treasury)
    answer = client.post(
        "/ledger/opening/", {"on": "", "file": SimpleUploadedFile("期初.csv", table.encode())}
    )
    batch = OpeningBatch.objects.latest("pk")
    assert answer["Location"] == f"/ledger/opening/{batch.pk}/"
    assert batch.on == date(2018, 12, 31)
    bare = table.replace(",期初日期", "").replace(",2018-12-31", "").replace("OTHER", "LEDGER")
    answer = client.post(
        "/ledger/opening/", {"on": "", "file": SimpleUploadedFile("期初.csv", bare.encode())}
    )
    assert answer.status_code == 422
    assert "请在“期初日期”列填齐，或在导入时填" in answer.content.decode()


def test_an_opening_dated_by_a_month_is_of_its_last_day(client, people, ledger):
    client.force_login(people.treasury)
    rows = "行政区代码,协议编码,金额(元)\n500901,OTHER,-5\n500902,OTHER,5\n"
    upload = SimpleUploadedFile("期初.csv", rows.encode())
    answer = client.post("/ledger/opening/", {"on": "2018-12", "file": upload})
    assert answer.status_code == 302, answer.content.decode()
    assert OpeningBatch.objects.latest("pk").on == date(2018, 12, 31)


PAGES = {
    "see": (
        ["/ledger/payments/", "/ledger/reconcile/", "/ledger/verify/", "/ledger/arrears/"],
        {"bureau", "treasury", "district", "township", "admin", "auditor"},
    ),
    "pay": ([NEW, "/ledger/entries/{entry}/reverse/"], {"treasury"}),
    "reversal": (
        ["/ledger/reversals/{reversal}/", "/ledger/opening/", "/ledger/opening/{batch}/"],
        {"bureau", "treasury", "admin", "auditor"},
    ),
    "payment": (
        ["/ledger/payments/{payment}/", "/ledger/entries/{entry}/", "/ledger/accounts/{account}/"],
        {"bureau", "treasury", "district", "admin", "auditor"},
    ),
    "reconcile": (["/ledger/reconcile/{account}/"], {"treasury", "district"}),
}
ROLES = ["bureau", "treasury", "district", "stranger", "township", "admin", "auditor", "station"]


@blank_pages()
@pytest.mark.parametrize("pages", list(PAGES))
def test_each_role_sees_its_pages_and_finds_the_others_missing(client, people, ledger, pages):
    entry = ledger.pay("5")
    reversal = Reversal.objects.create(
        entry=entry, why="x", prepared_by=people.treasury, prepared_at="2024-03-21T00:00Z"
    )
    ids = {
        "entry": entry.pk, "reversal": reversal.pk, "payment": Payment.objects.get().pk,
        "account": ledger.account(ledger.up).pk, "batch": OpeningBatch.objects.get().pk,
    }  # fmt: skip
    addresses, may = PAGES[pages]
    if pages == "see":
        may = may | {"stranger"}
    if pages == "pay":  # asked for already: the page leads back to the entry
        addresses = [NEW]
    for who in ROLES:
        client.force_login(getattr(people, who))
        for address in addresses:
            status = client.get(address.format(**ids)).status_code
            # A station has no page at all, and is told so.
            hidden = 403 if who == "station" else 404
            assert status == (200 if who in may else hidden), (who, address)


@pytest.mark.parametrize("who", ["bureau", "district", "auditor", "admin"])
def test_only_the_treasury_decides(client, people, ledger, who):
    payment = ledger.prepare("5")
    client.force_login(getattr(people, who))
    for action in ("approve", "reject"):
        answer = client.post(f"/ledger/payments/{payment.pk}/", {"action": action, "why": "x"})
        assert answer.status_code == 404
    assert client.post(NEW, PAY).status_code == 404
    payment.refresh_from_db()
    assert payment.state == "prepared"


# 对账 --------------------------------------------------------------------------------------

SAID = {"as_of": "2024-02-29", "side": "-", "yuan": "100万元", "note": "", "action": "check"}


def test_a_district_enters_its_own_balance_and_the_account_shows_it(client, people, ledger):
    account = ledger.account(ledger.up)
    address = f"/ledger/reconcile/{account.pk}/"
    assert "相符" in post(client, people.district, address, SAID)
    assert not BalanceStatement.objects.exists()
    post(client, people.district, address, {**SAID, "action": "keep"}, 302)
    kept = BalanceStatement.objects.get()
    assert (kept.yuan, kept.our_yuan, kept.difference) == (yuan("-1000000"), yuan("-1000000"), 0)
    listed = client.get("/ledger/reconcile/").content.decode()
    assert "已核对" in listed
    assert "2024-02-29" in listed
    ledger.owe("5", on=date(2024, 2, 10), booked_on=date(2024, 3, 1))
    assert "后有更正" in client.get("/ledger/reconcile/").content.decode()


def test_a_difference_needs_a_note_and_is_kept(client, people, ledger):
    address = f"/ledger/reconcile/{ledger.account(ledger.up).pk}/"
    wrong = {**SAID, "yuan": "99万元"}
    refused = post(client, people.district, address, wrong, 422)
    assert "与台账余额相差 10,000.00 元" in refused
    post(client, people.district, address, {**wrong, "note": "在途", "action": "keep"}, 302)
    assert BalanceStatement.objects.get().difference == yuan("10000")
    assert "不符" in client.get("/ledger/").content.decode()
    for given, words in (
        ({"as_of": "2099-01-01"}, "在今天之后"),
        ({"as_of": "2020-01-01"}, "不能早于开户"),
        ({"yuan": "-5"}, "请填正数"),
        ({"yuan": "0.001"}, "不是整分"),
    ):
        assert words in post(client, people.district, address, {**SAID, **given}, 422)


def test_a_balance_as_of_a_month_is_that_of_its_last_day(client, people, ledger):
    address = f"/ledger/reconcile/{ledger.account(ledger.up).pk}/"
    post(client, people.district, address, {**SAID, "as_of": "2024-02", "action": "keep"}, 302)
    assert BalanceStatement.objects.get().as_of == date(2024, 2, 29)


def test_nobody_enters_a_balance_for_another_district(client, people, ledger):
    foreign = ledger.account(ledger.down)
    for who in ("district", "stranger", "township", "bureau", "auditor"):
        client.force_login(getattr(people, who))
        answer = client.post(f"/ledger/reconcile/{foreign.pk}/", {**SAID, "action": "keep"})
        assert answer.status_code == 404, who
    post(client, people.treasury, f"/ledger/reconcile/{foreign.pk}/", SAID, 422)
    assert not BalanceStatement.objects.exists()


# 核验, 期初 --------------------------------------------------------------------------------


def test_the_check_page_says_sound_and_finds_an_old_head_for_a_district_too(client, people, ledger):
    old = head().hash
    ledger.owe("5")
    client.force_login(people.district)
    found = client.get("/ledger/verify/", {"head": old[:20]}).content.decode()
    assert "台账无误：2 张凭证" in found
    assert "是凭证 QC-2024-0001 的" in found
    assert "不在台账中" in client.get("/ledger/verify/", {"head": "0" * 12}).content.decode()
    assert "不是摘要值" in client.get("/ledger/verify/", {"head": "x"}).content.decode()


def test_opening_balances_are_uploaded_checked_and_approved(client, people, ledger):
    text = "行政区代码,协议编码,金额(元)\n500901,OTHER,-7\n500902,OTHER,{}\n"

    def upload(amount: str) -> dict:
        file = SimpleUploadedFile("期初.csv", text.format(amount).encode())
        return {"on": "2023-12-31", "file": file}

    refused = post(client, people.treasury, "/ledger/opening/", upload("8"), 422)
    assert "合计 1.00 元，不为零" in refused
    post(client, people.treasury, "/ledger/opening/", upload("7"), 302)
    batch = OpeningBatch.objects.get(state="prepared")
    address = f"/ledger/opening/{batch.pk}/"
    assert "另一人复核" in post(client, people.treasury, address, {"action": "approve"})
    post(client, people.bureau, address, {"action": "approve"}, 302)
    assert JournalEntry.objects.get(opening=batch).effective_on == date(2023, 12, 31)
    client.force_login(people.bureau)
    assert client.post("/ledger/opening/", upload("7")).status_code == 404
