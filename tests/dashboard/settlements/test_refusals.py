"""Refused looks and acts are kept, counted per person, and many of them told to the auditor."""

import pytest

from basins.models import AccessEvent, Notification
from basins.services.refusals import MANY
from dashboard.frame.hidden import NOTHING_HIDDEN, THINGS
from tests.every_page import routes


def refused() -> list[tuple[str, str, str]]:
    return list(
        AccessEvent.objects.filter(kind=AccessEvent.Kind.REFUSED)
        .order_by("pk")
        .values_list("who", "what", "path")
    )


def test_every_address_that_names_a_thing_says_how_to_find_it():
    naming = {name for route, name in routes().items() if "<" in route}
    assert naming == set(THINGS) | NOTHING_HIDDEN
    assert not set(THINGS) & NOTHING_HIDDEN


def test_a_look_a_page_and_an_act_refused_are_kept_and_what_there_is_not_is_not(
    border, people, client
):
    client.force_login(people.township)
    for address in ("/sections/BORDER/", "/sections/NOSUCH/", "/audit/", "/no/such/page/"):
        assert client.get(address).status_code == 404
    assert client.post("/agreements/new/").status_code == 404
    assert refused() == [
        ("township", "GET", "/sections/BORDER/"),
        ("township", "GET", "/audit/"),
        ("township", "POST，录入协议", "/agreements/new/"),
    ]


def test_nobody_is_told_apart_by_the_answer(border, people, client):
    client.force_login(people.township)
    there, missing = client.get("/sections/BORDER/"), client.get("/sections/NOSUCH/")
    assert there.status_code == missing.status_code == 404


def test_without_a_sign_in_nothing_is_kept(border, db, client):
    client.get("/sections/BORDER/")
    assert refused() == []


@pytest.mark.parametrize("who", ["station", "nobody"])
def test_who_has_no_pages_is_kept_too(border, people, client, who):
    client.force_login(getattr(people, who))
    assert client.get("/sections/BORDER/").status_code == 403
    assert len(refused()) == 1


def test_twenty_within_an_hour_tell_the_auditor_once(border, people, client):
    client.force_login(people.township)
    for _ in range(MANY - 1):
        client.get("/audit/")
    assert not Notification.objects.exists()
    for _ in range(MANY):
        client.get("/audit/")
    told = Notification.objects.get()
    assert told.user == people.auditor
    assert told.link == "/audit/access/"
    assert f"township（township）一小时内 {MANY} 次" in told.text


def test_they_are_counted_on_the_persons_page(border, people, client):
    client.force_login(people.township)
    for _ in range(3):
        client.get("/audit/")
    client.force_login(people.auditor)
    page = client.get(f"/people/{people.township.pk}/").content.decode()
    assert "<dd>3 次</dd>" in page
