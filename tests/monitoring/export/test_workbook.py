"""What is sent on comes back as it was: every value, sign, flag, time and origin."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from basins.refusals import Refused
from monitoring.export.workbook import MEANS, NothingToWrite, Wanted, write_workbook
from monitoring.ingest.services.ingest import ImportReport, Reviewed, import_readings
from monitoring.models import Indicator, Origin, Reading, Section
from monitoring.protocols.hj212 import VERSIONED
from settlements.pipeline import recompute
from written.sheets.bounds import BOUNDS

APRIL = (date(2021, 4, 1),)
HEAD = "断面编码,采样时间,来源,数据标识,pH,溶解氧,氨氮,总磷,铜,藻密度\n"
# Everything a reading can be: undetected, doubted, flagged alone and as a row, to the second …
TOLD = (
    "BORDER,2021-04-05 04:00,自动,,7.64,7.07,0.213,0.223,0.012,556148\n"
    "BORDER,2021-04-05 08:00:30,自动,,7.6,9.10,0.025L,0.01(M),,600001\n"
    "BORDER,2021-04-05 12:00,自动,维护,7.61,9.2,999.9,0.02(N),,\n"
    "BORDER,2021-04-05 16:00,自动,,7.61,9.2,999.9,0.020,,\n"
    "BORDER,2021-04-05 10:00,手工,,7.5,9,0.12345678,<0.01,0.001L,\n"
    "BORDER,2021-04-05 10:00,联合,,,,0.2,,,\n"
    "BORDER,2021-04-05 10:00,留样,,,,0.00000001,,,\n"
    "BORDER,2021-04-30 23:59:59,自动,超上限,7.1,,,,,\n"
)


def stored() -> set[tuple]:
    """All there is of every reading, but when it came and with what."""
    return set(
        Reading.objects.values_list(
            "section__code",
            "indicator__code",
            "sampled_at",
            "origin",
            "value",
            "below_limit",
            "flag",
        )
    )


def take(raw: bytes, name: str = "读数.xlsx") -> ImportReport:
    return import_readings(raw=raw, filename=name, now=timezone.now())


def written(path: Path, layout: str, months=APRIL) -> bytes:
    sections = tuple(Section.objects.select_related("province"))
    write_workbook(path, Wanted(layout, tuple(months), sections))
    return path.read_bytes()


def cells(raw: bytes, sheet: str) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name(sheet).to_python()


@pytest.fixture
def told(border):
    """The month of TOLD, and one value that somebody found invalid."""
    take((HEAD + TOLD).encode(), "读数.csv")
    Reading.objects.filter(value=Decimal("0.223")).update(flag="V")
    return stored()


@pytest.mark.parametrize("layout", ["national", "wide"])
def test_a_flag_that_a_station_sent_comes_back_as_it_was(told, tmp_path, layout):
    """Each kept flag there is, one a value of its own; and a row that has one as a whole."""
    flags = ["SN", *VERSIONED, "1xY", "2z9"]
    begin = datetime(2021, 4, 10, tzinfo=UTC)
    section, ammonia = Section.objects.get(), Indicator.objects.get(code="NH3-N")
    for hour, flag in enumerate(flags):
        Reading.objects.create(
            section=section, indicator=ammonia, sampled_at=begin + timedelta(hours=hour), flag=flag,
            origin=Origin.AUTOMATIC, value=Decimal("0.025"), below_limit=hour % 2 == 0,
        )  # fmt: skip
    before = stored()
    raw = written(tmp_path / "a.xlsx", layout)
    assert take(raw).rejected == 0
    assert stored() == before
    Reading.objects.filter(indicator=ammonia, sampled_at__gte=begin).update(flag="V")
    take(raw)
    assert stored() == before


@pytest.mark.parametrize("layout", ["national", "wide"])
def test_every_reading_of_a_file_sent_on_is_known_already(told, tmp_path, layout):
    report = take(written(tmp_path / "a.xlsx", layout))
    assert report.rejected == report.stored == report.correction == 0
    assert report.duplicate == report.rows
    assert report.readings == len(told)
    assert stored() == told


@pytest.mark.parametrize("layout", ["national", "wide"])
def test_elsewhere_the_file_gives_the_same_readings_and_the_same_file(told, tmp_path, layout):
    recompute()
    raw = written(tmp_path / "a.xlsx", layout)
    Reading.objects.all().delete()
    assert not stored()
    report = take(raw)
    assert report.rejects == []
    assert stored() == told
    assert set(report.unread) >= {f"工作表“{MEANS}”", "工作表“说明”"}
    recompute()
    again = written(tmp_path / "b.xlsx", layout)
    for sheet in CalamineWorkbook.from_filelike(io.BytesIO(raw)).sheet_names:
        assert cells(again, sheet) == cells(raw, sheet), sheet


def test_the_release_looks_as_it_is_released(told, tmp_path):
    raw = written(tmp_path / "a.xlsx", "national")
    head, first, second, *_ = cells(raw, "2021年4月")
    assert head[:5] == ["省份", "流域", "断面名称", "监测时间", "水质类别"]
    assert head[5:] == [
        "水温(℃)", "pH(无量纲)", "溶解氧(mg/L)", "电导率(μS/cm)", "浊度(NTU)", "高锰酸盐指数(mg/L)",
        "氨氮(mg/L)", "总磷(mg/L)", "总氮(mg/L)", "叶绿素α(mg/L)", "藻密度(cells/L)", "站点情况",
    ]  # fmt: skip
    assert first[3:] == [
        "04-05 04:00", "Ⅱ", "--", 7.64, 7.07, "--", "--", "--", 0.213, "0.223(V)", "--", "*",
        556148.0, "正常",
    ]  # fmt: skip
    assert second[3] == "04-05 08:00:30"
    assert second[11] == "0.025L"


def test_what_the_release_has_no_room_for_stands_on_a_wide_sheet_of_its_own(told, tmp_path):
    raw = written(tmp_path / "a.xlsx", "national")
    head, *rows = cells(raw, "2021年4月其他数据")
    assert head[:6] == ["省份", "断面名称", "断面编码", "采样时间", "来源", "数据标识"]
    assert [(row[3], row[4]) for row in rows] == [
        ("2021-04-05 04:00", "自动"),  # copper
        ("2021-04-05 10:00", "手工"),
        ("2021-04-05 10:00", "联合"),
        ("2021-04-05 10:00", "留样"),
    ]


def test_a_name_that_two_sections_have_is_told_by_its_code(told, border, tmp_path):
    twin = border.section
    twin.pk, twin.code = None, "TWIN"
    twin.name = f" {twin.name}（"
    Section.objects.filter(code="BORDER").update(name="渡口(左)")
    twin.name = "渡口（左）"
    twin.save(force_insert=True)
    take((HEAD + "TWIN,2021-04-06 04:00,自动,,7.6,,,,,\n").encode(), "读数.csv")
    before = stored()
    raw = written(tmp_path / "a.xlsx", "national")
    assert take(raw).rejects == []
    assert stored() == before
    assert {row[2] for row in cells(raw, "2021年4月其他数据")[1:]} == {"BORDER", "TWIN"}


def test_codes_that_differ_in_case_alone_are_two_sections(told, border, tmp_path):
    twin = border.section
    twin.pk, twin.code, twin.name = None, "border", "小写断面"
    twin.save(force_insert=True)
    take((HEAD + "border,2021-04-06 04:00,自动,,7.6,,,,,\n").encode(), "读数.csv")
    before = stored()
    report = take(written(tmp_path / "a.xlsx", "wide"))
    assert (report.correction, report.stored) == (0, 0)
    assert stored() == before


def test_means_are_rounded_as_shown_and_say_their_class(told, tmp_path):
    recompute()
    raw = written(tmp_path / "a.xlsx", "wide")
    head, *rows = cells(raw, MEANS)
    [row] = rows
    said = dict(zip(head, row, strict=True))
    assert said["月份"] == "2021-04"
    assert said["断面编码"] == "BORDER"
    assert said["水质类别"] == "Ⅱ"
    assert said["pH(无量纲)"] == 7.5  # the sample's: the station told too little
    assert said["氨氮(mg/L)"] == 0.2  # the joint sample's
    assert said["藻密度(cells/L)"] == 578074  # (556148 + 600001) ÷ 2, half to even
    assert said["数据完整"] == "是"


def test_a_file_of_means_alone_says_why_it_is_no_file_of_readings(border):
    from tests.written.workbooks import workbook

    raw = workbook((MEANS, [["断面编码", "月份", "氨氮(mg/L)"], ["BORDER", "2021-04", 0.2]]))
    with pytest.raises(Exception, match="月均值由系统从监测数据计算，不能导入"):
        take(raw)
    assert not stored()


def test_demonstration_sections_are_said_to_be_such(told, tmp_path):
    Section.objects.filter(code="BORDER").update(is_demo=True)
    head, first, *_ = cells(written(tmp_path / "a.xlsx", "wide"), "2021年4月")
    assert dict(zip(head, first, strict=True))["备注"] == "演示断面"


def test_nothing_measured_is_no_file(border, tmp_path):
    with pytest.raises(NothingToWrite, match="没有监测数据"):
        written(tmp_path / "a.xlsx", "wide")


def test_a_file_too_large_to_be_imported_is_refused(told, tmp_path, monkeypatch):
    monkeypatch.setattr("monitoring.export.workbook.LARGEST", 1000)
    with pytest.raises(Refused, match="不能再导入"):
        written(tmp_path / "a.xlsx", "wide")


def test_months_each_have_a_sheet(told, tmp_path):
    take((HEAD + "BORDER,2021-06-06 04:00,自动,,7.6,,,,,\n").encode(), "读数.csv")
    months = [date(2021, 4, 1), date(2021, 5, 1), date(2021, 6, 1)]
    raw = written(tmp_path / "a.xlsx", "national", months)
    names = CalamineWorkbook.from_filelike(io.BytesIO(raw)).sheet_names
    assert names == ["2021年4月", "2021年4月其他数据", "2021年6月", MEANS, "说明"]


def test_a_number_a_spreadsheet_would_cut_is_written_as_text(border, tmp_path):
    take((HEAD + "BORDER,2021-04-05 04:00,自动,,,,,,,12345678.87654321\n").encode(), "读数.csv")
    before = stored()
    raw = written(tmp_path / "a.xlsx", "wide")
    assert cells(raw, "2021年4月")[1][6] == "12345678.87654321"
    take(raw)
    assert stored() == before


@pytest.mark.parametrize("layout", ["national", "wide"])
def test_a_value_in_doubt_stays_in_doubt_where_the_file_is_taken_as_reviewed(
    told, tmp_path, layout
):
    raw = written(tmp_path / "a.xlsx", layout)
    Reading.objects.all().delete()
    import_readings(
        raw=raw, filename="a.xlsx", now=timezone.now(), reviewed=Reviewed("省站", "函〔2021〕1号")
    )
    assert stored() == told


@pytest.mark.parametrize("layout", ["national", "wide"])
def test_the_hours_that_summer_time_moved_come_back(border, tmp_path, layout):
    """Months are those of Asia/Shanghai, times in files Beijing's: 1986-06-30 23:30 is in July."""
    take((HEAD + "BORDER,1986-06-30 23:30,自动,,7.1,,,,,\n").encode(), "读数.csv")
    before = stored()
    months = [date(1986, 6, 1), date(1986, 7, 1)]
    report = take(written(tmp_path / "a.xlsx", layout, months))
    assert (report.rejects, report.duplicate) == ([], 1)
    assert stored() == before


def test_a_value_without_a_column_is_not_left_out_in_silence(told, tmp_path, monkeypatch):
    monkeypatch.setattr("monitoring.export.workbook.codes_of", lambda ids, month: ["pH"])
    with pytest.raises(ValueError, match="no column"):
        written(tmp_path / "a.xlsx", "wide")


def test_a_file_that_unpacks_to_more_than_an_import_takes_is_refused(told, tmp_path, monkeypatch):
    monkeypatch.setitem(BOUNDS, "large", BOUNDS["large"]._replace(unpacked=1000))
    with pytest.raises(Refused, match="不能再导入"):
        written(tmp_path / "a.xlsx", "wide")
