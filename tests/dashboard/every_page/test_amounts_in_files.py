"""Every amount in what is filed and read by programs: workbooks, CSV, PDF, JSON.

Against payments, adjustments, settlements and postings alone, as the pages are
(test_amounts_cell_by_cell).
"""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from settlements.models import LedgerAccount, Payment, Posting, SettlementNet
from settlements.scenarios.services.scenarios import change_term, copy_agreement
from tests.money_world import (
    DOWN,
    MAIN,
    NAMES,
    SIDE,
    TODAY,
    TOWN,
    UP,
    carried,
    counted,
    published,
    total,
)

Rows = list[list]


@pytest.fixture
def get(money, client) -> Callable[..., bytes]:
    def get(who: str, address: str, status: int = 200, **query) -> bytes:
        client.force_login(getattr(money.people, who))
        answer = client.get(address, query)
        assert answer.status_code == status, address
        return answer.content

    return get


def sheets(content: bytes) -> dict[str, Rows]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def lines(rows: Rows, head: int = 2) -> list[dict]:
    """A sheet's lines by the titles of their columns."""
    titles = [str(title) for title in rows[head]]
    return [dict(zip(titles, row, strict=True)) for row in rows[head + 1 :]]


def line(rows: Rows, first: str, head: int = 2) -> dict:
    (found,) = (each for each in lines(rows, head) if next(iter(each.values())) == first)
    return found


def fen(value: float | str) -> Decimal | None:
    """A number of a workbook to the fen; None for a dash or nothing."""
    return round(Decimal(repr(value)), 2) if isinstance(value, float) else None


def csv_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def postings(code: str) -> list[Posting]:
    return list(
        Posting.objects.filter(account__jurisdiction__code=code)
        .select_related("entry", "account__jurisdiction")
        .order_by("entry__year", "entry__number", "pk")
    )


def balance(code: str) -> Decimal:
    return sum((p.yuan for p in postings(code)), Decimal(0))


# The ledger ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_the_trial_balance_is_the_sum_of_each_accounts_postings(get, who):
    sheet = sheets(get(who, "/ledger/export/trial.xlsx"))["清单"]
    titles = [str(title) for title in sheet[2]]
    found = {row[1]: dict(zip(titles, row, strict=True)) for row in sheet[3:] if row[1]}
    own = {DOWN} if who == "downstream" else {UP, DOWN}
    assert set(found) == own
    for code in own:
        of = [p.yuan for p in postings(code)]
        up, down = sum(y for y in of if y > 0), -sum(y for y in of if y < 0)
        assert [fen(found[code][name]) for name in ("增加", "减少", "余额")] == [
            up,
            down,
            up - down,
        ]
        assert found[code]["分录数"] == len(of)
    rows = csv_of(get(who, "/ledger/export/trial.csv"))
    assert Decimal(rows[-1]["余额"]) == sum(balance(code) for code in own)


@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_the_journal_of_an_account_is_filed_with_the_balance_after_each_entry(get, who):
    rows = csv_of(get(who, "/ledger/export/journal.csv", account=DOWN))
    running, wanted = Decimal(0), []
    for p in postings(DOWN):
        running += p.yuan
        up, down = max(p.yuan, Decimal(0)), max(-p.yuan, Decimal(0))
        wanted.append(
            [p.entry.label, f"{up}" if up else "", f"{down}" if down else "", f"{running}"]
        )
    named = ("凭证号", "增加", "减少", "余额")
    assert [[row[name] for name in named] for row in rows[:-1]] == wanted
    total_row = [Decimal(rows[-1][name]) for name in ("增加", "减少")]
    assert total_row[0] - total_row[1] == running


def test_the_whole_journal_is_filed_with_both_sides_of_every_entry(get):
    rows = csv_of(get("treasury", "/ledger/export/journal.csv"))[:-1]
    found = Posting.objects.order_by("entry__year", "entry__number", "-yuan")
    assert [(row["增加"], row["减少"]) for row in rows] == [
        (f"{p.yuan}", "") if p.yuan > 0 else ("", f"{-p.yuan}") for p in found
    ]


@pytest.mark.parametrize(("who", "owing"), [("treasury", 1), ("downstream", 1), ("district", 0)])
def test_arrears_are_filed_by_age_to_whom_they_concern(get, who, owing):
    rows = csv_of(get(who, "/ledger/export/arrears.csv"))
    assert len(rows) == owing + 1
    for row in rows[:owing]:
        assert [row["欠款方"], Decimal(row["91–365 天"])] == ["下游区", -balance(DOWN)]
    assert Decimal(rows[-1]["合计"]) == (-balance(DOWN) if owing else 0)


# Statements ----------------------------------------------------------------------------------


@pytest.fixture
def workbook(get) -> Callable[..., dict[str, Rows]]:
    def workbook(who: str, subject: str) -> dict[str, Rows]:
        return sheets(get(who, "/statements/preview/", subject=subject, format="xlsx"))

    return workbook


@pytest.mark.parametrize("who", ["bureau", "downstream"])
def test_the_cover_of_a_statement_says_the_word_and_the_amount_without_its_sign(workbook, who):
    net = total(counted(2023), DOWN) + carried(2023, DOWN)
    assert net < 0
    cover = workbook(who, f"district:{DOWN}:2023")["汇总"]
    (row,) = (row for row in cover if row[0] == "2023年核算净额")
    assert (row[1], fen(row[2])) == ("应付", -net)
    assert row[3].startswith("人民币")
    assert "负" not in row[3]
    cover = workbook(who, f"agreement:{MAIN}:2023")["汇总"]
    amounts = {row[0]: (row[1], fen(row[2])) for row in cover}
    assert amounts["下游区2023年净额"] == ("应付", -net)
    assert amounts["上游区2023年净额"] == ("应收", -net)


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("who", ["bureau", "district"])
def test_a_districts_statement_sums_each_agreement_and_lists_each_month(workbook, who, year):
    book = workbook(who, f"district:{UP}:{year}")
    sums = [Decimal(0)] * 4
    for code, title in ((MAIN, "测试河协议"), (SIDE, "支河协议")):
        of = [c.to(UP) for c in counted(year) if c.agreement == code]
        received, paid = sum(y for y in of if y > 0), -sum(y for y in of if y < 0)
        late = carried(year, UP, code)
        figures = [received, paid, late, received - paid + late]
        names = ("应收（元）", "应付（元）", "跨年度调整（元）", "净额（元）")
        row = line(book["各协议收付"], title)
        assert [fen(row[name]) for name in names] == figures
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
    assert [fen(line(book["各协议收付"], "合计")[name]) for name in names] == sums
    months = [row for row in book["逐月明细"] if str(row[0]).endswith("月")]
    wanted = []
    for code in (MAIN, SIDE):
        last = max(published(code, year))
        own = [c for c in counted(year) if c.agreement == code]
        wanted += [total(own, UP, number=n) for n in range(1, last + 1)]
    assert sorted(fen(row[5]) for row in months) == sorted(wanted)
    subtotals = [fen(row[5]) for row in book["逐月明细"] if row[0] == "小计"]
    assert sorted(subtotals) == sorted(
        total(counted(year), UP, agreement=code) for code in (MAIN, SIDE)
    )
    (booked,) = (row for row in lines(book["调整"]) if row["协议"] == "记入本年")
    was = sum(published(MAIN, year).values()) - sum(published(SIDE, year).values())
    assert fen(booked["差额（元）"]) == sums[3] - was


@pytest.mark.parametrize("code", [UP, DOWN])
def test_a_districts_statement_runs_through_its_account_and_payments(workbook, code):
    book = workbook("treasury", f"district:{code}:2024")
    moved = lines(book["账户往来"])
    running, wanted = Decimal(0), [["", None, None, Decimal(0)]]
    for p in postings(code):
        running += p.yuan
        up, down = p.yuan if p.yuan > 0 else None, -p.yuan if p.yuan < 0 else None
        wanted.append([p.entry.label, up, down, running])
    named = ("增加（元）", "减少（元）", "余额（元）")
    shown = [
        ["" if row["凭证"] == "-" else row["凭证"], *(fen(row[name]) for name in named)]
        for row in moved
        if str(row["凭证"]).startswith(("JZ", "SK", "TZ", "-")) or row["摘要"] == "期初余额"
    ]
    assert shown == wanted
    (ends,) = (row for row in moved if row["摘要"] == "期末余额")
    assert fen(ends["余额（元）"]) == running
    paid = [row for row in lines(book["付款"]) if row["付款凭证号"] == "CZ-1"]
    done = Payment.objects.get(voucher="CZ-1").yuan
    assert [[fen(row["付出（元）"]), fen(row["收到（元）"])] for row in paid] == [
        [done, None] if code == DOWN else [None, done]
    ]
    cover = {row[0]: (row[1], fen(row[2])) for row in book["汇总"]}
    assert cover[f"{TODAY} 账面余额"] == ("应收" if running > 0 else "应付", abs(running))


@pytest.mark.parametrize("who", ["bureau", "downstream"])
def test_an_agreements_statement_is_its_nets_months_entry_and_payments(workbook, who):
    book = workbook(who, f"agreement:{MAIN}:2023")
    core = total(counted(2023), UP, agreement=MAIN)
    for code, sign in ((UP, 1), (DOWN, -1)):
        net = SettlementNet.objects.get(
            settlement__agreement__code=MAIN, settlement__year=2023, jurisdiction__code=code
        ).yuan
        row = line(book["各方净额"], NAMES[code])
        named = ("核算（元）", "跨年度调整（元）", "应收（元）", "应付（元）", "净额（元）")
        assert net - sign * core == carried(2023, code)
        assert [fen(row[name]) for name in named] == [
            sign * core, net - sign * core, net if net > 0 else None, -net if net < 0 else None, net,
        ]  # fmt: skip
    amounts = [fen(row[3]) for row in book["逐月结果"] if str(row[0]).endswith("月")]
    assert amounts == [total(counted(2023), UP, agreement=MAIN, number=n) for n in range(1, 13)]
    assert fen(line(book["逐月结果"], "合计")["交界\n金额（元）"]) == core
    entry = Posting.objects.filter(entry__cause="settlement").order_by("-yuan")
    booked = [row for row in lines(book["关账凭证"]) if str(row["凭证"]).startswith("JZ")]
    assert [(fen(row["增加（元）"]), fen(row["减少（元）"])) for row in booked] == [
        (p.yuan, None) if p.yuan > 0 else (None, -p.yuan) for p in entry
    ]
    whole = line(book["关账凭证"], "合计")
    assert fen(whole["增加（元）"]) == fen(whole["减少（元）"]) == entry[0].yuan
    (paid,) = (row for row in lines(book["付款"]) if row["付款凭证号"] == "CZ-1")
    done = Payment.objects.get(voucher="CZ-1").yuan
    assert (paid["付款方"], paid["收款方"], fen(paid["金额（元）"])) == ("下游区", "上游区", done)
    (all_paid,) = (row for row in lines(book["付款"]) if row["付款凭证号"] == "付款合计")
    assert fen(all_paid["金额（元）"]) == done


def test_a_statement_says_the_same_on_its_page_and_in_print(get):
    subject = f"district:{DOWN}:2023"
    net = -total(counted(2023), DOWN) - carried(2023, DOWN)
    page = get("downstream", "/statements/preview/", subject=subject).decode()
    printed = get("downstream", "/statements/preview/", subject=subject, format="pdf")
    text = "".join(each.extract_text() for each in PdfReader(io.BytesIO(printed)).pages)
    assert f"¥ {net:,.2f}" in page
    assert f"{net:,.2f}" in text
    for yuan in (c.to(UP) for c in counted(2023) if c.agreement == MAIN):
        shown = f"{-yuan:,.2f}".replace("-", "−")
        assert shown in page
        assert shown in text


@pytest.mark.parametrize("who", ["stranger", "district", "township"])
def test_a_statement_of_anothers_account_is_missing(get, who):
    said = get(who, "/statements/preview/", 404, subject=f"district:{DOWN}:2023", format="xlsx")
    assert not said.startswith(b"PK")  # as a workbook does


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("township", 404)])
def test_a_statement_of_an_agreement_is_for_its_parties(get, who, status):
    said = get(who, "/statements/preview/", status, subject=f"agreement:{MAIN}:2023", format="xlsx")
    assert not said.startswith(b"PK")


# The interface and scenarios ------------------------------------------------------------------


@pytest.mark.parametrize(("who", "year", "number"), [
    ("bureau", 2024, 8), ("downstream", 2024, 8), ("stranger", 2023, 5), ("stranger", 2024, 2),
])  # fmt: skip
def test_the_interface_gives_a_months_nets_and_payments_to_the_fen(
    client, money, who, year, number
):
    client.force_login(getattr(money.people, who))
    found = client.get(f"/api/v1/settlements/{MAIN}/{year}/{number}/explanation/").json()
    seen = [c for c in counted(year) if c.agreement == MAIN and c.month.month == number]
    assert Decimal(found["total"]) == total(seen)
    assert {net["party"]["code"]: Decimal(net["yuan"]) for net in found["nets"]} == {
        code: total(seen, code) for code in (UP, DOWN)
    }
    (accrual,) = found["accruals"]
    (transfer,) = accrual["transfers"]
    was = published(MAIN, year)[number]
    assert Decimal(transfer["yuan"]) == abs(was)
    assert transfer["payee"]["code"] == (UP if was > 0 else DOWN)


@pytest.mark.parametrize(("who", "code", "year", "number"), [
    ("stranger", MAIN, 2024, 8), ("downstream", SIDE, 2024, 3), ("township", SIDE, 2024, 3),
    ("township", MAIN, 2023, 5),
])  # fmt: skip
def test_what_is_not_ones_own_and_not_published_is_missing_from_the_interface(
    get, who, code, year, number
):
    said = get(who, f"/api/v1/settlements/{code}/{year}/{number}/explanation/", 404)
    assert b"yuan" not in said


@pytest.mark.parametrize("who", ["bureau", "stranger"])
def test_a_scenario_is_filed_beside_what_was_counted_of_the_months_one_sees(money, get, who):
    """At double the rate of the agreement, and nothing a class further: every net by hand."""
    by = getattr(money.people, who)
    scenario = copy_agreement(agreement=money.main, name="情景", by=by)
    (term,) = scenario.terms
    changed = {"rate": "2469135.60", "tier_amount": "0.00"}
    parameters = {
        name: {**each, "value": changed.get(name, each["value"])}
        for name, each in term["parameters"].items()
    }
    change_term(
        scenario=scenario, number=term["number"], changes={"parameters": parameters},
        name="情景", by=by,
    )  # fmt: skip
    address = f"/simulator/s/{scenario.token}/export"
    named = ("实际净额(元)", "情景净额(元)", "差额(元)")
    found = {
        (row["期间"], row["行政区代码"]): tuple(Decimal(row[name]) for name in named)
        for row in csv_of(get(who, f"{address}.csv"))
    }
    hidden = date(2024, 7, 1) if who == "stranger" else date(2024, 9, 1)
    seen = [
        c
        for year in (2023, 2024)
        for c in counted(year)
        if c.agreement == MAIN and c.month < hidden
    ]
    rate, sums = Decimal("2469135.60"), {UP: Decimal(0), DOWN: Decimal(0)}
    for c in seen:
        for code in (UP, DOWN):
            actual, would = c.to(code), rate if c.payee == code else -rate
            assert found[f"{c.month:%Y-%m}", code] == (actual, would, would - actual)
            sums[code] += would
    for code in (UP, DOWN):
        actual = total(seen, code)
        assert found["合计", code] == (actual, sums[code], sums[code] - actual)
    assert ("2024-08" in {period for period, _ in found}) is (who == "bureau")
    by_party = lines(sheets(get(who, f"{address}.xlsx"))["按各方"], head=0)
    assert [[fen(row[name]) for name in named] for row in by_party] == [
        list(found["合计", code]) for code in (UP, DOWN)
    ]


def test_there_are_two_accounts_and_nobody_elses(money):
    codes = LedgerAccount.objects.values_list("jurisdiction__code", flat=True)
    assert sorted(codes) == [UP, DOWN]
    assert TOWN not in codes
