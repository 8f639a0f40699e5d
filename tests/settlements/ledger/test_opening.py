"""Opening balances from a file: read whole or refused by row, booked once, by two persons."""

import io
import json
from datetime import date

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.utils import IntegrityError

from basins.clock import now
from settlements.ledger.balances import balance
from settlements.ledger.services.ledger import Line, post, reverse
from settlements.ledger.services.opening import (
    OpeningFile,
    OpeningRefused,
    approve_opening,
    prepare_opening,
    read_opening,
    reject_opening,
)
from settlements.models import JournalEntry, LedgerAccount, OpeningBatch
from settlements.money import yuan
from settlements.moving.acts import NotAllowed
from settlements.reference.opening import prepare_of_days
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
    assert f"已有期初余额（{entry.label}）" in capsys.readouterr().out
    assert JournalEntry.objects.count() == 1


def test_names_stand_for_codes_where_they_are_of_one_thing_alone(ledger):
    named = HEAD + "上游区,台账河协议,-1\n下游区,LEDGER,1\n"
    rows = read_opening(named.encode(), "期初.csv").rows
    assert [(r.jurisdiction.code, r.agreement.code) for r in rows] == [
        ("500901", "LEDGER"),
        ("500902", "LEDGER"),
    ]


@pytest.mark.parametrize(
    ("rows", "row", "field", "words"),
    [
        ("500901,LEDGER,-1\n", 0, "yuan", "合计 −1.00 元，不为零"),
        ("999999,LEDGER,1\n", 2, "jurisdiction", "没有代码或名称为“999999”的行政区"),
        ("500901,NONE,1\n", 2, "agreement", "没有编码或名称为“NONE”的协议"),
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


# One in force an account -------------------------------------------------------------------


def booked(text: str = GOOD, on: date = DAY) -> JournalEntry:
    batch = prepare_opening(file=read_opening(text.encode(), "期初.csv"), on=on, by=None)
    return approve_opening(batch=batch, by=None)


def test_the_same_balances_saved_again_are_refused_with_the_firsts_number(ledger):
    first = booked()
    saved_again = GOOD.replace("\n", "\r\n") + "\r\n"
    for on in (DAY, date(2023, 6, 30)):
        with pytest.raises(OpeningRefused, match=f"上游区在《台账河协议》.*{first.label}"):
            booked(saved_again, on)
    assert balance(ledger.account(ledger.up), DAY) == yuan("-1000000")


def test_a_batch_that_waits_is_named_to_the_second_one_and_one_sent_back_is_not(ledger):
    people, file = ledger.people, read_opening(GOOD.encode(), "期初.csv")
    waiting = prepare_opening(file=file, on=DAY, by=people.treasury)
    with pytest.raises(OpeningRefused, match=f"第 {waiting.pk} 批，待复核"):
        prepare_opening(file=file, on=DAY, by=people.treasury2)
    reject_opening(batch=waiting, why="日期不对", by=people.treasury2)
    assert booked().opening != waiting


def test_balances_of_two_days_are_two_batches_prepared_together_and_once(ledger):
    dated = "行政区代码,协议编码,金额(元),期初日期\n"
    first = "500901,LEDGER,-5,2018-12-31\n500902,LEDGER,5,2018-12-31\n"
    later = "500901,OTHER,-7,2019-12-31\n500902,OTHER,7,2019-12-31\n"
    file = read_opening((dated + first + later).encode(), "期初.csv")
    made = prepare_of_days(file=file, on=None, by=ledger.people.treasury)
    assert [batch.on for batch in made] == [date(2018, 12, 31), date(2019, 12, 31)]
    with pytest.raises(OpeningRefused, match="待复核"):
        prepare_of_days(file=file, on=None, by=ledger.people.treasury)
    reject_opening(batch=made[0], why="日期不对", by=ledger.people.treasury2)
    with pytest.raises(OpeningRefused, match=f"第 {made[1].pk} 批，待复核"):  # the later day's
        prepare_of_days(file=file, on=None, by=ledger.people.treasury)
    assert OpeningBatch.objects.count() == 2  # nothing of the day that was free


def test_a_reversed_opening_gives_its_accounts_free_again_for_the_same_file_too(ledger):
    first = booked()
    reverse(first, on=first.booked_on, why="金额有误", by=ledger.people.treasury)
    again = booked()
    assert again.label != first.label
    assert balance(ledger.account(ledger.up), DAY) == yuan("-1000000")


@pytest.mark.parametrize("on", [date(2024, 2, 2), date(2024, 12, 31)])
def test_an_opening_not_before_the_accounts_own_entries_is_refused(ledger, on):
    entry = ledger.owe("5", on=date(2024, 2, 2))
    reverse(entry, on=date(2024, 2, 3), why="另记", by=None)
    own = ledger.owe_more("7", on=date(2024, 2, 2), booked_on=date(2024, 2, 3))
    with pytest.raises(OpeningRefused, match=f"自 2024-02-02 起已有凭证 {own.label}") as refused:
        booked(on=on)
    assert {wrong.field for wrong in refused.value.wrong} == {"on"}
    assert booked(on=date(2024, 2, 1)).effective_on == date(2024, 2, 1)


def test_what_was_booked_while_an_opening_waited_stops_it(ledger):
    batch = prepare_opening(file=read_opening(GOOD.encode(), "期初.csv"), on=DAY, by=None)
    ledger.owe_more("7", on=date(2023, 1, 1), booked_on=DAY)
    with pytest.raises(OpeningRefused, match="自 2023-01-01 起已有凭证"):
        approve_opening(batch=batch, by=None)
    batch.refresh_from_db()
    assert batch.state == "prepared"


def test_balances_of_nothing_are_refused_when_they_are_registered(ledger):
    with pytest.raises(OpeningRefused, match="都是零"):
        read_opening((HEAD + "500901,LEDGER,0\n500902,LEDGER,0\n").encode(), "期初.csv")
    with pytest.raises(OpeningRefused, match=r"期初\.csv 各行金额都是零"):
        prepare_opening(file=OpeningFile("期初.csv", "0" * 64, ()), on=DAY, by=None)


def test_the_database_takes_no_second_opening_either(ledger):
    first = booked()
    batch = OpeningBatch.objects.get()
    with pytest.raises(IntegrityError, match="已有期初余额"), transaction.atomic():
        OpeningBatch.objects.create(
            on=date(2022, 1, 1), filename="另.csv", sha256="2" * 64, prepared_at=first.booked_at,
            rows=[batch.rows[0] | {"note": "另写", "yuan": "1.00"}],
        )  # fmt: skip


@pytest.mark.parametrize("already", ["owe", "owe_more"])
def test_the_database_books_no_second_opening_and_none_after_own_entries(ledger, already):
    getattr(ledger, already)("5", on=date(2023, 6, 1), booked_on=DAY)
    batch = OpeningBatch.objects.create(
        on=DAY, filename="另.csv", sha256="3" * 64, prepared_at=now(), rows=[]
    )
    lines = [
        Line(ledger.account(ledger.up), yuan("-1")),
        Line(ledger.account(ledger.down), yuan("1")),
    ]
    with (
        pytest.raises(IntegrityError, match="已有期初余额，或期初日期不早于"),
        transaction.atomic(),
    ):
        post(
            cause="opening",
            on=DAY,
            effective_on=DAY,
            opening=batch,
            text="期初",
            lines=lines,
            by=None,
        )
