"""Help: every task's page opens, leads where its reader may go, and explains its terms."""

import re
from itertools import count

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import escape

from dashboard.help.glossary import TERMS
from dashboard.help.pages import PAGES
from dashboard.help.views import words_of
from tests.told_once import told_once
from tests.worlds import Border, People

ROLES = ("bureau", "treasury", "district", "township", "admin", "auditor")
told = told_once(lambda: {"border": Border.make(), "people": People.make()})


@pytest.mark.parametrize("role", ROLES)
def test_every_link_of_the_help_opens_for_who_is_shown_it(told, db, role):
    client = Client()
    client.force_login(getattr(told["people"], role))
    for page in PAGES:
        text = client.get(f"/help/{page.slug}/").content.decode().partition("<main")[2]
        steps = text.partition('class="help-steps"')[2].partition("</ol>")[0]
        for link in re.findall(r'<a href="([^"]+)"', steps):
            assert client.get(link.replace("&amp;", "&")).status_code == 200, f"{page.slug}: {link}"


def test_administrators_and_the_bureau_are_led_where_each_step_is_done(told, db):
    client = Client()
    client.force_login(told["people"].admin)
    page = client.get("/help/first-day/").content.decode()
    for address in ("/start/", "/reference/", "/reference/people/import/", "/agreements/new/"):
        assert f'href="{address}"' in page
    client.force_login(told["people"].district)
    page = client.get("/help/first-day/").content.decode()
    assert 'href="/reference/"' not in page


def test_a_term_is_explained_where_it_stands(told, db):
    client = Client()
    client.force_login(told["people"].district)
    page = client.get("/help/missing/").content.decode()
    tip = re.search(r'<dfn class="term" tabindex="0" aria-describedby="(term-\d+)">', page)
    assert f'role="tooltip" id="{tip[1]}">{TERMS["目标类别"]}' in page
    assert len(set(re.findall(r'id="(term-\d+)"', page))) == page.count('class="tip"')


def test_a_term_that_the_glossary_does_not_have_is_no_term():
    with pytest.raises(KeyError):
        list(words_of("[[无此]]", count(1)))


def test_every_term_stands_on_the_first_page(told, db):
    client = Client()
    client.force_login(told["people"].district)
    page = client.get("/help/").content.decode()
    assert all(f"<dt>{term}</dt><dd>{escape(means)}</dd>" in page for term, means in TERMS.items())


def test_the_pictures_of_the_help_are_there():
    named = {step.picture for page in PAGES for step in page.steps if step.picture}
    there = {path.name for path in (settings.BASE_DIR / "static" / "help").glob("*.jpg")}
    assert named == there
