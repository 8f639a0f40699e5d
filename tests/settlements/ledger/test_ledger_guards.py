"""What the database itself refuses of the ledger, tried with raw SQL as the tables' owner."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from settlements.ledger.services.ledger import (
    Line,
    NotReversible,
    Unbalanced,
    account_of,
    close_account,
    post,
    reverse,
)
from settlements.ledger.services.reconciliation import state_balance
from settlements.models import AccountMonth, AccountYear, JournalEntry, LedgerAccount, Posting
from settlements.money import yuan
from tests.books import DAY, PAID, Ledger

REFUSED = IntegrityError


@pytest.fixture
def ledger(people) -> Ledger:
    return Ledger.make(people)


@pytest.fixture
def accounts(ledger) -> list[LedgerAccount]:
    return [ledger.account(ledger.up), ledger.account(ledger.down)]


@pytest.fixture
def entry(ledger) -> JournalEntry:
    return ledger.owe("100.00")


def sql(statement: str, *values) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def raw(**given) -> JournalEntry:
    """An entry as the service would never write it: of the oldest kind of cause, unlinked."""
    return JournalEntry.objects.create(
        **{
            "year": 2024, "number": 1, "booked_on": DAY, "effective_on": DAY,
            "cause": "reversal", "text": "x", "booked_at": timezone.now(),
            "previous_hash": "0" * 64, "hash": "a" * 64, **given,
        }
    )  # fmt: skip


@transaction.atomic
def write(entry: JournalEntry, accounts, amounts) -> None:
    """Postings past the service that would refuse them."""
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, yuan=amount)
        for account, amount in zip(accounts, amounts, strict=False)
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_posting SET yuan = yuan * 2",
        "DELETE FROM settlements_posting",
        "TRUNCATE settlements_posting",
        "UPDATE settlements_journalentry SET text = 'x'",
        "DELETE FROM settlements_journalentry",
        "TRUNCATE settlements_journalentry CASCADE",
    ],
)
def test_the_journal_only_grows(entry, statement):
    with pytest.raises(REFUSED, match="台账只增不改"):
        sql(statement)
    assert Posting.objects.count() == 2


def test_a_second_insert_to_an_entry_is_refused_even_if_it_balances(entry, ledger):
    others = [ledger.account(p, ledger.other) for p in (ledger.up, ledger.down)]
    with pytest.raises(REFUSED, match="不平"):
        write(entry, others, [yuan("5"), yuan("-5")])


LINES = """INSERT INTO settlements_posting (entry_id, account_id, yuan)
    VALUES (%s, %s, 5), (%s, %s, -5)"""


@transaction.atomic
def both(entry: JournalEntry, accounts: list[int], of: int, *, postings_first: bool) -> None:
    """An entry behind that one, and postings of 5 yuan, of the number `of`, on the accounts."""
    up, down = accounts

    def write_entry() -> None:
        raw(pk=entry.pk + 1000, number=2, previous_hash=entry.hash, reverses=entry)

    def write_postings() -> None:
        with connection.cursor() as cursor:
            cursor.execute(LINES, [of, up, of, down])

    for act in [write_postings, write_entry] if postings_first else [write_entry, write_postings]:
        act()


def test_postings_of_an_account_or_an_entry_that_is_not_there_are_refused(entry, accounts):
    up, down = (account.pk for account in accounts)
    with pytest.raises(REFUSED, match="账户 #31999 不存在"):
        both(entry, [up, 31999], entry.pk + 1000, postings_first=False)
    with pytest.raises(REFUSED, match="凭证 #31999 不存在"):
        both(entry, [up, down], 31999, postings_first=False)
    assert Posting.objects.count() == 2


def test_postings_do_not_come_before_their_entry(ledger, entry, accounts):
    """Or they would escape what is asked of an entry's accounts, and the month nets."""
    new = entry.pk + 1000
    with pytest.raises(REFUSED, match=f"凭证 #{new} 不存在"):
        both(entry, [account.pk for account in accounts], new, postings_first=True)
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("table", ["settlements_ledgeraccount", "settlements_journalentry"])
def test_what_a_posting_names_can_neither_go_nor_be_renumbered(entry, accounts, table):
    named = accounts[0].pk if table == "settlements_ledgeraccount" else entry.pk
    for statement in ("DELETE FROM {} WHERE id = %s", "UPDATE {} SET id = 31999 WHERE id = %s"):
        with pytest.raises(REFUSED):
            sql(statement.format(table), named)
    for cascade in ("", " CASCADE"):
        with pytest.raises(DatabaseError):
            sql(f"TRUNCATE {table}{cascade}")
    assert Posting.objects.filter(entry=entry).count() == 2


@pytest.mark.parametrize("closed", [False, True])
def test_not_even_an_account_without_postings_goes(ledger, closed):
    account = ledger.account(ledger.up, ledger.other)
    if closed:
        close_account(account=account, on=DAY)
    with pytest.raises(REFUSED, match="账户不能删除"):
        sql("DELETE FROM settlements_ledgeraccount WHERE id = %s", account.pk)
    with pytest.raises(ProtectedError):
        ledger.owe("100").postings.first().account.delete()


@pytest.mark.parametrize(
    "lines", [["100.00", "-99.99"], ["100.00"]], ids=["unbalanced", "one line"]
)
def test_postings_that_do_not_balance_are_refused(entry, accounts, lines):
    with pytest.raises(REFUSED, match="不平"), transaction.atomic():
        write(
            raw(number=2, previous_hash=entry.hash, reverses=entry),
            accounts,
            [yuan(amount) for amount in lines],
        )
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"number": 3}, "不连续"),
        ({"number": 2, "booked_on": date(2024, 2, 1), "effective_on": date(2024, 2, 1)}, "早于"),
        ({"number": 2, "previous_hash": "0" * 64}, "摘要值"),
        ({"year": 2025}, "不符"),
        ({"number": 2, "hash_version": 1}, "版本 1"),
        ({"number": 2, "effective_on": date(2024, 2, 3)}, "entry_effective_before_booked"),
        ({"number": 2, "cause": "payment"}, "entry_one_cause"),
        ({"number": 2, "reverses": None}, "entry_one_cause"),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_an_entry_out_of_its_place_is_refused(entry, given, words):
    with pytest.raises(REFUSED, match=words), transaction.atomic():
        raw(**{"previous_hash": entry.hash, "reverses": entry, **given})


def test_an_entry_without_postings_never_commits(people, ledger, entry):
    raw(number=2, previous_hash=entry.hash, reverses=entry)
    with pytest.raises(REFUSED, match="没有分录"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_numbers_start_again_each_year_and_stay_chained(ledger):
    first, second = ledger.owe("1"), ledger.owe("2")
    third = ledger.owe("3", on=date(2025, 1, 3))
    assert [e.label for e in (first, second, third)] == [
        "QC-2024-0001", "DZ-2024-0002", "DZ-2025-0001",
    ]  # fmt: skip
    assert third.previous_hash == second.hash


@pytest.mark.parametrize("day", [date(2024, 2, 1), date(2024, 4, 1)], ids=["before", "after"])
def test_an_account_is_used_only_between_its_opening_and_its_closing(ledger, entry, day, accounts):
    fresh = [
        account_of(place, ledger.other, opened_on=date(2024, 2, 2))
        for place in (ledger.up, ledger.down)
    ]
    for account in fresh:
        close_account(account=account, on=date(2024, 3, 1))
    reverse(entry, on=DAY, why="腾出日期", by=None)
    statement = state_balance(
        account=accounts[0], as_of=DAY, amount="5", note="试", by=ledger.people.district
    )
    early = day < DAY
    with pytest.raises(REFUSED, match="早于" if early else "销户，不能在"), transaction.atomic():
        post(
            cause="reconciliation", on=day, text="x", by=None, statement=statement,
            lines=[Line(fresh[0], yuan("1")), Line(fresh[1], yuan("-1"))],
        )  # fmt: skip


def test_an_account_is_not_used_before_it_was_opened(ledger, entry, accounts):
    late = [
        account_of(place, ledger.other, opened_on=date(2024, 5, 1))
        for place in (ledger.up, ledger.down)
    ]
    statement = state_balance(
        account=accounts[0], as_of=DAY, amount="5", note="试", by=ledger.people.district
    )
    with pytest.raises(REFUSED, match="2024-05-01 开户、未销户，不能在 2024-02-02"):
        post(
            cause="reconciliation", on=DAY, text="x", by=None, statement=statement,
            lines=[Line(late[0], yuan("1")), Line(late[1], yuan("-1"))],
        )  # fmt: skip


def test_an_account_with_a_balance_cannot_be_closed_or_change_hands(ledger, entry, accounts):
    with pytest.raises(REFUSED, match="不能在 2024-03-01 销户"):
        close_account(account=accounts[0], on=date(2024, 3, 1))
    for change in ("agreement_id = NULL", "opened_on = '2000-01-01'"):
        with pytest.raises(REFUSED, match="开户后不能改动"):
            sql(f"UPDATE settlements_ledgeraccount SET {change}")
    with pytest.raises(REFUSED, match="不能删除"):
        sql("DELETE FROM settlements_ledgeraccount")


def test_a_reversal_turns_the_signs_once_and_is_final(ledger, entry):
    back = reverse(entry, on=PAID, why="录错了", by=ledger.people.treasury)
    assert (back.label, back.text) == ("CX-2024-0002", "冲销 QC-2024-0001：录错了")
    assert ledger.balance(ledger.up) == 0
    with pytest.raises(NotReversible, match="已由 CX-2024-0002 冲销"):
        reverse(entry, on=PAID, why="再来", by=None)
    with pytest.raises(NotReversible, match="不能再冲销"):
        reverse(back, on=PAID, why="反悔", by=None)
    with pytest.raises(NotReversible, match="理由"):
        reverse(ledger.owe("1", on=PAID), on=PAID, why=" ", by=None)


@pytest.mark.parametrize("amounts", [["99", "-99"], ["-100", "100"]])
def test_the_database_refuses_a_reversal_that_is_not_its_original_turned(entry, accounts, amounts):
    with pytest.raises(REFUSED, match="不是逐笔反号"), transaction.atomic():
        write(
            raw(number=2, previous_hash=entry.hash, reverses=entry),
            accounts,
            [yuan(a) for a in amounts],
        )


def test_the_database_refuses_a_reversal_of_a_reversal(ledger, entry):
    back = reverse(entry, on=PAID, why="录错了", by=None)
    with pytest.raises(REFUSED, match="冲销凭证不能再冲销"), transaction.atomic():
        raw(number=3, booked_on=PAID, previous_hash=back.hash, reverses=back)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_accountmonth SET net = 0",
        "DELETE FROM settlements_accountmonth",
        "TRUNCATE settlements_accountmonth",
    ],
)
def test_month_and_year_nets_are_written_by_postings_alone(entry, statement):
    for table, words in (("accountmonth", "账户月净额"), ("accountyear", "账户年净额")):
        with pytest.raises(REFUSED, match=f"{words}由分录触发器维护"):
            sql(statement.replace("accountmonth", table))
    assert (AccountMonth.objects.count(), AccountYear.objects.count()) == (4, 4)


def test_a_decided_payment_and_a_statement_stay_as_they_are(ledger, entry, accounts):
    waiting = ledger.prepare("40")
    with pytest.raises(REFUSED, match="登记后不能改动"):
        sql("UPDATE settlements_payment SET yuan = 41")
    with pytest.raises(REFUSED, match="payment_two_persons"):
        sql(
            "UPDATE settlements_payment SET state = 'approved', approved_by_id = prepared_by_id,"
            " approved_at = now()"
        )
    with pytest.raises(REFUSED, match="不能删除"):
        sql("DELETE FROM settlements_payment WHERE id = %s", waiting.pk)
    state_balance(account=accounts[0], as_of=DAY, amount="-100", by=ledger.people.district)
    for statement in (
        "UPDATE settlements_balancestatement SET yuan = 0",
        "DELETE FROM settlements_balancestatement",
        "TRUNCATE settlements_balancestatement CASCADE",
    ):
        with pytest.raises(REFUSED, match="对账记录只增不改"):
            sql(statement)


@pytest.mark.parametrize(
    ("lines", "links", "words"),
    [
        (["1.01", "-1.00"], {}, r"合计 0\.01 元"),
        (["1.00", "-1.00"], {}, "须关联且只关联 payment"),
    ],
)
def test_the_service_refuses_before_the_database_does(accounts, lines, links, words):
    up, down = accounts
    with pytest.raises(Unbalanced, match=words):
        post(
            cause="payment", on=DAY, text="错", by=None, **links,
            lines=[Line(up, yuan(lines[0])), Line(down, yuan(lines[1]))],
        )  # fmt: skip


def test_an_entry_dated_tomorrow_or_effective_after_its_booking_is_refused(ledger):
    with pytest.raises(Unbalanced, match="在今天之后"):
        ledger.owe("1", booked_on=date(2999, 1, 1))
    with pytest.raises(Unbalanced, match="晚于记账日期"):
        ledger.owe("1", on=PAID, booked_on=DAY)
