"""What every page's frame shows: who is here, where one can go, which installation this is."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from basins.access import Act, viewer_of

INSTALLATIONS = {
    "demo": ("演示", "演示数据:除注明来源者外,金额、水质和人员均为演示,不作为结算依据。"),
    "test": ("测试", "测试系统:数据随时可能清空,不作为结算依据。"),
    "production": ("正式", ""),
}

# label, name of the address, the act one needs; in the order of the navigation.
PLACES = [
    ("总览", "overview", Act.SEE_RESULTS),
    ("流域", "basin-list", Act.SEE_RESULTS),
    ("断面", "section-list", Act.SEE_RESULTS),
    ("区县", "district-list", Act.SEE_RESULTS),
    ("协议", "agreement-list", Act.SEE_AGREEMENTS),
    ("结算", "settlement-list", Act.SEE_RESULTS),
    ("台账", "ledger", Act.SEE_LEDGER),
]


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Installation:
    mode: str
    label: str
    text: str


def page_frame(request) -> dict:
    """Context processor: 1 SQL query (the role), none where nobody is signed in."""
    user = getattr(request, "user", None)
    frame = {
        "installation": Installation(settings.INSTALLATION, *INSTALLATIONS[settings.INSTALLATION]),
        "generated_at": timezone.now(),
        "nav_items": [],
        "person": None,
    }
    if user is None or not user.is_authenticated:
        return frame
    viewer = viewer_of(user)
    frame["person"] = user
    frame["nav_items"] = [
        NavItem(label, url, _is_within(request.path, url))
        for label, url, act in ((label, reverse(name), act) for label, name, act in PLACES)
        if viewer.may(act)
    ]
    if user.is_staff:
        frame["nav_items"].append(NavItem("基础资料", reverse("admin:index"), False))
    return frame


def _is_within(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
