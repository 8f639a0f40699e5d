"""Pages that are kept: never an old one, never somebody else's.

That every statement raises the version holds tests/basins/test_version.py; here, that what is kept
asks nothing but what leaves marks, and says the same as what is not kept: to each role, after changes,
at another hour, on another day.
"""

import re
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import resolve

from basins import clock
from basins.guarding import unguarded
from basins.models import Notification, Role, SignInSession, Star, User
from basins.sessions import digest
from basins.version import data_version, tables_aside
from dashboard.frame.kept import FORM_TOKEN, SECONDS_LEFT, SEEN, kept
from settlements import pipeline
from tests.dashboard.every_page.test_access_of_every_page import ROLES
from tests.every_page import Everything, clock_of, routes
from tests.money_world import MAIN, rolled_back

DAY = (2024, 9, 20)
# What each answer has of its own, and when it was written.
OWN = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|data-session-seconds="\d+"|data-seen="[\w.]+"|生成于 [\d :-]+'
)
# 上游区 and 外人区 have one role and see other things.
IN_TURN = (
    ("bureau", "district", "stranger"),
    ("district", "stranger", "treasury"),
    ("township", "admin", "auditor"),
)
# What may be asked for a page that is kept, beside tables that leave marks: who asks, before anything is
# kept, and what no act of the product changes.
BESIDE = {"basins_signinsession", "django_content_type", "basins_datamark"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    with (
        rolled_back(django_db_blocker),
        override_settings(VAR_DIR=folder, MEDIA_ROOT=folder),
    ):
        world = Everything.make()
        with clock.moved_to(clock_of(*DAY)):
            yield world


def addresses(world: Everything) -> list[str]:
    """Of every page that is kept."""
    found = [world.address(route) for route in routes()]
    return [a for a in found if is_kept(resolve(a).func)]


def is_kept(view: Callable) -> bool:
    while view is not None:
        if getattr(view, "__kept__", False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


class Visits:
    """Everybody signed in; what a visit writes is taken back."""

    def __init__(self, world: Everything):
        self.clients = {who: Client() for who in ROLES}
        for who, client in self.clients.items():
            client.force_login(getattr(world.money.people, who))

    def page(self, who: str, address: str) -> str:
        with transaction.atomic():
            answer = self.clients[who].get(address)
            transaction.set_rollback(True)
        text = answer.content.decode()
        assert FORM_TOKEN not in text
        assert SECONDS_LEFT not in text
        assert SEEN not in text
        return f"{answer.status_code} {OWN.sub('…', text)}"

    def anew(self, who: str, address: str) -> str:
        """As it is where nothing is kept."""
        with nothing_kept():
            return self.page(who, address)


@contextmanager
def nothing_kept():
    """For as long as it lasts the store is another one, and empty."""
    with override_settings(
        CACHES={"kept": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    ):
        yield


@pytest.fixture(scope="module")
def visits(world):
    return Visits(world)


def test_most_pages_are_kept(world):
    assert len(addresses(world)) > 15


@pytest.mark.parametrize(
    "part", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)]
)
def test_a_kept_page_says_to_each_role_what_it_says_anew_hours_later(world, visits, part, subtests):
    """All have been there before, so each meets what was kept for the others; and nothing of it goes
    by the hour. Each page for some, the next page for others; the rest in `make long`."""
    first = {
        (who, address): visits.page(who, address)
        for turn, address in enumerate(addresses(world))
        for who in IN_TURN[(turn + part) % len(IN_TURN)]
    }
    with CaptureQueriesContext(connection) as asked:
        version = data_version()
        again = {key: visits.page(*key) for key in first}
    assert again == first
    assert data_version() == version  # a visit changes nothing of what others see
    found = [status for status in first.values() if status.startswith("200")]
    refused = len(first) - len(found)
    assert len(found) > 35
    assert len(asked) < 14 * len(found) + 60 * refused  # kept: who asks, and the version
    with clock.moved_to(clock_of(*DAY).replace(hour=23, minute=50)):
        for key in first:
            with subtests.test(key), CaptureQueriesContext(connection) as queries:
                assert visits.anew(*key) == first[key]
                if first[key].startswith("200"):
                    assert tables_of(queries) & (set(tables_aside()) - BESIDE) == set()


def tables_of(queries: CaptureQueriesContext) -> set[str]:
    return {name for q in queries for name in re.findall(r"\b(?:FROM|JOIN) \"?(\w+)", q["sql"])}


# After a change --------------------------------------------------------------------------------


def corrected_reading(world: Everything) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_reading SET value = value + 1")


def computed_again(world: Everything) -> None:
    corrected_reading(world)
    pipeline.recompute()


def told(world: Everything) -> None:
    Notification.objects.create(
        user=world.money.people.district, key="kept", text="新", link="/", created_at=clock.now()
    )


def renamed(world: Everything) -> None:
    User.objects.filter(pk=world.money.people.district.pk).update(display_name="另一个名字")


def other_role(world: Everything) -> None:
    with unguarded(connection, "basins_role", "role_dated"):
        Role.objects.filter(user=world.money.people.treasury).update(role="auditor")


def other_place(world: Everything) -> None:
    with unguarded(connection, "basins_role", "role_dated"):
        Role.objects.filter(user=world.money.people.district).update(
            jurisdiction=world.money.border.downstream
        )


def starred(world: Everything) -> None:
    Star.objects.create(
        user=world.money.people.district,
        kind="agreement",
        code=MAIN,
        since=clock.now(),
        seen_at=clock.now(),
    )


# An open page that asks by itself ------------------------------------------------------------------


def asked(client: Client, address: str, seen: str):
    return client.get(address, headers={"X-Seen": seen})


def seen_on(client: Client, address: str) -> str:
    return re.search(r'data-seen="([\w.]+)"', client.get(address).content.decode())[1]


def test_an_open_page_is_told_nothing_until_what_it_shows_has_changed(world, visits):
    address, client = "/", visits.clients["bureau"]
    with rolled_back_again():
        seen = seen_on(client, address)
        with CaptureQueriesContext(connection) as queries:
            same = asked(client, address, seen)
        assert (same.status_code, same.content) == (204, b"")
        assert len(queries) <= 5, "who asks, and the version"

        told(world)  # something that this page does not show
        still = asked(client, address, seen)
        assert (still.status_code, still.content) == (204, b"")
        assert asked(client, address, still.headers["X-Seen"]).status_code == 204

        computed_again(world)
        fresh = asked(client, address, seen)
        assert fresh.status_code == 200
        assert seen not in fresh.content.decode()


def test_what_one_has_seen_says_nothing_to_another(world, visits):
    address = "/work/"
    with rolled_back_again():
        seen = seen_on(visits.clients["bureau"], address)
        other = asked(visits.clients["district"], address, seen)
        assert other.status_code == 200
        assert OWN.sub("…", other.content.decode()) == OWN.sub(
            "…", visits.clients["district"].get(address).content.decode()
        )


def test_a_page_that_asks_by_itself_does_not_put_off_the_end_of_the_session(world):
    client = Client()
    with rolled_back_again():
        client.force_login(world.money.people.bureau)
        address = "/"
        seen = seen_on(client, address)
        row = SignInSession.objects.filter(session_key=digest(client.session.session_key))
        before = row.get().last_seen_at - timedelta(minutes=10)
        row.update(last_seen_at=before)
        for text in (seen, "an old one", "a.b"):
            asked(client, address, text)
        assert row.get().last_seen_at == before
        client.get(address)
        assert row.get().last_seen_at > before


@contextmanager
def rolled_back_again():
    """What happens inside is taken back; the world is the module's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# What changes, and the pages it is looked for on.
CHANGES = {
    corrected_reading: ("section",),
    computed_again: ("overview", "settlement-month"),
    told: ("work",),
    renamed: ("agreement-list",),
    other_role: ("ledger",),
    other_place: ("district-list", "work"),
    starred: ("agreement",),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_nobody_is_shown_what_was_before(world, visits, change):
    pages = [a for a in addresses(world) if resolve(a).url_name in CHANGES[change]]
    everybody = [(who, each) for each in pages for who in ("bureau", "treasury", "district")]
    before = {key: visits.page(*key) for key in everybody}
    with transaction.atomic():
        change(world)
        after = {key: visits.page(*key) for key in everybody}
        assert after == {key: visits.anew(*key) for key in everybody}
        transaction.set_rollback(True)
    assert after != before  # it is one that shows
    assert before == {key: visits.page(*key) for key in everybody}


def test_a_deadline_passes_at_midnight_on_kept_pages_too(world, visits):
    key = "bureau", "/work/"
    before = visits.page(*key)
    with clock.moved_to(date(2024, 10, 30)):
        after = visits.page(*key)
        assert after == visits.anew(*key) != before
    assert visits.page(*key) == before


def test_who_was_asked_before_the_change_is_kept_under_who_it_was(world):
    """The person is read before the version is: a name changed between the two would be kept as new."""
    person = world.money.people.district
    old = User.objects.get(pk=person.pk)
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(display_name="另一个名字")
        new = User.objects.get(pk=person.pk)
        names = [greeted(user) for user in (old, new, old)]
        transaction.set_rollback(True)
    assert names == [str(old), "另一个名字", str(old)]


def greeted(user: User) -> str:
    from django.contrib.messages.storage.cookie import CookieStorage
    from django.http import HttpResponse

    request = RequestFactory().get("/")
    request.user = user
    request._messages = CookieStorage(request)
    return kept(lambda request: HttpResponse(str(request.user)))(request).content.decode()


# What belongs to one request --------------------------------------------------------------------


def test_the_form_of_a_kept_page_can_be_sent(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.money.people.bureau)
    tokens = []
    for _ in range(2):
        text = client.get("/").content.decode()
        tokens += re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text)[:1]
    assert len(set(tokens)) == 2  # masked anew each time
    with transaction.atomic():
        answer = client.post("/sign-out/", {"csrfmiddlewaretoken": tokens[1]})
        assert answer.status_code == 302
        transaction.set_rollback(True)


def test_a_message_is_shown_once_and_not_kept(world):
    client = Client()
    client.force_login(world.money.people.bureau)
    client.get("/work/")
    client.get("/work/star/")  # leads back, and says why
    said = [("打开的是提交用的地址" in client.get("/work/").content.decode()) for _ in range(2)]
    assert said == [True, False]


def test_what_is_kept_is_no_refusal_no_file_and_stays_in_no_browser(world):
    client = Client()
    client.force_login(world.money.people.township)
    caches["kept"].clear()
    address = f"/sections/{world.money.border.section.code}/"
    assert [client.get(address).status_code for _ in range(2)] == [404, 404]
    client.force_login(world.money.people.bureau)
    for _ in range(2):
        answer = client.get("/")
        assert answer["Cache-Control"] == "private, no-store"
        file = client.get(address, {"format": "csv"})
        assert file.streaming
        assert b"".join(file)
