"""`verify_books`: what was changed past every guard is found and named."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from settlements import pipeline
from settlements.ledger.books.books import NoHash, verify
from settlements.ledger.chain import head
from settlements.ledger.services.ledger import HashedLine, entry_hash, reverse
from tests.books import PAID, Ledger
from tests.worlds import close_year, month


def output(capsys, *arguments) -> dict:
    call_command(*arguments)
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def ledger(people) -> Ledger:
    return Ledger.make(people)


def tamper(statement: str) -> None:
    """Past every guard, as only a superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing is left waiting for commit
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount
        cursor.execute("SET session_replication_role = DEFAULT")


def found_after(statement: str, old_head: str | None = None) -> list[tuple[str, str]]:
    """What a check says after the tampering, which is then undone."""
    with transaction.atomic():
        tamper(statement)
        books = verify(old_head)
        assert not books.sound, statement
        transaction.set_rollback(True)
    return [(each.entry, each.problem) for each in books.broken]


# Check constraints hold even then; whoever owns the table can take them off first.
WITHOUT = "ALTER TABLE settlements_journalentry DROP CONSTRAINT entry_one_cause; "
YEAR_TAMPERINGS = [
    ("UPDATE settlements_posting SET yuan = yuan * 2", "摘要值与内容不符"),
    ("UPDATE settlements_posting SET yuan = 1 WHERE yuan > 0", "合计 -11999999.00 元，应为零"),
    ("UPDATE settlements_journalentry SET text = '改'", "摘要值与内容不符"),
    ("UPDATE settlements_journalentry SET number = 2", "号不连续"),
    (
        "UPDATE settlements_journalentry SET booked_on = '2023-01-01', effective_on = '2023-01-01'",
        "与记账日期",
    ),
    (WITHOUT + "UPDATE settlements_journalentry SET cause = 'opening'", "没有唯一的关联对象"),
    ("DELETE FROM settlements_posting WHERE yuan < 0", "只有 1 条分录"),
    ("DELETE FROM settlements_journalentry", "分录没有凭证"),
    (
        "UPDATE settlements_settlement SET state = 'open', closed_on = NULL, cleared_on = NULL"
        " WHERE year = 2023",
        "没有关账",
    ),
    ("UPDATE settlements_settlementnet SET yuan = yuan * 2", "与关账的年度净额不符"),
    ("UPDATE settlements_transfer SET yuan = yuan + 1", "与已结清的月核算收付不符"),
    ("DELETE FROM settlements_transfer", "与已结清的月核算收付不符"),
]


def test_a_closed_year_is_sound_and_each_tampering_with_it_is_found(border, people, capsys):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, people, on=month("2024-02"))
    sound = output(capsys, "verify_books", "--json")
    assert sound == {
        "entries": 1, "postings": 2, "sum": "0.00", "broken": [], "first_broken": None,
        "head": {"entry": "JZ-2024-0001", "hash": head().hash}, "sound": True,
    }  # fmt: skip
    for statement, problem in YEAR_TAMPERINGS:
        found = found_after(statement)
        assert any(problem in each for _, each in found), (statement, found)
    assert verify().sound


LEDGER_TAMPERINGS = [
    ("UPDATE settlements_journalentry SET effective_on = '2024-01-01' WHERE number = 2",
     "SK-2024-0002", "摘要值与内容不符"),
    (WITHOUT + "UPDATE settlements_journalentry SET payment_id = NULL WHERE number = 2",
     "SK-2024-0002", "没有唯一的关联对象"),
    ("UPDATE settlements_ledgeraccount SET agreement_id = NULL WHERE id ="
     " (SELECT min(id) FROM settlements_ledgeraccount)", "QC-2024-0001", "摘要值与内容不符"),
    ("UPDATE settlements_ledgeraccount SET opened_on = '2025-01-01' WHERE kind = 'transit'",
     "DS-2024-0004", "早于账户"),
    ("ALTER TABLE settlements_ledgeraccount DROP CONSTRAINT account_closed_after_opened;"
     " UPDATE settlements_ledgeraccount SET closed_on = '2024-02-02' WHERE kind = 'transit'",
     "DS-2024-0004", "晚于账户"),
    ("UPDATE settlements_accountmonth SET net = net + 1 WHERE basis = 'booked' AND month ="
     " '2024-02-01'", "上游区 LEDGER", "月净额"),
    ("UPDATE settlements_accountyear SET net = net + 1 WHERE basis = 'booked'",
     "上游区 LEDGER", "2024 年的年净额"),
    ("DELETE FROM settlements_accountyear WHERE basis = 'effective'",
     "下游区 LEDGER", "2024 年的年净额 0 元与月净额合计"),
    ("UPDATE settlements_payment SET yuan = yuan - 1 WHERE voucher = 'PZ-2'",
     "SK-2024-0002", "金额与付款登记的不符"),
    ("UPDATE settlements_payment SET reversed_on = NULL WHERE voucher = 'PZ-2'",
     "SK-2024-0002", "冲销标记不符"),
    ("UPDATE settlements_payment SET state = 'prepared', approved_by_id = NULL WHERE voucher = 'PZ-4'",
     "PZ-4", "没有复核，却已入账"),
    ("UPDATE settlements_posting SET yuan = yuan * 2 WHERE entry_id ="
     " (SELECT id FROM settlements_journalentry WHERE cause = 'reversal')",
     "CX-2024-0003", "不是逐笔反号"),
    (WITHOUT + "UPDATE settlements_journalentry SET cause = 'gift' WHERE number = 4",
     "2024-0004", "不是台账的事由"),
]  # fmt: skip


def test_each_tampering_with_payments_accounts_and_reversals_is_named(ledger):
    ledger.owe("100")
    paid = ledger.pay("40")
    reverse(paid, on=PAID, why="退汇", by=ledger.people.treasury)
    ledger.vouchers = 3
    ledger.pay("10", kind="collection")
    assert verify().sound
    for statement, entry, problem in LEDGER_TAMPERINGS:
        found = found_after(statement)
        assert any(e == entry and problem in p for e, p in found), (statement, found)


def test_an_old_head_tells_that_the_last_entry_was_taken_off(ledger, capsys):
    for amount in ("5", "6", "7"):
        ledger.owe(amount)
    old = head()
    assert (old.entry, old.entries) == ("DZ-2024-0003", 3)
    assert output(capsys, "verify_books", "--head", old.short.upper(), "--json")["asked"] == {
        "head": old.hash[:16], "contained": True, "entry": "DZ-2024-0003",
    }  # fmt: skip
    ledger.owe("8")
    assert verify(old.hash).asked.entry == "DZ-2024-0003"
    for table, column in (("posting", "entry_id"), ("journalentry", "id")):
        tamper(
            f"DELETE FROM settlements_{table} WHERE {column} IN"
            " (SELECT id FROM settlements_journalentry WHERE number >= 3)"
        )
    tamper("DELETE FROM settlements_accountmonth")
    # The chain alone cannot know; whoever kept the paper does.
    assert [b for b in verify().broken if b.entry.startswith(("QC", "DZ"))] == []
    with pytest.raises(SystemExit) as stop:
        call_command("verify_books", "--head", old.hash, "--json")
    assert stop.value.code == 1
    assert json.loads(capsys.readouterr().out)["asked"]["contained"] is False


def test_an_entry_taken_out_of_the_middle_breaks_the_chain_at_the_next(ledger, capsys):
    for _ in range(3):
        ledger.owe("5")
    middle = "(SELECT id FROM settlements_journalentry WHERE number = 2)"
    tamper(f"DELETE FROM settlements_posting WHERE entry_id = {middle}")
    tamper("DELETE FROM settlements_journalentry WHERE number = 2")
    with pytest.raises(SystemExit):
        call_command("verify_books")
    words = capsys.readouterr().out
    assert "DZ-2024-0003：没有接上前一凭证的摘要值" in words
    assert "DZ-2024-0003：号不连续：应为 2024 年 2 号。" in words
    assert verify().first_broken.entry == "DZ-2024-0003"


@pytest.mark.parametrize("text", ["", "abc", "0" * 65, "zz" * 10, "0x" + "a" * 12])
def test_what_is_no_hash_is_refused_with_what_one_is(db, text):
    with pytest.raises(NoHash, match="64 位十六进制数"):
        verify(text)
    with pytest.raises(CommandError, match="至少给出前 12 位"):
        call_command("verify_books", "--head", text)


def test_nobody_posts_while_the_books_are_verified(db):
    verify()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
               AND pid = pg_backend_pid()
               AND objid::bigint = hashtext('settlements_journal')::bigint & 4294967295"""
        )
        assert cursor.fetchone() == (1,)


def test_empty_books_are_sound_and_have_an_empty_head(db, capsys):
    found = output(capsys, "verify_books", "--json")
    assert (found["entries"], found["head"]) == (0, {"entry": "", "hash": "0" * 64})


def test_an_entry_of_the_first_hash_version_still_verifies(ledger):
    """As migrated: no business date or link in its hash, and linked to nothing."""
    entry = ledger.owe("100")
    entry.hash_version = 1
    lines = [HashedLine.of(p.account, p.yuan) for p in entry.postings.select_related("account")]
    old = entry_hash(entry, lines)
    tamper(
        "UPDATE settlements_journalentry SET hash_version = 1, cause = 'payment',"
        f" opening_id = NULL, hash = '{old}'"
    )
    entry.cause = "payment"
    fresh = entry_hash(entry, lines)
    tamper(f"UPDATE settlements_journalentry SET hash = '{fresh}'")
    tamper("UPDATE settlements_ledgeraccount SET agreement_id = NULL, opened_on = '2020-01-01'")
    books = verify()
    assert books.broken == []
    assert books.head == fresh
