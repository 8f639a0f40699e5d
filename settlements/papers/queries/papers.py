"""Papers for a viewer: built from the data as they are now, and those issued before.

Who sees an issued paper: everyone who sees the whole ledger; of statements, who is the party it
is about or a party to the agreement; of notices, also whoever sees all published results.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Scope, Viewer
from basins.clock import today
from basins.history import as_known
from basins.models import Jurisdiction
from settlements.models import (
    Accrual,
    IssuedPaper,
    IssueRequest,
    LedgerAccount,
    Notice,
    Party,
    Settlement,
)
from settlements.notices.queries.notices import visible_notices
from settlements.papers.paper import Paper, PaperKind, as_draft, body_digest_of
from settlements.papers.queries.agreement import agreement_paper
from settlements.papers.queries.demand import demand_paper
from settlements.papers.queries.district import district_paper, may_see_statement
from settlements.papers.queries.notice import notice_of_subject, notice_paper
from settlements.papers.queries.parts import may_see_books_of
from settlements.papers.queries.sources import Standing
from settlements.papers.queries.sources_known import StandingThen, without_moment
from settlements.papers.services.papers import demand_of, may_issue, subject_of
from settlements.reckoning.known_basis import Past
from settlements.shown.visible import (
    visible_agreements,
    visible_settlements,
)

__all__ = [
    "PaperFilter",
    "agreement_paper",
    "built",
    "counts_of_year",
    "district_paper",
    "issue_requests",
    "issued_paper",
    "issued_papers",
    "newest",
    "notice_of_subject",
    "notice_paper",
    "offered",
    "same_as_now",
    "says_the_same",
    "subjects_of_year",
    "visible_papers",
    "years_of_papers",
    "years_to_state",
]


def built(viewer: Viewer, subject: str, at: datetime | None = None) -> Paper | None:
    """The paper a subject names ("agreement:LX:2024", "notice:2024-05:12"), from data as it is
    now, or as known at a past moment.

    A notice is what it was published as, whenever it is asked for.

    None for what is no subject, is not this viewer's to see, or was not there yet. Raises
    ValueError for a moment without a zone.
    """
    standing = Standing(viewer) if at is None else StandingThen(viewer, Past(at))
    kind = subject.partition(":")[0]
    try:
        agreement, jurisdiction, year, month = subject_of(subject)
    except ValueError:
        return None
    if not 1900 <= year <= 9998 or (month is not None and not 1 <= month <= 12):
        return None
    match kind:
        case PaperKind.AGREEMENT:
            return agreement_paper(standing, agreement, year)
        case PaperKind.DISTRICT:
            return district_paper(standing, jurisdiction, year)
        case PaperKind.DEMAND:
            demand = demand_of(subject)
            if demand is None or (at is not None and demand.made_at > at):
                return None
            return demand_paper(viewer, demand.pk)
        case PaperKind.NOTICE if month is not None:
            notice = notice_of_subject(subject)
            if notice is None or (at is not None and not _published_by(notice, at)):
                return None
            return notice_paper(viewer, date(year, month, 1), notice)
    return None


def _published_by(notice: int, at: datetime) -> bool:
    return bool(as_known(Notice, at, id=notice, state=Notice.State.PUBLISHED))


def offered(viewer: Viewer, subject: str) -> bool:
    """Whether a page may offer the statement of a subject it already shows: 2 SQL queries at most."""
    kind = subject.partition(":")[0]
    agreement, jurisdiction, _, _ = subject_of(subject)
    if kind == PaperKind.AGREEMENT:
        found = visible_agreements(viewer).filter(code=agreement).first()
        return found is not None and may_see_books_of(viewer, found)
    return may_see_statement(viewer, jurisdiction)


def visible_papers(viewer: Viewer) -> QuerySet[IssuedPaper]:
    if viewer.sees_all(Act.SEE_LEDGER):
        return IssuedPaper.objects.all()
    seen = Q()
    if viewer.scope(Act.SEE_RESULTS) in (Scope.ALL, Scope.PUBLISHED):
        seen |= Q(kind=IssuedPaper.Kind.NOTICE)
    if viewer.may(Act.SEE_LEDGER) and viewer.jurisdiction_id is not None:
        party = Exists(
            Party.objects.filter(
                agreement=OuterRef("agreement"), jurisdiction=viewer.jurisdiction_id
            )
        )
        seen |= Q(jurisdiction=viewer.jurisdiction_id)
        seen |= Q(party, kind__in=[IssuedPaper.Kind.AGREEMENT, IssuedPaper.Kind.DEMAND])
    return IssuedPaper.objects.filter(seen) if seen else IssuedPaper.objects.none()


def issued_paper(viewer: Viewer, pk: int) -> IssuedPaper | None:
    return (
        visible_papers(viewer)
        .select_related("superseded_by", "supersedes", "issued_by", "agreement", "jurisdiction")
        .defer("jurisdiction__boundary")
        .filter(pk=pk)
        .first()
    )


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """What narrows the list; empty narrows nothing."""

    kind: str = ""
    year: int | None = None
    agreement: str = ""
    jurisdiction: str = ""
    state: str = ""  # current, superseded


def issued_papers(viewer: Viewer, wanted: PaperFilter) -> QuerySet[IssuedPaper]:
    """Newest first."""
    found = visible_papers(viewer)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.year:
        found = found.filter(period_year=wanted.year)
    if wanted.agreement:
        found = found.filter(agreement__code=wanted.agreement)
    if wanted.jurisdiction:
        found = found.filter(jurisdiction__code=wanted.jurisdiction)
    if wanted.state:
        found = found.filter(superseded_by__isnull=wanted.state == "current")
    return (
        found.select_related("superseded_by", "issued_by")
        .defer("superseded_by__content")
        .order_by("-issued_at", "-pk")
    )


def years_of_papers(viewer: Viewer) -> list[int]:
    return list(
        visible_papers(viewer)
        .order_by("-period_year")
        .values_list("period_year", flat=True)
        .distinct()
    )


def years_to_state(viewer: Viewer) -> list[int]:
    """Years that have statements to make, newest first: 1 SQL query."""
    return list(
        visible_settlements(viewer).order_by("-year").values_list("year", flat=True).distinct()
    )


def last_finished(years: Iterable[int]) -> int | None:
    """The newest of the years that is over, else the newest."""
    found = sorted(years, reverse=True)
    return next((y for y in found if y < today().year), found[0] if found else None)


@dataclass(frozen=True, slots=True)
class CountOfKind:
    """Papers of a year of one kind: how many, and how many of them were issued before."""

    label: str
    papers: int
    issued: int

    @property
    def first(self) -> int:
        """How many were never issued."""
        return self.papers - self.issued


def counts_of_year(subjects: Iterable[str]) -> list[CountOfKind]:
    """What a year's papers are, by kind in the order of the list: 1 SQL query."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.partition(":")[0], []).append(subject)
    named = [subject for each in by_kind.values() for subject in each]
    issued = set(
        IssuedPaper.objects.filter(subject__in=named).values_list("subject", flat=True).distinct()
    )
    return [
        CountOfKind(PaperKind(kind).label, len(each), sum(s in issued for s in each))
        for kind, each in by_kind.items()
    ]


def issue_requests(viewer: Viewer) -> QuerySet[IssueRequest]:
    """签发申请, for who may issue."""
    if not may_issue(viewer, PaperKind.DISTRICT):
        return IssueRequest.objects.none()
    return IssueRequest.objects.select_related("prepared_by", "approved_by")


def newest(viewer: Viewer, subject: str, at: datetime | None = None) -> IssuedPaper | None:
    """The paper of a subject that holds today, or held at `at`, where the viewer may see it."""
    found = visible_papers(viewer).filter(subject=subject)
    if at is None:
        return found.filter(superseded_by__isnull=True).first()
    then = [row["id"] for row in as_known(IssuedPaper, at, subject=subject)]
    return found.filter(pk__in=then).order_by("-pk").first()


def says_the_same(paper: Paper, other: Paper) -> bool:
    """Whether two papers of one subject differ in nothing but the moment they are known at."""
    bodies = [body_digest_of(as_draft(without_moment(each))) for each in (paper, other)]
    return bodies[0] == bodies[1]


def same_as_now(viewer: Viewer, issued: IssuedPaper) -> bool | None:
    """Whether the data as they are now would make the same paper; None: not to be built."""
    now = built(viewer, issued.subject)
    return body_digest_of(as_draft(now)) == issued.body_digest if now is not None else None


def subjects_of_year(viewer: Viewer, year: int) -> list[str]:
    """Every paper of a year that can be issued: agreements and jurisdictions with money, of a
    finished year; published notices. 3 SQL queries."""
    unpublished = Accrual.objects.filter(period__year=year, state__in=Accrual.OPEN)
    agreements = (
        visible_settlements(viewer)
        .filter(~Exists(unpublished.filter(term__agreement=OuterRef("agreement"))), year=year)
        .exclude(state=Settlement.State.OPEN, nets__isnull=True)
        .order_by("agreement__code")
        .values_list("agreement__code", flat=True)
        .distinct()
    )
    accruals = Accrual.objects.filter(term__agreement=OuterRef("agreement"), period__year=year)
    party = Party.objects.filter(jurisdiction=OuterRef("pk")).filter(Exists(accruals))
    account = LedgerAccount.objects.filter(jurisdiction=OuterRef("pk"), postings__entry__year=year)
    open_of_place = unpublished.filter(
        Q(term_section__upstream=OuterRef("pk"))
        | Q(term_section__downstream=OuterRef("pk"))
        | Q(transfers__payer=OuterRef("pk"))
        | Q(transfers__payee=OuterRef("pk"))
    )
    places = (
        Jurisdiction.objects.filter(Exists(party) | Exists(account), ~Exists(open_of_place))
        .order_by("sort_key", "pk")
        .values_list("code", flat=True)
    )
    notices = (
        visible_notices(viewer)
        .filter(state=Notice.State.PUBLISHED, month__year=year)
        .order_by("month", "pk")
        .values_list("month", "pk")
    )
    over = today() > date(year, 12, 31)
    return [
        *(f"agreement:{code}:{year}" for code in (agreements if over else ())),
        *(f"district:{code}:{year}" for code in (places if over else ())),
        *(f"notice:{month:%Y-%m}:{pk}" for month, pk in notices),
    ]
