"""资金使用: never more allotted than received, never more spent than allotted, each with proof."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.clock import moved_to
from settlements.funds.services.funds import (
    FundRefused,
    allot,
    correct,
    received,
    reduce,
    spend,
)
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import FundProject, FundSpending
from settlements.moving.acts import NotAllowed
from settlements.moving.documents import LARGEST, DocumentRefused
from tests.blank import blank_pages
from tests.told_once import World, told_once, with_ledger

ON = date(2024, 5, 6)
PDF = b"%PDF-1.4 receipt"
NEW = {
    "agreement": "LEDGER", "name": "生态护岸", "purpose": "ecological_protection",
    "amount": "60万元", "on": "2024-05-01", "document_number": "下财〔2024〕3号",
}  # fmt: skip
READERS = {"bureau", "treasury", "auditor", "downstream"}


def paid_in() -> World:
    """下游区 received a million of 1.5 owed, of which 0.2 were offset, not paid."""
    world = with_ledger()
    ledger = world["ledger"]
    ledger.owe("1500000")
    ledger.pay("1000000")
    return world


told = told_once(paid_in)


@pytest.fixture
def ledger(told, db):
    with moved_to(ON):
        yield deepcopy(told["ledger"])


def project(ledger, people, amount="600000", name="生态护岸") -> FundProject:
    return allot(
        agreement=ledger.agreement, name=name, purpose="monitoring", amount=amount,
        on=date(2024, 5, 1), by=people.downstream,
    )  # fmt: skip


def proof(content=PDF, name="回单.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def pay_out(found, people, amount, **given) -> FundSpending:
    return spend(
        **{
            "project": found, "amount": amount, "on": date(2024, 5, 2), "text": "工程款",
            "file": proof(), "by": people.downstream, **given,
        }
    )  # fmt: skip


def test_a_wrong_allotment_is_taken_back_by_a_record_of_its_own(ledger, people, client):
    found = project(ledger, people)
    pay_out(found, people, "100000")
    with pytest.raises(FundRefused, match=r"超过未支出的 500,000.00 元"):
        reduce(project=found, amount="500000.01", why="项目撤销", by=people.downstream)
    with pytest.raises(FundRefused, match="请写明理由"):
        reduce(project=found, amount="1", why=" ", by=people.downstream)
    with pytest.raises(NotAllowed):
        reduce(project=found, amount="1", why="x", by=people.district)
    reduce(project=found, amount="500000", why="项目撤销", by=people.downstream)
    assert FundProject.objects.get().allotted == 600000  # the record stays as it was made
    with pytest.raises(FundRefused, match=r"超过结余的 0.00 元"):
        pay_out(found, people, "1", text="尾款")
    project(ledger, people, "900000", "另一项")  # what was taken back is there again
    client.force_login(people.downstream)
    page = client.get(f"/funds/{found.pk}/").content.decode()
    assert "安排 10.00 万元，结余 0.00" in page
    assert "500,000.00 元，项目撤销" in page
    assert "安排 100.00" in client.get("/funds/").content.decode()


def test_no_more_is_allotted_than_was_received(ledger, people):
    project(ledger, people)
    with pytest.raises(FundRefused, match=r"可安排的 400,000.00 元：已收到 1,000,000.00 元"):
        project(ledger, people, "400000.01", "另一项")
    project(ledger, people, "400000", "另一项")
    assert FundProject.objects.count() == 2


def test_a_payment_that_was_reversed_is_not_received(ledger, people):
    entry = ledger.pay("100000")
    assert received(ledger.down, ledger.agreement) == Decimal(1100000)
    asked = propose_reversal(entry=entry, why="回单有误", by=people.treasury)
    approve_reversal(reversal=asked, by=people.treasury2)
    assert received(ledger.down, ledger.agreement) == Decimal(1000000)


@pytest.mark.parametrize("amount", ["0.001", "-5", "0", "一百", "1e3", "NaN"])
def test_amounts_that_are_no_money_are_refused(ledger, people, amount):
    with pytest.raises(FundRefused) as refused:
        project(ledger, people, amount)
    assert refused.value.field == "amount"
    found = project(ledger, people)
    for act in (
        pay_out,
        lambda f, p, a: correct(project=f, amount=a, on=ON, why="x", by=p.downstream),
    ):
        with pytest.raises(FundRefused):
            act(found, people, amount)
    assert not FundSpending.objects.exists()


def test_only_the_three_purposes(ledger, people):
    with pytest.raises(FundRefused, match="污染治理、生态保护或监测能力"):
        allot(
            agreement=ledger.agreement, name="办公楼", purpose="offices", amount="1",
            on=ON, by=people.downstream,
        )  # fmt: skip


def test_no_more_is_spent_than_was_allotted_and_a_correction_takes_back(ledger, people):
    found = project(ledger, people)
    pay_out(found, people, "500000")
    with pytest.raises(FundRefused, match=r"结余的 100,000.00 元"):
        pay_out(found, people, "100000.01")
    with pytest.raises(FundRefused, match=r"已支出的 500,000.00 元"):
        correct(project=found, amount="500000.01", on=ON, why="重复", by=people.downstream)
    with pytest.raises(FundRefused, match="理由"):
        correct(project=found, amount="1", on=ON, why=" ", by=people.downstream)
    correct(project=found, amount="200000", on=ON, why="重复登记", by=people.downstream)
    pay_out(found, people, "300000")
    assert [s.yuan for s in found.spendings.order_by("pk")] == [500000, -200000, 300000]


def test_a_file_too_large_or_under_a_false_name_is_refused(ledger, people):
    found = project(ledger, people)

    class Huge(SimpleUploadedFile):
        """Says that it is 100 MB, as an upload does before it is read."""

    huge = Huge("大.pdf", PDF)
    huge.size = 100 * 1024 * 1024
    assert huge.size > LARGEST
    for file, words in (
        (huge, "超过上限"),
        (proof(b"MZ\x90 program"), "内容不是 PDF"),
        (proof(b"\x89PNG\r\n\x1a\n", "回单.pdf"), "不符"),
        (proof(b""), "空文件"),
    ):
        with pytest.raises(DocumentRefused, match=words):
            pay_out(found, people, "1", file=file)
    assert not FundSpending.objects.exists()


def test_only_the_districts_own_official_enters(ledger, people):
    found = project(ledger, people)
    for who in ("district", "stranger", "bureau", "treasury", "admin", "auditor", "nobody"):
        with pytest.raises(NotAllowed):
            pay_out(found, people, "1", by=getattr(people, who))
    with pytest.raises(NotAllowed):
        allot(
            agreement=ledger.agreement, name="x", purpose="monitoring", amount="1", on=ON,
            by=people.stranger,
        )  # fmt: skip


def test_allotting_and_spending_through_the_pages(ledger, people, client):
    client.force_login(people.downstream)
    checked = client.post("/funds/new/", {**NEW, "action": "check"}).content.decode()
    assert "核对：安排补偿资金" in checked
    assert "600,000.00 元（60.00 万元）" in checked
    assert "更改" in checked
    assert not FundProject.objects.exists()
    over = client.post("/funds/new/", {**NEW, "amount": "2000000", "action": "do"})
    assert over.status_code == 422
    assert "已收到 1,000,000.00 元" in over.content.decode()
    assert client.post("/funds/new/", {**NEW, "action": "do"}).status_code == 302
    found = FundProject.objects.get()
    own = f"/funds/{found.pk}/"
    given = {"amount": "10万元", "on": "2024-05-02", "text": "工程款"}
    asked = client.post(f"{own}spend/", {**given, "action": "check"}).content.decode()
    assert "凭据" in asked
    bare = client.post(f"{own}spend/", {**given, "action": "do"})
    assert bare.status_code == 422
    assert "请选择凭据。" in bare.content.decode()
    false = client.post(f"{own}spend/", {**given, "action": "do", "file": proof(b"GIF89a")})
    assert false.status_code == 422
    assert "看内容，不看扩展名" in false.content.decode()
    client.post(f"{own}spend/", {**given, "action": "do", "file": proof()})
    back = {"amount": "4万元", "on": "2024-05-03", "why": "重复登记"}
    assert client.post(f"{own}correct/", {**back, "action": "do"}).status_code == 302
    page = client.get(own).content.decode()
    assert "−40,000.00 元" in page
    assert "60,000.00 元" in page
    spending = FundSpending.objects.get(yuan__gt=0)
    file = client.get(f"/funds/spendings/{spending.pk}/file/")
    assert b"".join(file.streaming_content) == PDF
    assert client.get("/funds/").status_code == 200


def test_the_page_says_received_allotted_spent_and_left(ledger, people, client):
    pay_out(project(ledger, people), people, "250000")
    client.force_login(people.auditor)
    page = client.get("/funds/").content.decode()
    assert "收到 100.00 万元，安排 60.00，支出 25.00" in page
    assert "未安排 40.00" in page
    csv = client.get("/funds/export.csv").content.decode()
    assert "生态护岸" in csv
    assert csv.splitlines()[-1].split(",")[-3:] == ["1000000.00", "600000.00", "250000.00"]
    xlsx = client.get("/funds/export.xlsx")
    assert xlsx.content[:2] == b"PK"
    assert client.get("/funds/export.pdf").status_code == 404


def test_who_finds_the_pages(ledger, people, client):
    found = project(ledger, people)
    spending = pay_out(found, people, "1")
    own = [f"/funds/{found.pk}/", f"/funds/spendings/{spending.pk}/file/"]
    with blank_pages():
        for who in ("bureau", "treasury", "auditor", "downstream", "district", "stranger",
                    "township", "admin", "station", "nobody"):  # fmt: skip
            client.force_login(getattr(people, who))
            gone = 403 if who in ("station", "nobody") else 404
            lists = who in READERS | {"district", "stranger"}
            assert client.get("/funds/").status_code == (200 if lists else gone), who
            for path in own:
                answer = client.get(path)
                if answer.streaming:
                    b"".join(answer.streaming_content)  # read to its end, the file is closed
                assert answer.status_code == (200 if who in READERS else gone), who
            may = who == "downstream"
            for act in ("spend/", "correct/"):
                assert client.get(own[0] + act).status_code == (200 if may else gone), who
            may = who in ("downstream", "district", "stranger")
            assert client.get("/funds/new/").status_code == (200 if may else gone), who
    client.force_login(people.district)
    assert "生态护岸" not in client.get("/funds/").content.decode()
