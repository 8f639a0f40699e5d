"""Files of several sheets, senders and their ways, error sheets, readings reviewed elsewhere."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs.models import Job
from monitoring.ingest.services.error_sheet import error_sheet
from monitoring.ingest.services.ingest import Reviewed, import_readings
from monitoring.models import ImportBatch, Reading, SenderProfile
from monitoring.protocols.layouts import FileError
from tests.written.workbooks import workbook
from written.files import read_sheets

WIDE = ["断面名称", "采样时间", "氨氮(mg/L)", "总磷(mg/L)"]


def day(number: int, ammonia="0.1", name="甲") -> list:
    return [name, f"2024-01-{number:02d} 08:00", ammonia, 0.05]


def store(raw, filename="读数.xlsx", **options):
    raw = raw.encode() if isinstance(raw, str) else raw
    return import_readings(raw=raw, filename=filename, create_sections=True, **options)


def test_every_sheet_answers_for_its_own_rows(db):
    store(workbook(("a", [WIDE, day(1), day(2)])))
    report = store(
        workbook(
            ("一", [WIDE, day(1), day(2, "0.2"), day(3)]),
            ("二", [WIDE, day(4), day(5, "约0.1"), ["甲", "2024-01-06", "--", "--"]]),
        )
    )
    counted = [(s.name, s.rows, s.stored, s.duplicate, s.correction, s.empty, s.rejected)
               for s in report.sheets]  # fmt: skip
    assert counted == [("一", 3, 1, 1, 1, 0, 0), ("二", 3, 1, 0, 0, 1, 1)]
    assert report.counts()["rows"] == 6
    assert ImportBatch.objects.first().sheets == [s.to_json() for s in report.sheets]


def test_two_rows_of_one_number_on_two_sheets_are_two_rows(db):
    raw = workbook(("一", [WIDE, day(1, "0.1")]), ("二", [WIDE, day(1, "0.2")]))
    report = store(raw)
    assert [(s.stored, s.correction) for s in report.sheets] == [(1, 0), (0, 1)]
    assert Reading.objects.get(indicator__code="NH3-N").value == Decimal("0.2")


def test_a_long_table_stores_what_the_wide_one_would(db):
    long = ["断面", "时间", "项目", "数值"]
    lines = [["甲", "2024-01-01 08:00", "氨氮", 0.1], ["甲", "2024-01-01 08:00", "总磷", 0.05]]
    assert store(workbook(("a", [WIDE, day(1)]))).readings == 2
    report = store(workbook(("a", [long, *lines])))
    assert (report.duplicate, report.samples, report.readings) == (2, 1, 2)
    again = store(workbook(("a", [long, *lines, [*lines[0][:3], 0.3]])))
    assert (again.duplicate, again.correction) == (2, 1)


def test_the_error_sheet_comes_back_in_the_files_own_layout_and_can_be_handed_in_again(db):
    raw = workbook(
        (
            "2024年1月",
            [
                ["一月监测"],
                ["断面", "日", "氨氮"],
                ["", "", "mg/L"],
                ["甲", 1, "错"],
                ["甲", 2, 0.2],
            ],
        ),
        ("2024年2月", [["断面", "日", "氨氮"], ["@SUM", 30, 0.3], ["甲", 1, 0.1]]),
    )
    report = store(raw)
    assert (report.rejected, report.stored) == (2, 2)
    content, suffix = error_sheet(report)
    first, second = read_sheets(content, largest=1 << 20)
    assert (suffix, first.name, second.name) == (".xlsx", "2024年1月", "2024年2月")
    assert [row.cells for row in first.rows] == [
        ["断面", "日", "氨氮", "行号", "字段", "原因与改法"],
        ["", "", "mg/L"],
        ["甲", "1", "错", "4", "氨氮", first.rows[2].cells[5]],
    ]
    assert "不是数" in first.rows[2].cells[5]
    assert second.rows[1].cells[0] == "@SUM"
    corrected = workbook(
        *((s.name, [[c.replace("错", "0.1").replace("30", "3") for c in r.cells] for r in s.rows])
          for s in (first, second))
    )  # fmt: skip
    again = store(corrected)
    assert (again.stored, again.rejected) == (2, 0)


def test_the_error_sheet_of_a_csv_is_a_csv_with_its_delimiter(db):
    report = store("断面;时间;氨氮\n甲;2024-01-01;-0.2\n=cmd;2024-01-01;--;多\n", "读数.csv")
    content, suffix = error_sheet(report)
    assert suffix == ".csv"
    head, first, second = content.decode("utf-8-sig").splitlines()
    assert head == "断面;时间;氨氮;行号;字段;原因与改法"
    assert first.startswith("甲;2024-01-01;-0.2;2;氨氮;")
    assert second.startswith("'=cmd;2024-01-01;--;3;整行;")
    assert second.endswith(";多")


def test_an_error_sheet_with_errors_left_does_not_grow(db):
    text = "断面,时间,氨氮,行号,字段,原因与改法\n甲,2024-01-01,错,9,氨氮,旧\n"
    head, line = error_sheet(store(text, "改.csv"))[0].decode("utf-8-sig").splitlines()
    assert head == "断面,时间,氨氮,行号,字段,原因与改法"
    assert line.startswith("甲,2024-01-01,错,2,氨氮,氨氮：不是数")


def test_readings_reviewed_elsewhere_are_not_doubted_and_their_batch_says_by_whom(db):
    text = "断面,时间,氨氮\n甲,2024-01-01,999.9\n"
    report = store(text, "史.csv", reviewed=Reviewed("市监测站", "渝环监〔2024〕1号"))
    assert report.doubted == []
    assert Reading.objects.get().flag == "N"
    batch = ImportBatch.objects.get()
    assert (batch.reviewed_by, batch.reviewed_document) == ("市监测站", "渝环监〔2024〕1号")


def test_a_review_without_its_document_is_refused(db):
    with pytest.raises(FileError, match="审核文件"):
        store("断面,时间,氨氮\n甲,2024-01-01,1\n", "史.csv", reviewed=Reviewed("市监测站", " "))
    assert not ImportBatch.objects.exists()


OWN = "测点,时间,NH3浓度\n甲,05/01/2024 00:00,0.1\n"
MAPPING = {"测点": "断面名称", "NH3浓度": {"as": "NH3-N", "unit": "mg/L"}}


def command(tmp_path, text, *options, name="读数.csv"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = StringIO()
    call_command("import_readings", str(file), *options, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_says_sheets_mapping_and_what_was_not_read(db, tmp_path):
    text = "序号,断面名称,采样时间,氨氮(mg/L)\n1,甲,2024-01-05 08:00,0.1\n"
    result = command(tmp_path, text, "--create-sections")
    assert result["mapping"] == {"断面名称": "name", "采样时间": "time", "氨氮(mg/L)": "NH3-N"}
    assert result["unread_columns"] == ["序号"]
    counts = {"rows": 1, "stored": 1, "duplicate": 0, "correction": 0, "empty": 0, "rejected": 0}
    assert result["sheets"] == [{"name": "", "layout": "wide", "month": None, **counts}]
    assert {name: result[name] for name in counts} == counts


def test_what_a_sender_means_is_remembered_from_one_file_to_the_next(db, tmp_path):
    mapping = tmp_path / "列.json"
    mapping.write_text(json.dumps(MAPPING), encoding="utf-8")
    told = ("--mapping", str(mapping), "--time-format", "DMY", "--zone", "UTC")
    command(tmp_path, OWN, "--sender", "某站", "--create-sections", *told)
    profile = SenderProfile.objects.get()
    assert (profile.name, profile.mapping, profile.time_format, profile.zone) == (
        "某站", MAPPING, "DMY", "UTC",
    )  # fmt: skip
    again = command(tmp_path, OWN, "--sender", "某站")
    assert (again["duplicate"], again["mapping"]["NH3浓度"]) == (1, "NH3-N")
    assert Reading.objects.get().sampled_at.isoformat() == "2024-01-05T00:00:00+00:00"
    assert ImportBatch.objects.first().sender == "某站"


def test_what_is_said_now_stands_before_what_is_remembered(db, tmp_path):
    told = ("--sender", "某站", "--create-sections", "--mapping", json.dumps(MAPPING))
    command(tmp_path, OWN, *told, "--time-format", "DMY")
    other = (
        "--sender",
        "某站",
        "--time-format",
        "MDY",
        "--mapping",
        '{"NH3浓度": "ignore", "总磷": "TP"}',
    )
    result = command(
        tmp_path, OWN.replace("\n", ",总磷\n", 1).replace("0.1\n", "0.1,0.2\n"), *other
    )
    assert (result["unread_columns"], result["mapping"]["总磷"]) == (["NH3浓度"], "TP")
    assert SenderProfile.objects.get().time_format == "MDY"


def test_a_file_that_fails_teaches_nothing_of_its_sender(db, tmp_path):
    with pytest.raises(CommandError, match="不认识的列"):
        command(tmp_path, OWN, "--sender", "某站", "--mapping", '{"测点": "name"}')
    assert not SenderProfile.objects.exists()


@pytest.mark.parametrize("mapping", ["{", "没有.json", '{"测点": "没有的字段"}', "[1]"])
def test_a_mapping_that_cannot_be_read_is_said_in_one_line(db, tmp_path, mapping):
    with pytest.raises(CommandError, match="--mapping"):
        command(tmp_path, OWN, "--mapping", mapping)


def test_the_rejects_of_a_workbook_may_be_written_as_one(db, tmp_path):
    raw = workbook(("a", [WIDE, day(1, "错")]))
    out = tmp_path / "拒收.xlsx"
    command(tmp_path, raw, "--create-sections", "--rejects", str(out), name="读数.xlsx")
    (sheet,) = read_sheets(out.read_bytes(), largest=1 << 20)
    assert sheet.rows[1].cells[2] == "错"
    with pytest.raises(CommandError, match=r"请用 \.csv"):
        command(tmp_path, "断面,时间,氨氮\n甲,2024-01-05,0.1", "--rejects", str(out))
    assert Job.objects.filter(state=Job.State.FAILED).count() == 1


def test_a_dry_run_of_the_command_says_what_would_come_and_stores_nothing(db, tmp_path):
    text = "断面名称,采样时间,氨氮(mg/L)\n甲,2024-01-05 08:00,1.2\n甲,2024-02-05 08:00,x\n"
    told = ("--create-sections", "--sender", "某站")
    tried = command(tmp_path, text, *told, "--dry-run")
    assert not ImportBatch.objects.exists()
    assert not SenderProfile.objects.exists()
    month = {"section": "甲", "month": "2024-01", "new": 1, "corrected": 0}
    assert tried["months"] == [{**month, "class_before": None, "class_after": 4}]
    assert (tried["changed_months"], tried["changed_classes"], tried["changed_amounts"]) == (
        1,
        1,
        0,
    )
    done = command(tmp_path, text, *told)
    for name in ("rows", "stored", "rejected", "sheets", "mapping", "created_sections", "rejects"):
        assert tried[name] == done[name], name
