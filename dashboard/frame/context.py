"""What every page's frame shows: who is here, where one can go, which installation this is."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from basins.access import Act, Viewer, viewer_of
from basins.city import home
from basins.installation import INSTALLATIONS
from dashboard.frame.kept import FORM_TOKEN, SECONDS_LEFT, SEEN, is_written_to_keep, part
from settlements.work.queries.work import Counts, counts

# The navigation: group → label, name of the address, the act one needs (of several, one), in
# the order shown. What is in the group '' stands by itself before the groups.
OFFICES = (Act.PUBLISH, Act.RECORD_PAYMENT, Act.EDIT_AGREEMENTS, Act.SEE_AUDIT)
NOTICES = (*OFFICES, Act.CONFIRM)
MONEY = (Act.PUBLISH, Act.RECORD_PAYMENT, Act.CONFIRM, Act.SEE_AUDIT)
SETTERS = (Act.PUBLISH, Act.RECORD_PAYMENT, Act.EDIT_REFERENCE, Act.SEE_AUDIT)
FIGURES = (Act.REVIEW_DATA, Act.EDIT_AGREEMENTS)
PLACES: dict[str, list[tuple[str, str, Act | tuple[Act, ...]]]] = {
    "": [
        ("总览", "overview", Act.SEE_RESULTS),
        ("待办", "work", Act.SEE_RESULTS),
    ],
    "监测": [
        ("流域", "basin-list", Act.SEE_RESULTS),
        ("断面", "section-list", Act.SEE_RESULTS),
        ("区县", "district-list", Act.SEE_RESULTS),
        ("数据", "data", Act.REVIEW_DATA),
        ("指标值", "observation-list", FIGURES),
        ("联合监测", "joint-sample-list", OFFICES),
        ("月度状态认定", "ruling-list", Act.SEE_DRAFTS),
        ("统计口径", "basis", Act.SEE_RESULTS),
        ("断面水体", "water-body-list", FIGURES),
    ],
    "补偿": [
        ("协议", "agreement-list", Act.SEE_AGREEMENTS),
        ("通报", "notice-list", NOTICES),
        ("异议", "objection-list", Act.SEE_RESULTS),
        ("结算", "settlement-list", Act.SEE_RESULTS),
        ("调整", "adjustment-list", Act.SEE_DRAFTS),
        ("措施", "measure-list", Act.SEE_DRAFTS),
        ("推演", "simulator", Act.SEE_AGREEMENTS),
        ("补偿规则", "rule-list", Act.EDIT_AGREEMENTS),
    ],
    "资金": [
        ("台账", "ledger", Act.SEE_LEDGER),
        ("资金使用", "fund-list", MONEY),
        ("文书", "paper-list", Act.SEE_LEDGER),
        ("核验", "verify", Act.SEE_LEDGER),
    ],
    "管理": [
        ("开始使用", "start", SETTERS),
        ("基础资料", "reference-index", SETTERS),
        ("节假日历", "calendar", Act.SEE_RESULTS),
        ("人员", "people", Act.SEE_PEOPLE),
        ("操作记录", "audit", Act.SEE_AUDIT),
    ],
}
ADMIN = "管理"  # the group that Django's own tables are added to, for staff


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A menu of the navigation, or, with one place in it, a link by itself."""

    label: str
    items: tuple[tuple[str, str, bool], ...]  # label, address, whether one is there

    @property
    def current(self) -> bool:
        return any(here for _, _, here in self.items)


def page_frame(request) -> dict:
    """Context processor: 2 SQL queries (the role, what waits), none where nobody is signed in."""
    frame: dict[str, Any] = {
        "installation": {
            "mode": INSTALLATIONS[settings.INSTALLATION],
            "place": "",
            "note": "",
        },
        "generated_at": timezone.now(),
        "about_url": reverse("about"),
        "help_url": "",
        "sign_in_url": reverse("login"),
        "nav_groups": [],
        "person": None,
        "seen": "",
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        frame["installation"]["place"] = home().name
        return frame
    viewer = viewer_of(user)
    frame["person"] = {"name": str(user), "unit": user.unit, "key": user.pk}
    frame["person"]["url"] = reverse("account")
    frame["session"] = {
        "seconds": request.session.get_session_cookie_age(),
        "extend_url": reverse("session-extend"),
    }
    frame["sign_out_url"] = reverse("logout")
    frame["help_url"] = reverse("help") if viewer.may(Act.SEE_RESULTS) else ""
    frame["nav_groups"] = nav_groups(viewer, request.path, staff=user.is_staff)
    frame["installation"]["place"], work = work_frame(viewer)
    frame |= work
    if is_written_to_keep(request):  # what belongs to this request alone is put in when it is sent
        frame["csrf_token"] = FORM_TOKEN
        frame["session"]["seconds"] = SECONDS_LEFT
        frame["seen"] = SEEN
    return frame


def nav_groups(viewer: Viewer, path: str, *, staff: bool) -> list[NavGroup]:
    """What this person may open, grouped; `path` is where they are. A group with one place goes
    by that place's name."""
    found = []
    for group, places in PLACES.items():
        items = [
            (label, url, _is_within(path, url))
            for label, url, act in ((label, reverse(name), act) for label, name, act in places)
            if any(map(viewer.may, (act,) if isinstance(act, Act) else act))
        ]
        if group == ADMIN and staff:
            items.append(("原始表", reverse("admin:index"), False))
        if not group:
            found += [NavGroup(item[0], (item,)) for item in items]
        elif items:
            found.append(NavGroup(group, tuple(items)))
    return found


def work_frame(viewer: Viewer) -> tuple[str, dict[str, Any]]:
    """The city's name, and 待办 and 通知 in the page head: 1 SQL query, 2 more where they are asked
    anew; no work for who has none here."""
    if not viewer.may(Act.SEE_RESULTS):
        return home().name, {}
    place, waiting = part("frame", viewer, _place_and_counts, viewer)
    return place, {
        "todo": {"count": waiting.todo, "url": reverse("work")},
        "notifications": {"count": waiting.unread, "url": reverse("notification-list")},
    }


def _place_and_counts(viewer: Viewer) -> tuple[str, Counts]:
    return home().name, counts(viewer)


def _is_within(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
