"""All papers of a year as one job: each issued, then PDF and XLSX in one ZIP.

Each paper is issued in a transaction of its own, so that others can issue meanwhile. The ZIP
lies under VAR_DIR/exports by the job's number. The job may run again from the start: what was
issued stays the same paper, and its files have the same bytes.
"""

import csv
import hashlib
import io
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from basins.access import Viewer, viewer_of
from basins.models import User
from dashboard.papers.pdf import pdf_of
from dashboard.papers.xlsx import xlsx_of
from jobs import services as jobs
from jobs.models import Job
from settlements.models import IssuedPaper, IssueRequest
from settlements.moving.acts import NotAllowed
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import PaperKind, from_data
from settlements.papers.queries.papers import built, subjects_of_year
from settlements.papers.services.papers import (
    issue,
    may_issue,
    paper_of_published,
    record_file,
    verdict_of,
)
from settlements.papers.services.requests import approve_issue_of_year

KIND = "dashboard.statements"
KEPT_DAYS = 30
STAMP = (1980, 1, 1, 0, 0, 0)  # of every file inside, so that the ZIP's bytes follow its content
UNSAFE = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))


def start_export(
    *, year: int, by: User, request: IssueRequest | None = None, wake: bool = True
) -> Job:
    """Enter the job, or the live one of this person and year. Raises NotAllowed."""
    if not may_issue(viewer_of(by), PaperKind.DISTRICT):
        raise NotAllowed(f"{by} 不能签发对账单和结算单。")
    parameters: dict[str, int | None] = {"user": by.pk, "year": year}
    if request is not None:
        parameters |= {"request": request.pk, "prepared_by": request.prepared_by_id}
    return jobs.enqueue(kind=KIND, key=f"{by.pk}-{year}", parameters=parameters, by=by, wake=wake)


@transaction.atomic
def release(*, request: IssueRequest, subjects: Sequence[str], by: User) -> Job:
    """The second person's word for a year's papers, and the job that issues and packs them."""
    released = approve_issue_of_year(request=request, subjects=subjects, by=by)
    assert released.year is not None
    return start_export(year=released.year, by=by, request=released)


def export_of_request(request: IssueRequest) -> Job | None:
    """The job a released request began."""
    return Job.objects.filter(kind=KIND, parameters__request=request.pk).order_by("-pk").first()


def exports_of(viewer: Viewer):
    """Those the viewer released or asked for, newest first; none for who may no longer issue."""
    if not may_issue(viewer, PaperKind.DISTRICT):
        return Job.objects.none()
    own = Q(by=viewer.user_id) | Q(parameters__prepared_by=viewer.user_id)
    return Job.objects.filter(own, kind=KIND).order_by("-pk")


def file_of(job: Job) -> Path | None:
    """The ZIP of a finished export, while it is kept."""
    path = folder() / f"{job.pk}.zip"
    return path if job.state == Job.State.DONE and path.is_file() else None


def folder() -> Path:
    return Path(settings.VAR_DIR) / "exports"


@jobs.handles(KIND, stepwise=True)
def export(parameters: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    by = User.objects.get(pk=parameters["user"])
    viewer = viewer_of(by)
    prepared_by = User.objects.filter(pk=parameters.get("prepared_by")).first()
    subjects = subjects_of_year(viewer, parameters["year"])
    total = 2 * len(subjects) + 1
    papers: list[IssuedPaper] = []
    for done, subject in enumerate(subjects):
        progress(done, total, "签发文书")
        paper = built(viewer, subject)
        if paper is not None:
            is_notice = paper.kind is PaperKind.NOTICE
            papers.append(paper_of_published(paper) if is_notice else issue(paper, by, prepared_by))
    folder().mkdir(parents=True, exist_ok=True)
    _forget_old()
    target = folder() / f"{progress.job.pk}.zip"
    part = target.with_suffix(f".{uuid4().hex}.part")  # another worker may have taken over
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for done, issued in enumerate(papers, start=len(subjects)):
                progress(done, total, "生成文件")
                _add(archive, issued)
            archive.writestr(zipfile.ZipInfo("目录.csv", STAMP), _contents(papers))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    progress(total, total, "完成")
    return {
        "papers": len(papers),
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "year": parameters["year"],
    }


class AlteredPaper(ValueError):
    """The paper does not stand in the database as it was issued; the message says which, and how."""

    def __init__(self, issued: IssuedPaper, problem: str) -> None:
        super().__init__(f"{issued.label} {issued.title}：{problem}")
        self.problem = problem


def rendered(issued: IssuedPaper, format: str) -> bytes:
    """The file of an issued paper, its digest kept so that it can be verified.

    Raises AlteredPaper: of a paper that is not what was issued nothing is made.
    """
    if problem := verdict_of(issued).problem:
        raise AlteredPaper(issued, problem)
    paper = from_data(issued.content)
    content = pdf_of(paper) if format == "pdf" else xlsx_of(paper)
    record_file(paper=issued, format=format, content=content)
    return content


def file_name(issued: IssuedPaper, format: str) -> str:
    return f"{issued.label} {issued.title}.{format}".translate(UNSAFE)


def _add(archive: zipfile.ZipFile, issued: IssuedPaper) -> None:
    for format in ("pdf", "xlsx"):
        info = zipfile.ZipInfo(f"{issued.get_kind_display()}/{file_name(issued, format)}", STAMP)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, rendered(issued, format))


def _contents(papers: list[IssuedPaper]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["文号", "标题", "签发日期", "款项", "收付", "金额（元）", "核验码", "摘要值"])
    for issued in papers:
        paper = from_data(issued.content)
        for amount in paper.amounts:
            rows.writerow(
                [
                    paper.number,
                    paper.title,
                    paper.date,
                    amount.label,
                    amount.word or "-",
                    f"{abs(amount.yuan) if amount.word else amount.yuan:.2f}",
                    shown_code(paper.code),
                    issued.digest,
                ]
            )
    return ("\ufeff" + text.getvalue()).encode()


def _forget_old() -> None:
    """Files of exports older than KEPT_DAYS; what they hold can be made again."""
    oldest = time.time() - KEPT_DAYS * 86400
    for path in (*folder().glob("*.zip"), *folder().glob("*.part")):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another export was quicker
            continue
