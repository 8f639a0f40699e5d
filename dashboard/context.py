"""What every page's frame shows: who is here, where one can go, which installation this is."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from basins.access import Act, Viewer, viewer_of
from settlements.queries.work import counts

INSTALLATIONS = {"demo": "演示", "test": "测试", "production": "正式"}

# label, name of the address, the act one needs (of several, one); in the order of the navigation.
PLACES: list[tuple[str, str, Act | tuple[Act, ...]]] = [
    ("总览", "overview", Act.SEE_RESULTS),
    ("流域", "basin-list", Act.SEE_RESULTS),
    ("断面", "section-list", Act.SEE_RESULTS),
    ("区县", "district-list", Act.SEE_RESULTS),
    ("协议", "agreement-list", Act.SEE_AGREEMENTS),
    (
        "通报",
        "notice-list",
        (Act.PUBLISH, Act.CONFIRM, Act.RECORD_PAYMENT, Act.EDIT_AGREEMENTS, Act.SEE_AUDIT),
    ),
    ("结算", "settlement-list", Act.SEE_RESULTS),
    ("台账", "ledger", Act.SEE_LEDGER),
    ("推演", "simulator", Act.SEE_AGREEMENTS),
    ("数据", "observation-list", (Act.REVIEW_DATA, Act.EDIT_AGREEMENTS)),
    ("操作记录", "audit", Act.SEE_AUDIT),
]


def page_frame(request) -> dict:
    """Context processor: 2 SQL queries (the role, what waits), none where nobody is signed in."""
    frame: dict[str, Any] = {
        "installation": {
            "mode": INSTALLATIONS[settings.INSTALLATION],
            "place": settings.INSTALLATION_PLACE,
            "note": "",
        },
        "generated_at": timezone.now(),
        "about_url": reverse("about"),
        "sign_in_url": reverse("login"),
        "nav_items": [],
        "person": None,
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return frame
    viewer = viewer_of(user)
    frame["person"] = {"name": str(user), "unit": user.unit, "url": "", "key": user.pk}
    frame["session"] = {
        "seconds": settings.SESSION_COOKIE_AGE,
        "extend_url": reverse("session-extend"),
    }
    frame["sign_out_url"] = reverse("logout")
    frame["nav_items"] = [
        (label, url, _is_within(request.path, url))
        for label, url, act in ((label, reverse(name), act) for label, name, act in PLACES)
        if any(map(viewer.may, (act,) if isinstance(act, Act) else act))
    ]
    frame |= work_frame(viewer)
    if user.is_staff:
        frame["nav_items"].append(("基础资料", reverse("admin:index"), False))
    return frame


def work_frame(viewer: Viewer) -> dict[str, Any]:
    """待办 and 通知 in the page head: 1 SQL query; nothing for who has no work here."""
    if not viewer.may(Act.SEE_RESULTS):
        return {}
    waiting = counts(viewer)
    return {
        "todo": {"count": waiting.todo, "url": reverse("work")},
        "notifications": {"count": waiting.unread, "url": reverse("notification-list")},
    }


def _is_within(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
