"""An export on its page: chosen, made by the job, fetched by who asked, read again as it was."""

import io
import zipfile

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from basins.access import viewer_of
from basins.models import AccessEvent, Jurisdiction, RiverReach
from jobs import services as jobs
from jobs.models import Job
from monitoring.export import export_job
from monitoring.ingest.services.ingest import import_readings
from monitoring.models import Reading, Section

HEAD = "断面编码,采样时间,来源,pH,溶解氧,氨氮\n"
TOLD = (
    "BORDER,2023-04-15 10:00,手工,7.5,9.0,0.025L\nBORDER,2023-05-15 10:00,手工,7.6,9.1,1.2\n"
    "BORDER,2023-04-15 12:00,自动,7.4,8.8,1.1\n"
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def measured(border):
    import_readings(raw=(HEAD + TOLD).encode(), filename="读数.csv", now=timezone.now())
    return border


@pytest.fixture
def bureau(people, measured) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


def asked(client: Client, **given):
    chosen = {"layout": "wide", "first": "2023-04", "scope": "", **given}
    return client.post(reverse("reading-exports"), chosen)


def made(client: Client, **given) -> Job:
    """Asked for, and run as a worker would."""
    answer = asked(client, **given)
    assert answer.status_code == 302, answer.content.decode()
    job = Job.objects.get(kind=export_job.KIND)
    assert answer["Location"] == reverse("reading-export", args=[job.pk])
    return jobs.run(job.pk)


def fetched(client: Client, job: Job) -> bytes:
    answer = client.get(reverse("reading-export-file", args=[job.pk]))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_an_export_is_made_shown_and_fetched(bureau, people):
    job = made(bureau, layout="national", last="2023年5月")
    page = bureau.get(reverse("reading-export", args=[job.pk])).content.decode()
    assert "国家站发布版式，2023-04 至 2023-05，全部断面" in page
    assert "3 个样品，9 个数值" in page
    assert "2023年4月其他数据" in page
    raw = fetched(bureau, job)
    names = CalamineWorkbook.from_filelike(io.BytesIO(raw)).sheet_names
    assert names == ["2023年4月", "2023年4月其他数据", "2023年5月其他数据", "月均值", "说明"]
    report = import_readings(raw=raw, filename="x.xlsx", now=timezone.now())
    assert (report.duplicate, report.rows) == (3, 3)
    event = AccessEvent.objects.filter(kind="export").get()
    assert (event.user, event.rows) == (people.bureau, 3)
    assert event.what == "监测数据-国家站发布版式-2023-04至2023-05.xlsx"


def test_the_file_says_who_made_it(bureau, people):
    raw = fetched(bureau, made(bureau))
    about = dict(
        CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("说明").to_python()
    )
    assert about["导出"].startswith(str(people.bureau))
    assert about["期间"].startswith("2023-04 至 2023-04")


@pytest.mark.parametrize(
    ("installation", "said"), [("demo", "演示"), ("test", "测试"), ("production", "")]
)
def test_the_file_of_a_demonstration_says_so(bureau, settings, installation, said):
    settings.INSTALLATION = installation
    raw = fetched(bureau, made(bureau))
    about = dict(
        CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("说明").to_python()
    )
    assert about.get("数据性质", "") == (f"{said}数据，不作结算依据。" if said else "")
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        printed = "不作结算依据".encode() in book.read("xl/worksheets/sheet1.xml")
    assert printed == bool(said)


def test_only_the_sections_asked_for_are_in_it(bureau, measured):
    other = measured.section
    other.pk, other.code, other.name = None, "OTHER", "另一断面"
    other.save(force_insert=True)
    import_readings(
        raw=(HEAD + "OTHER,2023-04-15 10:00,手工,7.5,9.0,1\n").encode(),
        filename="读数.csv",
        now=timezone.now(),
    )
    raw = fetched(bureau, made(bureau, scope="section:OTHER"))
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("2023年4月").to_python()
    )
    assert [row[2] for row in rows[1:]] == ["OTHER"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"first": "2023"}, "没有写到月"),
        ({"first": ""}, "请填写起始月份"),
        ({"layout": "long"}, "long"),
        ({"last": "2023-03"}, "终止月份早于起始月份"),
        ({"last": "2024-05"}, "一次至多导出 12 个月"),
        ({"first": "2020-01"}, "没有监测数据"),
        ({"scope": "section:NONE"}, "section:NONE"),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_entered(bureau, given, said):
    answer = asked(bureau, **given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_asking_twice_makes_one_export(bureau):
    assert asked(bureau)["Location"] == asked(bureau)["Location"]
    assert Job.objects.count() == 1


def test_a_township_gets_the_sections_of_its_rivers_alone(people, measured):
    Section.objects.filter(code="BORDER").update(river=None)
    client = Client()
    client.force_login(people.township)
    page = client.get(reverse("reading-exports"))
    assert page.status_code == 200
    assert "BORDER" not in page.content.decode()
    answer = asked(client)
    assert answer.status_code == 422
    assert "没有您能看到的断面" in answer.content.decode()
    assert not Job.objects.exists()


def test_an_export_is_nobody_elses(bureau, people):
    job = made(bureau)
    other = Client()
    other.force_login(people.district)
    for name in ("reading-export", "reading-export-file"):
        assert other.get(reverse(name, args=[job.pk])).status_code == 404
    assert other.post(reverse("reading-export-cancel", args=[job.pk])).status_code == 404


def test_a_file_is_given_out_only_while_its_person_sees_every_section_in_it(people, measured):
    river = Section.objects.get(code="BORDER").river
    here = Jurisdiction.objects.get(code="500901100")
    RiverReach.objects.create(river=river, jurisdiction=here, order=9, from_km=90, to_km=95)
    client = Client()
    client.force_login(people.township)
    job = made(client)
    assert fetched(client, job)
    Section.objects.filter(code="BORDER").update(river=None)
    assert client.get(reverse("reading-export-file", args=[job.pk])).status_code == 404
    page = client.get(reverse("reading-export", args=[job.pk])).content.decode()
    assert "文件里有您现在看不到的断面" in page
    assert "下载 XLSX" not in page
    assert "不再提供" in client.get(reverse("reading-exports")).content.decode()


def test_a_file_that_was_changed_is_not_given_out(bureau, people):
    job = made(bureau)
    path = export_job.file_of(job, viewer_of(people.bureau))
    assert path is not None
    path.write_bytes(path.read_bytes() + b"x")
    assert bureau.get(reverse("reading-export-file", args=[job.pk])).status_code == 410
    path.unlink()
    assert bureau.get(reverse("reading-export-file", args=[job.pk])).status_code == 404
    page = bureau.get(reverse("reading-export", args=[job.pk])).content.decode()
    assert "已经清除" in page


def test_a_cancelled_export_leaves_no_file(bureau, folder):
    asked(bureau)
    job = Job.objects.get()
    page = bureau.get(reverse("reading-export", args=[job.pk])).content.decode()
    assert "取消导出" in page
    bureau.post(reverse("reading-export-cancel", args=[job.pk]))
    jobs.run(job.pk)
    page = bureau.get(reverse("reading-export", args=[job.pk])).content.decode()
    assert "导出已取消，没有生成文件" in page
    assert list(folder.rglob("readings-*")) == []


def test_the_command_writes_what_it_says(measured, tmp_path, capsys):
    file = tmp_path / "四月.xlsx"
    call_command("export_readings", str(file), "--month", "2023-04", "--layout", "wide", "--json")
    assert '"samples": 2, "readings": 6' in capsys.readouterr().out
    report = import_readings(raw=file.read_bytes(), filename=file.name, now=timezone.now())
    assert (report.duplicate, report.rows) == (2, 2)
    assert Reading.objects.count() == 9


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a.csv", "--month", "2023-04"], "以 .xlsx 结尾"),
        (["a.xlsx", "--month", "2023-04", "--section", "NONE"], "没有编码为 NONE 的断面"),
        (["a.xlsx", "--month", "2023-04", "--river", "NONE"], "没有代码为 NONE 的河流"),
        (["a.xlsx", "--month", "2023-04", "--to", "2023-01"], "终止月份应在起始月份之后"),
        (["a.xlsx", "--month", "2020-04"], "没有监测数据"),
        (["nowhere/a.xlsx", "--month", "2023-04"], "请换一个位置"),
    ],
)
def test_the_command_says_what_it_cannot_write(measured, given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=said):
        call_command("export_readings", *given)
    assert list(tmp_path.glob("*.xlsx")) == []
