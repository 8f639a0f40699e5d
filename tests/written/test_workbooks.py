"""Workbooks: told by their extent before they are read, read in a process of their own."""

import io
import sys
import zipfile

import pytest

from tests.written.workbooks import changed, workbook
from written import workbooks
from written.files import read_sheets
from written.text import FileError

LARGEST = 32 * 1024 * 1024
PLAIN = workbook(("Sheet1", [["断面", "数值"], ["甲", 1250.5]]))
CELL = b'<c r="B2"><v>1250.5</v></c>'


def texts(raw: bytes) -> list[list[str]]:
    (sheet,) = read_sheets(raw, largest=LARGEST)
    return [row.cells for row in sheet.rows]


def refusal(raw: bytes) -> str:
    with pytest.raises(FileError) as refused:
        read_sheets(raw, largest=LARGEST)
    return str(refused.value)


def test_a_cell_is_what_its_writer_saw():
    shown = workbook(
        (
            "Sheet1",
            [
                [(0.965, "0.0%"), (0.07, "0%"), (0.0001234567, "0.00%")],
                [(1250, '#,##0.00"万m³"'), (2023, '0"年"'), (12.3, "[$￥-804]#,##0.00")],
                [(123000, '0!.0,"万元"'), (45.5, '"约"0.0'), (3, "General")],
                [0.1 + 0.2, 100.1 + 200.2, 96.49999999999999],
                [5e-05, 1.25e7, 500155],
                [True, "", "２０２３"],
            ],
        )
    )
    assert texts(shown) == [
        ["96.5%", "7%", "0.01234567%"],
        ["1250万m³", "2023年", "12.3"],
        ["123000", "45.5", "3"],
        ["0.3", "300.3", "96.5"],
        ["0.00005", "12500000", "500155"],
        ["TRUE", "", "２０２３"],
    ]


def test_rows_are_numbered_as_the_spreadsheet_shows_them():
    (sheet,) = read_sheets(workbook(("账", [[], [], [], ["a"], [], ["b"]])), largest=LARGEST)
    assert [row.number for row in sheet.rows] == [4, 6]


def test_a_formula_without_a_value_is_no_blank():
    faulty = changed(PLAIN, lambda part: part.replace(CELL, b'<c r="B2" t="e"><v>#REF!</v></c>'))
    assert texts(faulty)[1] == ["甲", "#错误值"]


def test_a_far_cell_without_content_is_no_part_of_the_sheet():
    styled = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert texts(changed(PLAIN, lambda part: part.replace(b"</sheetData>", styled)))[1:] == [
        ["甲", "1250.5"]
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b'r="B2"', b'r="XFD1048576"', "单元格 XFD1048576 有内容，离表格太远"),
        (b'r="B2"', b'r="XFE2"', "超出表格的范围"),
        (b'<row r="2"', b'<row r="1048577"', "超出表格的范围"),
        (b'"A1:B2"', b'"A1:ZZZ9999999"', "超出表格的范围"),
        (b'r="B2"', b'r="2B"', "无法识别的单元格"),
        (b'r="B2"', b'r="B2" s="x"', "无法识别的单元格"),
        (b"1250.5", b"1e400", "单元格 B2 的数超出"),
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', "DTD"),
        (b"</sheetData>", b"", "已损坏"),
    ],
)
def test_what_would_break_a_reader_is_refused_in_words(before, after, words):
    broken = changed(PLAIN, lambda part: part.replace(before, after, 1))
    assert words in refusal(broken)


def test_a_declared_extent_as_large_as_the_grid_is_no_content():
    assert texts(changed(PLAIN, lambda part: part.replace(b"A1:B2", b"A1:XFD1048576")))[1:] == [
        ["甲", "1250.5"]
    ]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("xl/more.xml", b" " * 70_000_000)], "展开后有"),
        ([("xl/more.xml", b" " * 9_000_000)], "200 倍"),
        ([(f"xl/part{n}.xml", b"") for n in range(2001)], "组成不寻常"),
        ([("xl/WORKBOOK.xml", b"")], "组成不寻常"),
    ],
    ids=["unpacked size", "ratio", "parts", "twice"],
)
def test_the_unpacked_size_is_known_before_anything_is_built(parts, words):
    assert words in refusal(changed(PLAIN, more=parts))


def test_one_long_text_shared_by_many_cells_is_refused():
    long = workbook(("a", [["断面"], ["字" * 32_000]] + [["x"]] * 3))
    shared = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>1</v></c></row>' % (n, n) for n in range(10, 2010)
    )
    assert "20 百万字" in refusal(
        changed(long, lambda part: part.replace(b"</sheetData>", shared + b"</sheetData>"))
    )


def test_a_giant_text_in_a_cell_is_refused_by_its_row():
    text = b'<row r="3"><c r="A3" t="inlineStr"><is><t>' + b"1" * 40_000 + b"</t></is></c></row>"
    assert "第 3 行有一个单元格超过 32767 个字符" in refusal(
        changed(PLAIN, lambda part: part.replace(b"</sheetData>", text + b"</sheetData>"))
    )


def test_a_reader_without_memory_left_is_told_in_words():
    """Fifteen million characters in each of two thousand cells: more than the process may take."""
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts_of = b"1" * 15_000_000, b"a", b"a"
    strings = b"".join(b"<si><t>%b</t></si>" % text for text in texts_of)
    strings = b'<sst xmlns="%b">%b</sst>' % (space, strings)
    cells = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(3, 2003)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "xl/sharedStrings.xml":
                part = strings
            elif name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", cells + b"</sheetData>")
            after.writestr(name, part)
    assert "读取程序中途停止" in refusal(out.getvalue())


def test_a_size_that_the_directory_lies_about_is_found_out():
    # The size of the first sheet in the central directory, made small.
    swollen = changed(PLAIN, lambda part: part + b" " * 3000)
    at = swollen.rindex(b"xl/worksheets/sheet1.xml") - 46 + 24
    lying = swollen[:at] + (10).to_bytes(4, "little") + swollen[at + 4 :]
    assert "已损坏" in refusal(lying)


@pytest.mark.parametrize("raw", [b"PK", b"PK\x03\x04 no workbook", PLAIN[:900], PLAIN[:-40]])
def test_a_torn_workbook_is_refused_in_words(raw):
    assert "打不开这份 XLSX" in refusal(raw)


def test_a_zip_that_is_no_workbook_is_named():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("content.xml", b"<x/>")
    assert "不是 XLSX 工作簿" in refusal(out.getvalue())


def test_a_reader_that_dies_is_told_in_words(tmp_path, monkeypatch):
    dead = tmp_path / "python"
    dead.write_text("#!/bin/sh\nkill -ABRT $$\n")
    dead.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(dead))
    assert "读取程序中途停止" in refusal(PLAIN)


def test_a_reader_that_hangs_is_ended(tmp_path, monkeypatch):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(slow))
    monkeypatch.setitem(workbooks.SECONDS, "usual", 0.2)
    assert "还没有读完" in refusal(PLAIN)


def test_the_reader_knows_nothing_of_the_site_and_its_secrets(tmp_path, monkeypatch):
    told = tmp_path / "told"
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {told}\nexec {sys.executable} -X importtime $@ 2>>{told}\n")
    spy.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(spy))
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    assert texts(PLAIN)
    assert "written.sheets" in told.read_text()
    assert "secret" not in told.read_text()
    assert "django" not in told.read_text().replace(str(tmp_path), "").lower()


def test_larger_bounds_are_given_only_to_who_asks_for_them():
    """More cells than figures may have, fewer than readings; what is out of all bounds stays so."""
    wide = changed(PLAIN, lambda part: part.replace(b'r="B2"', b'r="CV30000"'))
    assert "离表格太远" in refusal(wide)
    (sheet,) = workbooks.open_workbook(wide, "large")
    assert sheet.count == 3
    swollen = changed(PLAIN, more=[("xl/more.xml", b" " * 9_000_000)])
    far = changed(PLAIN, lambda part: part.replace(b'r="B2"', b'r="XFD1048576"'))
    for raw, words in ((swollen, "200 倍"), (far, "离表格太远")):
        with pytest.raises(FileError, match=words):
            workbooks.open_workbook(raw, "large")


def test_rows_of_a_kept_workbook_can_be_read_side_by_side():
    first, second = workbooks.open_workbook(
        workbook(("a", [[f"甲{n}", n] for n in range(500)]), ("b", [["乙\n丙", 1]])), "large"
    )
    both = list(zip(first.rows(), first.rows(), strict=True))
    assert len(both) == first.count == 500
    assert all(one == other for one, other in both)
    assert [row.cells for row in second.rows()] == [["乙\n丙", "1"]]
