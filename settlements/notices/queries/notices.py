"""月通报 as its pages show it: the list by due day, one notice, who has read it, and a month.

Who sees all drafts sees prepared and returned notices; who sees published results sees the
published ones; anybody else none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, overload

from django.db.models import Count, DateField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone

from basins.access import Act, Scope, Viewer
from basins.clock import today
from basins.models import Jurisdiction
from basins.services.working_days import Calendar
from settlements.models import (
    Accrual,
    AgreementMonth,
    Notice,
    NoticeReceipt,
    Party,
    Reminder,
)
from settlements.moving.notify import signatories
from settlements.moving.parties_of_month import is_party_in
from settlements.notices.services.notices import due_on_calendar
from settlements.notices.services.supplements import (
    months_to_supplement,
    open_accruals,
    published_before,
)
from settlements.notices.services.words import procedure_of
from settlements.shown.history import HistoryLine, history_of
from settlements.shown.revisions import Revision, revisions_of
from settlements.shown.visible import own_first, visible_accruals
from settlements.workflow import kind_of

# Keys of the content that are amounts: the page shows them as Decimal yuan.
MONEY = {"yuan", "net", "receivable", "payable", "total"}
MEASURED = {"value", "multiple"}


def reads_notices(viewer: Viewer) -> bool:
    """Whether the city's published notices are for this viewer."""
    return viewer.scope(Act.SEE_RESULTS) in (Scope.ALL, Scope.PUBLISHED)


def visible_notices(viewer: Viewer) -> QuerySet[Notice]:
    if viewer.sees_all(Act.SEE_DRAFTS):
        return Notice.objects.all()
    if reads_notices(viewer):
        return Notice.objects.filter(state=Notice.State.PUBLISHED)
    return Notice.objects.none()


@dataclass(frozen=True, slots=True)
class DecidedByRounding:
    """A section whose class in the month hangs on whether its means are rounded, in words."""

    agreement: str
    code: str
    section: str
    accrual: int
    words: str


def decided_by_rounding(accruals: Iterable[int]) -> tuple[DecidedByRounding, ...]:
    """Those of the accruals whose steps say so: 1 SQL query."""
    rows = (
        Accrual.objects.filter(pk__in=list(accruals))
        .order_by("term__agreement__code", "term_section__section__km", "pk")
        .values_list(
            "term__agreement__title",
            "term_section__section__code",
            "term_section__section__name",
            "pk",
            "steps",
        )
    )
    return tuple(
        DecidedByRounding(agreement, code, section, pk, step["hint"])
        for agreement, code, section, pk, steps in rows
        for step in steps
        if step["key"] == "class" and step["hint"]
    )


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One row of the list. `late`: working days between the due day and the publication (or
    today while it waits); 0 in time."""

    pk: int
    month: date
    number: str
    state: str
    state_words: str
    kind: str
    due_on: date
    published_on: date | None
    late: int
    agreements: int
    read: int
    parties: int


@dataclass(frozen=True, slots=True)
class ToPrepare:
    month: date
    due_on: date
    left: int  # working days; negative: late


class NoticeLines(Sequence[NoticeLine]):
    """The notices in their order, read from the database by the page: one slice is 3 SQL queries."""

    def __init__(self, found: QuerySet[Notice], calendar: Calendar):
        self._found, self._calendar = found, calendar

    @cached_property
    def _count(self) -> int:
        return self._found.count()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> NoticeLine: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[NoticeLine]: ...
    def __getitem__(self, place):
        if isinstance(place, slice):
            return self._lines(list(self._found[place]))
        return self._lines([self._found[place]])[0]

    def _lines(self, notices: list[Notice]) -> list[NoticeLine]:
        read = _read([n.pk for n in notices])
        parties = _numbers_of_parties(notices)
        return [_line(n, self._calendar, read, parties) for n in notices]


@dataclass(frozen=True, slots=True)
class NoticeList:
    lines: NoticeLines
    to_prepare: tuple[ToPrepare, ...]
    supplements: int  # months published before with results that are not
    years: tuple[int, ...]


def notice_list(viewer: Viewer, *, year: int | None = None, state: str = "") -> NoticeList | None:
    """All notices the viewer may see, newest first; None for who may see none of any kind.

    3 SQL queries whatever the notices, and those of their lines.
    """
    if viewer.scope(Act.SEE_RESULTS) not in (Scope.ALL, Scope.PUBLISHED):
        return None
    seen = visible_notices(viewer)
    years = tuple(d.year for d in seen.dates("month", "year", order="DESC"))
    found = seen.defer("content").annotate(agreements=Count("months")).order_by("-month", "-pk")
    if year:
        found = found.filter(month__year=year)
    if state:
        found = found.filter(state=state)
    day = today()
    calendar = Calendar({day.year, *(y + d for y in years for d in (0, 1))})
    return NoticeList(
        NoticeLines(found, calendar),
        tuple(
            ToPrepare(
                row["month"],
                due := due_on_calendar(calendar, row["month"]),
                calendar.between(day, due),
            )
            for row in months_to_prepare(viewer)
        )
        if viewer.may(Act.PUBLISH)
        else (),
        len(months_to_supplement()) if viewer.may(Act.PUBLISH) else 0,
        years,
    )


def _line(
    notice: Notice, calendar: Calendar, read: dict[int, set[int]], parties: dict[int, int]
) -> NoticeLine:
    published = timezone.localdate(notice.published_at) if notice.published_at else None
    waits = notice.state == Notice.State.PREPARED
    return NoticeLine(
        pk=notice.pk,
        month=notice.month,
        number=f"〔{notice.year}〕{notice.number} 号" if notice.number else "",
        state=notice.state,
        state_words=str(notice.get_state_display()),
        kind=kind_of("notice", notice.state),
        due_on=notice.due_on,
        published_on=published,
        late=lateness(calendar, notice.due_on, published or (today() if waits else None)),
        agreements=notice.agreements,  # type: ignore[attr-defined]
        read=len(read.get(notice.pk, ())),
        parties=parties.get(notice.pk, 0),
    )


def lateness(calendar: Calendar, due: date, on: date | None) -> int:
    """Working days after the due day; 0 for what came in time."""
    return max(0, calendar.between(due, on)) if on else 0


def _read(notices: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for notice, place in NoticeReceipt.objects.filter(notice__in=notices).values_list(
        "notice_id", "jurisdiction_id"
    ):
        found[notice].add(place)
    return found


def _numbers_of_parties(notices: Iterable[Notice]) -> dict[int, int]:
    """Notice → how many jurisdictions act for themselves in its agreements: 1 SQL query."""
    party = "agreement__parties__"
    counted = (
        Q(**{f"{party}since": None}) | Q(**{f"{party}since__lt": months_on(F("month"), 1)}),
        Q(**{f"{party}until": None}) | Q(**{f"{party}until__gt": F("month")}),
        ~Q(**{f"{party}role": Party.Role.MUNICIPAL_FILL}),
    )
    places = Count(f"{party}jurisdiction", distinct=True, filter=Q(*counted))
    rows = AgreementMonth.objects.filter(notice__in=[n.pk for n in notices]).order_by()
    return dict(rows.values("notice").annotate(places=places).values_list("notice", "places"))


def _parties_of(notices: QuerySet[Notice]) -> dict[int, set[int]]:
    """Notice → jurisdictions that act for themselves in its agreements: 2 SQL queries."""
    months = list(
        AgreementMonth.objects.filter(notice__in=notices.order_by().values("pk")).values_list(
            "notice_id", "agreement_id", "month"
        )
    )
    by_agreement = defaultdict(list)
    for party in signatories(agreement__in={agreement for _, agreement, _ in months}):
        by_agreement[party.agreement_id].append(party)
    found: dict[int, set[int]] = defaultdict(set)
    for notice, agreement, month in months:
        found[notice] |= {
            p.jurisdiction_id for p in by_agreement[agreement] if is_party_in(p, month)
        }
    return found


# One notice ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """A party of the notice, and who of it opened it first."""

    jurisdiction: int
    name: str
    by: str
    at: datetime | None
    reminded_on: date | None
    reminded_today: bool


@dataclass(frozen=True, slots=True)
class NoticeMonth:
    """An agreement's month that the notice began."""

    code: str
    title: str
    month: date
    state: str
    kind: str
    until: date
    provisional: bool
    left: int
    open: bool
    confirmed: int
    parties: int
    own: bool  # the viewer's, for who sees others' too


@dataclass(frozen=True, slots=True)
class NoticePage:
    notice: Notice
    content: dict[str, Any]
    kind: str
    late: int
    months: tuple[NoticeMonth, ...]  # the viewer's own first
    readers: tuple[Reader, ...]  # empty for who does not publish
    mine: str  # code of the viewer's own jurisdiction where it is a party
    may_publish: bool
    may_sign: bool
    revised: tuple[Revision, ...]  # what it published that does not count any more
    history: tuple[HistoryLine, ...]

    @property
    def procedure(self) -> str:
        """What the parties can do, as the document says it."""
        return procedure_of(self.notice.objection_until, self.notice.provisional)

    @property
    def read(self) -> int:
        return sum(r.at is not None for r in self.readers)


def notice_page(viewer: Viewer, pk: int) -> NoticePage | None:
    """The notice, or None where there is none for this viewer: at most 11 SQL queries,
    and 2 more where something was adjusted since."""
    notice = (
        visible_notices(viewer).select_related("prepared_by", "published_by").filter(pk=pk).first()
    )
    if notice is None:
        return None
    content = with_amounts(notice.content)
    calendar = Calendar({notice.due_on.year, today().year})
    published = timezone.localdate(notice.published_at) if notice.published_at else None
    publishes = viewer.may(Act.PUBLISH)
    codes = {p["code"] for p in content["parties"]}
    waits = notice.state == Notice.State.PREPARED
    return NoticePage(
        notice=notice,
        content=content,
        kind=kind_of("notice", notice.state),
        late=lateness(calendar, notice.due_on, published or (today() if waits else None)),
        months=_months(viewer, notice, calendar),
        readers=_readers(notice) if viewer.sees_all(Act.SEE_DRAFTS) else (),
        mine=own if (own := viewer.jurisdiction_code or "") in codes else "",
        may_publish=publishes,
        may_sign=publishes and waits and notice.prepared_by_id != viewer.user_id,
        revised=_revised(viewer, notice),
        history=history_of(viewer, "notice", notice.pk),
    )


def of_notice(notice: Notice, accrual: str = "accrual__") -> Q:
    """What a notice published: accruals of its agreements' month, with December the year's.

    `accrual`: the way to the accrual from the model that is filtered.
    """
    month = notice.month
    own = AgreementMonth.objects.filter(
        notice=notice, agreement=OuterRef(f"{accrual}term__agreement"), month=month
    )
    period = Q(**{f"{accrual}period": month, f"{accrual}yearly": False})
    if month.month == 12:
        start = date(month.year, 1, 1)
        period |= Q(**{f"{accrual}period": start, f"{accrual}yearly": True})
    return period & Q(Exists(own))


def with_amounts(content: Any, key: str = "") -> Any:
    """The content with its amounts and measured values as Decimal."""
    if isinstance(content, dict):
        return {k: with_amounts(v, k) for k, v in content.items()}
    if isinstance(content, list):
        return [with_amounts(v, key) for v in content]
    return Decimal(content) if content is not None and key in MONEY | MEASURED else content


def _revised(viewer: Viewer, notice: Notice) -> tuple[Revision, ...]:
    if notice.state != Notice.State.PUBLISHED:
        return ()
    found = revisions_of(visible_accruals(viewer).filter(of_notice(notice, "")))
    return tuple(sorted(found.values(), key=lambda r: (r.agreement, r.section)))


def _months(viewer: Viewer, notice: Notice, calendar: Calendar) -> tuple[NoticeMonth, ...]:
    found = list(
        notice.months.select_related("agreement")
        .annotate(confirmed=Count("confirmations"), own=own_first("agreement", viewer))
        .order_by("-own", "agreement__code")
    )
    parties: dict[int, int] = defaultdict(int)
    if found:
        for p in signatories(agreement__in=[m.agreement_id for m in found]):
            parties[p.agreement_id] += is_party_in(p, notice.month)
    return tuple(
        NoticeMonth(
            code=m.agreement.code,
            title=m.agreement.title,
            month=m.month,
            state=str(m.get_state_display()),
            kind=kind_of("month", m.state),
            until=m.objection_until,
            provisional=m.provisional,
            left=calendar.between(today(), m.objection_until),
            open=m.state == AgreementMonth.State.PUBLISHED,
            confirmed=m.confirmed,
            parties=parties[m.agreement_id],
            own=m.own,  # type: ignore[attr-defined]
        )
        for m in found
    )


def _readers(notice: Notice) -> tuple[Reader, ...]:
    if notice.state != Notice.State.PUBLISHED:
        return ()
    places = _parties_of(Notice.objects.filter(pk=notice.pk))[notice.pk]
    first: dict[int, NoticeReceipt] = {}
    for receipt in notice.receipts.select_related("by").order_by("at", "pk"):
        first.setdefault(receipt.jurisdiction_id, receipt)
    reminded: dict[int, date] = {}
    for place, on in (
        Reminder.objects.filter(thing="notice", object_id=notice.pk)
        .order_by("day")
        .values_list("jurisdiction_id", "day")
    ):
        reminded[place] = on
    return tuple(
        Reader(
            j.pk,
            j.name,
            str(first[j.pk].by) if j.pk in first else "",
            first[j.pk].at if j.pk in first else None,
            reminded.get(j.pk),
            reminded.get(j.pk) == today(),
        )
        for j in Jurisdiction.objects.filter(pk__in=places).defer("boundary").order_by("sort_key")
    )


def months_on(day, months: int) -> Func:
    """The first of a month so many months later, in SQL."""
    return Func(
        day,
        template=f"(%(expressions)s + interval '{months} months')::date",
        output_field=DateField(),
    )


def months_to_prepare(viewer: Viewer) -> QuerySet:
    """Months that are over, not published yet at all, and no draft waiting."""
    return (
        open_accruals()
        .exclude(published_before())
        .exclude(month__in=Notice.objects.filter(state=Notice.State.PREPARED).values("month"))
        .values("month")
        .distinct()
        .order_by("month")
    )


def months_of_party(viewer: Viewer) -> QuerySet:
    """Months of agreements in which the viewer's jurisdiction is a party for itself."""
    party = Party.objects.filter(
        Q(since=None) | Q(since__lt=months_on(OuterRef("month"), 1)),
        Q(until=None) | Q(until__gt=OuterRef("month")),
        ~Q(role=Party.Role.MUNICIPAL_FILL),
        agreement=OuterRef("agreement"),
        jurisdiction=viewer.jurisdiction_id,
    )
    return AgreementMonth.objects.filter(Exists(party))
