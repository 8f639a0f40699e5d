"""日历事项: one administrator proposes a year's announcement or one day, another lets it take effect.

Deadlines, and so money, hang on the calendar; nothing of it changes before the second person.
"""

from datetime import date

from django.db import IntegrityError, transaction

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import CalendarAct, Role, User
from basins.refusals import NotAllowed, Refused
from basins.services.calendar import (
    CalendarDifference,
    CalendarError,
    Day,
    announce_year,
    change_day,
    day_difference,
    differences,
)
from basins.services.notifications import notify

Kind, State = CalendarAct.Kind, CalendarAct.State


@transaction.atomic
def propose_year(*, year: int, days: list[Day], source: str, by: User) -> CalendarAct:
    """A year's announcement for another administrator to publish. Raises CalendarError without a
    source or where nothing would change, Refused where one of the year waits already."""
    _permit(by)
    if not source.strip():
        raise CalendarError(["请填通知的文号，如 国办发明电〔2025〕7号。"])
    if not differences(days, year):
        raise CalendarError([f"{year} 年的安排与现有日历相同，无须公布。"])
    return _proposed(
        CalendarAct(
            kind=Kind.YEAR, year=year, source=source.strip(),
            days=[{"date": str(d.date), "kind": d.kind, "name": d.name} for d in days],
        ),
        by,
    )  # fmt: skip


@transaction.atomic
def propose_day(*, on: date, kind: str, name: str, reason: str, by: User) -> CalendarAct:
    """One day, as change_day takes it. Raises CalendarError, Refused likewise."""
    _permit(by)
    if day_difference(on=on, kind=kind, name=name, reason=reason) is None:
        raise CalendarError(["这一天本来如此，无须修改。"])
    days = [{"date": str(on), "kind": kind, "name": name.strip()}]
    return _proposed(
        CalendarAct(kind=Kind.DAY, year=on.year, on=on, days=days, source=reason.strip()), by
    )


@transaction.atomic
def approve_calendar(*, act: CalendarAct, by: User) -> list[CalendarDifference]:
    """Let it take effect; returns what changed, nothing where the calendar has come to hold it
    meanwhile. Raises Refused for its proposer, and where it was decided already."""
    _permit(by)
    act = _open(act)
    if act.proposed_by_id == by.pk:
        raise Refused("节假日历须由另一名协议管理员复核；提出人只能撤回。")
    proposer, changed = act.proposed_by, []
    if act.kind == Kind.YEAR:
        changed = announce_year(
            year=act.year, days=days_of(act), source=act.source, by=proposer, second=by
        )
    else:
        [day] = days_of(act)
        change = change_day(
            on=day.date, kind=day.kind, name=day.name, reason=act.source, by=proposer, second=by
        )
        changed = [change] if change else []
    act.state, act.decided_by, act.decided_at = State.APPROVED, by, now()
    act.save()
    _tell(act, "approved", [act.proposed_by_id], f"{by} 复核了{act}，已生效。")
    return changed


@transaction.atomic
def reject_calendar(*, act: CalendarAct, by: User, why: str) -> CalendarAct:
    """Nothing changes: its proposer withdraws it, another administrator sends it back with the
    reason. Raises Refused."""
    _permit(by)
    act = _open(act)
    own = act.proposed_by_id == by.pk
    if not own and not why.strip():
        raise Refused("请写明退回理由。", field="why")
    act.state = State.WITHDRAWN if own else State.REJECTED
    act.decided_by, act.decided_at, act.decided_why = by, now(), why.strip()
    act.save()
    if not own:
        _tell(act, "rejected", [act.proposed_by_id], f"{by} 退回{act}：{why.strip()}")
    return act


def days_of(act: CalendarAct) -> list[Day]:
    """What it proposes, as announce_year and change_day take it."""
    return [Day(date.fromisoformat(d["date"]), d["kind"], d["name"]) for d in act.days]


def would_change(act: CalendarAct) -> list[CalendarDifference]:
    """What it would change now: 1 or 2 SQL queries."""
    if act.kind == Kind.YEAR:
        return differences(days_of(act), act.year)
    [day] = days_of(act)
    change = day_difference(on=day.date, kind=day.kind, name=day.name, reason=act.source)
    return [change] if change else []


def _proposed(act: CalendarAct, by: User) -> CalendarAct:
    act.proposed_by, act.proposed_at = by, now()
    try:
        with transaction.atomic():
            act.save()
    except IntegrityError as error:
        if "_once" not in str(error):
            raise
        raise Refused(f"“{act}”已提出，还没有复核；请先复核或撤回它。") from error
    others = Role.objects.filter(
        role=Role.Code.ADMIN, in_force__contains=today(), user__is_active=True
    ).exclude(user=by)
    _tell(act, "proposed", others.values_list("user_id", flat=True), f"{by} 提出{act}，请复核。")
    return act


def _tell(act: CalendarAct, event: str, users, text: str) -> None:
    notify(
        users=set(users), key=f"calendar-act:{act.pk}:{event}", text=text,
        link=to("calendar-act", act.pk),
    )  # fmt: skip


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.EDIT_REFERENCE):
        raise NotAllowed(f"{by} 不是协议管理员，不能办理节假日历。")


def _open(act: CalendarAct) -> CalendarAct:
    """As it is now, locked. Raises Refused where it was decided already."""
    locked = (
        CalendarAct.objects.select_for_update(of=("self",))
        .select_related("proposed_by")
        .get(pk=act.pk)
    )
    if locked.state != State.PROPOSED:
        raise Refused(f"“{locked}”{locked.get_state_display()}，不能再办理。")
    return locked
