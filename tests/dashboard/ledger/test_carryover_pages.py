"""撤县设区 on the pages: an administrator ends the district, the treasury carries its balances over."""

import re
from datetime import date

import pytest
from django.test import Client

from basins.clock import moved_to
from basins.models import Jurisdiction, Notification, ReferenceChange
from settlements.ledger.balances import standing
from settlements.models import Carryover, JournalEntry, LedgerAccount
from settlements.money import yuan
from tests.books import Ledger
from tests.told_once import of_told, told_once, with_ledger
from tests.worlds import jurisdiction

PAPER = "渝府〔2024〕1号"
TODAY = date(2024, 6, 20)


def owing():
    world = with_ledger()
    world["ledger"].owe("1000000")
    jurisdiction("500951", "新区")
    return world


told = told_once(owing)
ledger = of_told("ledger")


@pytest.fixture(autouse=True)
def in_june():
    with moved_to(TODAY):
        yield


def send(user, address: str, **data) -> str:
    client = Client()
    client.force_login(user)
    answer = client.post(address, data, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def read(user, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


ITEM = "/reference/districts/item/500901/"
NEW = "/ledger/carryovers/new/500901/"


def ended(ledger: Ledger) -> str:
    given = {"on": "2024-06-01", "source": PAPER}
    checked = send(ledger.people.admin, f"{ITEM}end/", **given, action="check")
    assert "核对：停用：上游区" in checked
    assert not ReferenceChange.objects.exists()
    return send(ledger.people.admin, f"{ITEM}end/", **given, action="do")


def asked(ledger: Ledger) -> Carryover:
    new = Jurisdiction.objects.get(code="500951")
    given = {"successor": new.pk, "on": "2024-06-01", "document": PAPER}
    checked = send(ledger.people.treasury, NEW, **given, action="check")
    assert "-1,000,000.00" in checked.replace("−", "-")
    assert "新区" in checked
    assert not Carryover.objects.exists()
    said = send(ledger.people.treasury, NEW, **given, action="do")
    assert "您登记了此事，不能复核" in said
    return Carryover.objects.get()


def test_a_district_is_ended_with_what_is_to_be_done_next(ledger):
    said = ended(ledger)
    assert "上游区自 2024-06-01 起停用。请自该日起修订协议《台账河协议》、《另一协议》。" in said
    assert "账户余额请市财政在台账“区划结转”里结转。" in said
    assert "停用自 2024-06-01（渝府〔2024〕1号）" in re.sub(
        r"\s+", " ", re.sub("<[^>]+>", " ", said)
    )
    assert "撤回停用" in said
    told = Notification.objects.get(user=ledger.people.treasury)
    assert "上游区自 2024-06-01 起撤并" in told.text
    assert told.link == NEW
    assert "结转账户余额：上游区" in read(ledger.people.treasury, "/work/")
    assert "结转账户余额" not in read(ledger.people.bureau, "/work/")


def test_the_treasury_carries_over_by_two_persons(ledger):
    ended(ledger)
    assert "上游区" in read(ledger.people.treasury, "/ledger/carryovers/")
    carryover = asked(ledger)
    address = f"/ledger/carryovers/{carryover.pk}/"
    assert f"复核区划结转：{carryover}" in read(ledger.people.treasury2, "/work/")
    assert "须由另一人复核" in send(ledger.people.treasury, address, action="approve")
    said = send(ledger.people.treasury2, address, action="approve")
    entry = JournalEntry.objects.get(cause="carryover")
    assert f"已复核入账：{entry.label}。" in said
    new = LedgerAccount.objects.get(jurisdiction__code="500951")
    assert standing(new) == yuan("-1000000")
    page = read(ledger.people.treasury, f"/ledger/entries/{entry.pk}/")
    assert "上游区→新区 （渝府〔2024〕1号）" in page
    assert "账户余额 2024-06-01 起由新区承继（渝府〔2024〕1号）" in read(ledger.people.admin, ITEM)
    assert "起承继上游区的" in read(ledger.people.admin, "/reference/districts/item/500951/")
    owed = read(ledger.people.treasury, "/ledger/arrears/")
    assert "新区" in owed
    assert "上游区" not in owed


def test_a_carrying_sent_back_says_why_and_can_be_asked_for_again(ledger):
    ended(ledger)
    address = f"/ledger/carryovers/{asked(ledger).pk}/"
    send(ledger.people.treasury2, address, action="reject", why="批复未到")
    page = read(ledger.people.treasury, address)
    assert "已退回" in page
    assert "批复未到" in page
    assert not JournalEntry.objects.filter(cause="carryover").exists()
    assert "上游区" in read(ledger.people.treasury, "/ledger/carryovers/")


def test_an_end_said_by_mistake_is_taken_back(ledger):
    ended(ledger)
    send(ledger.people.admin, f"{ITEM}take-back/", source="登记错了", action="do")
    assert Jurisdiction.objects.get(code="500901").ended_on is None
    page = read(ledger.people.admin, ITEM)
    assert "登记错了" in page, "in the history"
    client = Client()
    client.force_login(ledger.people.treasury)
    assert client.get(NEW).status_code == 404


def test_a_river_is_ended_from_its_page(ledger):
    address = "/reference/rivers/item/LEDGERHE/"
    said = send(ledger.people.admin, f"{address}end/", on="2024-06-01", source="改道", action="do")
    assert "台账河自 2024-06-01 起停用。" in said
    assert "停用自 2024-06-01（改道）" in read(ledger.people.admin, address)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"on": "2024-07-01", "source": PAPER}, "还没有到"),
        ({"on": "", "source": PAPER}, "请填写停用自"),
        ({"on": "2024-06-01", "source": " "}, "请填写依据"),
    ],
)
def test_an_end_without_its_day_or_paper_is_refused(ledger, given, said):
    client = Client()
    client.force_login(ledger.people.admin)
    answer = client.post(f"{ITEM}end/", {**given, "action": "do"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Jurisdiction.objects.get(code="500901").ended_on is None


def test_the_treasury_itself_and_a_province_do_not_end(ledger):
    client = Client()
    client.force_login(ledger.people.admin)
    for code in ("500000", "500000-T"):
        assert client.get(f"/reference/districts/item/{code}/end/").status_code == 404
        assert "停用" not in read(ledger.people.admin, f"/reference/districts/item/{code}/")
