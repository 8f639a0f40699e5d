"""Lists that show all places begin with those of the reader's own, on every page of the list."""

import re

import pytest
from django.test import Client

from basins.access import viewer_of
from basins.models import Jurisdiction, User
from monitoring.models import Section
from settlements.models import Agreement
from tests import databases
from tests.demonstration import small_demonstration


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), databases.world("demo", small_demonstration) as done:
        yield done


@pytest.fixture
def rows(db, seeded):
    """Of a list: (whether the row is marked as one's own, the address it leads to), in order."""

    def found(url: str, who: str) -> list[tuple[bool, str]]:
        client = Client()
        client.force_login(User.objects.get(username=who))
        text = client.get(url).content.decode()
        body = text.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
        return [
            ('class="current"' in row, re.search(r'<th scope="row">\s*<a href="([^"]+)"', row)[1])
            for row in re.findall(r"<tr.*?</tr>", body, flags=re.S)
        ]

    return found


def own_place(username: str) -> Jurisdiction:
    viewer = viewer_of(User.objects.get(username=username))
    return Jurisdiction.objects.get(pk=viewer.jurisdiction_id)


@pytest.mark.parametrize("address", ["/agreements/", "/settlements/"])
def test_a_district_finds_its_own_agreements_and_years_first(rows, address):
    place = own_place("district")
    own = set(Agreement.objects.filter(parties__jurisdiction=place).values_list("code", flat=True))
    found = rows(address, "district")
    marks = [mark for mark, _ in found]
    assert [url.split("/")[2] in own for _, url in found] == marks
    assert marks == sorted(marks, reverse=True)
    assert {True, False} == set(marks)


def test_a_district_finds_the_sections_of_its_borders_first(rows):
    place = own_place("district")
    found = rows("/sections/", "district")
    borders = {
        s.code
        for s in Section.objects.filter(river__isnull=False)
        if place.pk in (s.upstream_id, s.downstream_id)
    }
    first = [url.split("/")[2].split("?")[0] for mark, url in found if mark]
    assert set(first) == borders
    assert [mark for mark, _ in found] == [True] * len(first) + [False] * (len(found) - len(first))


@pytest.mark.parametrize("address", ["/agreements/", "/settlements/", "/sections/"])
def test_who_sees_everything_alike_has_nothing_marked(rows, address):
    found = rows(address, "bureau")
    assert found
    assert not any(mark for mark, _ in found)
