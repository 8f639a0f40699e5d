"""`settlement` and `verify_books`, as scripts call them."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from settlements import pipeline
from settlements.money import yuan
from settlements.services.books import verify
from settlements.services.ledger import record_payment
from settlements.services.settlements import close_settlement
from tests.worlds import month


def output(capsys, *arguments) -> dict:
    call_command(*arguments)
    return json.loads(capsys.readouterr().out)


def close(border, people, year=2023):
    for when in border.months(f"{year - 1}-01", f"{year}-12"):
        border.measured(when, "II")
    pipeline.recompute()
    return close_settlement(
        agreement=border.agreement, year=year, on=month(f"{year + 1}-02"), by=people.bureau
    )


def tamper(statement: str) -> None:
    """Past every guard, as only a superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing is left waiting for commit
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount
        cursor.execute("SET session_replication_role = DEFAULT")


def test_settlement_gives_net_twelve_months_and_steps(border, capsys):
    border.assessed("2023-03", "II")
    border.assessed("2023-04", "IV")
    border.assessed("2023-05", "I")
    found = output(capsys, "settlement", "TEST", "2023", "--json")
    assert (found["agreement"], found["year"], found["state"]) == ("TEST", 2023, "open")
    assert found["net"] == {"上游区": "1000000.00", "下游区": "-1000000.00"}
    assert [m["month"] for m in found["months"]] == border.months("2023-01", "2023-12")
    april = found["months"][3]
    assert april["state"] == "not_met"
    (transfer,) = april["transfers"]
    assert transfer == {
        "section": "交界", "payer": "上游区", "payee": "下游区", "yuan": "1000000.00",
        "reason": transfer["reason"],
    }  # fmt: skip
    assert april["steps"][-1]["key"] == "result"
    assert {s["section"] for s in april["steps"]} == {"交界"}
    assert found["months"][0]["state"] == "no_data"
    assert found["yearly"] is None


def test_a_yearly_rule_stands_apart_and_in_the_net(border, capsys):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    found = output(capsys, "settlement", "TEST", "2023", "--json")
    assert found["net"] == {"上游区": "3500000.00", "下游区": "-3500000.00"}
    assert [t["yuan"] for t in found["yearly"]["transfers"]] == ["3500000.00"]
    assert all(m["state"] is None and not m["transfers"] for m in found["months"])


def test_settlement_in_words_names_each_payment(border, capsys):
    border.assessed("2023-04", "IV")
    call_command("settlement", "TEST", "2023")
    assert "2023-04 未达标 上游区 → 下游区 100.00(交界)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "year", "message"),
    [("NOBODY", "2023", "现有协议:TEST"), ("TEST", "1999", "已有年度:2018、2019")],
)
def test_an_unknown_agreement_or_year_is_one_line_that_names_those_there_are(
    border, code, year, message
):
    pipeline.recompute()
    with pytest.raises(CommandError, match=message) as error:
        call_command("settlement", code, year, "--json")
    assert "\n" not in str(error.value)


def test_sound_books_are_counted_and_sum_to_zero(border, people, capsys):
    close(border, people)
    assert output(capsys, "verify_books", "--json") == {
        "entries": 1, "postings": 2, "sum": "0.00", "broken": [],
    }  # fmt: skip


def test_nobody_posts_while_the_books_are_verified(db):
    verify()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
               AND pid = pg_backend_pid()
               AND objid::bigint = hashtext('settlements_journal')::bigint & 4294967295"""
        )
        assert cursor.fetchone() == (1,)


def test_empty_books_are_sound(db, capsys):
    assert output(capsys, "verify_books", "--json")["entries"] == 0


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE settlements_posting SET yuan = yuan * 2", "摘要值与内容不符"),
        ("UPDATE settlements_posting SET yuan = 1 WHERE yuan > 0", "合计 -11999999.00 元,应为零"),
        ("UPDATE settlements_journalentry SET text = '改'", "摘要值与内容不符"),
        ("UPDATE settlements_journalentry SET number = 2", "号不连续"),
        ("UPDATE settlements_journalentry SET booked_on = '2023-01-01'", "与记账日期"),
        ("UPDATE settlements_journalentry SET cause = 'gift'", "不是台账的事由"),
        ("DELETE FROM settlements_posting WHERE yuan < 0", "只有 1 条分录"),
        ("DELETE FROM settlements_journalentry", "分录没有凭证"),
        ("UPDATE settlements_settlement SET state = 'open', closed_on = NULL", "没有关账"),
        ("UPDATE settlements_settlementnet SET yuan = yuan * 2", "与关账的年度净额不符"),
        ("UPDATE settlements_transfer SET yuan = yuan + 1", "与已结清的月核算收付不符"),
        ("DELETE FROM settlements_transfer", "与已结清的月核算收付不符"),
    ],
)
def test_tampering_is_found(border, people, capsys, statement, problem):
    close(border, people)
    tamper(statement)
    with pytest.raises(SystemExit) as stop:
        call_command("verify_books", "--json")
    assert stop.value.code == 1
    found = json.loads(capsys.readouterr().out)
    assert problem in json.dumps(found["broken"], ensure_ascii=False)


def test_an_entry_taken_out_of_the_middle_breaks_the_chain(border, capsys):
    for _ in range(3):
        record_payment(
            payer=border.upstream, payee=border.downstream, amount=yuan("5"),
            on=month("2024-02"), voucher="", by=None,
        )  # fmt: skip
    middle = "(SELECT id FROM settlements_journalentry WHERE number = 2)"
    tamper(f"DELETE FROM settlements_posting WHERE entry_id = {middle}")
    tamper("DELETE FROM settlements_journalentry WHERE number = 2")
    with pytest.raises(SystemExit):
        call_command("verify_books")
    words = capsys.readouterr().out
    assert "SK-2024-0003:没有接上前一凭证的摘要值" in words
    assert "SK-2024-0003:号不连续:应为 2024 年 2 号。" in words
