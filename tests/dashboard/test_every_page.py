"""Every page as it is written, with one of everything on it: what holds for all of them."""

import re
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings

from basins.clock import moved_to
from tests.dashboard.test_access_of_every_page import GIVEN, ROLES, rows
from tests.every_page import Everything
from tests.money_world import TODAY, rolled_back


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """To be read: every request's changes are taken back."""
    folder = tmp_path_factory.mktemp("files")
    with (
        rolled_back(django_db_blocker),
        override_settings(VAR_DIR=folder, MEDIA_ROOT=folder),
    ):
        world = Everything.make()
        with moved_to(TODAY):
            yield world


@pytest.fixture(scope="module")
def page(world):
    """The answer to a person's request; what it changed is taken back."""
    clients = {who: Client() for who in ROLES}
    for who, client in clients.items():
        client.force_login(getattr(world.money.people, who))

    def page(who: str, method: str, route: str):
        address, given = world.address(route.removeprefix("/")), GIVEN.get(route, {})
        with transaction.atomic():
            answer = getattr(clients[who], method)(address, given)
            transaction.set_rollback(True)
        return answer

    return page


def first_of(letters: str, wanted: str) -> str | None:
    """The first role whose letter it is."""
    return next((who for who, each in zip(ROLES, letters, strict=False) if each == wanted), None)


def title_of(answer) -> str:
    return unescape(re.search(r"<title>(.*?)</title>", answer.content.decode(), re.DOTALL)[1])


def test_the_title_of_a_page_that_shows_errors_begins_with_that(page, subtests):
    tried = 0
    for route, (get, post, _) in rows().items():
        who = first_of(post, "!")
        if who is None:
            continue
        with subtests.test(route):
            answer = page(who, "post", route)
            assert title_of(answer).startswith("错误：")
            assert "data-takes-focus" in answer.content.decode()
            if first_of(get, "o") == who:
                assert not title_of(page(who, "get", route)).startswith("错误：")
        tried += 1
    assert tried > 30
