"""人员 and their roles: each row an act for an administrator to approve; the first two
administrators are made at once, at the machine itself."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from basins.clock import today
from basins.models import Jurisdiction, PersonAct, Role, User
from basins.reference.columns import Column, Values, day, text
from basins.reference.kind import Asked, Change, Entry, Key, Kind, Plan, Wrong
from basins.reference.kinds.districts import places
from basins.refusals import Refused
from basins.services.person_acts import (
    LEAST_ADMINISTRATORS,
    LETTERS,
    administrators,
    make_on_machine,
    propose,
    propose_on_machine,
    refuse_impossible,
    shown,
)
from written.text import CellError
from written.text import shown as shortened

ROLES = tuple((str(value), str(label)) for value, label in Role.Code.choices)


def _email(cell: str) -> str:
    try:
        validate_email(cell)
    except ValidationError as error:
        raise CellError(
            f"“{shortened(cell)}”不是邮箱地址；请填如 name@example.cn，没有就不填。"
        ) from error
    return cell


COLUMNS = (
    Column("username", "用户名", "zhang.san", text(150), needed=True, names=("登录名",), width=18,
           help="登录用；字母、数字和 @ . + - _。"),
    Column("display_name", "姓名", "张三", text(40), needed=True),
    Column("unit", "单位", "甲县生态环境局", text(80), width=24),
    Column("email", "邮箱", "", _email, width=24),
    Column("role", "角色", "区县", needed=True, choices=ROLES, width=16),
    Column("place", "行政区", "甲县", of="places", names=("行政区代码",), width=16,
           help="角色是区县或乡镇的必填，其他角色不填。"),
    Column("from_day", "起", "", day, help="不填即复核之日。"),
    Column("until_day", "止（不含）", "", day, help="不填即长期。"),
)  # fmt: skip
EXAMPLES = (
    {"username": "guanli1", "display_name": "李一", "unit": "市协议办", "role": "协议管理员"},
    {"username": "guanli2", "display_name": "王二", "unit": "市协议办", "role": "协议管理员"},
    {"username": "huanbao1", "display_name": "赵三", "unit": "市生态环境局", "role": "市生态环境局"},
    {"username": "jiaxian1", "display_name": "钱四", "unit": "甲县生态环境局", "role": "区县",
     "place": "甲县"},
)  # fmt: skip
# Which column of the table a refused act's field is.
_FIELDS = {"jurisdiction": "place", "held": "role"}


def _held() -> dict[Key, dict[str, Any]]:
    """Everybody with their role of today, else the next one: 2 SQL queries."""
    roles: dict[int, Role] = {}
    for role in (
        (
            Role.objects.filter(in_force__endswith=None).order_by("-in_force")
            | Role.objects.filter(in_force__endswith__gt=today()).order_by("-in_force")
        )
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
    ):
        roles[role.user_id] = role
    answer: dict[Key, dict[str, Any]] = {}
    for user in User.objects.order_by("username"):
        held = roles.get(user.pk)
        answer[user.username,] = {
            "username": user.username,
            "display_name": user.display_name or None,
            "unit": user.unit or None,
            "email": user.email or None,
            "role": held.role if held else None,
            "place": held.jurisdiction.code if held and held.jurisdiction else None,
            "from_day": held.in_force.lower if held else None,
            "until_day": held.in_force.upper if held else None,
        }
    return answer


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    places_by_code = {j.code: j for j in Jurisdiction.objects.defer("boundary")}
    people = {user.username: user for user in User.objects.all()}
    waiting = set(
        PersonAct.objects.filter(state=PersonAct.State.PROPOSED).values_list(
            "username", "person__username"
        )
    )
    for entry in entries:
        before = held.get(entry.key)
        if any(entry.key[0] in names for names in waiting):
            words = "已有一个账号事项待复核；请先在“人员”里复核或撤回它。"
            yield entry.wrong(KIND.column("username"), words)
            continue
        try:
            for act in _acts(entry.values, before, people.get(entry.key[0]), places_by_code):
                refuse_impossible(act)
        except Refused as refused:
            name = _FIELDS.get(refused.field, refused.field)
            known = {column.key for column in COLUMNS}
            column = KIND.column(name if name in known else "username")
            yield entry.wrong(column, str(refused))


def _acts(
    values: Values, before: Values | None, person: User | None, places: Mapping[str, Jurisdiction]
) -> Iterator[PersonAct]:
    """What has to be done that a person is as the row says. Raises Refused for another role."""
    said = {
        "display_name": values.get("display_name") or "",
        "unit": values.get("unit") or "",
        "email": values.get("email") or "",
    }
    place = places.get(values.get("place") or "")
    role = {
        "role": values.get("role") or "",
        "jurisdiction": place,
        "from_day": values.get("from_day") or today(),
        "until_day": values.get("until_day"),
    }
    if person is None or before is None:
        yield PersonAct(kind=PersonAct.Kind.NEW, username=values["username"], **said, **role)
        return
    if any(name in values and said[name] != (before[name] or "") for name in said):
        kept = {name: said[name] if name in values else before[name] or "" for name in said}
        yield PersonAct(kind=PersonAct.Kind.RENAME, person=person, **kept)
    if before["role"] is None:
        yield PersonAct(kind=PersonAct.Kind.GRANT, person=person, **role)
    elif _differs(values, before):
        raise Refused(
            f"{person} 已有角色“{Role.Code(before['role']).label}”；请先在“人员”里终止它，再授新的。",
            field="role",
        )


def _differs(values: Values, before: Values) -> bool:
    """Blank days say nothing; another role, place or day is another role."""
    same = ("role", "place")
    days = ("from_day", "until_day")
    return any(name in values and values[name] != before[name] for name in same) or any(
        values.get(name) is not None and values[name] != before[name] for name in days
    )


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    """Who was made at once, with a first password, and which acts wait, with half of their code."""
    by_code = {j.code: j for j in Jurisdiction.objects.defer("boundary")}
    people = {user.username: user for user in User.objects.all()}
    answer: dict[str, Any] = {"made": [], "proposed": []}
    for change in made.stored:
        username = change.entry.key[0]
        if _is_made_at_once(change, asked):
            password = _password()
            user = User(
                username=username,
                display_name=change.values["display_name"],
                unit=change.values.get("unit") or "",
                email=change.values.get("email") or "",
            )
            make_on_machine(
                user=user, password=password, role=Role.Code.ADMIN, jurisdiction=None,
                why="在服务器上由人员表建立",
            )  # fmt: skip
            answer["made"].append({"username": username, "password": password})
            continue
        for act in _acts(change.entry.values, change.before, people.get(username), by_code):
            kept, half = _propose(act, asked)
            answer["proposed"].append(
                {"username": username, "act": kept.pk, "half": shown(half) if half else ""}
            )
    return answer


def _is_made_at_once(change: Change, asked: Asked) -> bool:
    return (
        asked.by is None
        and change.what == Change.NEW
        and change.values["role"] == Role.Code.ADMIN
        and len(administrators()) < LEAST_ADMINISTRATORS
    )


def _propose(act: PersonAct, asked: Asked) -> tuple[PersonAct, str]:
    act.why = asked.why or "人员表导入"
    if asked.by is None:
        return propose_on_machine(act=act)
    return propose(
        kind=act.kind, by=asked.by, why=act.why, person=act.person, username=act.username,
        display_name=act.display_name, unit=act.unit, email=act.email, role=act.role,
        jurisdiction=act.jurisdiction, from_day=act.from_day, until_day=act.until_day,
    )  # fmt: skip


def _password() -> str:
    """To be changed at the first sign-in: sixteen characters that do not read alike."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _also(entry: Entry, held: Mapping[Key, Values]) -> Iterator[str]:
    yield "由另一名协议管理员复核后生效。"


KIND = Kind(
    code="people",
    title="人员",
    unit="名",
    lead="谁能登录、是什么角色。新账号和角色由一人提出、另一名协议管理员复核。",
    columns=COLUMNS,
    key=("username",),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"places": places()},
    names="display_name",
    check=_check,
    history=False,
    also=_also,
)
