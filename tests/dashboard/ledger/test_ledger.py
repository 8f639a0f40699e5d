"""The ledger page: balances, the trial balance, the journal, and who sees what of it."""

import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import load_workbook

from basins.access import Viewer
from settlements.ledger import chain
from settlements.ledger.queries import ledger as queries
from settlements.ledger.queries.accounts import accounts
from settlements.ledger.queries.arrears import Move, aged, arrears, unpaid
from settlements.ledger.services.ledger import reverse as reverse_entry
from settlements.models import LedgerAccount
from settlements.money import yuan
from tests.books import DAY, PAID
from tests.told_once import of_told, told_once, with_ledger
from tests.worlds import refusal

ADDRESS = "/ledger/"
BUREAU = Viewer(0, "bureau", None, None)


told = told_once(with_ledger)
ledger = of_told("ledger")


def page(client, user, query="", address=ADDRESS) -> str:
    client.force_login(user)
    answer = client.get(address + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_trial_balance_says_it_balances_with_its_sum(client, people, ledger):
    ledger.owe("3000000")
    found = page(client, people.treasury)
    assert "试算平衡：全部分录合计 0.00 元" in found
    assert "应收</span>300.00" in found
    assert "应付</span>300.00" in found


def test_the_trial_balance_says_where_it_does_not(client, people, ledger):
    ledger.owe("3000000")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE settlements_posting SET yuan = yuan + 0.01 WHERE yuan > 0")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert "试算不平：全部分录合计 0.01 元" in page(client, people.auditor)


def test_an_account_has_a_balance_after_each_entry_whatever_the_filter(people, ledger):
    ledger.owe("100", on=DAY)
    ledger.pay("30", on=date(2025, 1, 5))
    ledger.owe("5", on=date(2025, 3, 5))
    ledger.owe("1", agreement=ledger.other, on=date(2025, 3, 6))
    account = ledger.account(ledger.up)
    whole = queries.journal(BUREAU, queries.Filter(account_id=account.pk))
    assert [line.balance for line in whole.lines] == [yuan("-75"), yuan("-70"), yuan("-100")]
    assert (whole.increase, whole.decrease, whole.balance) == (
        yuan("30"), yuan("105"), yuan("-75"),
    )  # fmt: skip
    part = queries.journal(
        BUREAU, queries.Filter(account_id=account.pk, year=2025, last=date(2025, 2, 1))
    )
    assert [(line.yuan, line.balance) for line in part.lines] == [(yuan("30"), yuan("-70"))]
    assert part.balance == yuan("-70")
    together = queries.journal(BUREAU, queries.Filter(account=ledger.up.code))
    assert together.balance == yuan("-76")
    assert queries.journal(BUREAU, queries.Filter(agreement="OTHER")).page.paginator.count == 1


def test_balances_are_shown_as_of_a_date_by_either_date(people, ledger):
    ledger.owe("100", on=DAY)
    ledger.owe("7", on=date(2024, 2, 20), booked_on=date(2024, 3, 1))

    def up(on, basis="effective"):
        lines = accounts(BUREAU, on, basis).lines
        return next(line.balance for line in lines if line.place.code == ledger.up.code)

    assert up(date(2024, 2, 1)) == 0
    assert up(date(2024, 2, 29)) == yuan("-107")
    assert up(date(2024, 2, 29), "booked") == yuan("-100")


def test_a_district_sees_its_own_posting_and_only_the_names_of_the_others(client, people, ledger):
    ledger.owe("3000000")
    ledger.owe("770000", debtor=ledger.down, creditor=ledger.stranger)
    found = page(client, people.district)
    assert "QC-2024-0001" in found
    assert "QC-2024-0002" not in found
    assert "下游区" in found
    assert "外人区" not in found
    assert "试算" not in found
    assert "应收</span>300.00" not in found


@pytest.mark.parametrize("query", ["?account=500902", "?entry=QC-2024-0001", "?cause=opening"])
def test_no_filter_shows_a_district_what_is_not_its_own(client, people, ledger, query):
    ledger.owe("3000000")
    found = page(client, people.stranger, query)
    assert "QC-2024" not in found.split("凭证号")[0]
    assert "300.00" not in found


@pytest.mark.parametrize("who", ["station", "nobody"])
@pytest.mark.parametrize(
    "address",
    ["", "arrears/", "payments/", "reconcile/", "verify/", "opening/", "export/journal.csv"],
)
def test_who_may_not_see_the_ledger_finds_nothing(client, people, who, address):
    client.force_login(getattr(people, who))
    assert client.get(ADDRESS + address).status_code == refusal(who)


@pytest.mark.parametrize(
    "query",
    ["?year=x", "?since=2024-13-40", "?account=zzz", "?page=999", "?cause=gift", "?on=x",
     "?entry=JZ-20%C2%B24-1", "?entry=%00", "?year=9999", "?entry=JZ-2024-99999999999999",
     "?basis=x", "?agreement=zzz"],
)  # fmt: skip
def test_filters_that_cannot_be_read_break_nothing(client, people, ledger, query):
    ledger.owe("1")
    assert page(client, people.bureau, query)


def test_an_entry_is_found_by_its_number_and_has_a_page(client, people, ledger):
    first, second = ledger.owe("100"), ledger.pay("30")
    found = page(client, people.bureau, "?entry=sk-2024-0002")
    assert "SK-2024-0002" in found
    assert "QC-2024-0001" not in found
    own = page(client, people.district, address=f"/ledger/entries/{second.pk}/")
    assert second.hash in own
    assert first.hash in own
    assert "对方：下游区" in own
    client.force_login(people.stranger)
    missing = client.get("/ledger/entries/999999/")
    foreign = client.get(f"/ledger/entries/{second.pk}/")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert client.get(f"/ledger/accounts/{ledger.account(ledger.up).pk}/").status_code == 404


def test_long_journals_come_in_pages_and_totals_cover_all_of_them(client, people, ledger):
    for _ in range(queries.PAGE + 2):
        ledger.owe("10000")
    found = page(client, people.bureau, f"?account={ledger.down.code}")
    assert f"共 {queries.PAGE + 2} 条" in found
    assert f"应收</span>{queries.PAGE + 2}.00" in found
    assert f"DZ-2024-{queries.PAGE + 2:04d}" in found  # the newest stands first
    assert "DZ-2024-0002" in page(client, people.bureau, f"?account={ledger.down.code}&page=2")


def test_an_empty_ledger_says_so(client, people):
    assert "还没有账户" in page(client, people.bureau)


@pytest.mark.parametrize("query", ["", "?account=500901"])
def test_the_number_of_queries_does_not_grow_with_the_entries(client, people, ledger, query):
    client.force_login(people.bureau)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("ledger") + query)
        return len(captured)

    ledger.owe("1")
    ledger.owe("1")
    few = count()
    for _ in range(5):
        ledger.owe("1")
    assert count() <= few <= 20


# Arrears ----------------------------------------------------------------------------------


def test_the_oldest_debt_is_paid_first():
    days = [date(2024, month, 1) for month in (1, 2, 3)]
    amounts = ("-100", "-50", "120")
    moves = [Move(day, yuan(amount)) for day, amount in zip(days, amounts, strict=True)]
    assert unpaid(moves) == [Move(days[1], yuan("30"))]


def test_a_debt_is_as_many_days_old_as_since_its_business_date():
    on = date(2024, 12, 31)
    ages = (0, 30, 31, 90, 91, 365, 366)
    debts = [Move(on - timedelta(days), yuan("1")) for days in ages]
    assert aged(debts, on) == (0, yuan("2"), yuan("2"), yuan("2"), yuan("1"))


def test_a_debt_that_was_asked_for_is_as_many_days_old_as_since_it_fell_due():
    on = date(2024, 12, 31)
    debts = [Move(on - timedelta(days), yuan("1"), demanded=True) for days in (-5, 0, 1, 30, 31)]
    assert aged(debts, on) == (yuan("2"), yuan("2"), yuan("1"), 0, 0)


def test_arrears_name_debtors_by_agreement_and_leave_out_what_was_reversed(client, people, ledger):
    ledger.owe("1000000", on=date(2023, 2, 1))
    ledger.owe("500000", on=date(2024, 2, 1))
    wrong = ledger.owe_more("9000000", agreement=ledger.other, on=date(2024, 2, 2))
    reverse_entry(wrong, on=date(2024, 2, 3), why="重复", by=None)
    ledger.pay("1200000", on=PAID)
    found = arrears(BUREAU, date(2024, 3, 31))
    (debtor,) = found.debtors
    assert (debtor.place.code, found.total) == (ledger.up.code, yuan("300000"))
    assert debtor.ages == (0, 0, yuan("300000"), 0, 0)
    assert arrears(BUREAU, date(2024, 2, 2)).total == yuan("10500000")
    shown = page(client, people.treasury, "?on=2024-03-31", "/ledger/arrears/")
    assert "1 方共欠 30.00 万元" in shown
    assert "没有欠款" in page(client, people.stranger, "?on=2024-03-31", "/ledger/arrears/")


# Exports ----------------------------------------------------------------------------------


def test_the_trial_balance_is_filed_with_numbers_totals_and_the_head(client, people, ledger):
    ledger.owe("1234567.89")
    client.force_login(people.treasury)
    answer = client.get("/ledger/export/trial.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("清单").to_python()
    assert rows[0][0] == "【演示】试算平衡表"
    assert rows[1][0] == "单位：元"
    assert [row[8] for row in rows[3:5]] == [-1234567.89, 1234567.89]
    assert (rows[5][0], rows[5][6], rows[5][8]) == ("合计", 1234567.89, 0)
    assert rows[7][0] == "制表人：treasury"
    notes = dict(row[:2] for row in book.get_sheet_by_name("说明").to_python())
    assert notes["台账摘要值"] == chain.head().hash


def test_the_journal_is_exported_with_its_filters_and_only_ones_own_lines(client, people, ledger):
    ledger.owe("100")
    ledger.owe("5", debtor=ledger.down, creditor=ledger.stranger)
    client.force_login(people.district)
    text = client.get("/ledger/export/journal.csv?year=2024").content.decode("utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(",100.00,-100.00")
    assert "外人区" not in text
    book = client.get("/ledger/export/journal.xlsx?year=2024&cause=opening").content
    rows = load_workbook(io.BytesIO(book)).get_sheet_by_name("清单").to_python()
    assert rows[3][2] == DAY
    assert client.get("/ledger/export/journal.pdf").status_code == 404
    assert client.get("/ledger/export/all.csv").status_code == 404
    assert client.get("/ledger/export/arrears.csv").status_code == 200
    assert LedgerAccount.objects.count() == 3
