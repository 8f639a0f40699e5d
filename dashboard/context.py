"""What every page's frame shows: who is here, where one can go, which installation this is."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from basins.access import Act, viewer_of

INSTALLATIONS = {"demo": "演示", "test": "测试", "production": "正式"}

# label, name of the address, the act one needs; in the order of the navigation.
PLACES = [
    ("总览", "overview", Act.SEE_RESULTS),
    ("流域", "basin-list", Act.SEE_RESULTS),
    ("断面", "section-list", Act.SEE_RESULTS),
    ("区县", "district-list", Act.SEE_RESULTS),
    ("协议", "agreement-list", Act.SEE_AGREEMENTS),
    ("结算", "settlement-list", Act.SEE_RESULTS),
    ("台账", "ledger", Act.SEE_LEDGER),
    ("推演", "simulator", Act.SEE_AGREEMENTS),
]


def page_frame(request) -> dict:
    """Context processor: 1 SQL query (the role), none where nobody is signed in."""
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
    frame["person"] = {"name": str(user), "unit": user.unit, "url": ""}
    frame["sign_out_url"] = reverse("logout")
    frame["nav_items"] = [
        (label, url, _is_within(request.path, url))
        for label, url, act in ((label, reverse(name), act) for label, name, act in PLACES)
        if viewer.may(act)
    ]
    if user.is_staff:
        frame["nav_items"].append(("基础资料", reverse("admin:index"), False))
    return frame


def _is_within(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
