"""账号事项: one administrator proposes, another approves; nobody makes or takes over a person alone.

A one-time code (for a new person, and after a reset) has two halves: the proposer sees the first
once, the approver the second once. Both together sign in once, within 72 hours of the approval, and
lead to a password of one's own (OneTimeCodeBackend).
"""

import re
import secrets
from datetime import date, timedelta

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, PersonAct, Role, SignInSession, User
from basins.ranges import between
from basins.refusals import NotAllowed, Refused
from basins.services import sessions, sign_in_locks
from basins.services.notifications import notify

__all__ = ["NotAllowed", "Refused"]

Kind, State = PersonAct.Kind, PersonAct.State
CODE_LASTS = timedelta(hours=72)
HALF = 8  # characters of a half: 40 bits that neither of the two knows
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that read alike
LEAST_ADMINISTRATORS = 2
APART = timedelta(days=365)
EXCLUDES = {Role.Code.ADMIN: Role.Code.AUDITOR, Role.Code.AUDITOR: Role.Code.ADMIN}


@transaction.atomic
def propose(
    *,
    kind: str,
    by: User,
    why: str,
    person: User | None = None,
    username: str = "",
    display_name: str = "",
    unit: str = "",
    email: str = "",
    role: str = "",
    jurisdiction: Jurisdiction | None = None,
    from_day: date | None = None,
    until_day: date | None = None,
    held: Role | None = None,
) -> tuple[PersonAct, str]:
    """An act for another administrator to approve, and the first half of its code ('' without).

    Raises NotAllowed for who is no administrator, Refused for what is not possible now.
    """
    _permit(by)
    if person is not None:
        person = User.objects.get(pk=person.pk)  # as it is now
    act = PersonAct(
        kind=Kind(kind), person=person, username=User.normalize_username(username.strip()),
        display_name=display_name.strip(), unit=unit.strip(), email=email.strip(), role=role,
        jurisdiction=jurisdiction, from_day=from_day, until_day=until_day, held=held,
        why=why.strip(), proposed_by=by, proposed_at=now(),
    )  # fmt: skip
    return _proposed(act, f"{by} 提出{act}，请复核。")


@transaction.atomic
def propose_on_machine(*, act: PersonAct) -> tuple[PersonAct, str]:
    """An act that whoever runs the machine proposes (a list of people); an administrator approves
    it as any other. Raises Refused."""
    act.on_machine, act.proposed_at = True, now()
    return _proposed(act, f"服务器上提出{act}，请复核。")


def refuse_impossible(act: PersonAct) -> None:
    """Raises Refused, naming the field and the remedy, for what could not be proposed now."""
    _refuse_impossible(act)


def _proposed(act: PersonAct, told: str) -> tuple[PersonAct, str]:
    held = act.held
    if not act.why:
        raise Refused("请填写事由：写明依据，如来函文号、本人申请。", field="why")
    _refuse_impossible(act)
    if held is not None:
        act.role, act.jurisdiction = held.role, held.jurisdiction
    half = ""
    if act.kind in PersonAct.WITH_CODE:
        half, act.first_half = _fresh_half()
    try:
        with transaction.atomic():
            act.save()
    except IntegrityError as error:
        if "_once" not in str(error):
            raise
        raise Refused(f"“{act}”已提出，还没有复核；请先复核或撤回它。") from error
    _tell(act, "proposed", told, administrators=True)
    return act, half


@transaction.atomic
def approve(*, act: PersonAct, by: User) -> tuple[PersonAct, str]:
    """Do it. Returns the act and the second half of its code ('' without).

    Raises NotAllowed for who is no administrator, Refused for the proposer, the person concerned,
    and where it has become impossible.
    """
    _permit(by)
    act = _open(act)
    if act.proposed_by_id == by.pk:
        raise Refused("账号事项须由另一名协议管理员复核；提出人只能撤回。")
    if act.person_id == by.pk:
        raise Refused("不能复核关于自己的账号事项；请另一名协议管理员复核。")
    _refuse_impossible(act)
    half, moment = "", now()
    if act.kind in PersonAct.WITH_CODE:
        half, act.second_half = _fresh_half()
        act.code_until = moment + CODE_LASTS
    _do(act)
    act.state, act.decided_by, act.decided_at = State.APPROVED, by, moment
    act.save()
    _tell(act, "approved", f"{act}已办理：{act.proposed_by or '服务器上'} 提出，{by} 复核。")
    return act, half


@transaction.atomic
def reject(*, act: PersonAct, by: User, why: str) -> PersonAct:
    """Not done; the proposer withdraws it, another administrator sends it back with a reason."""
    _permit(by)
    act = _open(act)
    if act.proposed_by_id == by.pk:
        act.state, words = State.WITHDRAWN, "撤回"
    else:
        act.state, words = State.REJECTED, "退回"
        if not why.strip():
            raise Refused("请填写退回的理由。", field="why")
    act.decided_by, act.decided_at, act.decided_why = by, now(), why.strip()
    act.save()
    _tell(act, "decided", f"{act}已由 {by} {words}。")
    return act


def administrators(but: int | None = None) -> list[int]:
    """Ids of those who can act as administrators today, without one."""
    return [pk for pk in _holders(Role.Code.ADMIN) if pk != but]


@transaction.atomic
def make_on_machine(
    *,
    user: User,
    password: str,
    role: str,
    jurisdiction: Jurisdiction | None,
    why: str = "在服务器上以 add_person 建立",
) -> User:
    """A person made at the command line of the machine itself: the first two administrators.

    Raises Refused once there are two. `user` and `password` are checked already.
    """
    # One after the other: two at once would not see each other's. There may be no row to lock.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('basins_first_administrators'))")
    if len(administrators()) >= LEAST_ADMINISTRATORS:
        raise Refused(
            "已有两名协议管理员，不再在服务器上建立账号；请由一名协议管理员在网页“人员”里提出，"
            "另一名复核。"
        )
    if role != Role.Code.ADMIN:
        raise Refused(
            "在服务器上只建立最初两名协议管理员（--role admin）；其他人员由他们在网页“人员”里办理。"
        )
    user.set_password(password)
    user.is_staff, user.must_change_password = True, True
    user.save()
    Role.objects.create(user=user, role=role, jurisdiction=jurisdiction, in_force=between(today()))
    act = PersonAct.objects.create(
        kind=Kind.NEW, state=State.APPROVED, person=user, username=user.username,
        display_name=user.display_name, unit=user.unit, role=role, jurisdiction=jurisdiction,
        from_day=today(), why=why, on_machine=True,
        proposed_at=now(), decided_at=now(),
    )  # fmt: skip
    _tell(act, "approved", f"{act}，在服务器上建立。", administrators=True)
    return user


class OneTimeCodeBackend(ModelBackend):
    """Signs in with both halves of a one-time code in the place of the password, once."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        code = re.sub(r"[\s-]", "", password or "").upper()
        if not username or len(code) != 2 * HALF:
            return None
        act = (
            PersonAct.objects.filter(
                kind__in=PersonAct.WITH_CODE, state=State.APPROVED,
                decided_by__isnull=False,  # who was made on the machine has a password
                person__username=User.normalize_username(username),
            ).select_related("person").order_by("-decided_at").first()
        )  # fmt: skip
        if act is None or act.code_used_at is not None or act.person is None:
            return None
        if act.code_until is None or act.code_until <= now():
            return None
        halves = ((code[:HALF], act.first_half), (code[HALF:], act.second_half))
        right = [check_password(given, kept) for given, kept in halves]
        if not all(right) or not self.user_can_authenticate(act.person):
            return None
        used = PersonAct.objects.filter(pk=act.pk, code_used_at=None).update(code_used_at=now())
        return act.person if used else None


def shown(half: str) -> str:
    """A half as it is read out: ABCD-EFGH."""
    return f"{half[: HALF // 2]}-{half[HALF // 2 :]}"


def _fresh_half() -> tuple[str, str]:
    """A half, and what is kept of it."""
    half = "".join(secrets.choice(LETTERS) for _ in range(HALF))
    return half, make_password(half)


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.EDIT_USERS):
        raise NotAllowed(f"{by} 不能办理账号事项。")


def _open(act: PersonAct) -> PersonAct:
    """Locked against a second decision. Raises Refused where there was one."""
    locked = PersonAct.objects.select_for_update().get(pk=act.pk)
    if locked.state != State.PROPOSED:
        raise Refused(f"“{locked}”{locked.get_state_display()}，不能再复核。")
    return locked


def _refuse_impossible(act: PersonAct) -> None:
    """Raises Refused, naming the field and the remedy; asked when proposed and when approved."""
    if act.kind == Kind.NEW:
        _refuse_name(act.username)
    if act.kind in (Kind.NEW, Kind.GRANT):
        _refuse_role(act)
    person = act.person
    if act.kind == Kind.END:
        held = act.held
        if held is None or person is None or held.user_id != person.pk:
            raise Refused("请选择要终止的角色。", field="held")
        until = held.in_force.upper
        if until is not None and until <= today():
            raise Refused("这个角色已经终止。", field="held")
        if until is not None and act.until_day is not None and act.until_day > until:
            raise Refused(f"角色本来到 {until} 为止；延长请另授。", field="until_day")
        if held.role == Role.Code.ADMIN:
            _refuse_too_few(held.user_id, since=max(act.until_day or today(), today()))
    if act.kind == Kind.CLOSE:
        assert person is not None
        if not person.is_active:
            raise Refused("账号已停用。")
        _refuse_too_few(person.pk, since=today())
    if act.kind == Kind.REOPEN and person is not None and person.is_active:
        raise Refused("账号没有停用。")
    if act.kind == Kind.RESET and person is not None and not person.is_active:
        raise Refused("账号已停用；请先恢复账号。")
    if act.kind == Kind.RENAME and not act.display_name:
        raise Refused("请填写姓名。", field="display_name")


def _refuse_name(username: str) -> None:
    if not username:
        raise Refused("请填写用户名。", field="username")
    try:
        User._meta.get_field("username").clean(username, None)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), field="username") from error
    if User.objects.filter(username__iexact=username).exists():
        raise Refused(f"用户名“{username}”已有人使用；请换一个。", field="username")


def _refuse_role(act: PersonAct) -> None:
    if act.role not in Role.Code.values:
        raise Refused("请选择角色。", field="role")
    if act.role in Role.LOCAL and act.jurisdiction is None:
        raise Refused("区县、乡镇角色须选行政区。", field="jurisdiction")
    if act.role not in Role.LOCAL and act.jurisdiction is not None:
        raise Refused("只有区县、乡镇角色有行政区；请留空。", field="jurisdiction")
    if act.from_day is None:
        raise Refused("请填写起日。", field="from_day")
    proposed = act.state == State.PROPOSED and act.pk is None
    if proposed and act.from_day < today():
        raise Refused(f"角色不能从今天以前开始；请填 {today()} 或以后的日期。", field="from_day")
    start = _start(act)
    if act.until_day is not None and act.until_day <= start:
        raise Refused(f"止日须晚于 {start}。", field="until_day")
    if act.person is None:
        return
    if not act.person.is_active:
        raise Refused("账号已停用；请先恢复账号。")
    span = between(start, act.until_day)
    roles = Role.objects.filter(user=act.person)
    there = roles.filter(in_force__overlap=span).first()
    if there is not None:
        raise Refused(
            f"{act.person} 这一时期已有角色“{there.get_role_display()}”；请先终止它。",
            field="from_day",
        )
    other = EXCLUDES.get(Role.Code(act.role))
    around = between(start - APART, act.until_day + APART if act.until_day else None)
    if other and roles.filter(role=other, in_force__overlap=around).exists():
        raise Refused(
            "协议管理员与审计管理员不能由同一人在一年之内先后担任；请另选一人。", field="role"
        )


def _refuse_too_few(leaving: int, *, since: date) -> None:
    """From `since` on somebody is no administrator any more: on no day may too few remain.

    Ends that are set for a later day count from that day.
    """
    # One such act after the other: two at once would each see the other's administrator remain.
    list(Role.objects.select_for_update().filter(role=Role.Code.ADMIN).order_by("pk"))
    spans = list(
        Role.objects.filter(
            Q(in_force__endswith__gt=since) | Q(in_force__endswith__isnull=True),
            role=Role.Code.ADMIN,
            user__is_active=True,
        ).values_list("user_id", "in_force")
    )
    if leaving not in (holder for holder, _ in spans):
        return
    others = [span for holder, span in spans if holder != leaving]
    for day in sorted({since, *(span.upper for span in others if span.upper is not None)}):
        there = sum(
            (span.lower is None or span.lower <= day) and (span.upper is None or day < span.upper)
            for span in others
        )
        if there < LEAST_ADMINISTRATORS:
            raise Refused(
                f"协议管理员至少要有 {LEAST_ADMINISTRATORS} 名，否则账号事项无人复核；{day} 起只剩 "
                f"{there} 名，请先授予另一人协议管理员角色。"
            )


def _start(act: PersonAct) -> date:
    """The day wished for, or the day of the approval where that has gone by."""
    assert act.from_day is not None
    return max(act.from_day, today())


def _do(act: PersonAct) -> None:
    if act.kind == Kind.NEW:
        act.person = User(
            username=act.username, display_name=act.display_name, unit=act.unit, email=act.email,
        )  # fmt: skip
    person = act.person
    assert person is not None
    ends = True
    match act.kind:
        case Kind.NEW | Kind.RESET:
            person.set_unusable_password()
            person.must_change_password = True
        case Kind.CLOSE:
            person.is_active = False
        case Kind.REOPEN:
            person.is_active = person.must_change_password = True
        case Kind.RENAME:
            person.display_name, person.unit, person.email = act.display_name, act.unit, act.email
            ends = False
        case Kind.UNLOCK | Kind.GRANT | Kind.END:
            ends = False
    person.save()
    if act.kind in (Kind.NEW, Kind.GRANT):
        Role.objects.create(
            user=person, role=act.role, jurisdiction=act.jurisdiction,
            in_force=between(_start(act), act.until_day),
        )  # fmt: skip
    elif act.kind == Kind.END:
        _end(act)
    if act.kind in (Kind.UNLOCK, Kind.RESET, Kind.REOPEN):
        sign_in_locks.unlock(person.username)
    if ends:
        sessions.end_all(user=person, why=SignInSession.Why.ADMINISTRATION)
    _mark_staff(person)


def _end(act: PersonAct) -> None:
    held = act.held
    assert held is not None
    start, until = held.in_force.lower, max(act.until_day or today(), today())
    if start is not None and start >= until:
        # It was held for no day. By a query: the act goes on naming it.
        Role.objects.filter(pk=held.pk).delete()
        return
    held.in_force = between(start, until)
    held.save()


def _mark_staff(person: User) -> None:
    """基础资料 opens to who is an administrator, now or from a day that is set; the mark alone opens
    nothing (basins.admin)."""
    ahead = Q(in_force__endswith__gt=today()) | Q(in_force__endswith__isnull=True)
    staff = person.roles.filter(ahead, role=Role.Code.ADMIN).exists()
    if staff != person.is_staff:
        person.is_staff = staff
        person.save(update_fields=["is_staff"])


def _holders(role: str) -> list[int]:
    return list(
        Role.objects.filter(role=role, in_force__contains=today(), user__is_active=True)
        .order_by("user")
        .values_list("user_id", flat=True)
    )


def _tell(act: PersonAct, event: str, text: str, *, administrators: bool = False) -> None:
    """The auditors, the proposer and, where they are to decide, the other administrators; and the
    person concerned, whom their own page shows what has become of them."""
    readers = set(_holders(Role.Code.AUDITOR))
    if administrators:
        readers |= set(_holders(Role.Code.ADMIN)) - {act.proposed_by_id}
    elif act.proposed_by_id is not None and act.proposed_by_id != act.decided_by_id:
        readers.add(act.proposed_by_id)
    key = f"person-act:{act.pk}:{event}"
    concerned = act.person_id
    if concerned is not None:
        notify(users=[concerned], key=key, text=text.replace("，请复核", ""), link=to("account"))
    notify(users=readers - {concerned}, key=key, text=text, link=to("person-act", act.pk))
