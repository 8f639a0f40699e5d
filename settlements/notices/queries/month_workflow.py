"""Where a published month of an agreement stands: state, deadline, who confirmed, what to do."""

from dataclasses import dataclass
from datetime import date, datetime

from basins.access import Act, Viewer
from basins.clock import today
from basins.services.working_days import Calendar
from settlements.models import AgreementMonth, MonthConfirmation
from settlements.moving.parties_of_month import confirming
from settlements.notices.queries.notices import reads_notices
from settlements.shown.history import HistoryLine, history_of
from settlements.shown.visible import visible_agreements
from settlements.workflow import kind_of


@dataclass(frozen=True, slots=True)
class Confirming:
    jurisdiction: int
    name: str
    by: str
    at: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class MonthWorkflow:
    """Where a published month of an agreement stands, and what the viewer can do about it."""

    pk: int
    month: date
    agreement: str
    title: str
    state: str
    state_words: str
    kind: str
    until: date
    provisional: bool
    left: int
    notice: int | None  # None: not for this viewer to read
    notice_words: str
    published_at: datetime
    parties: tuple[Confirming, ...]
    may_confirm: bool
    may_object: bool
    may_remind: bool
    history: tuple[HistoryLine, ...]

    @property
    def open(self) -> bool:
        return self.state == AgreementMonth.State.PUBLISHED

    @property
    def confirmed(self) -> int:
        return sum(p.at is not None for p in self.parties)


def month_workflow(viewer: Viewer, agreement: str, month: date) -> MonthWorkflow | None:
    """None for a month not published, or an agreement the viewer does not see: 6 SQL queries."""
    if not viewer.may(Act.SEE_RESULTS):
        return None
    found = (
        AgreementMonth.objects.filter(
            month=month, agreement__in=visible_agreements(viewer).filter(code=agreement)
        )
        .select_related("agreement", "notice")
        .defer("notice__content", "notice__summary")
        .first()
    )
    if found is None:
        return None
    confirmations = {
        c.jurisdiction_id: c
        for c in MonthConfirmation.objects.filter(month=found).select_related("by")
    }
    parties = tuple(
        Confirming(
            p.jurisdiction_id,
            p.jurisdiction.name,
            str(confirmations[p.jurisdiction_id].by) if p.jurisdiction_id in confirmations else "",
            confirmations[p.jurisdiction_id].at if p.jurisdiction_id in confirmations else None,
            p.jurisdiction_id == viewer.jurisdiction_id,
        )
        for p in confirming(found.agreement_id, month)
    )
    mine = next((p for p in parties if p.mine), None)
    is_open = found.state == AgreementMonth.State.PUBLISHED
    day = today()
    published_at = found.notice.published_at
    assert published_at is not None
    return MonthWorkflow(
        pk=found.pk,
        month=month,
        agreement=found.agreement.code,
        title=found.agreement.title,
        state=found.state,
        state_words=str(found.get_state_display()),
        kind=kind_of("month", found.state),
        until=found.objection_until,
        provisional=found.provisional,
        left=Calendar({day.year, found.objection_until.year}).between(day, found.objection_until)
        if is_open
        else 0,
        notice=found.notice_id if reads_notices(viewer) else None,
        notice_words=str(found.notice),
        published_at=published_at,
        parties=parties,
        may_confirm=bool(is_open and mine and mine.at is None and viewer.may(Act.CONFIRM)),
        may_object=bool(
            mine
            and mine.at is None
            and viewer.may(Act.OBJECT)
            and found.state in (AgreementMonth.State.PUBLISHED, AgreementMonth.State.OBJECTED)
            and found.objection_until >= day
        ),
        may_remind=bool(is_open and viewer.may(Act.PUBLISH)),
        history=history_of(viewer, "month", found.pk),
    )
