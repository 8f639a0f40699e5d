"""不予确认 as a page: what was refused, what was said, what can be done and by whom."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Scope, Viewer
from basins.clock import today
from settlements.models import AmountRefusal, Party, RefusalReply
from settlements.moving.acting import speaks_for
from settlements.shown.history import HistoryLine, history_of
from settlements.workflow import kind_of

State = AmountRefusal.State
OF_RAISER = ("withdraw", "escalate")
OF_BUREAU = ("accept", "reject", "keep", "rule_for", "rule_against")


@dataclass(frozen=True, slots=True)
class RefusalPage:
    refusal: AmountRefusal
    kind: str
    replies: tuple[RefusalReply, ...]
    history: tuple[HistoryLine, ...]
    acts: tuple[str, ...]  # the viewer may do now
    possible: tuple[str, ...]  # the viewer may do in some state of it
    waits: str  # what for, in words


def visible_refusals(viewer: Viewer) -> QuerySet[AmountRefusal]:
    """All where drafts are seen, or those of years the viewer's own place is party to."""
    found = (
        AmountRefusal.objects.select_related("settlement__agreement", "jurisdiction", "raised_by")
        .defer("jurisdiction__boundary")
        .order_by("-raised_at", "-pk")
    )
    if viewer.sees_all(Act.SEE_DRAFTS):
        return found
    if viewer.scope(Act.SIGN_YEAR) is not Scope.OWN:
        return found.none()
    own = Party.objects.filter(
        agreement=OuterRef("settlement__agreement"), jurisdiction__in=speaks_for(viewer)
    )
    return found.filter(Exists(own))


def refusal_page(viewer: Viewer, pk: int) -> RefusalPage | None:
    """None where there is none for this viewer: 7 SQL queries at most."""
    refusal = visible_refusals(viewer).filter(pk=pk).first()
    if refusal is None:
        return None
    own = set(speaks_for(viewer).values_list("pk", flat=True))
    raiser = refusal.jurisdiction_id in own
    other = bool(own - {refusal.jurisdiction_id}) and _is_party(refusal, own)
    bureau = viewer.may(Act.DECIDE)
    possible = (
        *(OF_RAISER if raiser else ()),
        *(("answer",) if other else ()),
        *(OF_BUREAU if bureau else ()),
    )
    now = _now(refusal)
    return RefusalPage(
        refusal=refusal,
        kind=kind_of("refusal", refusal.state),
        replies=tuple(
            refusal.replies.select_related("jurisdiction", "by").defer("jurisdiction__boundary")
        ),
        history=history_of(viewer, "refusal", refusal.pk),
        acts=tuple(event for event in possible if event in now),
        possible=possible,
        waits=_waits(refusal),
    )


def _is_party(refusal: AmountRefusal, own: set[int]) -> bool:
    others = own - {refusal.jurisdiction_id}
    return refusal.settlement.nets.filter(Q(jurisdiction__in=others)).exists()


def _now(refusal: AmountRefusal) -> tuple[str, ...]:
    """What its state and its day allow."""
    over = refusal.until < today()
    match refusal.state:
        case State.RAISED:
            return ("withdraw", *(("accept", "reject") if over else ("answer",)))
        case State.ANSWERED:
            return ("withdraw", "accept", "reject", *(() if over else ("answer",)))
        case State.REJECTED:
            return ("withdraw", *(() if over else ("escalate",)))
        case State.ESCALATED:
            return ("rule_for", "rule_against")
        case State.ACCEPTED:
            return () if refusal.ruling else ("keep",)
    return ()


def _waits(refusal: AmountRefusal) -> str:
    day = f"{refusal.until}{'（暂定）' if refusal.provisional else ''}"
    match refusal.state:
        case State.RAISED:
            return f"等待其他方答复，至 {day}；届满后由市局裁决"
        case State.ANSWERED:
            return "等待市局裁决"
        case State.REJECTED:
            return f"{refusal.jurisdiction}可在 {day} 前报共同上级裁定，逾期视为确认"
        case State.ESCALATED:
            return "等待共同上级裁定，收到后由市局登记"
        case State.ACCEPTED:
            also = "" if refusal.ruling else "；复核后金额不变的，由市局另一人登记"
            return f"等待更正数据并批准调整，此后各方重新签认{also}"
        case State.KEPT:
            return "各方重新签认；仍不同意的可再次提出"
    return ""
