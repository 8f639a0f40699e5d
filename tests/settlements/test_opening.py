"""Opening balances from a file: read whole or refused by row, booked once, by two persons."""

import io
import json
from datetime import date

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from settlements.ledger.balances import balance
from settlements.ledger.services.opening import (
    OpeningRefused,
    approve_opening,
    prepare_opening,
    read_opening,
    reject_opening,
)
from settlements.models import JournalEntry, LedgerAccount, OpeningBatch
from settlements.money import yuan
from settlements.moving.acts import NotAllowed
from tests.told_once import of_told, told_once, with_ledger

HEAD = "行政区代码,协议编码,金额(元),备注\n"
GOOD = HEAD + '500901,LEDGER,"-1,000,000.00",上年结余\n500902,LEDGER,1000000,\n500902,OTHER,0,无\n'
DAY = date(2023, 12, 31)


told = told_once(with_ledger)
ledger = of_told("ledger")


def test_a_file_becomes_one_balanced_entry_effective_on_its_date(ledger, tmp_path, capsys):
    path = tmp_path / "期初.csv"
    path.write_text(GOOD, encoding="gb18030")
    arguments = ("import_opening_balances", str(path), "--on", "2023-12-31", "--json")
    call_command(*arguments, "--dry-run")
    tried = json.loads(capsys.readouterr().out)
    assert (tried["rows"], tried["receivable"], tried["entry"]) == (2, "1000000.00", None)
    assert not OpeningBatch.objects.exists()
    call_command(*arguments)
    found = json.loads(capsys.readouterr().out)
    entry = JournalEntry.objects.get()
    assert found["entry"] == entry.label
    assert entry.effective_on == DAY
    assert balance(ledger.account(ledger.up), DAY) == yuan("-1000000")
    with pytest.raises(SystemExit):
        call_command(*arguments)
    assert "已按 2023-12-31 导入过" in capsys.readouterr().out
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("rows", "row", "field", "words"),
    [
        ("500901,LEDGER,-1\n", 0, "yuan", "合计 −1.00 元，不为零"),
        ("999999,LEDGER,1\n", 2, "jurisdiction", "没有行政区代码"),
        ("500901,NONE,1\n", 2, "agreement", "没有协议编码"),
        ("500903,LEDGER,1\n", 2, "jurisdiction", "不是《台账河协议》的协议方"),
        ("500901,LEDGER,1.234\n", 2, "yuan", "多于两位小数"),
        ("500901,LEDGER,\n", 2, "yuan", "不是金额"),
        ("500901,LEDGER,1\n500901,LEDGER,-1\n", 3, "jurisdiction", "与第 2 行是同一账户"),
        ("", 0, "file", "有 0 行数据"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_row_and_field(ledger, rows, row, field, words):
    with pytest.raises(OpeningRefused, match=words) as refused:
        read_opening((HEAD + rows).encode(), "期初.csv")
    (wrong,) = refused.value.wrong
    assert (wrong.row, wrong.field) == (row, field)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"%PDF-1.7",
        b"PK\x03\x04 not a workbook",
        b"a,b\n1,2\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
    ids=["empty", "pdf", "false xlsx", "other columns", "old xls"],
)
def test_a_file_of_another_kind_is_refused(ledger, raw):
    with pytest.raises(OpeningRefused):
        read_opening(raw, "期初.xlsx")


def test_a_workbook_is_read_like_the_text_and_the_treasury_stands_for_transit(ledger):
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["行政区代码", "协议编码", "金额（元）"])
    sheet.write_row(1, 0, [500901, "LEDGER", -12.34])
    sheet.write_row(2, 0, ["500000-T", "LEDGER", 12.34])
    book.close()
    file = read_opening(content.getvalue(), "期初.xlsx")
    assert [row.yuan for row in file.rows] == [yuan("-12.34"), yuan("12.34")]
    approve_opening(batch=prepare_opening(file=file, on=DAY, by=None), by=None, booked_on=DAY)
    transit = LedgerAccount.objects.get(kind="transit")
    assert (transit.jurisdiction, transit.agreement) == (ledger.treasury, ledger.agreement)


def test_the_treasury_prepares_and_another_person_approves(ledger):
    people, file = ledger.people, read_opening(GOOD.encode(), "期初.csv")
    with pytest.raises(NotAllowed):
        prepare_opening(file=file, on=DAY, by=people.bureau)
    with pytest.raises(OpeningRefused, match="今天之后"):
        prepare_opening(file=file, on=date(2999, 1, 1), by=people.treasury)
    batch = prepare_opening(file=file, on=DAY, by=people.treasury)
    for who in (people.treasury, None):
        with pytest.raises(OpeningRefused, match="另一人"):
            approve_opening(batch=batch, by=who)
    with pytest.raises(NotAllowed):
        approve_opening(batch=batch, by=people.district)
    reject_opening(batch=batch, why="日期不对", by=people.treasury2)
    again = prepare_opening(file=file, on=DAY, by=people.treasury)
    entry = approve_opening(batch=again, by=people.bureau)
    assert entry.opening == again
    with pytest.raises(OpeningRefused, match="不能再办理"):
        approve_opening(batch=again, by=people.treasury2)


def test_the_command_names_both_persons_or_none(ledger, tmp_path):
    path = tmp_path / "期初.csv"
    path.write_text(GOOD)
    arguments = ("import_opening_balances", str(path), "--on", "2023-12-31")
    with pytest.raises(CommandError, match="须同时给出"):
        call_command(*arguments, "--by", "treasury")
    with pytest.raises(CommandError, match="没有登录名"):
        call_command(*arguments, "--by", "treasury", "--approved-by", "ghost")
    with pytest.raises(CommandError, match="读不到文件"):
        call_command("import_opening_balances", str(tmp_path / "none"), "--on", "2023-12-31")
    call_command(*arguments, "--by", "treasury", "--approved-by", "treasury2")
    assert JournalEntry.objects.get().by == ledger.people.treasury2
