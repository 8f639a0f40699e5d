"""指标值: read from files, recorded all or none, superseded and never changed."""

import io
import json
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from monitoring.figures import FIGURES
from monitoring.models import DirtyMonth, Observation
from monitoring.observations.queries.observations import history, known_at
from monitoring.observations.services.observation_file import (
    Typed,
    read_file,
    read_period,
    read_value,
    template,
)
from monitoring.observations.services.observations import (
    ObservationsRefused,
    import_observations,
    record_observations,
    understand,
)
from monitoring.protocols.layouts import FileError
from settlements import rules
from settlements.rules import score_rows
from tests.worlds import month

HEAD = "断面或行政区,指标,期间,数值,出处\n"
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flow", "1,250万m³", "12500000"),
        ("flow", "１２．５万立方米", "125000"),
        ("flow", "1.2亿", "120000000"),
        ("flow", "350000", "350000"),
        ("ecological_flow", "96.5%", "96.5"),
        ("planned_investment", "１,０００ 万元", "10000000"),
        ("fish_diversity", "2.4", "2.4"),
        ("serious_incidents", "1起", "1"),
    ],
)
def test_numbers_are_read_as_people_type_them(name, text, value):
    assert read_value(text, FIGURES[name]) == Decimal(value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("flow", "十万", "不是数字"),
        ("flow", "12万t", "单位“万t”看不懂"),
        ("flow", "-3", "不能小于 0"),
        ("ecological_flow", "965", "超过 100%"),
        ("serious_incidents", "0.5", "须是整数"),
        ("flow", "12,50", "逗号或小数点位置不对"),
    ],
)
def test_a_number_that_is_none_is_refused_with_the_remedy(name, text, words):
    with pytest.raises(ValueError, match=words):
        read_value(text, FIGURES[name])


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("flow", "2023-05", (date(2023, 5, 1), False)),
        ("flow", "2023年5月", (date(2023, 5, 1), False)),
        ("flow", "202305", (date(2023, 5, 1), False)),
        ("flow", "2023-05-01", (date(2023, 5, 1), False)),
        ("flow", "２０２３", (date(2023, 1, 1), True)),
        ("wetland", "2023年", (date(2023, 1, 1), True)),
    ],
)
def test_a_month_and_a_year_are_told_apart(name, text, found):
    assert read_period(text, FIGURES[name], TODAY) == found


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("wetland", "2023-05", "按年"),
        ("flow", "2023-13", "没有这个月份"),
        ("flow", "2027-01", "还没有到"),
        ("flow", "五月", "不是期间"),
    ],
)
def test_a_period_that_is_none_is_refused_with_the_remedy(name, text, words):
    with pytest.raises(ValueError, match=words):
        read_period(text, FIGURES[name], TODAY)


def test_every_figure_a_rule_asks_for_has_a_name_here():
    asked = set(score_rows.OBSERVED)
    for code, parties in (("awards", ()), ("charges", ()), ("rank", ("GZ",))):
        module = rules.get(code)
        for basis in ("dry", "works"):
            given = {"basis": basis} if code == "charges" else {}
            stored = rules.parameters.with_defaults(module.parameters, given, on=date(2023, 1, 1))
            parameters = module.parameters.from_json(stored)
            asked |= {name.removesuffix(".GZ") for name in module.observed(parameters, parties)}
    assert asked <= set(FIGURES)


def sheet(*rows) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return out.getvalue()


def test_an_xlsx_and_a_gb18030_csv_read_alike():
    row = ("BORDER", "水量", "2023-05", "12.5万m³", "月报")
    text = (HEAD + ",".join(row)).encode("gb18030")
    typed = [Typed(2, *row)]
    assert read_file(text) == typed
    assert read_file(sheet(HEAD.strip().split(","), row)) == typed
    numbers = sheet(
        ("断面", "指标", "年度", "数值", "单位", "来源"), ("B", "水量", 2023, 12.5, "万m³", "x")
    )
    assert read_file(numbers) == [Typed(2, "B", "水量", "2023", "12.5万m³", "x")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "空的"),
        (HEAD.encode(), "没有数据行"),
        ("断面,指标,数值\nA,水量,1".encode(), "缺少列 期间、出处"),
        (b"a,b,c\n1,2,3", "没有找到列标题"),
        (b"PK\x03\x04nothing", "打不开这份 XLSX"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_remedy(raw, words):
    with pytest.raises(FileError, match=words):
        read_file(raw, "x.csv")


def test_the_template_reads_back():
    assert [one.name for one in read_file(template().encode())] == ["水量", "生态流量保证率"]


def put(*rows: str, **more):
    raw = (HEAD + "\n".join(rows)).encode()
    return import_observations(raw=raw, filename="x.csv", by=None, **more)


def test_one_wrong_row_keeps_all_out_and_every_fault_names_row_field_and_remedy(border):
    with pytest.raises(ObservationsRefused) as refused:
        put(
            "BORDER,水量,2023-05,12万m³,月报",
            "BORDR,水量,2023-05,12万m³,月报",
            "交界,水质指標,2023,3,x",
            "BORDER,湿地保护率,2023-05,140,",
            "交界,水量,2023-05,13,月报",
            "上游区,水量,2023-06,13,月报",
        )
    said = [str(one) for one in refused.value.wrong]
    assert "第 3 行 断面或行政区：没有断面“BORDR”；是否为“BORDER”？" in said[0]
    assert "是否为“水质指数”" in said[1]
    assert [one.split("：")[0] for one in said[2:5]] == [
        "第 5 行 期间", "第 5 行 数值", "第 5 行 出处"
    ]  # fmt: skip
    assert "与第 2 行是同一项" in said[5]
    assert "没有断面“上游区”" in said[6]
    assert not Observation.objects.exists()


def test_a_dry_run_stores_nothing_and_the_same_again_changes_nothing(border):
    assert put("BORDER,水量,2023-05,12万m³,月报", dry_run=True).new == 1
    assert not Observation.objects.exists()
    assert put("BORDER,水量,2023-05,12万m³,月报").new == 1
    DirtyMonth.objects.all().delete()
    assert put("交界,水量,2023年5月,120000,月报").same == 1
    assert not DirtyMonth.objects.exists()


def test_a_correction_supersedes_and_what_was_known_before_can_be_asked(border, people):
    put("BORDER,水量,2023-05,12万m³,月报")
    with connection.cursor() as cursor:  # as if recorded a while ago
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE monitoring_observation SET recorded_at = '2024-01-01 00:00+08'")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    before = timezone.now()
    rows, wrong = understand([Typed(1, "BORDER", "水量", "2023-05", "13万m³", "年鉴")])
    assert not wrong
    assert record_observations(rows=rows, by=people.bureau).corrected == 1
    old, new = Observation.objects.order_by("pk")
    assert (old.value, old.superseded_by) == (Decimal(120000), people.bureau)
    assert (new.value, new.superseded_at) == (Decimal(130000), None)
    early = timezone.make_aware(timezone.datetime(2024, 6, 1))
    assert [o.pk for o in known_at(early)] == [old.pk]
    assert [o.pk for o in known_at(max(before, new.recorded_at))] == [new.pk]
    assert [line.value for line in history(old.pk)] == [Decimal(130000), Decimal(120000)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE monitoring_observation SET value = 1", "不能修改"),
        ("UPDATE monitoring_observation SET value = 1, superseded_at = now()", "不能修改"),
        ("DELETE FROM monitoring_observation", "不删除"),
        ("TRUNCATE monitoring_observation CASCADE", "TRUNCATE"),
    ],
)
def test_raw_sql_changes_no_figure(border, statement, words):
    put("BORDER,水量,2023-05,12万m³,月报")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_one_live_figure_a_key_and_never_of_section_and_party_both(border):
    put("BORDER,水量,2023-05,12万m³,月报")
    live = Observation.objects.get()
    given = {"name": "flow", "period": live.period, "yearly": False, "value": 1, "source": "x"}
    with pytest.raises(IntegrityError, match="observation_live_of_section"), transaction.atomic():
        Observation.objects.create(section=border.section, **given)
    with pytest.raises(IntegrityError, match="observation_of_one"), transaction.atomic():
        Observation.objects.create(
            section=border.section, jurisdiction=border.upstream, **given | {"name": "x"}
        )


def test_a_figure_marks_its_month_a_years_january_and_a_partys_every_section(border):
    put(
        "BORDER,水量,2023-05,12万m³,月报",
        "BORDER,湿地保护率,2022,40,x",
        "下游区,水质指数,2021-03,4,x",
    )
    assert set(DirtyMonth.objects.values_list("section_id", "month")) == {
        (border.section.pk, month(when)) for when in ("2023-05", "2022-01", "2021-03")
    }


def test_a_figure_of_nines_is_recorded_and_doubted_aloud(border, tmp_path):
    file = tmp_path / "figures.csv"
    file.write_text(
        HEAD + "BORDER,水量,2023-05,9999.9万m³,月报\nBORDER,水量,2023-06,99,月报\n"
        "BORDER,水量,2023-07,9990,月报\nBORDER,水量,2023-08,999,月报",
        encoding="utf-8",
    )
    out = io.StringIO()
    call_command("import_observations", str(file), stdout=out)
    assert "第 2、5 行的数值全是 9，像系统的填充值" in out.getvalue()
    assert Observation.objects.count() == 4


def test_the_command_answers_with_one_json_object(border, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEAD + "BORDER,水量,2023-05,12万m³,月报", encoding="utf-8")
    bad.write_text(HEAD + "BORDER,水量,2023-05,许多,月报", encoding="utf-8")
    out = io.StringIO()
    call_command("import_observations", str(good), "--dry-run", "--json", stdout=out)
    assert json.loads(out.getvalue())["new"] == 1
    assert not Observation.objects.exists()
    call_command("import_observations", str(good), stdout=io.StringIO())
    assert Observation.objects.count() == 1
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 处有误"):
        call_command("import_observations", str(bad), "--json", stdout=out)
    assert json.loads(out.getvalue())["wrong"][0]["field"] == "数值"
    with pytest.raises(CommandError, match="没有这个文件"):
        call_command("import_observations", str(tmp_path / "none.csv"))
