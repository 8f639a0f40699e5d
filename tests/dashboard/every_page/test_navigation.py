"""The navigation: every page in it opens for whom it is shown to, and is missing for the others."""

import pytest
from django.urls import reverse

from basins.access import viewer_of
from dashboard.frame.context import PLACES, nav_groups
from tests.blank import blank_pages
from tests.worlds import refusal

NAMES = [name for places in PLACES.values() for _, name, _ in places]
EVERYONE = (
    "bureau", "treasury", "district", "township", "admin", "auditor", "station", "nobody",
)  # fmt: skip
# Open to people it is not offered to: whoever holds a paper verifies it, the calendar is public
# knowledge, a front page without a role says why nothing is there.
OPEN = {"verify", "calendar", "overview"}


def offered(user) -> set[str]:
    groups = nav_groups(viewer_of(user), "/", staff=user.is_staff)
    return {url for group in groups for _, url, _ in group.items}


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_a_page_is_in_the_navigation_exactly_of_those_it_opens_for(border, people, client, who):
    user = getattr(people, who)
    client.force_login(user)
    shown = offered(user)
    for name in NAMES:
        status = client.get(reverse(name)).status_code
        if reverse(name) in shown:
            assert status == 200, name
        elif name not in OPEN:
            assert status == refusal(who), name


def test_the_place_one_is_at_and_its_menu_are_marked(border, people, client):
    client.force_login(people.bureau)
    text = client.get("/ledger/").content.decode()
    assert '<a href="/ledger/" aria-current="page">台账</a>' in text
    assert '<summary class="current">资金</summary>' in text
    assert "<summary>监测</summary>" in text
    # The front page is not above every other.
    assert '<a href="/">总览</a>' in text


def test_a_menu_of_one_place_is_a_link_of_its_own_name(people):
    groups = nav_groups(viewer_of(people.district), "/", staff=False)
    assert [g.label for g in groups] == ["总览", "待办", "监测", "补偿", "资金", "管理"]
    assert [label for label, _, _ in groups[-1].items] == ["节假日历"]


def test_staff_find_the_reference_data_among_the_administration(people, client):
    client.force_login(people.admin)
    assert "/admin/" in offered(people.admin)
    assert "/admin/" not in offered(people.bureau)
