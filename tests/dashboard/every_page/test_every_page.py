"""Every page as it is written, with one of everything on it: what holds for all of them."""

import re
from functools import cache
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings
from playwright.sync_api import sync_playwright

from basins.access import viewer_of
from basins.clock import moved_to
from settlements.work.queries.work import counts, todo
from tests.dashboard.every_page.test_access_of_every_page import GIVEN, PARTS, ROLES, part_of, rows
from tests.e2e.conftest import CHROMIUM
from tests.e2e.looks import with_styles, wrong_looks
from tests.every_page import Everything
from tests.html_rules import faults
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
    """The answer to a person's request; what it changed is taken back. Asked for once."""
    clients = {who: Client() for who in ROLES}
    for who, client in clients.items():
        client.force_login(getattr(world.money.people, who))

    @cache
    def page(who: str, method: str, route: str):
        address, given = world.address(route.removeprefix("/")), GIVEN.get(route, {})
        with transaction.atomic():
            answer = getattr(clients[who], method)(address, given)
            if answer.streaming:  # a file: read to its end, it closes
                b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        return answer

    return page


def first_of(letters: str, wanted: str) -> str | None:
    """The first role whose letter it is."""
    return next((who for who, each in zip(ROLES, letters, strict=False) if each == wanted), None)


def seen_by(letters: str) -> list[str]:
    """Who has most of a page, and a district where it sees it."""
    district = dict(zip(ROLES, letters, strict=False)).get("district") == "o"
    found = (first_of(letters, "o"), "district" if district else None)
    return list(dict.fromkeys(who for who in found if who))


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


@pytest.mark.parametrize("who", ROLES)
def test_the_head_counts_as_many_tasks_as_the_list_of_work_shows(world, who):
    """A month in which several borders have results is one notice to prepare."""
    viewer = viewer_of(getattr(world.money.people, who))
    numbers = counts(viewer)
    assert {group.key: len(group.tasks) for group in todo(viewer, numbers)} == {
        key: n for key, n in numbers.by_source.items() if n
    }


@pytest.mark.parametrize("part", PARTS)
def test_the_html_of_every_page_keeps_the_rules(page, part):
    """As who has most of it sees it, as a district does, and with its errors."""
    wrong = {}
    for route, (get, post, _) in rows().items():
        if part_of(route) != part:
            continue
        asked = [("get", who) for who in seen_by(get)]
        asked += [("post", who) for who in ROLES if who == first_of(post, "!")]
        for method, who in asked:
            answer = page(who, method, route)
            if answer["Content-Type"].startswith("text/html") and not answer.streaming:
                found = faults(answer.content.decode())
                wrong |= {f"{method} {route} as {who}": found} if found else {}
    assert wrong == {}


def places_of_controls(html: str) -> set[str]:
    """What stands around each control of the page: its tag and the tag before, with classes."""
    main = html[html.index("<main") :]
    tags = re.findall(r'<(/?\w+)(?: [^>]*?class="([^"]*)")?[^>]*>', main)
    pairs = zip([("", ""), *tags], tags, strict=False)
    controls = {"a", "button", "input", "select", "summary", "textarea"}
    return {f"{before} {each}" for before, each in pairs if each[0] in controls}


@pytest.mark.browser
def test_nothing_to_press_is_too_small_or_touches_a_line(page):
    """At both widths, as who has most of it sees it, and as a district that sees other parts."""
    shown = {}
    for route, (get, _, _) in rows().items():
        known: set[str] = set()
        for who in seen_by(get):
            answer = page(who, "get", route)
            if answer.streaming or not answer["Content-Type"].startswith("text/html"):
                continue
            html = answer.content.decode()
            if "<main" in html and not known >= (parts := places_of_controls(html)):
                known |= parts
                shown[f"{route} as {who}"] = with_styles(html)
    wrong = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        window = browser.new_page()
        for route, html in shown.items():
            window.set_content(html, wait_until="commit")
            for width in (1440, 390):
                window.set_viewport_size({"width": width, "height": 900})
                found = wrong_looks(window)
                wrong |= {f"{route} at {width}": found} if found else {}
        browser.close()
    assert wrong == {}


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<section><p>水质</p></section>", "<section> without a heading"),
        ("<figure><svg></svg><details></details></figure>", "<details> directly in <figure>"),
        ('<a id="x"></a><b id="x"></b>', "id 'x' twice, first on line 1"),
        ("<a href='/'><button>通报</button></a>", "<button> in a link or button"),
        ('<input name="yuan">', "<input name='yuan'> without a label"),
        ('<label for="yuan">金额</label>', "for names 'yuan', which there is not"),
        ("<p><ul></ul></p>", "<ul> in <p>"),
        ("<ul><p></p></ul>", "<p> directly in <ul>"),
        ("<b><i></b></i>", "</b> where <i> is open"),
        ("<div>", "<div> is never closed"),
        ('<div hx-get="/"></div>', "hx-get is no attribute of HTML; write data-hx-get"),
        (
            "<table><tr><th>甲</th><th>乙</th></tr><tr><td>1</td></tr></table>",
            "a row of 1 columns, the first has 2",
        ),
        (
            "<table><thead><tr><th>甲</th><th>乙</th></tr></thead>"
            "<tr><td>1</td><td> </td></tr></table>",
            "head “乙” over nothing",
        ),
    ],
)  # fmt: skip
def test_each_rule_of_html_finds_what_breaks_it(html, fault):
    assert f"line 1: {fault}" in faults(html)


def test_a_page_that_keeps_the_rules_has_no_faults():
    assert faults(
        '<section><h2>账户</h2><table><tr><th rowspan="2">甲</th><th colspan="2">乙</th></tr>'
        '<tr><td>1</td><td>2</td></tr></table><label>金额<input name="yuan"></label></section>'
        '<label for="a">年</label><select id="a"></select><svg><path d="M0 0"/></svg>'
    ) == []  # fmt: skip
