"""Papers as pages and files: previewed, issued, downloaded, verified, and a year as one job."""

import io
import re
import zipfile
import zlib
from dataclasses import replace
from datetime import date
from threading import Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from basins import clock
from basins.access import viewer_of
from dashboard.papers import export
from dashboard.papers.export import KIND, start_export
from dashboard.papers.font import marked
from dashboard.papers.pdf import pictures_of
from jobs import services as jobs
from jobs.models import Job
from settlements import pipeline
from settlements.models import Accrual, IssuedPaper, Notice, PaperFile
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import from_data
from settlements.papers.queries.papers import built, subjects_of_year
from settlements.papers.services.papers import issue, paper_of_published
from tests.blank import blank_pages
from tests.published import published
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import Border, People, refusal, taken_as

AGREEMENT, DISTRICT, NOTICE = "agreement:TEST:2024", "district:500901:2024", "notice"
SUBJECTS = (AGREEMENT, DISTRICT, NOTICE)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def measured_year() -> World:
    """2024: Ⅱ for ten months, Ⅳ in November, nothing measured in December; all published."""
    world = bare()
    border = world["border"]
    for when in border.months("2024-01", "2024-10"):
        border.measured(when, "II")
    border.measured("2024-11", "IV")
    with clock.moved_to(date(2025, 1, 15)):
        pipeline.recompute()
    taken_as("published", Accrual.objects.filter(state="preliminary"))
    return world


told = told_once(measured_year)
year = of_told("border")


def noticed(people) -> str:
    """Subject of November's notice, published by now."""
    found = Notice.objects.first()
    if found is None:
        taken_as("preliminary", Accrual.objects.filter(period=date(2024, 11, 1)))
        found = published(people, "2024-11")
    return f"notice:2024-11:{found.pk}"


def issued(people, subject: str = AGREEMENT) -> IssuedPaper:
    if subject == NOTICE:
        return paper_of_published(built(viewer_of(people.bureau), noticed(people)))
    return issue(built(viewer_of(people.bureau), subject), people.bureau)


def get(client, user, address, **query):
    client.force_login(user)
    return client.get(address, query)


def pages_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_the_pdf_opened_again_holds_amounts_capitals_page_numbers_and_code(year, people, client):
    for subject in SUBJECTS:
        paper = issued(people, subject)
        answer = get(client, people.bureau, f"/statements/{paper.pk}/paper.pdf")
        assert answer["Content-Type"] == "application/pdf"
        reader = PdfReader(io.BytesIO(answer.content))
        pages = [page.extract_text() for page in reader.pages]
        for number, text in enumerate(pages, start=1):
            assert f"第 {number} 页" in text
            assert f"共 {len(pages)} 页" in text
            assert f"核验码 {shown_code(paper.code)}" in text
            assert paper.digest[:16] in text
        whole = "\n".join(pages)
        assert paper.label in whole
        assert paper.title in whole
        amount = {NOTICE: ("1,000,000.00", "人民币壹佰万元整")}.get(
            subject, ("9,000,000.00", "人民币玖佰万元整")
        )
        assert all(words in whole for words in amount)
        assert "（盖章）" in whole
        # Tagged, in Chinese, on A4, with its one font inside.
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
        assert str(reader.trailer["/Root"]["/Lang"]).startswith("zh")
        assert [round(float(x)) for x in reader.pages[0].mediabox[2:]] == [595, 842]
        fonts = reader.pages[0]["/Resources"]["/Font"].values()
        assert all("NotoSansCJK" in str(f.get_object()["/BaseFont"]) for f in fonts)


def test_the_xlsx_opened_again_holds_numbers_dates_totals_and_the_explanation(year, people, client):
    paper = issued(people, DISTRICT)
    answer = get(client, people.bureau, f"/statements/{paper.pk}/paper.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names[0] == "汇总"
    assert book.sheet_names[-1] == "说明"
    cover = book.get_sheet_by_name("汇总").to_python()
    assert cover[0][0] == f"【演示】{paper.title}"
    assert cover[1][0] == paper.label
    assert cover[1][-1] == "单位：元"
    assert ["2024年核算净额", "应收", 9000000.0, "人民币玖佰万元整"] in [row[:4] for row in cover]
    months = book.get_sheet_by_name("逐月明细").to_python()
    assert months[2][5] == "金额（元）"
    assert [row[5] for row in months[4:16]] == [1000000.0] * 10 + [-1000000.0, 0.0]
    total = next(row for row in months if row[0] == "合计")
    assert total[5] == 9000000.0
    foot = next(row for row in months if str(row[0]).startswith("制表人："))
    assert "审核人：" in foot
    assert clock.today() in foot
    told = {row[0]: row[1] for row in book.get_sheet_by_name("说明").to_python()}
    assert told["核验码"] == shown_code(paper.code)
    assert told["制表人（用户）"] == "bureau"
    assert told["筛选：年度"] == "2024"
    assert told["数据截至"]
    parts = zipfile.ZipFile(io.BytesIO(answer.content))
    sheet = parts.read("xl/worksheets/sheet2.xml").decode()
    assert 'paperSize="9"' in sheet
    assert 'orientation="landscape"' in sheet
    assert 'state="frozen"' in sheet


def test_files_of_an_issued_paper_have_the_same_bytes_every_time(year, people, client):
    paper = issued(people)
    for format in ("pdf", "xlsx"):
        address = f"/statements/{paper.pk}/paper.{format}"
        first, second = (get(client, people.bureau, address).content for _ in range(2))
        assert first == second
    assert PaperFile.objects.count() == 2


def test_a_character_the_font_lacks_is_named_by_its_code_point():
    assert marked("王𪚥村㙟") == "王〔U+2A6A5〕村㙟"
    assert marked("梁平区\n1,234.50 − 劣Ⅴ类") == "梁平区\n1,234.50 − 劣Ⅴ类"


# Pages ----------------------------------------------------------------------------------------

#            preview agreement, district, notice; issued agreement, district, notice; list
SEES = {
    "bureau": (200, 200, 302, 200, 200, 200, 200),
    "treasury": (200, 200, 302, 200, 200, 200, 200),
    "admin": (200, 200, 302, 200, 200, 200, 200),
    "auditor": (200, 200, 302, 200, 200, 200, 200),
    "district": (200, 200, 302, 200, 200, 200, 200),
    "stranger": (404, 404, 302, 404, 404, 200, 200),
    "township": (404, 404, 404, 404, 404, 404, 200),
    "station": (403,) * 7,
    "nobody": (403,) * 7,
}


def test_each_person_opens_the_papers_and_files_they_may_see_and_no_other(year, people, client):
    papers = [issued(people, subject) for subject in SUBJECTS]
    with blank_pages():
        for name, wanted in SEES.items():
            client.force_login(getattr(people, name))
            found = [client.get("/statements/preview/", {"subject": p.subject}) for p in papers]
            found += [client.get(f"/statements/{p.pk}/") for p in papers]
            found.append(client.get("/statements/"))
            assert tuple(answer.status_code for answer in found) == wanted, name
            files = [client.get(f"/statements/{p.pk}/paper.xlsx").status_code for p in papers]
            assert tuple(files) == wanted[3:6], name
    page = get(client, people.stranger, "/statements/").content.decode()
    assert "500901" not in page
    assert "共 1 条" in page
    client.logout()
    assert client.get(f"/statements/{papers[0].pk}/").status_code == 302


def test_a_preview_is_marked_as_not_issued_in_every_form(year, people, client):
    page = get(client, people.district, "/statements/preview/", subject=DISTRICT)
    assert "未签发，仅供预览" in page.content.decode()
    pdf = get(client, people.district, "/statements/preview/", subject=DISTRICT, format="pdf")
    assert all("未签发，仅供预览" in text for text in pages_of(pdf.content))
    xlsx = get(client, people.district, "/statements/preview/", subject=DISTRICT, format="xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx.content))
    assert book.get_sheet_by_name("汇总").to_python()[1][0] == "（未签发，仅供预览）"
    assert not IssuedPaper.objects.exists()
    assert not PaperFile.objects.exists()


def test_the_pages_of_a_year_and_a_district_offer_their_statement_to_who_may_see_it(
    year, people, client
):
    text = get(client, people.bureau, "/settlements/TEST/2024/").content.decode()
    assert "/statements/preview/?subject=agreement%3ATEST%3A2024" in text
    text = get(client, people.district, "/districts/500901/", year=2024).content.decode()
    assert "/statements/preview/?subject=district%3A500901%3A2024" in text
    other = get(client, people.district, "/districts/500902/", year=2024).content.decode()
    assert "/statements/preview/" not in other


# Verifying ------------------------------------------------------------------------------------


def upload(client, address, content, name="paper.pdf"):
    return client.post(address, {"file": SimpleUploadedFile(name, content)})


def test_whoever_holds_a_paper_verifies_it_without_signing_in(year, people, client):
    paper = issued(people)
    pdf = export.rendered(paper, "pdf")
    xlsx = export.rendered(paper, "xlsx")
    answer = client.post("/verify/", {"code": shown_code(paper.code).lower()})
    assert answer["Location"] == f"/verify/{paper.code}/"
    text = client.get(answer["Location"]).content.decode()
    assert "<h1>真实有效</h1>" in text
    for words in (paper.label, paper.title, "9,000,000.00", "玖佰万元整", paper.digest):
        assert words in text
    assert "逐月" not in text
    for content, name in ((pdf, "a.pdf"), (xlsx, "a.xlsx")):
        for address in ("/verify/", f"/verify/{paper.code}/"):
            assert "逐字节一致" in upload(client, address, content, name).content.decode()


def test_a_changed_file_is_altered_with_its_code_and_unknown_without(year, people, client):
    paper = issued(people)
    pdf = export.rendered(paper, "pdf")
    changed = pdf[:-1] + bytes([pdf[-1] ^ 1])
    answer = upload(client, f"/verify/{paper.code}/", changed)
    assert "<h1>已改动</h1>" in answer.content.decode()
    assert "9,000,000.00" not in answer.content.decode()
    answer = upload(client, "/verify/", changed)
    assert answer.status_code == 404
    assert "<h1>查无此件</h1>" in answer.content.decode()
    other = issued(people, DISTRICT)
    answer = upload(client, f"/verify/{other.code}/", pdf)
    assert "<h1>已改动</h1>" in answer.content.decode()


def test_what_is_no_code_or_no_paper_is_refused_in_words(db, client):
    assert client.get("/verify/").status_code == 200
    assert client.get("/verify/" + "0" * 16 + "/").status_code == 404
    wrong = client.get("/verify/" + "0" * 15 + "1/")
    assert wrong.status_code == 422
    assert "有一位不对" in wrong.content.decode()
    for content, name in ((b"x", "a.pdf"), (b"%PDF-1.7", "a.exe"), (b"PK\x03\x04", "a.pdf")):
        answer = upload(client, "/verify/", content, name)
        assert answer.status_code == 422
        assert "不是 PDF 或 XLSX 文件" in answer.content.decode()
    big = upload(client, "/verify/", b"%PDF-" + bytes(20 * 1024 * 1024))
    assert "超过 20 MB" in big.content.decode()


# All of a year --------------------------------------------------------------------------------


class Heard:
    """A job's progress inside the test's transaction; cancelled at the given step, if any."""

    def __init__(self, job: Job, cancelled_at: str = ""):
        self.job, self.cancelled_at = job, cancelled_at
        self.steps: list[tuple[int, int, str]] = []

    def __call__(self, done, total, step=""):
        self.steps.append((done, total, step))
        if step == self.cancelled_at:
            raise jobs.Cancelled


def test_all_statements_of_a_year_come_in_one_archive(year, people, client, folder):
    job = Job.objects.create(kind=KIND, key="x", by=people.treasury, parameters={})
    parameters = {"user": people.treasury.pk, "year": 2024}
    heard = Heard(job)
    result = export.export(parameters, heard)
    job.state, job.result, job.parameters = Job.State.DONE, result, parameters
    job.save()
    assert result["papers"] == 3
    assert heard.steps[-1] == (7, 7, "完成")
    client.force_login(people.treasury)
    page = client.get(f"/statements/exports/{job.pk}/").content.decode()
    assert "下载 ZIP" in page
    answer = client.get(f"/statements/exports/{job.pk}/file/")
    content = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(names) == 7
        assert {name.split("/")[0] for name in names} == {"年度结算单", "区县对账单", "目录.csv"}
        first = archive.read(next(n for n in names if n.endswith(".pdf")))
        assert "逐字节一致" in upload(client, "/verify/", first).content.decode()
        assert "9000000.00" in archive.read("目录.csv").decode("utf-8-sig")
    # Run again from the start it gives the same papers and the same bytes.
    export.export(parameters, Heard(job))
    assert (folder / "exports" / f"{job.pk}.zip").read_bytes() == content
    assert IssuedPaper.objects.count() == 3
    for name in ("bureau", "district", "admin", "auditor", "stranger", "township"):
        client.force_login(getattr(people, name))
        for address in ("", "file/"):
            assert client.get(f"/statements/exports/{job.pk}/{address}").status_code == 404
        assert client.post(f"/statements/exports/{job.pk}/cancel/").status_code == 404


def test_an_export_is_cancelled_and_survives_a_reload(year, people, client):
    address = f"/statements/exports/{start_export(year=2024, by=people.bureau, wake=False).pk}/"
    client.force_login(people.bureau)
    page = client.get(address)
    assert "取消打包" in page.content.decode()
    assert 'hx-trigger="every 1s"' in page.content.decode()
    job = Job.objects.get(kind=KIND)
    client.post(f"{address}cancel/")
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "打包已取消，没有生成文件" in client.get(address).content.decode()
    assert client.get(f"{address}file/").status_code == 404


@told_instead(None)
def test_the_worker_runs_the_job_to_its_archive(committed, folder):
    border, people = Border.make(), People.make()
    border.measured("2024-01", "II")
    with clock.moved_to(date(2024, 2, 15)):
        pipeline.recompute()
    with transaction.atomic():
        taken_as("published", Accrual.objects.all())
    job = start_export(year=2024, by=people.bureau, wake=False)
    done = jobs.run(job.pk)
    assert (done.state, done.result["papers"]) == (Job.State.DONE, 3)
    assert export.file_of(done).stat().st_size == done.result["bytes"]


def in_thread(act) -> Thread:
    """Done by somebody else, on a connection of their own."""

    def done():
        try:
            act()
        finally:
            connection.close()

    thread = Thread(target=done)
    thread.start()
    return thread


@told_instead(None)
def test_others_issue_while_a_years_job_runs_and_every_run_gives_the_same_papers(committed, folder):
    border, people = Border.make(), People.make()
    border.measured("2024-01", "II")
    with clock.moved_to(date(2024, 2, 15)):
        pipeline.recompute()
    with transaction.atomic():
        taken_as("published", Accrual.objects.all())
    wanted = set(subjects_of_year(viewer_of(people.bureau), 2024))
    parameters = {"user": people.bureau.pk, "year": 2024}
    own = {n: Job.objects.create(kind=KIND, key=n, by=people.bureau, parameters={}) for n in "abc"}
    seen: list = []

    def meanwhile():
        seen.append(set(IssuedPaper.objects.values_list("subject", flat=True)))
        other = built(viewer_of(people.treasury), AGREEMENT)
        seen.append(issue(replace(other, notes=("另一份",)), people.treasury).number)

    class Interrupted(Heard):
        def __call__(self, done, total, step=""):
            if step == self.cancelled_at and not seen:
                in_thread(meanwhile).join(30)
            super().__call__(done, total, step)

    # Cancelled while the files are made: no file, and the papers issued so far stay.
    with pytest.raises(jobs.Cancelled):
        export.export(parameters, Interrupted(own["a"], cancelled_at="生成文件"))
    assert seen == [wanted, 2]
    assert list((folder / "exports").iterdir()) == []
    # Two at once, then once more: what the other put in its place is replaced again, once.
    both = [in_thread(lambda n=n: export.export(parameters, Heard(own[n]))) for n in "ab"]
    for thread in both:
        thread.join(60)
    export.export(parameters, Heard(own["c"]))
    papers = IssuedPaper.objects.order_by("pk").values_list("kind", "number")
    assert sorted(papers) == [("agreement", 1), ("agreement", 2), ("agreement", 3),
                              ("district", 1), ("district", 2)]  # fmt: skip
    archives = [(folder / "exports" / f"{job.pk}.zip").read_bytes() for job in own.values()]
    assert archives[0] == archives[1] == archives[2]


# As pictures, and signed ----------------------------------------------------------------------


def ink_of(picture: bytes) -> float:
    """The share of an 8-bit PNG's bytes that are not paper white, over all rows."""
    assert picture.startswith(b"\x89PNG")
    packed, at = b"", 8
    while at < len(picture):
        length, kind = int.from_bytes(picture[at : at + 4]), picture[at + 4 : at + 8]
        if kind == b"IDAT":
            packed += picture[at + 8 : at + 8 + length]
        at += 12 + length
    width, height = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    raw = zlib.decompress(packed)
    line = len(raw) // height
    assert line > width
    # Where a row equals the one above or its left, filters leave zeros: only changes are counted.
    return sum(
        len(raw[n * line + 1 : (n + 1) * line].strip(b"\0\xff")) for n in range(height)
    ) / len(raw)


def test_every_page_of_every_paper_has_something_printed_on_it(year, people):
    for subject in SUBJECTS:
        paper = issued(people, subject)
        pictures = pictures_of(from_data(paper.content))
        assert len(pictures) == len(pages_of(export.rendered(paper, "pdf")))
        assert all(ink_of(picture) > 0.01 for picture in pictures)


def test_every_form_of_a_paper_names_its_makers_signers_and_code(year, people, client):
    makers = {NOTICE: ("编制人：bureau", "签发人：bureau2")}
    for subject in SUBJECTS:
        paper = issued(people, subject)
        wanted = [
            *makers.get(subject, ("制表人：bureau", "审核人：")),
            *(f"{s.role}：{s.unit}" for s in from_data(paper.content).signatures),
            *(f"人民币{a.capitals}" for a in from_data(paper.content).amounts),
            shown_code(paper.code),
        ]
        html = re.sub("<[^>]+>", "", get(client, people.bureau, f"/statements/{paper.pk}/")
                      .content.decode())  # fmt: skip
        pdf = "".join(pages_of(export.rendered(paper, "pdf")))
        book = CalamineWorkbook.from_filelike(io.BytesIO(export.rendered(paper, "xlsx")))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        xlsx = " ".join(str(cell) for sheet in sheets for row in sheet for cell in row)
        for words in wanted:
            for form, text in (("html", html), ("pdf", pdf), ("xlsx", xlsx)):
                assert words in re.sub(r"\n", "", text), (subject, form, words)


def test_the_notice_page_offers_its_paper_to_who_sees_it(year, people, client):
    pk = int(noticed(people).rpartition(":")[2])
    text = get(client, people.district, f"/notices/{pk}/").content.decode()
    assert all(f"/notices/{pk}/paper.{form}" in text for form in ("html", "pdf", "xlsx"))
    page = client.get(f"/notices/{pk}/paper.html")
    paper = IssuedPaper.objects.get()
    assert page["Location"] == f"/statements/{paper.pk}/"
    pdf = client.get(f"/notices/{pk}/paper.pdf")
    assert "通报〔" in pages_of(pdf.content)[0]
    assert "逐字节一致" in upload(client, "/verify/", pdf.content).content.decode()
    assert client.get(f"/notices/{pk}/paper.csv").status_code == 404
    for name in ("township", "station"):
        client.force_login(getattr(people, name))
        assert client.get(f"/notices/{pk}/paper.pdf").status_code == refusal(name)
