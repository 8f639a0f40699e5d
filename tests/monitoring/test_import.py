"""Importing files: every row answered for, twice the same, all or nothing."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from basins.models import Jurisdiction
from jobs.models import Job
from monitoring.ingest.services.import_job import rejects_csv
from monitoring.ingest.services.ingest import KINDS, import_readings
from monitoring.ingest.services.storing import Told
from monitoring.ingest.services.trial import try_import
from monitoring.models import DirtyMonth, ImportBatch, Reading, ReadingRevision, Section
from monitoring.protocols.layouts import FileError
from monitoring.screening.services.verdicts import ReadingKey, judge_reading

NATIONAL = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)


def national(*rows: str) -> bytes:
    return "\n".join([NATIONAL, *rows]).encode()


def row(
    time="04-01 08:00", *, name="万木", province="重庆市", ammonia="0.086", ph="8.11", state="正常"
) -> str:
    return (
        f"{province},长江流域,{name},{time},Ⅱ,15.1,{ph},8.95,436.7,2.8,0.96,{ammonia},"
        f"0.038,2.54,*,*,{state}"
    )


EMPTY = "重庆市,长江流域,万木,*,*,--,--,--,--,--,--,--,--,--,*,*,维护"


def store(*rows: str, **options):
    options = {"year": 2021, "create_sections": True, "filename": "测试.csv", **options}
    return import_readings(raw=national(*rows), **options)


def live(code="NH3-N") -> list[Decimal]:
    return list(
        Reading.objects.filter(indicator__code=code)
        .order_by("section_id", "sampled_at")
        .values_list("value", flat=True)
    )


def test_every_row_is_one_of_five_kinds(db):
    report = store(
        row(),
        row(),
        row("04-01 12:00"),
        row("04-01 12:00", ammonia="0.090"),
        EMPTY,
        row("04-01 16:00", ph="77"),
    )
    assert report.counts() == {
        "rows": 6,
        "samples": 2,
        "readings": 18,
        "stored": 2,
        "duplicate": 1,
        "correction": 1,
        "empty": 1,
        "rejected": 1,
    }
    assert report.rows == sum(getattr(report, kind) for kind in KINDS)


def test_the_time_is_beijing_time_of_the_given_year(db):
    store(row("04-01 08:00"))
    assert set(Reading.objects.values_list("sampled_at", flat=True)) == {
        datetime(2021, 4, 1, 0, tzinfo=UTC)
    }


def test_the_same_file_again_changes_nothing(db):
    rows = row(), row("04-01 12:00"), row("04-01 12:00", ammonia="0.090"), EMPTY
    store(*rows)
    before = list(Reading.objects.order_by("pk").values_list("pk", "value", "recorded_at"))
    revisions = ReadingRevision.objects.count()
    DirtyMonth.objects.all().delete()
    again = store(*rows)
    assert (again.stored, again.correction, again.duplicate, again.empty) == (0, 0, 3, 1)
    assert list(Reading.objects.order_by("pk").values_list("pk", "value", "recorded_at")) == before
    assert ReadingRevision.objects.count() == revisions
    assert not DirtyMonth.objects.exists()


def test_a_correction_supersedes_and_the_old_value_is_kept(db):
    store(row(ammonia="0.086"))
    report = store(row(ammonia="0.300"))
    assert (report.correction, report.stored) == (1, 0)
    assert live() == [Decimal("0.3")]
    old = ReadingRevision.objects.get()
    assert (old.value, old.known_to >= old.known_from) == (Decimal("0.086"), True)


def test_a_correction_within_one_file_keeps_what_was_first_sent(db):
    report = store(row(ammonia="0.086"), row(ammonia="0.300"))
    assert (report.stored, report.correction) == (1, 1)
    assert live() == [Decimal("0.3")]
    assert ReadingRevision.objects.get().value == Decimal("0.086")


@pytest.mark.parametrize("seed", range(12))
def test_a_file_without_repeats_is_told_apart_as_one_with_them_would_be(db, monkeypatch, seed):
    """Nothing stored, some of it, all of it the same, some of it other: by the shorter way and by
    the one for files in which a reading stands twice."""
    dice = Random(seed)
    hours = [f"04-{day:02d} {hour:02d}:00" for day in range(1, 8) for hour in (0, 4, 8)]

    def rows(share: float, changed: float) -> list[str]:
        return [
            row(at, ammonia="0.300" if dice.random() < changed else "0.086")
            for at in hours
            if dice.random() < share
        ] or [row(hours[0])]

    before = rows(dice.choice((0.0, 0.5, 1.0)), 0.0)
    later = before if seed % 4 == 0 else rows(1.0, dice.choice((0.0, 0.3)))

    def told(*, repeats: bool):
        with transaction.atomic():
            store(*before)
            DirtyMonth.objects.all().delete()
            if repeats:
                monkeypatch.setattr(Told, "repeats", property(lambda _: True, lambda *_: None))
            report = store(*later)
            monkeypatch.undo()
            keys = ("indicator__code", "sampled_at", "origin", "value", "below_limit", "flag")
            found = (
                report.counts(),
                sorted(Reading.objects.values_list(*keys)),
                sorted(ReadingRevision.objects.values_list(*keys)),
                DirtyMonth.objects.count(),
            )
            transaction.set_rollback(True)
        return found

    assert told(repeats=False) == told(repeats=True)


@pytest.mark.parametrize("ammonia", ["0.086", "0.087", "0.090"])
def test_an_import_leaves_the_planner_of_its_transaction_as_it_was(db, ammonia):
    """New rows, the same and a correction, each compared with a planner told what it cannot know."""
    store(row(), row("04-01 12:00"))
    store(row(), row("04-01 12:00", ammonia=ammonia))
    settings = "default_statistics_target", "enable_memoize"
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s)"
                       " AND setting <> reset_val", [list(settings)])  # fmt: skip
        assert cursor.fetchall() == []


def test_a_value_sent_back_later_is_a_correction_again(db):
    store(row(ammonia="0.086"), row(ammonia="0.300"))
    assert store(row(ammonia="0.086")).correction == 1
    assert live() == [Decimal("0.086")]


def test_a_second_row_that_only_adds_an_indicator_is_stored(db):
    first = row().replace(",0.038,", ",--,")
    assert store(first, row()).counts()["stored"] == 2
    assert live("TP") == [Decimal("0.038")]


def test_readings_under_maintenance_are_kept_with_their_flag(db):
    store(row(state="维护"))
    assert set(Reading.objects.values_list("flag", flat=True)) == {"M"}


def test_sections_of_one_name_in_two_provinces_stay_apart(db):
    store(row(name="两河口"), row(name="两河口", province="四川省"))
    sections = Section.objects.filter(name="两河口").order_by("code")
    assert [(s.code, s.province.name) for s in sections] == [
        ("50-LIANGHEKOU", "重庆市"),
        ("51-LIANGHEKOU", "四川省"),
    ]
    assert len(live()) == 2


def test_unknown_sections_are_listed_and_their_rows_rejected(db):
    report = store(row(name="无名"), row(name="无名", time="04-01 12:00"), create_sections=False)
    assert (report.rejected, report.unknown_sections) == (2, ["无名"])
    error = report.rejects[0].errors[0]
    assert (error.row, error.field) == (2, "断面名称")
    assert "--create-sections" in error.message
    assert not Section.objects.exists()


def test_a_province_nobody_knows_is_named(db):
    report = store(row(province="火星省"))
    assert report.rejected == 1
    assert "火星省" in report.rejects[0].errors[0].message


def test_a_wide_file_without_a_province_means_the_home_province(db):
    raw = "断面名称,采样时间,氨氮(mg/L),pH\n新断面,2023-05-06 10:00,0.025L,7.9\n".encode()
    report = import_readings(raw=raw, filename="宽表.csv", create_sections=True)
    assert report.counts()["stored"] == 1
    assert Section.objects.get().province == Jurisdiction.objects.get(code="500000")
    reading = Reading.objects.get(indicator__code="NH3-N")
    assert (reading.below_limit, reading.value, reading.get_origin_display()) == (
        True,
        Decimal("0.025"),
        "手工",
    )


def test_a_rejected_row_stores_nothing_of_itself(db):
    report = store(row(ammonia="-0.2"))
    assert report.rejected == 1
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row("02-29 08:00"), "2021年没有2月29日"),
        (row(ph="77"), "pH"),
        (row(ammonia="-0.2"), "负"),
    ],
)
def test_a_bad_row_names_its_row_field_and_remedy(db, bad, words):
    report = store(row(), bad)
    error = report.rejects[0].errors[0]
    assert error.row == 3
    assert words in f"{error.field}{error.message}"


def test_a_time_in_the_future_is_rejected(db):
    now = datetime(2021, 4, 1, 0, tzinfo=UTC)
    report = store(row("04-01 08:00"), row("04-03 08:00"), now=now + timedelta(hours=1))
    assert (report.stored, report.rejected) == (1, 1)
    assert "晚于现在" in report.rejects[0].errors[0].message


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\x01\x02" * 99, "甲,乙,丙\n1,2,3\n".encode(), b"PK\x03\x04" + b"\x00" * 64],
    ids=["empty", "binary", "wrong columns", "xlsx"],
)
def test_a_file_that_cannot_be_read_is_refused_whole(db, raw):
    with pytest.raises(FileError, match=r"坏文件\.csv"):
        import_readings(raw=raw, filename="坏文件.csv", year=2021)
    assert not ImportBatch.objects.exists()


def test_a_gbk_file_is_read(db):
    raw = national(row()).decode().encode("gb18030")
    assert (
        import_readings(raw=raw, filename="国标码.csv", year=2021, create_sections=True).stored == 1
    )


def test_the_rejects_file_names_row_field_value_and_keeps_the_row(db):
    report = store(row(), row(ph="77", name="=cmd"))
    text = rejects_csv(report).decode("utf-8-sig")
    head, line = text.splitlines()
    assert head.startswith("行号,字段,填写的值,原因与改法,省份")
    assert line.startswith("3,pH")
    assert ",'=cmd," in line


def run_command(tmp_path, capsys, raw: bytes, *options: str):
    file = tmp_path / "读数.csv"
    file.write_bytes(raw)
    call_command("import_readings", str(file), *options, "--json")
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_command_prints_one_object_and_runs_as_a_job(committed, tmp_path, capsys):
    result, err = run_command(
        tmp_path, capsys, national(row(), EMPTY), "--year", "2021", "--create-sections"
    )
    assert {name: result[name] for name in ("rows", "stored", "empty")} == {
        "rows": 2,
        "stored": 1,
        "empty": 1,
    }
    assert "行/s" in err  # the bar, on standard error
    job = Job.objects.get()
    assert (job.state, job.kind, job.done) == (Job.State.DONE, "monitoring.import_readings", 2)


def test_the_command_writes_the_rejects_file(db, tmp_path, capsys):
    out = tmp_path / "拒收.csv"
    run_command(tmp_path, capsys, national(row(ph="77")), "--year", "2021", "--rejects", str(out))
    assert "pH" in out.read_text("utf-8-sig")


def test_a_rejects_file_that_cannot_be_written_is_said_in_one_line(db, tmp_path, capsys):
    folder = tmp_path / "夹"
    folder.mkdir()
    file = national(row(ph="77"))
    with pytest.raises(CommandError, match="写不了拒收文件"):
        run_command(tmp_path, capsys, file, "--year", "2021", "--rejects", str(folder))


def test_the_rejects_file_never_replaces_the_file_it_comes_from(db, tmp_path):
    file = tmp_path / "读数.csv"
    file.write_bytes(national(row(ph="77")))
    with pytest.raises(CommandError, match="不能就是导入的文件"):
        call_command("import_readings", str(file), "--year", "2021", "--rejects", str(file))
    assert file.read_bytes() == national(row(ph="77"))


def test_the_command_refuses_a_missing_file_in_one_line(db, tmp_path):
    with pytest.raises(CommandError, match="没有这个文件"):
        call_command("import_readings", str(tmp_path / "无.csv"))


def test_a_national_file_without_a_year_asks_for_it_and_fails_the_job(db, tmp_path):
    file = tmp_path / "读数.csv"
    file.write_bytes(national(row()))
    with pytest.raises(CommandError, match="--year"):
        call_command("import_readings", str(file))
    assert Job.objects.get().state == Job.State.FAILED


def test_the_same_file_again_leaves_what_a_person_judged(db, people):
    store(row())
    section = Section.objects.get()
    reading = Reading.objects.get(indicator__code="NH3-N")
    key = ReadingKey("NH3-N", reading.sampled_at, reading.origin)
    given = {"section": section, "key": key, "by": people.bureau, "reason": "仪器故障"}
    judge_reading(outcome="invalidated", **given)
    again = store(row())
    assert again.duplicate == 1
    assert again.correction == 0
    assert Reading.objects.get(indicator__code="NH3-N").flag == "V"

    judge_reading(outcome="corrected", value=Decimal("0.090"), **given)
    assert store(row()).duplicate == 1
    assert live() == [Decimal("0.090")]
    assert try_import(raw=national(row()), filename="测试.csv", year=2021).report.duplicate == 1

    other = store(row(ammonia="0.087"))
    assert other.correction == 1
    assert live() == [Decimal("0.087")]
    assert store(row()).correction == 1, "after another file the first one says something new"
