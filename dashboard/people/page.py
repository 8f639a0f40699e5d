"""People and acts in words for their pages."""

from dataclasses import dataclass

from basins.models import PersonAct, Role
from basins.queries.people import PersonPage

Kind = PersonAct.Kind


@dataclass(frozen=True, slots=True)
class RoleLine:
    role: str
    place: str
    since: str
    until: str


def role_lines(roles: list[Role]) -> list[RoleLine]:
    return [
        RoleLine(
            each.get_role_display(),
            str(each.jurisdiction or ""),
            str(each.in_force.lower or "最初"),
            str(each.in_force.upper or "没有定"),
        )
        for each in roles
    ]


def kinds_for(page: PersonPage) -> list[tuple[str, str]]:
    """What can be proposed of this person now: kind and label."""
    able = {Kind.RENAME}
    if page.person.is_active:
        able |= {Kind.GRANT, Kind.RESET, Kind.CLOSE}
    else:
        able.add(Kind.REOPEN)
    if page.roles:
        able.add(Kind.END)
    if page.tried_from:
        able.add(Kind.UNLOCK)
    return [(kind.value, kind.label) for kind in Kind if kind in able]


def act_facts(act: PersonAct) -> list[tuple[str, str]]:
    """What the act is to do, a line each; what it says nothing of is left out."""
    lines = [
        ("用户名", act.person.username if act.person else act.username),
        ("姓名", act.display_name),
        ("单位", act.unit),
        ("邮箱", act.email),
        ("角色", act.get_role_display() if act.role else ""),
        ("行政区", str(act.jurisdiction or "")),
        ("起日", str(act.from_day or "")),
        ("止日（不含）", str(act.until_day or "")),
        ("事由", act.why),
    ]
    return [(label, text) for label, text in lines if text]
