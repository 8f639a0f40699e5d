"""A running year as those see it who are no party, and links that open for whom they are offered."""

import re
from datetime import date

import pytest
from django.urls import reverse

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Jurisdiction, RiverReach
from settlements.models import Party
from settlements.years.queries.published import published_year
from tests.published import published
from tests.told_once import World, bare, of_told, told_instead, told_once


def april_published() -> World:
    """April 2023 (Ⅳ) published; May (Ⅱ, 100 万元 the other way) computed and preliminary."""
    world = bare()
    world["border"].assessed("2023-04", "IV")
    world["border"].assessed("2023-05", "II")
    with moved_to(date(2023, 5, 15)):
        published(world["people"], "2023-04")
    return world


told = told_once(april_published)
running = of_told("border")


@pytest.fixture
def get(client):
    def visit(user, name, *arguments, **query):
        client.force_login(user)
        return client.get(reverse(name, args=arguments), query)

    return visit


def test_a_stranger_sees_the_published_months_and_nothing_preliminary(running, people, get):
    year = published_year(viewer_of(people.stranger), "TEST", 2023)
    assert {n.place.name: n.yuan for n in year.nets} == {"上游区": -1000000, "下游区": 1000000}
    assert sum(m.computed for s in year.sections for m in s.months) == 1
    page = get(people.stranger, "settlement", "TEST", 2023).content.decode()
    assert "<h1>2023 年已发布的月份，上游区补偿下游区 100.00 万元</h1>" in page
    assert "未核算" not in page
    assert "签认" in page  # that it is not for them
    assert 'id="closing"' not in page
    assert reverse("settlement-month", args=["TEST", 2023, 4]) in page
    assert reverse("settlement-month", args=["TEST", 2023, 5]) not in page
    own = get(people.district, "settlement", "TEST", 2023).content.decode()
    assert 'id="closing"' in own
    assert reverse("settlement-month", args=["TEST", 2023, 5]) in own


@told_instead(bare)
@pytest.mark.parametrize("who", ["stranger", "township"])
def test_a_year_without_a_published_month_is_not_there(border, people, get, who):
    border.assessed("2023-04", "IV")
    assert get(getattr(people, who), "settlement", "TEST", 2023).status_code == 404


def test_a_draft_agreements_year_is_no_strangers(running, people, get):
    running.agreement.state = "draft"
    running.agreement.save()
    assert get(people.stranger, "settlement", "TEST", 2023).status_code == 404


def test_what_was_known_is_for_the_parties(running, people, get):
    answer = get(people.stranger, "settlement", "TEST", 2023, known="2023-05-20")
    assert answer.status_code == 404


def test_a_township_is_offered_no_page_it_cannot_open(running, people, client):
    """Every link of every page a township comes to opens."""
    town = Jurisdiction.objects.get(code="500901100")
    RiverReach.objects.create(
        river=running.river, jurisdiction=running.upstream, order=1, from_km=0, to_km=10
    )
    Party.objects.create(agreement=running.agreement, jurisdiction=town, order=3)
    client.force_login(people.township)
    todo, seen, dead = [client.get("/", follow=True)], {"/"}, []
    while todo:
        answer = todo.pop()
        if "html" not in answer.headers["Content-Type"]:
            continue
        for link in re.findall(r'href="(/[^"#?]*)', answer.content.decode()):
            if link in seen or link.startswith(("/static", "/sign-out", "/api", "/admin")):
                continue
            seen.add(link)
            found = client.get(link)
            todo += [found] if found.status_code == 200 else []
            dead += [link] if found.status_code >= 400 else []
    assert len(seen) > 10
    assert dead == []
