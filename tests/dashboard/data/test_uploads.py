"""A file on the page: tried, mapped, imported, taken back; kept only as long as it is needed."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from basins.models import AccessEvent
from dashboard.data.blank_forms import FORMATS, blank_form
from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services import uploads
from monitoring.ingest.services.ingest import import_readings
from monitoring.models import ImportBatch, Reading, ReadingUpload, SenderProfile
from tests.written.workbooks import workbook
from written.text import FileError

HEAD = "断面编码,采样时间,pH,溶解氧,高锰酸盐指数,氨氮,总磷\n"
GOOD = HEAD + "BORDER,2023-04-15 10:00,7.5,9.0,1.5,1.2,0.015\n"
OWN = "测点,时间,NH3浓度\nBORDER,2023-04-15 10:00,1.2\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def bureau(people, border) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


def hand_in(client: Client, text: str | bytes, name: str = "读数.csv", **said) -> ReadingUpload:
    raw = text if isinstance(text, bytes) else text.encode()
    given = {"file": SimpleUploadedFile(name, raw), **said}
    answer = client.post(reverse("reading-upload"), given)
    assert answer.status_code == 302, answer.content.decode()
    upload = ReadingUpload.objects.first()
    assert upload is not None
    return upload


def tried(client: Client, text: str | bytes, name: str = "读数.csv", **said) -> ReadingUpload:
    """Handed in, and its trial run as a worker would."""
    upload = hand_in(client, text, name, **said)
    run(upload.trial_id)
    return upload


def run(job_id: int | None) -> None:
    assert job_id is not None
    with suppress(FileError):  # the job keeps it, and the page says it
        jobs.run(job_id)


def page(client: Client, upload: ReadingUpload) -> str:
    return client.get(reverse("reading-upload-page", args=[upload.pk])).content.decode()


def act(client: Client, name: str, upload: ReadingUpload, **given) -> int:
    return client.post(reverse(f"reading-upload-{name}", args=[upload.pk]), given).status_code


def imported(client: Client, text: str | bytes = GOOD, **said) -> ReadingUpload:
    upload = tried(client, text, **said)
    assert act(client, "import", upload) == 302
    upload.refresh_from_db()
    run(upload.importing_id)
    return upload


def test_a_file_is_tried_before_anything_is_stored(bureau):
    upload = tried(bureau, GOOD)
    text = page(bureau, upload)
    assert "试算：1 行：入库 1" in text
    assert "会改变 1 个断面月" in text
    assert "导入 1 行" in text
    assert "2023年4月" in text
    assert not Reading.objects.exists()


def test_the_trial_shows_who_would_pay_whom_otherwise(bureau):
    text = page(bureau, tried(bureau, GOOD))
    assert "测试河协议" in text
    assert re.search(r"上游区 付 下游区 [\d,]+\.\d\d 元", text)


def test_progress_is_there_again_when_the_page_is_opened_anew(bureau):
    upload = hand_in(bureau, GOOD)
    Job.objects.filter(pk=upload.trial_id).update(
        state=Job.State.RUNNING, lease_until="2099-01-01T00:00Z", done=500, total=2000, step="读取"
    )
    for _ in range(2):
        text = page(bureau, upload)
        assert "500 / 2000" in text
        assert "读取" in text
    again = re.search(r'data-hx-get="([^"]+)"', text)
    assert again is not None
    htmx = {"HX-Request": "true"}
    assert bureau.get(again[1], headers=htmx).status_code == 204


def test_what_was_tried_is_imported_once(bureau, people):
    upload = tried(bureau, GOOD)
    act(bureau, "import", upload)
    upload.refresh_from_db()
    run(upload.importing_id)
    batch = ImportBatch.objects.get()
    assert (batch.by, batch.filename, batch.sha256) == (people.bureau, "读数.csv", upload.sha256)
    assert f"/data/batches/{batch.pk}/" in page(bureau, upload)
    act(bureau, "import", upload)
    assert ImportBatch.objects.count() == 1


def test_the_file_is_taken_away_when_the_import_commits(bureau, django_capture_on_commit_callbacks):
    upload = tried(bureau, GOOD)
    act(bureau, "import", upload)
    upload.refresh_from_db()
    path = uploads.path_of(upload)
    assert path.is_file()
    with django_capture_on_commit_callbacks() as callbacks:
        run(upload.importing_id)
    assert path.is_file()  # as long as it might be rolled back
    for each in callbacks:
        each()
    assert not path.is_file()


def test_headings_nobody_knows_are_asked_for_and_remembered_of_the_sender(bureau):
    upload = tried(bureau, OWN, sender="某站")
    text = page(bureau, upload)
    assert "有 2 列要请你指明" in text
    assert "测点" in text
    assert "NH3浓度" in text
    assert act(bureau, "columns", upload, **{"as-0": "code"}) == 422
    given = {"as-0": "code", "as-1": "value:NH3-N"}
    assert act(bureau, "columns", upload, **given) == 302
    upload.refresh_from_db()
    run(upload.trial_id)
    assert "氨氮（mg/L）" in page(bureau, upload)
    act(bureau, "import", upload)
    upload.refresh_from_db()
    run(upload.importing_id)
    assert SenderProfile.objects.get().mapping == {
        "测点": "code", "NH3浓度": {"as": "NH3-N", "unit": "mg/L"},
    }  # fmt: skip
    assert "试算：1 行：重复 1" in page(bureau, tried(bureau, OWN, sender="某站"))


def test_two_columns_of_one_meaning_are_asked_for_and_one_may_be_left_unread(bureau):
    text = "断面编码,时间,氨氮,NH3-N\nBORDER,2023-04-15,1.2,1.3\n"
    upload = tried(bureau, text)
    assert "重复" in page(bureau, upload)
    assert "有 4 列要请你指明" in page(bureau, upload)
    given = {"as-0": "code", "as-1": "time", "as-2": "value:NH3-N", "as-3": "ignore"}
    assert act(bureau, "columns", upload, **given) == 302
    upload.refresh_from_db()
    assert upload.told["way"]["mapping"] == {"NH3-N": "ignore"}
    run(upload.trial_id)
    assert "试算：1 行：入库 1" in page(bureau, upload)


def test_a_unit_that_is_another_stays_refused_whatever_is_chosen(bureau):
    upload = tried(bureau, "断面编码,时间,氨氮(μg/L)\nBORDER,2023-04-15,120\n")
    assert act(bureau, "columns", upload, **{"as-0": "value:NH3-N"}) == 422
    upload.refresh_from_db()
    assert "不自动换算" in page(bureau, upload)
    assert act(bureau, "import", upload) == 302
    assert not Job.objects.filter(kind="monitoring.import_readings").exists()


def test_the_error_sheet_is_handed_out_in_the_files_own_layout_and_noted(bureau):
    raw = workbook(("一", [["断面编码", "时间", "氨氮"], ["BORDER", "2023-04-15", "错"]]))
    upload = tried(bureau, raw, "读数.xlsx")
    assert "没有一行可以导入" not in page(bureau, upload)
    answer = bureau.get(reverse("reading-upload-errors", args=[upload.pk]))
    assert b"".join(answer.streaming_content).startswith(b"PK")
    assert "%E5%87%BA%E9%94%99%E8%A1%A8.xlsx" in answer["Content-Disposition"]
    assert AccessEvent.objects.filter(kind="export").count() == 1


def test_a_file_that_cannot_be_read_says_so_and_offers_no_import(bureau):
    text = page(bureau, tried(bureau, b"PK\x03\x04 torn", "读数.xlsx"))
    assert "打不开这份 XLSX" in text
    assert "导入 0 行" not in text
    assert "更换文件" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"year": "24"}, "四位年份"),
        ({"reviewed_by": "市局"}, "请填写审核文件"),
        ({"file": SimpleUploadedFile("空.csv", b" ")}, "文件是空的"),
        ({"file": ""}, "请选择文件"),
    ],
)
def test_what_is_filled_in_wrong_is_said_beside_its_field(bureau, said, words):
    given = {"file": SimpleUploadedFile("a.csv", GOOD.encode()), **said}
    answer = bureau.post(reverse("reading-upload"), given)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not ReadingUpload.objects.exists()


def test_a_file_that_is_given_up_goes_and_its_trial_stops(
    bureau, django_capture_on_commit_callbacks
):
    upload = hand_in(bureau, GOOD)
    path = uploads.path_of(upload)
    with django_capture_on_commit_callbacks(execute=True):
        assert act(bureau, "cancel", upload) == 302
    assert not path.exists()
    assert Job.objects.get(pk=upload.trial_id).state == Job.State.CANCELLED
    assert "已经放弃" in page(bureau, upload)
    assert act(bureau, "import", upload) == 302
    assert Job.objects.count() == 1


def test_an_import_that_is_cancelled_may_be_begun_again(bureau):
    upload = tried(bureau, GOOD)
    act(bureau, "import", upload)
    act(bureau, "cancel", upload)
    assert "导入 1 行" in page(bureau, upload)
    act(bureau, "import", upload)
    upload.refresh_from_db()
    run(upload.importing_id)
    assert Reading.objects.exists()


def test_an_import_leads_to_what_its_last_month_still_lacks(bureau):
    later = GOOD + "BORDER,2023-05-15 10:00,7.5,9.0,1.5,1.2,0.015\n"
    upload = imported(bureau, later)
    led = f'{reverse("month-missing")}?month=2023-05">2023年5月还缺什么'
    assert led in page(bureau, upload)


def test_the_same_file_again_is_said_to_be_there(bureau):
    imported(bureau)
    assert "同一文件已导入过" in page(bureau, tried(bureau, GOOD))


def test_readings_reviewed_elsewhere_are_shown_as_such(bureau):
    said = {"reviewed_by": "市监测站", "reviewed_document": "渝环监〔2024〕1号"}
    imported(bureau, GOOD.replace("1.2,", "999.9,"), **said)
    batch = ImportBatch.objects.get()
    assert Reading.objects.filter(flag="Q").count() == 0
    text = bureau.get(reverse("batch", args=[batch.pk])).content.decode()
    assert "市监测站，渝环监〔2024〕1号" in text
    assert "已审核导入" in bureau.get(reverse("data")).content.decode()


def test_a_batch_says_who_when_and_what_and_is_taken_back_with_a_reason(bureau):
    upload = imported(bureau)
    batch = ImportBatch.objects.get()
    address = reverse("batch", args=[batch.pk])
    text = bureau.get(address).content.decode()
    for words in (
        "读数.csv",
        upload.sha256,
        "bureau",
        "1 行：入库 1",
        "一行一个样品",
        "氨氮（mg/L）",
    ):
        assert words in text, words
    undo = reverse("batch-undo", args=[batch.pk])
    assert "请填写撤销理由" in bureau.post(undo, {"why": ""}).content.decode()
    assert bureau.post(undo, {"why": "报错了表"}).status_code == 302
    assert not Reading.objects.exists()
    text = bureau.get(address).content.decode()
    assert "报错了表" in text
    assert "撤销这一批" not in text
    again = bureau.post(undo, {"why": "再来"})
    assert (again.status_code, "已于" in again.content.decode()) == (422, True)


def test_the_hub_shows_what_waits_and_what_was_imported(bureau):
    waiting = tried(bureau, OWN, "待定.csv")
    imported(bureau)
    text = bureau.get(reverse("data")).content.decode()
    assert reverse("reading-upload-page", args=[waiting.pk]) in text
    assert "待对应列" in text
    assert f"/data/batches/{ImportBatch.objects.get().pk}/" in text


@pytest.mark.parametrize(
    ("layout", "format"), [(layout, f) for layout, formats in FORMATS.items() for f in formats]
)
def test_each_template_is_a_file_that_would_be_imported_as_it_is(db, layout, format):
    raw = blank_form(layout, format)
    assert raw is not None
    report = import_readings(raw=raw, filename=f"模板.{format}", create_sections=True)
    assert (report.rejected, report.stored > 1) == (0, True)
    assert set(report.unread) <= {"工作表“填写说明”"}


def test_files_nobody_fetched_are_forgotten_after_a_month(bureau, folder):
    old = folder / "readings" / "old.csv"
    old.parent.mkdir()
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    upload = hand_in(bureau, GOOD)
    assert sorted(Path(folder, "readings").iterdir()) == [uploads.path_of(upload)]


def test_a_column_in_another_unit_can_be_left_out_but_not_taken_for_ours(bureau):
    text = HEAD.replace("总磷", "总磷(μg/L)") + "BORDER,2023-04-15 10:00,7.5,9.0,1.5,1.2,15\n"
    upload = tried(bureau, text)
    page = bureau.get(reverse("reading-upload-page", args=[upload.pk])).content.decode()
    select = page.partition('name="as-0"')[2].partition("</select>")[0]
    assert "不读这一列（要读它，请换算后更换文件）" in select
    assert "value:TP" not in select
    assert "更换文件" in page


def test_a_file_of_which_no_row_is_taken_is_to_be_corrected(bureau):
    upload = tried(bureau, HEAD + "BORDER,04-15 10:00,7.5,9.0,1.5,1.2,0.015\n")
    page = bureau.get(reverse("reading-upload-page", args=[upload.pk])).content.decode()
    assert "各行都没有收下" in page
    assert "上传页的“年份”一栏" in page
    assert "不必导入" not in page
