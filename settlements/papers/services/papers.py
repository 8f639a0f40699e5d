"""Issuing papers (签发): numbered without gaps, each with its code and the head of the ledger.

The same content issued again is the same paper: its number, date and code stay.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction
from django.utils import timezone

from basins import clock
from basins.access import Act, Viewer, viewer_of
from basins.digits import whole
from basins.links import to
from basins.malformed import MALFORMED
from basins.models import Jurisdiction, User
from settlements.models import Agreement, Demand, JournalEntry, Notice
from settlements.models.papers import IssuedPaper, PaperFile
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.notify import signatories
from settlements.moving.telling import tell
from settlements.papers.codes import new_code
from settlements.papers.paper import (
    Paper,
    PaperKind,
    as_draft,
    body_digest_of,
    digest_of,
    digest_of_data,
    from_data,
    to_data,
)


def may_issue(viewer: Viewer, kind: PaperKind) -> bool:
    """Statements: who publishes or clears. A notice is issued by being signed off, a demand by
    the closing or adjustment it is made with: nobody."""
    if kind in (PaperKind.NOTICE, PaperKind.DEMAND):
        return False
    return viewer.may(Act.PUBLISH) or viewer.may(Act.RECORD_PAYMENT)


def refuse_draft(paper: Paper) -> None:
    """Raises Refused for a statement of a year that runs: it has no number."""
    if paper.draft:
        raise Refused(f"{paper.draft}，{paper.kind.label}只是草稿，不编号、不签发。")


@transaction.atomic
def issue(paper: Paper, by: User, prepared_by: User | None = None) -> IssuedPaper:
    """Issue the paper, or find it where its subject's newest says the same.

    The pages come here by requests.approve_issue: `prepared_by` checked it first and stands on
    it as who made it. One after the other across all processes, so that numbers have no gap.
    Raises NotAllowed, Refused of a draft.
    """
    if not may_issue(viewer_of(by), paper.kind):
        raise NotAllowed(f"{by} 不能签发{paper.kind.label}。")
    refuse_draft(paper)
    at = clock.now().replace(microsecond=0)
    before = IssuedPaper.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    issued = _keep(paper, by, at, prepared_by=prepared_by)
    if issued.pk > before:  # not the same paper found again
        _tell(issued, paper.subject, by, prepared_by)
    return issued


def _tell(issued: IssuedPaper, subject: str, by: User, prepared_by: User | None) -> None:
    """The parties of the agreement, or the district, that the paper is of; and who asked for it."""
    parties = [issued.jurisdiction_id] if issued.jurisdiction_id else []
    if issued.agreement is not None:
        parties = [p.jurisdiction_id for p in signatories(agreement=issued.agreement)]
    tell(
        "paper.issue",
        to("paper", issued.pk),
        about=issued.pk,
        by=by,
        parties=parties,
        persons=[prepared_by.pk if prepared_by is not None else None],
        title=issued.title,
        number=number_of(PaperKind(issued.kind), issued.year, issued.number),
    )


@transaction.atomic
def paper_of_published(paper: Paper) -> IssuedPaper:
    """The issued paper of a published notice, entered when it is first asked for.

    Whoever sees the notice may ask: number, date, signers and ledger head are the notice's own,
    and nothing is left to decide. `paper` is what papers.queries builds of it.
    """
    agreement, jurisdiction, *_ = subject_of(paper.subject)
    notice = _notice_of(paper.subject)
    if agreement or jurisdiction or notice is None or notice.published_by is None:
        raise ValueError(f"{paper.subject} 不是已发布的月通报。")
    assert notice.published_at is not None
    own = Printed(
        number=notice_number(notice),
        prepared_by=str(notice.prepared_by),
        ledger_head=notice.ledger_head,
    )
    return _keep(paper, notice.published_by, notice.published_at.replace(microsecond=0), own)


@transaction.atomic
def paper_of_demand_made(paper: Paper, demand: Demand, *, prepared_by: str) -> IssuedPaper:
    """The issued paper of a 拨款通知, entered when it is first asked for: number and day are the
    demand's own. `paper` is what papers.queries builds of it; a moved due day makes another."""
    own = Printed(number=demand.label, prepared_by=prepared_by)
    return _keep(paper, demand.by, demand.made_at.replace(microsecond=0), own)


@dataclass(frozen=True, slots=True)
class Printed:
    """What a paper bears that was made with something else, and is entered here afterwards."""

    number: str
    prepared_by: str
    ledger_head: str | None = None  # None: the present one


def _keep(
    paper: Paper,
    by: User,
    at: datetime,
    own: Printed | None = None,
    prepared_by: User | None = None,
) -> IssuedPaper:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_papers'))")
    body = body_digest_of(as_draft(paper))
    last = (
        IssuedPaper.objects.filter(subject=paper.subject, superseded_by__isnull=True)
        .order_by("-pk")
        .first()
    )
    if last is not None and last.body_digest == body:
        return last
    day = timezone.localdate(at)
    number = (
        IssuedPaper.objects.filter(kind=paper.kind.value, year=day.year)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
        or 0
    ) + 1
    issued = replace(
        paper,
        number=number_of(paper.kind, day.year, number),
        date=day,
        issued_at=timezone.localtime(at),
        issuer=str(by),
        prepared_by=str(prepared_by or by),
        code=new_code(),
        ledger_head=ledger_head(),
    )
    if own is not None:
        issued = replace(
            issued,
            number=own.number,
            prepared_by=own.prepared_by,
            ledger_head=issued.ledger_head if own.ledger_head is None else own.ledger_head,
        )
    agreement, jurisdiction, year, month = subject_of(paper.subject)
    return IssuedPaper.objects.create(
        kind=paper.kind.value,
        year=day.year,
        number=number,
        subject=paper.subject,
        agreement=_agreement(paper.subject, agreement),
        jurisdiction=Jurisdiction.objects.get(code=jurisdiction) if jurisdiction else None,
        period_year=year,
        period_month=month,
        title=paper.title,
        content=to_data(issued),
        digest=digest_of(issued),
        body_digest=body,
        code=issued.code,
        ledger_head=issued.ledger_head,
        issued_at=at,
        issued_by=by,
        supersedes=last,
    )


def _agreement(subject: str, code: str) -> Agreement | None:
    """The agreement a paper is about, whose parties see it."""
    if (demand := demand_of(subject)) is not None:
        return demand.settlement.agreement
    return Agreement.objects.get(code=code) if code else None


def number_of(kind: PaperKind, year: int, number: int) -> str:
    """文号 as it is printed: 对账〔2026〕12号."""
    return f"{kind.prefix}〔{year}〕{number}号"


def notice_number(notice: Notice) -> str:
    """A published notice's own number, as its paper prints it."""
    return number_of(PaperKind.NOTICE, notice.year or 0, notice.number or 0)


def _notice_of(subject: str) -> Notice | None:
    """The published notice a subject of three parts names."""
    kind, _, rest = subject.partition(":")
    _, _, pk = rest.partition(":")
    if kind != PaperKind.NOTICE or not pk:
        return None
    return (
        Notice.objects.filter(pk=int(pk), state=Notice.State.PUBLISHED)
        .select_related("prepared_by", "published_by")
        .first()
    )


def demand_of(subject: str) -> Demand | None:
    """The demand a subject of four parts names."""
    parts = subject.split(":")
    if len(parts) != 4 or parts[0] != PaperKind.DEMAND:
        return None
    pk = whole(parts[3], 17)
    return None if pk is None else Demand.objects.filter(pk=pk).first()


def subject_of(subject: str) -> tuple[str, str, int, int | None]:
    """Agreement code, jurisdiction code, year and month named by a paper's subject.

    Raises ValueError for what names none.
    """
    kind, _, rest = subject.partition(":")
    name, _, period = rest.rpartition(":")
    if kind == PaperKind.DEMAND:  # "demand:500155:2024:7", of the demand with that key
        name, _, year = name.partition(":")
        return "", name, int(year), None
    if kind == PaperKind.NOTICE:  # "notice:2024-05:12", of the notice with that key
        year, month = rest.partition(":")[0].split("-")
        return "", "", int(year), int(month)
    named = (name, "") if kind == PaperKind.AGREEMENT else ("", name)
    return *named, int(period), None


def ledger_head() -> str:
    """The newest entry's year, number and hash: "2026-15 1f3a…", '' while there is none."""
    last = JournalEntry.objects.order_by("-year", "-number").first()
    return f"{last.year}-{last.number} {last.hash}" if last is not None else ""


def record_file(*, paper: IssuedPaper, format: str, content: bytes) -> PaperFile:
    """Keep the digest of a file made from the paper; making it again adds nothing."""
    return PaperFile.objects.get_or_create(
        paper=paper,
        format=format,
        sha256=hashlib.sha256(content).hexdigest(),
        defaults={"size": len(content), "made_at": timezone.now()},
    )[0]


class PaperFinding(StrEnum):
    GENUINE = "genuine"
    ALTERED = "altered"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return {"genuine": "真实有效", "altered": "已改动", "unknown": "查无此件"}[self.value]


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """What became of a code or a file. `paper` None where there is none, or it is unreadable."""

    finding: PaperFinding
    paper: Paper | None = None
    issued: IssuedPaper | None = None
    problem: str = ""
    file: PaperFile | None = None

    @property
    def superseding(self) -> IssuedPaper | None:
        return getattr(self.issued, "superseded_by", None) if self.issued else None


def verify_code(code: str) -> PaperVerdict:
    """Whether the paper of this code stands in the database as it was issued: 1 SQL query."""
    issued = IssuedPaper.objects.filter(code=code).select_related("superseded_by").first()
    return verdict_of(issued) if issued is not None else PaperVerdict(PaperFinding.UNKNOWN)


def verify_file(content: bytes, code: str = "") -> PaperVerdict:
    """Whether a PDF or XLSX is, byte for byte, one that was made here.

    With a code, a file that is not of that paper is altered; without, it is unknown.
    """
    found = (
        PaperFile.objects.filter(sha256=hashlib.sha256(content).hexdigest())
        .select_related("paper__superseded_by")
        .order_by("pk")
        .first()
    )
    if code:
        verdict = verify_code(code)
        if verdict.issued is None or verdict.finding is PaperFinding.ALTERED:
            return verdict
        if found is None or found.paper_id != verdict.issued.pk:
            problem = "上传的文件与本系统为此件生成的文件不一致：内容被改动，或另存过。"
            return replace(verdict, finding=PaperFinding.ALTERED, problem=problem)
        return replace(verdict, file=found)
    if found is None:
        problem = "没有为任何已签发文书生成过这个文件；草稿和预览不编号，不在核验之列。"
        return PaperVerdict(PaperFinding.UNKNOWN, problem=problem)
    return replace(verdict_of(found.paper), file=found)


def _number_printed(issued: IssuedPaper, paper: Paper) -> str:
    """What number the paper must bear: a notice or demand its own, any other that of its kind's
    series."""
    notice = _notice_of(issued.subject)
    if notice is not None:
        return notice_number(notice)
    demand = demand_of(issued.subject)
    if demand is not None:
        return demand.label
    return number_of(paper.kind, issued.year, issued.number)


def verdict_of(issued: IssuedPaper) -> PaperVerdict:
    """Whether a paper stands in the database as it was issued."""
    try:
        paper = from_data(issued.content)
    except MALFORMED:
        return PaperVerdict(PaperFinding.ALTERED, None, issued, "存档的内容已残缺。")
    problem = ""
    if digest_of_data(issued.content) != issued.digest:
        problem = "存档的内容与签发时的摘要值不符。"
    elif body_digest_of(as_draft(paper)) != issued.body_digest:
        problem = "存档的正文与签发时的摘要值不符。"
    elif (paper.code, paper.title, paper.ledger_head, paper.number) != (
        issued.code,
        issued.title,
        issued.ledger_head,
        _number_printed(issued, paper),
    ):
        problem = "存档的文号、标题、核验码或台账链首与内容不符。"
    return PaperVerdict(
        PaperFinding.ALTERED if problem else PaperFinding.GENUINE, paper, issued, problem
    )
