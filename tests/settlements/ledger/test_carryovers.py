"""区划结转: what stood on a merged district's accounts goes over to its successor, by two persons."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from basins import clock
from basins.access import viewer_of
from basins.models import Jurisdiction
from settlements.checks.registry import run_checks
from settlements.ledger.balances import balance, standing
from settlements.ledger.books.books import verify
from settlements.ledger.queries.arrears import arrears
from settlements.ledger.queries.carryovers import places_to_carry, successors_of
from settlements.ledger.services.carryovers import (
    CarryoverRefused,
    approve_carryover,
    carried_over,
    propose_carryover,
    reject_carryover,
)
from settlements.ledger.services.ledger import HashedLine, Line, entry_hash, lock_journal, post
from settlements.ledger.services.payments import PaymentRefused
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import Carryover, CarryoverLine, JournalEntry, LedgerAccount
from settlements.money import yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.reference.services.ending import end_place, take_back_end_of
from tests.books import DAY, PAID, Ledger
from tests.worlds import jurisdiction

MERGED = date(2024, 6, 1)
PAPER = "渝府〔2024〕1号"


@pytest.fixture
def ledger(people) -> Ledger:
    """上游区 owes 1,000,000 in one agreement and is owed 300,000 in another; it was merged."""
    ledger = Ledger.make(people)
    ledger.owe("1000000")
    ledger.owe("300000", debtor=ledger.down, creditor=ledger.up, agreement=ledger.other)
    end_place(place=ledger.up, on=MERGED, source=PAPER, by=people.admin)
    ledger.up.refresh_from_db()
    return ledger


@pytest.fixture
def new(ledger) -> Jurisdiction:
    return jurisdiction("500951", "新区")


def ask(ledger: Ledger, new: Jurisdiction, **given) -> Carryover:
    usual = {"ended": ledger.up, "successor": new, "on": MERGED, "document": PAPER}
    return propose_carryover(**{**usual, "by": ledger.people.treasury, **given})


def carry(ledger: Ledger, new: Jurisdiction, on: date = date(2024, 6, 20)) -> list[JournalEntry]:
    return approve_carryover(carryover=ask(ledger, new), by=ledger.people.treasury2, on=on)


def stands(place: Jurisdiction, agreement) -> Decimal:
    return standing(LedgerAccount.objects.get(jurisdiction=place, agreement=agreement))


def test_every_account_goes_over_by_an_entry_of_its_own(ledger, new):
    entries = carry(ledger, new)
    assert [entry.label for entry in entries] == ["QH-2024-0003", "QH-2024-0004"]
    assert {entry.text for entry in entries} == {f"区划结转：上游区→新区（{PAPER}）"}
    assert {(e.booked_on, e.effective_on) for e in entries} == {(date(2024, 6, 20), MERGED)}
    assert stands(ledger.up, ledger.agreement) == stands(ledger.up, ledger.other) == 0
    assert stands(new, ledger.agreement) == yuan("-1000000")
    assert stands(new, ledger.other) == yuan("300000")
    assert stands(ledger.down, ledger.agreement) == yuan("1000000")
    before = LedgerAccount.objects.get(jurisdiction=ledger.up, agreement=ledger.agreement)
    assert balance(before, date(2024, 5, 31)) == yuan("-1000000"), "then it was theirs"
    assert balance(before, MERGED) == 0
    assert verify().broken == []
    assert [result.to_json() for result in run_checks() if not result.ok] == []


def test_the_successor_pays_what_it_took_over(ledger, new):
    with pytest.raises(PaymentRefused, match="新区不是《台账河协议》的协议方"):
        ledger.pay("1000000", payer=new, on=date(2024, 7, 1))
    carry(ledger, new)
    ledger.pay("1000000", payer=new, on=date(2024, 7, 1))
    assert stands(new, ledger.agreement) == stands(ledger.down, ledger.agreement) == 0


def test_two_persons_carry_over(ledger, new):
    asked = ask(ledger, new)
    assert {line.yuan for line in asked.lines.all()} == {yuan("-1000000"), yuan("300000")}
    assert not JournalEntry.objects.filter(cause="carryover").exists()
    with pytest.raises(CarryoverRefused, match="须由另一人复核"):
        approve_carryover(carryover=asked, by=ledger.people.treasury)
    for by in (ledger.people.bureau, ledger.people.district, ledger.people.admin):
        with pytest.raises(NotAllowed):
            approve_carryover(carryover=asked, by=by)
        with pytest.raises(NotAllowed):
            ask(ledger, new, by=by)
    with pytest.raises(CarryoverRefused, match="已有一项结转待复核"):
        ask(ledger, new)
    reject_carryover(carryover=asked, why="批复未到", by=ledger.people.treasury2)
    with pytest.raises(CarryoverRefused, match="已退回"):
        approve_carryover(carryover=asked, by=ledger.people.treasury2)
    assert carry(ledger, new)
    with pytest.raises(CarryoverRefused, match="余额都是零"):
        ask(ledger, new)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"document": " "}, "批复名称和文号"),
        ({"document": "函" * 121}, "至多 120 字"),
        ({"on": date(2024, 5, 31)}, "自 2024-06-01 起撤并"),
        ({"on": date(2999, 1, 1)}, "还没有到"),
    ],
)
def test_what_is_not_said_rightly_is_refused(ledger, new, given, said):
    with pytest.raises(CarryoverRefused, match=said):
        ask(ledger, new, **given)
    assert not Carryover.objects.exists()


def test_only_a_place_of_the_same_level_that_is_there_takes_over(ledger, new):
    for other, said in ((ledger.up, "另一个行政区"), (ledger.treasury, "同级")):
        with pytest.raises(CarryoverRefused, match=said):
            ask(ledger, other)
    end_place(place=new, on=MERGED, source=PAPER, by=ledger.people.admin)
    new.refresh_from_db()
    with pytest.raises(CarryoverRefused, match="不能承继"):
        ask(ledger, new)


def test_only_a_place_that_ended_is_carried_over(ledger, new):
    with pytest.raises(CarryoverRefused, match="先由管理员在基础资料里登记"):
        ask(ledger, new, ended=ledger.down)


def test_it_counts_from_no_day_before_what_it_carries(ledger, new):
    ledger.pay("1", on=date(2024, 6, 10))
    with pytest.raises(CarryoverRefused, match="最后一笔的业务日期是 2024-06-10"):
        ask(ledger, new)
    assert ask(ledger, new, on=date(2024, 6, 10))


def test_a_payment_that_waits_comes_first(ledger, new):
    waiting = ledger.prepare("400000")
    with pytest.raises(CarryoverRefused, match=f"付款待复核（{waiting.voucher}）"):
        ask(ledger, new)


def test_a_balance_that_changed_since_is_asked_for_anew(ledger, new):
    asked = ask(ledger, new, on=date(2024, 6, 15))
    ledger.pay("400000", on=date(2024, 6, 12))
    with pytest.raises(CarryoverRefused, match="余额变了"):
        approve_carryover(carryover=asked, by=ledger.people.treasury2, on=date(2024, 6, 20))
    assert Carryover.objects.get().state == "prepared"
    assert stands(ledger.up, ledger.agreement) == yuan("-600000")


def test_what_is_booked_there_afterwards_goes_over_in_its_turn(ledger, new):
    carry(ledger, new)
    assert list(places_to_carry()) == []
    ledger.owe_more("50000", on=date(2024, 6, 25))
    assert list(places_to_carry()) == [ledger.up]
    asked = ask(ledger, new, on=date(2024, 6, 25))
    assert list(places_to_carry()) == [], "somebody has asked"
    approve_carryover(carryover=asked, by=ledger.people.treasury2, on=date(2024, 6, 30))
    assert stands(new, ledger.agreement) == yuan("-1050000")


def test_a_debt_stays_as_old_as_it_was(ledger, new, people):
    ledger.pay("400000", on=PAID)
    carried = arrears(viewer_of(people.treasury), MERGED)
    assert [d.place.name for d in carried.debtors] == ["上游区", "下游区"]
    carry(ledger, new)
    found = arrears(viewer_of(people.treasury), date(2024, 7, 1))
    [debtor] = [d for d in found.debtors if d.place.name == "新区"]
    [debt] = debtor.debts
    assert (debt.total, debt.oldest) == (yuan("600000"), DAY)
    before = arrears(viewer_of(people.treasury), date(2024, 5, 31))
    assert [d.place.name for d in before.debtors] == ["上游区", "下游区"]
    ledger.owe_more("50000", on=date(2024, 7, 2))
    after = {
        d.place.name: d.total for d in arrears(viewer_of(people.treasury), date(2024, 7, 3)).debtors
    }
    assert after["上游区"] == yuan("50000"), "booked on the old account since"
    assert after["新区"] == yuan("600000")


def test_a_debt_that_went_over_twice_is_the_last_ones(ledger, new, people):
    carry(ledger, new)
    end_place(place=new, on=date(2024, 8, 1), source=PAPER, by=ledger.people.admin)
    new.refresh_from_db()
    last = jurisdiction("500952", "又一区")
    asked = ask(ledger, last, ended=new, on=date(2024, 8, 1))
    approve_carryover(carryover=asked, by=ledger.people.treasury2, on=date(2024, 8, 2))
    found = arrears(viewer_of(people.treasury), date(2024, 9, 1))
    [debt] = [d for d in found.debts if d.agreement == "LEDGER"]
    assert (debt.place.name, debt.total, debt.oldest) == ("又一区", yuan("1000000"), DAY)


def test_both_sides_merged_into_one_owe_nothing(ledger, new):
    carry(ledger, new)
    end_place(place=ledger.down, on=date(2024, 8, 1), source=PAPER, by=ledger.people.admin)
    ledger.down.refresh_from_db()
    asked = ask(ledger, new, ended=ledger.down, on=date(2024, 8, 1))
    approve_carryover(carryover=asked, by=ledger.people.treasury2, on=date(2024, 8, 2))
    assert stands(new, ledger.agreement) == stands(new, ledger.other) == 0


def test_a_carrying_is_cancelled_as_other_entries_are(ledger, new):
    first, second = carry(ledger, new)
    key = (ledger.up.pk, ledger.agreement.pk)
    assert successors_of([key]) == {key: new}
    with pytest.raises(Refused, match="已结转"):
        take_back_end_of(place=ledger.up, source="登记错了", by=ledger.people.admin)
    for entry in (first, second):
        asked = propose_reversal(entry=entry, why="误转", by=ledger.people.treasury)
        approve_reversal(reversal=asked, by=ledger.people.treasury2, on=date(2024, 6, 21))
    assert stands(ledger.up, ledger.agreement) == yuan("-1000000")
    assert successors_of([key]) == {}
    assert carried_over(ledger.up) == ""
    assert verify().broken == []
    take_back_end_of(place=ledger.up, source="登记错了", by=ledger.people.admin)
    ledger.up.refresh_from_db()
    assert ledger.up.ended_on is None


def test_the_hash_covers_what_an_entry_carries(ledger, new):
    entry = JournalEntry.objects.get(pk=carry(ledger, new)[0].pk)
    lines = [HashedLine.of(p.account, p.yuan) for p in entry.postings.select_related("account")]
    assert (entry.hash_version, entry_hash(entry, lines)) == (3, entry.hash)
    entry.carryover_id += 1
    assert entry_hash(entry, lines) != entry.hash


def test_an_entry_of_the_second_hash_version_still_verifies(ledger):
    """As it was made before there were carry-overs: their link stood in no hash."""
    entry = JournalEntry.objects.order_by("-number").first()
    assert entry is not None
    lines = [HashedLine.of(p.account, p.yuan) for p in entry.postings.select_related("account")]
    entry.hash_version = 2
    older = entry_hash(entry, lines)
    assert older != entry.hash
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE settlements_journalentry SET hash_version = 2, hash = %s WHERE id = %s",
            [older, entry.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert verify().broken == []


def booked_otherwise(ledger: Ledger, new: Jurisdiction, **changed) -> None:
    """An approved carry-over with an entry that is not what was asked for."""
    asked = ask(ledger, new)
    line = asked.lines.get(account__agreement=ledger.agreement)
    lock_journal()
    Carryover.objects.filter(pk=asked.pk).update(
        state="approved", approved_by=ledger.people.treasury2
    )
    for each in asked.lines.all():
        account = LedgerAccount.objects.get_or_create(
            jurisdiction=changed.get("to", new), agreement=each.account.agreement,
            kind="compensation", defaults={"opened_on": MERGED},
        )[0]  # fmt: skip
        amount = each.yuan - changed.get("less", 0) if each.pk == line.pk else each.yuan
        if changed.get("left_out") == each.pk or (changed.get("leave_out") and each.pk == line.pk):
            continue
        post(
            cause="carryover", on=date(2024, 6, 20), effective_on=MERGED, text="结转", by=None,
            carryover=each, lines=[Line(each.account, -amount), Line(account, amount)],
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"less": 1}, "与登记的账户和余额不符"),
        ({"leave_out": True}, "每个账户须有凭证"),
        ({"to": "stranger"}, "与登记的账户和余额不符"),
    ],
)
def test_the_database_refuses_what_was_not_asked_for(ledger, new, changed, said):
    if changed.get("to"):
        changed = {"to": ledger.stranger}
    with pytest.raises(DatabaseError, match=said), transaction.atomic():
        booked_otherwise(ledger, new, **changed)


def test_what_was_asked_for_as_it_is_passes_the_database(ledger, new):
    booked_otherwise(ledger, new)
    assert stands(new, ledger.agreement) == yuan("-1000000")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE settlements_carryoverline SET yuan = yuan + 1", "只增不改"),
        ("DELETE FROM settlements_carryoverline", "只增不改"),
        ("TRUNCATE settlements_carryoverline CASCADE", "不允许 TRUNCATE"),
        ("DELETE FROM settlements_carryover", "不能删除"),
        ("UPDATE settlements_carryover SET document = '别的'", "不能改动"),
        ("UPDATE settlements_carryover SET state = 'approved', approved_by_id = prepared_by_id",
         "carryover_two_persons"),
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_asked_for(ledger, new, sql, said):
    ask(ledger, new)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(DatabaseError, match=said),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_line_is_an_account_of_the_place_and_what_stands_on_it(ledger, new):
    asked = ask(ledger, new)
    other = LedgerAccount.objects.get(jurisdiction=ledger.down, agreement=ledger.agreement)
    own = asked.lines.get(account__agreement=ledger.agreement).account
    Jurisdiction.objects.filter(pk=ledger.down.pk).update(ended_on=MERGED)
    again = Carryover.objects.create(
        ended=ledger.down, successor=new, on=MERGED, document=PAPER,
        prepared_by=ledger.people.treasury, prepared_at=asked.prepared_at,
    )  # fmt: skip
    for carryover, account, amount, said in (
        (asked, other, "1000000", "不是被撤并行政区的"),
        (again, own, "-1000000", "不是被撤并行政区的"),
        (again, other, "999999", "余额是 1000000.00 元"),
    ):
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            CarryoverLine.objects.create(carryover=carryover, account=account, yuan=yuan(amount))
    CarryoverLine.objects.create(carryover=again, account=other, yuan=yuan("1000000"))


def test_the_database_carries_over_no_place_that_is_still_there(ledger, new):
    with pytest.raises(DatabaseError, match="没有停用，或承继日期早于停用"), transaction.atomic():
        Carryover.objects.create(
            ended=ledger.down, successor=new, on=MERGED, document=PAPER,
            prepared_by=ledger.people.treasury, prepared_at=clock.now(),
        )  # fmt: skip


def test_both_places_and_who_asked_are_told(ledger, new, people):
    asked = ask(ledger, new)
    entries = approve_carryover(carryover=asked, by=people.treasury2, on=date(2024, 6, 20))
    told = list(people.treasury.notifications.values_list("text", flat=True))
    assert any(f"已入账：{entries[0].label}、{entries[1].label}" in text for text in told)


def test_the_checks_name_an_entry_that_is_not_what_was_asked_for(ledger, new):
    entry = carry(ledger, new)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE settlements_posting SET yuan = yuan * 2 WHERE entry_id = %s", [entry.pk]
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = next(r for r in run_checks() if r.check.name == "every_entry_has_one_cause").found
    assert found == (
        f"{entry.label}：与区划结转 #{Carryover.objects.get().pk} 所登记的账户和余额不符。",
    )
