"""What the database itself refuses of the ledger, tried with raw SQL as the tables' owner."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from settlements.models import JournalEntry, LedgerAccount, Posting
from settlements.money import yuan
from settlements.services.ledger import Line, Unbalanced, account_of, post, record_payment
from tests.worlds import jurisdiction

DAY = date(2024, 2, 2)


@pytest.fixture
def accounts(db) -> list[LedgerAccount]:
    return [
        account_of(jurisdiction(code, name), opened_on=DAY)
        for code, name in (("500901", "上游区"), ("500902", "下游区"))
    ]


@pytest.fixture
def entry(accounts) -> JournalEntry:
    return paid(accounts)


def paid(accounts, amount="100.00", on=DAY, voucher="") -> JournalEntry:
    payer, payee = (a.jurisdiction for a in accounts)
    return record_payment(
        payer=payer, payee=payee, amount=yuan(amount), on=on, voucher=voucher, by=None
    )


def sql(statement: str, *values) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@transaction.atomic
def write(accounts, amounts) -> None:
    """An entry with its postings, past the service that would refuse them."""
    entry = JournalEntry.objects.create(
        year=2024, number=1, booked_on=DAY, cause="payment", text="x",
        booked_at=timezone.now(), previous_hash="0" * 64, hash="a" * 64,
    )  # fmt: skip
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, yuan=amount)
        for account, amount in zip(accounts, amounts, strict=False)
    )


def insert_entry(*, year=2024, number=1, on=DAY, previous="0" * 64, own="a" * 64) -> None:
    sql(
        "INSERT INTO settlements_journalentry (year, number, booked_on, cause, voucher, text,"
        " booked_at, previous_hash, hash) VALUES (%s, %s, %s, 'payment', '', 'x', %s, %s, %s)",
        year, number, on, timezone.now(), previous, own,
    )  # fmt: skip


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
    with pytest.raises(IntegrityError, match="台账只增不改"):
        sql(statement)
    assert Posting.objects.count() == 2


def test_a_second_insert_to_an_entry_is_refused_even_if_it_balances(entry, accounts):
    third = account_of(jurisdiction("500903", "外人区"), opened_on=DAY)
    fourth = account_of(jurisdiction("500904", "又一区"), opened_on=DAY)
    with pytest.raises(IntegrityError, match="不平"):
        sql(
            "INSERT INTO settlements_posting (entry_id, account_id, yuan)"
            " VALUES (%s, %s, 5), (%s, %s, -5)",
            entry.pk, third.pk, entry.pk, fourth.pk,
        )  # fmt: skip


@pytest.mark.parametrize(
    "lines", [["100.00", "-99.99"], ["100.00"]], ids=["unbalanced", "one line"]
)
def test_postings_that_do_not_balance_are_refused(accounts, lines):
    # A single balanced line would be zero, which another constraint refuses.
    with pytest.raises(IntegrityError, match="不平"):
        write(accounts, [yuan(amount) for amount in lines])
    assert not JournalEntry.objects.exists()


def test_a_gap_in_the_numbers_is_refused(entry):
    with pytest.raises(IntegrityError, match="不连续"):
        insert_entry(number=3, previous=entry.hash)


def test_an_entry_dated_before_the_last_one_is_refused(entry):
    with pytest.raises(IntegrityError, match="早于"):
        insert_entry(number=2, on=date(2024, 2, 1), previous=entry.hash)


def test_an_entry_that_does_not_follow_the_chain_is_refused(entry):
    with pytest.raises(IntegrityError, match="摘要值"):
        insert_entry(number=2, previous="0" * 64)


def test_an_entry_of_another_year_than_its_date_is_refused(entry):
    with pytest.raises(IntegrityError, match="不符"):
        insert_entry(year=2025, previous=entry.hash)


def test_an_entry_without_postings_is_refused_at_commit(accounts):
    with pytest.raises(IntegrityError, match="没有分录"):
        insert_entry()


def test_an_entry_without_postings_never_commits(committed):
    # At commit the driver does not decode the words; the trigger's name is plain.
    trigger = pytest.raises(IntegrityError, match="settlements_entry_has_postings")
    with trigger, transaction.atomic():
        JournalEntry.objects.create(
            year=2024, number=1, booked_on=DAY, cause="payment", text="x",
            booked_at=timezone.now(), previous_hash="0" * 64, hash="a" * 64,
        )  # fmt: skip
    assert not JournalEntry.objects.exists()


def test_numbers_start_again_each_year_and_stay_chained(accounts):
    first, second = paid(accounts), paid(accounts)
    third = paid(accounts, on=date(2025, 1, 3))
    assert [e.label for e in (first, second, third)] == [
        "SK-2024-0001", "SK-2024-0002", "SK-2025-0001",
    ]  # fmt: skip
    assert third.previous_hash == second.hash


def test_one_voucher_is_booked_once(accounts):
    paid(accounts, voucher="PZ-1")
    with pytest.raises(IntegrityError, match="entry_voucher_once"), transaction.atomic():
        paid(accounts, voucher="PZ-1")


def test_the_service_refuses_what_does_not_balance_before_the_database_does(accounts):
    up, down = accounts
    with pytest.raises(Unbalanced, match=r"合计 0\.01 元"):
        post(
            cause="payment", on=DAY, text="错", by=None,
            lines=[Line(up, yuan("1.01")), Line(down, yuan("-1.00"))],
        )  # fmt: skip
