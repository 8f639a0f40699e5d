"""?known= on pages and endpoints: then beside now, to whom, and what a bad date does."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from settlements.models import LedgerAccount
from tests import databases
from tests.books import Ledger
from tests.known_world import World
from tests.worlds import People

MONTH = "/settlements/TEST/2020/6/"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), databases.world("known", World) as world:
        yield world


@pytest.fixture
def people(db) -> People:
    """Not those told once a file: their transaction would be open around the world's."""
    return People.make()


@pytest.fixture
def get(client, world):
    def fetch(who: str, address: str, at=None):
        client.force_login(getattr(world.people, who))
        return client.get(address, {} if at is None else {"known": at.isoformat()})

    return fetch


def test_a_months_page_shows_what_was_held_then_beside_now_and_why(get, world):
    page = get("bureau", MONTH, world.seen["ruled"]).content.decode()
    assert "所知" in page
    assert "回到当前" in page
    assert page.count("<b>已修订</b>") == 1
    assert "自然断流" in page
    assert "认定撤销" in page
    assert "当时的逐行计算" in page
    now = get("bureau", MONTH).content.decode()
    assert "回到当前" not in now
    assert 'name="known"' in now


def test_nothing_is_marked_where_nothing_changed(get, world):
    page = get("bureau", MONTH, world.seen["withdrawn"]).content.decode()
    assert "回到当前" in page
    assert "<b>已修订</b>" not in page


def test_a_sections_page_shows_means_class_and_target_then_and_now(get, world):
    address = "/sections/BORDER/?month=2019-03"
    client_page = get(
        "bureau", address + f"&known={world.seen['first']:%Y-%m-%dT%H:%M:%S.%f%%2B00:00}"
    )
    page = client_page.content.decode()
    assert "2019年3月：Ⅲ类" in page.replace(" ", "")
    assert page.count("<b>已修订</b>") == 3  # class, target, ammonia
    assert "监测数据更正" in page
    assert "目标变更" in page


def test_a_years_page_shows_nets_then_and_now(get, world):
    page = get("bureau", "/settlements/TEST/2020/", world.seen["first"]).content.decode()
    assert "各方净额" in page
    assert "已修订" in page
    page = get("bureau", "/settlements/TEST/2020/", world.seen["empty"]).content.decode()
    assert "当时没有核算" in page


def test_an_account_shows_what_was_booked_by_then(client, people):
    ledger = Ledger.make(people)
    ledger.owe("100")
    account = LedgerAccount.objects.filter(postings__yuan__gt=0).first()
    assert account is not None
    client.force_login(people.bureau)
    address = reverse("ledger-account", args=[account.pk])
    day = timezone.localdate() - timedelta(days=4000)
    page = client.get(address, {"known": f"{day}"}).content.decode()
    assert "余额 0.00 万元" in page
    assert "已修订" in page
    assert "其后入账 1 笔" in page
    client.force_login(people.stranger)
    assert client.get(address, {"known": f"{day}"}).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("bureau", 200), ("treasury", 200), ("auditor", 200), ("district", 200), ("township", 200),
     ("stranger", 200), ("admin", 404), ("station", 404), ("nobody", 404)],
)  # fmt: skip
def test_who_sees_a_month_sees_it_as_known_and_nobody_else(get, world, who, status):
    at = world.seen["withdrawn"]
    assert get(who, MONTH).status_code == get(who, MONTH, at).status_code


def test_before_publication_it_stays_hidden_from_who_sees_no_drafts(get, world):
    before, after = world.seen["revoked"], world.seen["published"]
    hidden = get("stranger", MONTH, before).content.decode()
    assert "当时尚未发布" in hidden
    assert "各断面" not in hidden
    assert "各断面" in get("stranger", MONTH, after).content.decode()
    assert "各断面" in get("district", MONTH, before).content.decode()
    document = get("stranger", "/api/v1" + MONTH + "explanation/", before).json()
    assert document["known"]["published"] is False
    assert document["known"]["accruals"] == []


@pytest.mark.parametrize("text", ["昨天", "2019-02-30", "9999-12-31", "2999-01-01", "1066-01-01"])
def test_a_bad_date_shows_now_and_says_so(client, world, text):
    client.force_login(world.people.bureau)
    for address in (MONTH, "/settlements/TEST/2020/", "/sections/BORDER/"):
        page = client.get(address, {"known": text})
        assert page.status_code == 200
        assert "现在显示的是当前所知" in page.content.decode()
        assert "回到当前" not in page.content.decode()
    answer = client.get("/api/v1" + MONTH + "explanation/", {"known": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_known")


def test_the_interface_gives_what_was_known_beside_what_is(get, world):
    found = get("bureau", "/api/v1" + MONTH + "explanation/", world.seen["ruled"]).json()
    then = found["known"]["accruals"][0]["found"]
    assert (then["state"], then["revised"], then["reason"]) == ("自然断流", True, "认定撤销")
    pk = found["known"]["accruals"][0]["accrual"]
    address = reverse("api:accrual-explanation", args=[pk])
    one = get("bureau", address, world.seen["ruled"]).json()
    assert one["known"]["found"] == then
    assert "known" not in get("bureau", address).json()
