"""The ledger page: balances, the trial balance, the journal, and who sees what of it."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from basins.access import Viewer
from settlements.models import JournalEntry
from settlements.money import yuan
from settlements.queries import ledger as queries
from settlements.services.ledger import record_payment
from tests.worlds import jurisdiction

ADDRESS = "/ledger/"


@pytest.fixture
def places(people):
    return [
        jurisdiction(code, name)
        for code, name in (("500901", "上游区"), ("500902", "下游区"), ("500903", "外人区"))
    ]


def pay(payer, payee, amount, on=date(2024, 2, 2)) -> JournalEntry:
    return record_payment(payer=payer, payee=payee, amount=yuan(amount), on=on, voucher="", by=None)


def page(client, user, query="") -> str:
    client.force_login(user)
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_trial_balance_says_it_balances_with_its_sum(client, people, places):
    up, down, _ = places
    pay(up, down, "3000000")
    found = page(client, people.treasury)
    assert "试算平衡：全部分录合计 0.00 元" in found
    assert "+300.00" in found
    assert "−300.00" in found


def test_the_trial_balance_says_where_it_does_not(client, people, places):
    up, down, _ = places
    pay(up, down, "3000000")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE settlements_posting SET yuan = yuan + 0.01 WHERE yuan > 0")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert "试算不平：全部分录合计 0.01 元" in page(client, people.auditor)


def test_an_account_has_a_balance_after_each_entry_whatever_the_filter(people, places):
    up, down, _ = places
    viewer = Viewer(0, "bureau", None, None)
    pay(up, down, "100")
    pay(down, up, "30", on=date(2025, 1, 5))
    pay(up, down, "5", on=date(2025, 3, 5))
    whole = queries.journal(viewer, queries.Filter(account=up.code))
    assert [line.balance for line in whole.lines] == [yuan("100"), yuan("70"), yuan("75")]
    assert (whole.increase, whole.decrease, whole.balance) == (
        yuan("105"), yuan("30"), yuan("75"),
    )  # fmt: skip
    part = queries.journal(
        viewer, queries.Filter(account=up.code, year=2025, last=date(2025, 2, 1))
    )
    assert [(line.yuan, line.balance) for line in part.lines] == [(yuan("-30"), yuan("70"))]
    assert part.balance == yuan("70")
    assert part.increase == 0


def test_a_district_sees_its_own_posting_and_only_the_names_of_the_others(client, people, places):
    up, down, stranger = places
    pay(up, down, "3000000")
    pay(down, stranger, "770000")
    found = page(client, people.district)
    assert "SK-2024-0001" in found
    assert "SK-2024-0002" not in found
    assert "下游区" in found
    assert "外人区" not in found
    assert "试算" not in found
    assert "−300.00" not in found


@pytest.mark.parametrize("query", ["?account=500902", "?entry=SK-2024-0001", "?cause=payment"])
def test_no_filter_shows_a_district_what_is_not_its_own(client, people, places, query):
    up, down, _ = places
    pay(up, down, "3000000")
    pay(down, up, "1230000")
    found = page(client, people.stranger, query)
    assert "SK-2024" not in found.split("凭证号")[0]
    assert "300.00" not in found
    assert "123.00" not in found


@pytest.mark.parametrize("who", ["station", "nobody"])
def test_who_may_not_see_the_ledger_finds_nothing(client, people, who):
    client.force_login(getattr(people, who))
    assert client.get(ADDRESS).status_code in {403, 404}


@pytest.mark.parametrize(
    "query",
    ["?year=x", "?since=2024-13-40", "?account=zzz", "?page=999", "?cause=gift",
     "?entry=JZ-20%C2%B24-1", "?entry=%00", "?year=9999", "?entry=JZ-2024-99999999999999"],
)  # fmt: skip
def test_filters_that_cannot_be_read_break_nothing(client, people, places, query):
    pay(places[0], places[1], "1")
    assert page(client, people.bureau, query)


def test_an_entry_leads_back_to_its_own_line(client, people, places):
    up, down, _ = places
    pay(up, down, "100")
    pay(down, up, "30")
    found = page(client, people.bureau, "?entry=sk-2024-0002")
    assert "SK-2024-0002" in found
    assert "SK-2024-0001" not in found


def test_long_journals_come_in_pages_and_totals_cover_all_of_them(client, people, places):
    up, down, _ = places
    for _ in range(queries.PAGE + 2):
        pay(up, down, "10000")
    found = page(client, people.bureau, f"?account={up.code}")
    assert f"共 {queries.PAGE + 2} 条" in found
    assert "+27.00" in found
    assert f"SK-2024-{queries.PAGE + 2:04d}" in page(
        client, people.bureau, f"?account={up.code}&page=2"
    )


def test_an_empty_ledger_says_so(client, people):
    assert "还没有账户" in page(client, people.bureau)


@pytest.mark.parametrize("query", ["", "?account=500901"])
def test_the_number_of_queries_does_not_grow_with_the_entries(client, people, places, query):
    client.force_login(people.bureau)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("ledger") + query)
        return len(captured)

    up, down, stranger = places
    pay(up, down, "1")
    few = count()
    for _ in range(5):
        pay(up, stranger, "1")
    assert count() <= few <= 16
