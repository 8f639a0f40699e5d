"""Every amount on the pages against the rows it comes from, for each kind of viewer.

What a page should say is counted here from payments, adjustments, settlements and postings
alone (tests.money_world), narrowed by the access table's words: all, what is published, one's
own. Cells are read by the words of their row and column.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from basins.access import viewer_of
from settlements.models import (
    JournalEntry,
    LedgerAccount,
    Payment,
    Posting,
    Settlement,
    SettlementNet,
)
from settlements.notices.queries.notices import months_to_prepare
from settlements.notices.services.supplements import open_accruals, published_before
from settlements.work.queries.work import counts
from tests.money_world import (
    DOWN,
    DRAFTS,
    MAIN,
    NAMES,
    SIDE,
    TODAY,
    TOWN,
    UP,
    carried,
    counted,
    published,
    seen_by,
    total,
)
from tests.tables import AMOUNT, Cell, Table, table, tables

PLACE = {"district": UP, "downstream": DOWN, "stranger": "500903", "township": TOWN}
DISTRICTS = ("bureau", "district", "downstream", "stranger")
EVERYONE = (*DISTRICTS, "township")
RIVERS = {MAIN: "TESTHE", SIDE: "ZHIHE"}
Q = ("一季度", "二季度", "三季度", "四季度")
MONTHS = {
    **{name: {3 * n + 1, 3 * n + 2, 3 * n + 3} for n, name in enumerate(Q)},
    **{f"{n}月": {n} for n in range(1, 13)},
    "本年累计": set(range(1, 13)),
}
COLUMNS = {2023: [*Q, "本年累计"], 2024: [*Q[:2], "7月", "8月", "本年累计"]}


@pytest.fixture
def get(money, client) -> Callable[..., str]:
    def get(who: str, address: str, **query) -> str:
        client.force_login(getattr(money.people, who))
        answer = client.get(address, query)
        assert answer.status_code == 200, address
        return answer.content.decode()

    return get


def words(amount: Decimal) -> str:
    """In 万元 with its sign, as a page writes it."""
    sign = "−" if amount < 0 else "+" if amount > 0 else ""
    return f"{sign}{abs(amount) / 10_000:,.2f}"


def visible_text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# A district's year ---------------------------------------------------------------------------


def by_agreement(page: Table) -> dict[str, dict[str, list[Cell]]]:
    """Title of the agreement → its rows by their first word."""
    found: dict[str, dict[str, list[Cell]]] = {}
    for row in page.rows:
        if row[0].span > 1:
            title = row[0].words.partition(" ")[0]
            found[title] = {}
        elif row[0].words != "合计":
            found[title][row[0].words] = row[1:]
    return found


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("who", EVERYONE)
def test_a_districts_table_is_the_sum_of_its_payments_by_agreement_side_and_quarter(get, who, year):
    place = TOWN if who == "township" else UP
    seen = [c for c in seen_by(who, counted(year)) if place in (c.payer, c.payee)]
    html = get(who, f"/districts/{place}/", year=year)
    if not seen:
        assert "本年没有可见的核算结果" in html
        return
    page = table(html, "各协议本年收付")
    last = max(c.month.month for c in seen)
    columns = COLUMNS[year] if last in (8, 12) else [*Q[:2], "本年累计"]
    assert page.head == ["协议", *columns]
    rows = by_agreement(page)
    titles = {MAIN: "测试河协议", SIDE: "支河协议"}
    assert set(rows) == {titles[c.agreement] for c in seen}
    for code, title in titles.items():
        for name, wanted in (("应收", place), ("应付", place), ("小计", place)):
            if title not in rows:
                continue
            late = carried(year, place, code) if name == "小计" else Decimal(0)
            expected = []
            for column in columns:
                held = [
                    c.to(wanted)
                    for c in seen
                    if c.agreement == code
                    and c.month.month in MONTHS[column]
                    and (name == "小计" or (c.to(place) > 0) is (name == "应收"))
                ]
                if column == "本年累计" and late:
                    held.append(late)
                expected.append(sum(held) if held else None)
            if name == "应付":  # the word says the sign
                expected = [None if yuan is None else -yuan for yuan in expected]
            assert [cell.yuan for cell in rows[title][name]] == expected, (title, name)
        if (late := carried(year, place, code)) and title in rows:
            assert rows[title]["跨年度调整"][-1].yuan == late
    sums = [sum(c.to(place) for c in seen if c.month.month in MONTHS[column]) for column in columns]
    sums[-1] += sum(carried(year, place, code) for code in titles)
    assert page.amounts("合计")[1:] == sums


@pytest.mark.parametrize("who", DISTRICTS)
def test_a_districts_net_is_split_by_state_and_set_beside_the_same_months_of_last_year(get, who):
    seen = seen_by(who, counted(2024))
    text = visible_text(get(who, f"/districts/{UP}/", year=2024))
    net = total(seen, UP) + carried(2024, UP)
    assert net
    assert f"{'应收' if net > 0 else '应付'} {words(abs(net)).lstrip('+')} 万元" in text
    assert f"跨年度调整 {words(carried(2024, UP))}" in text
    for state, name in (("published", "已发布"), ("preliminary", "初步")):
        of_state = [c for c in seen if c.state == state]
        assert (f"{name} {words(total(of_state, UP))}" in text) is bool(of_state), name
    last = max(c.month.month for c in seen)
    assert f"2024 年净额（1–{last}月）" in text
    before = sum(c.to(UP) for c in seen_by(who, counted(2023)) if c.month.month <= last)
    whole = total(seen_by(who, counted(2023)), UP)
    assert words(before) != words(whole)
    assert f"上年同期 {words(before)} 万元" in text


@pytest.mark.parametrize("who", DISTRICTS)
def test_a_districts_twelve_months_are_its_payments_of_each_month(get, who):
    seen = seen_by(who, counted(2024))
    html = get(who, f"/districts/{UP}/", year=2024)
    strip = html.partition("十二个月")[2].partition("</section>")[0]
    for number in range(1, 13):
        of_month = [c for c in seen if c.month.month == number and UP in (c.payer, c.payee)]
        if of_month:
            assert words(sum(c.to(UP) for c in of_month)) in strip, number
    assert strip.count("未核算") == 12 - max(c.month.month for c in seen)


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("who", EVERYONE)
def test_the_list_of_districts_is_each_ones_receipts_and_payments(get, who, year):
    seen = seen_by(who, counted(year))
    page = table(get(who, "/districts/", year=year), "districts")
    sums = [Decimal(0)] * 3
    shown = {TOWN} if who == "township" else set(NAMES)
    for code in shown:
        received = total([c for c in seen if c.payee == code])
        paid = total([c for c in seen if c.payer == code])
        late = carried(year, code) if "跨年度调整" in page.head else Decimal(0)
        row = page.row(NAMES[code])
        found = dict(zip(page.head, (cell.yuan for cell in row), strict=True))
        assert [found["应收"], found["应付"]] == [received or None, paid or None], code
        assert (found.get("跨年度调整") or 0, found["净额"]) == (late, received - paid + late), code
        sums = [a + b for a, b in zip(sums, (received, paid, late), strict=True)]
    whole = dict(zip(page.head, page.amounts("合计"), strict=True))
    assert [whole["应收"], whole["应付"]] == sums[:2]
    assert whole["净额"] == sums[0] - sums[1] + sums[2]
    assert ("跨年度调整" in page.head) is (who != "township")
    assert {row[1].words for row in page.rows} >= {NAMES[code] for code in shown}


# A year of an agreement ----------------------------------------------------------------------


def months_seen(code: str, year: int, who: str) -> dict[int, Decimal]:
    """Month → what upstream receives now, of the months a person sees."""
    found: dict[int, Decimal] = {}
    for c in seen_by(who, counted(year)):
        if c.agreement == code:
            found[c.month.month] = found.get(c.month.month, Decimal(0)) + c.to(c.upstream)
    return found


@pytest.mark.parametrize(
    ("who", "code", "year"),
    [
        *(("bureau", code, year) for code in (MAIN, SIDE) for year in (2023, 2024)),
        *((who, MAIN, 2024) for who in ("district", "downstream", "stranger")),
        ("stranger", SIDE, 2023),
    ],
)
def test_a_years_months_add_up_one_after_the_other(get, who, code, year):
    found = months_seen(code, year, who)
    page = table(get(who, f"/settlements/{code}/{year}/"), "settlement-months")
    running = Decimal(0)
    computed = max(found)
    for number in range(1, 13):
        row = page.row(f"{number}月")
        shown = [row[page.head.index(name)].yuan for name in ("金额", "累计")]
        if number > computed:
            assert shown == [None, None]
            continue
        amount = found.get(number, Decimal(0))
        running += amount
        assert shown == [amount, running], number
    assert page.of("金额", "小计") == running
    assert page.of("金额", "付款合计") == sum(abs(yuan) for yuan in found.values())


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("who", ["bureau", "district", "downstream"])
def test_what_a_year_closes_with_is_its_months_its_adjustments_and_their_sum(get, who, year):
    html = get(who, f"/settlements/{MAIN}/{year}/")
    (page,) = (each for each in tables(html) if "发布时各月" in each.head)
    both = counted(year)
    late = {code: carried(year, code) for code in (UP, DOWN)} if year == 2023 else {}
    for code in (UP, DOWN):
        months = sum(published(MAIN, year).values()) * (1 if code == UP else -1)
        net = SettlementNet.objects.get(
            settlement__agreement__code=MAIN, settlement__year=year, jurisdiction__code=code
        ).yuan
        assert net == total(both, code, agreement=MAIN) + late.get(code, 0)
        assert net != months  # an adjustment counts
        row = page.row(NAMES[code])
        assert [cell.yuan for cell in row[2:5]] == [months, net - months, net]
        assert row[5].words == f"{'−' if net < 0 else ''}{abs(net):,.2f} 元"
        assert ("应收" if net > 0 else "应付") in row[4].words
    text = visible_text(html)
    if year == 2024:  # October 2023 was adjusted after its year was closed
        booked = total(both, UP, agreement=MAIN) + carried(2024, UP)
        assert carried(2024, UP) != 0
        assert f"本年入账： 上游区 {words(booked)} 下游区 {words(-booked)}" in text
    (row,) = table(html, "跨年度调整").rows
    assert row[0].words == "2023年10月"
    assert ("2024 年" if year == 2023 else "2023 年") in row[-1].words
    assert [words(carried(2024, code)) in row[4].words for code in (UP, DOWN)] == [True, True]


def test_a_stranger_reads_the_nets_of_what_is_published_of_a_running_year(get):
    html = get("stranger", f"/settlements/{MAIN}/2024/")
    (page,) = (each for each in tables(html) if "身份" in each.head)
    seen = seen_by("stranger", counted(2024))
    assert {c.month.month for c in seen} == set(range(1, 7)) - {4}  # April: nobody pays
    for code in (UP, DOWN):
        assert page.of("净额", NAMES[code]) == total(seen, code) + carried(2024, code)
    assert page.of("净额", "合计") == 0


@pytest.mark.parametrize("who", EVERYONE)
def test_the_list_of_years_and_an_agreements_page_give_each_years_net(get, who):
    years = Settlement.objects.select_related("agreement")
    own = {"township": {SIDE}}.get(who) or DRAFTS.get(who)
    seen = [
        s
        for s in years
        if (s.state == "closed" and (who != "township" or s.agreement.code in own))
        or (who != "township" and (own is None or s.agreement.code in own))
        or (s.year == 2023 and who == "township" and s.agreement.code in own)  # to be signed
    ]
    nets = {
        s: sum(
            yuan
            for n in SettlementNet.objects.filter(settlement=s).select_related("jurisdiction")
            if (
                yuan := n.yuan
                + (carried(2024, n.jurisdiction.code, s.agreement.code) if s.year == 2024 else 0)
            )
            > 0
        )
        for s in seen
    }
    html = get(who, "/settlements/")
    if not seen:
        assert "没有符合条件的年度结算" in html
        return
    page = table(html, "settlements")
    for s, net in nets.items():
        assert page.of("净补偿额", f"{s.year}年", s.agreement.title) == net
    assert page.of("净补偿额", "合计") == sum(nets.values())
    assert len(page.rows) == len(seen) + 1
    if who == "township":  # no party to the other agreement: test_access_of_every_page
        return
    (page,) = (
        each
        for each in tables(get(who, f"/agreements/{MAIN}/"))
        if each.head == ["年度", "结果", "净补偿额", "状态"]
    )
    mine = {s: net for s, net in nets.items() if s.agreement.code == MAIN}
    for s, net in mine.items():
        assert page.of("净补偿额", f"{s.year}年") == net
    assert page.of("净补偿额", "合计") == sum(mine.values())


# A month -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bureau", "downstream", "stranger"])
def test_a_month_that_was_adjusted_says_what_it_was_and_what_it_is(get, who):
    html = get(who, f"/settlements/{MAIN}/2023/5/")
    (page,) = (each for each in tables(html) if "现行" in each.head and "已发布" in each.head)
    was = published(MAIN, 2023)[5]
    now = total(counted(2023), UP, agreement=MAIN, number=5)
    assert was != now
    assert [cell.yuan for cell in page.row("上游区")[1:]] == [was, now - was, now]
    assert [cell.yuan for cell in page.row("下游区")[1:]] == [-was, was - now, -now]


def test_the_year_beside_a_month_is_the_years_table(get):
    html = get("bureau", f"/settlements/{MAIN}/2024/6/")
    (page,) = (each for each in tables(html) if each.head == ["月份", "本月", "累计"])
    found, running = months_seen(MAIN, 2024, "bureau"), Decimal(0)
    for number in range(1, 9):
        amount = found.get(number, Decimal(0))
        running += amount
        starts = f"{number}月 ◂ 本页" if number == 6 else f"{number}月"
        assert page.amounts(starts)[1:] == [amount, running]
    assert page.amounts("合计")[1] == running


@pytest.mark.parametrize(
    ("who", "month"),
    [
        *((who, date(2024, 8, 1)) for who in EVERYONE),
        *((who, date(2023, 5, 1)) for who in ("bureau", "stranger", "township")),
    ],
)
def test_the_overviews_tables_are_the_months_payments(get, who, month):
    seen = [c for c in seen_by(who, counted(month.year)) if c.month == month]
    html = get(who, "/", month=f"{month:%Y-%m}", table="districts")
    paid = total(seen)
    short = {UP: "上游", DOWN: "下游", TOWN: "上游"}
    if seen:
        page = table(html, "overview-nets")
        sides = {code for c in seen for code in (c.payer, c.payee)}
        shown = [[cell.yuan for cell in row[2:5]] for row in page.rows if row[0].words]
        wanted = [
            [
                total([c for c in seen if c.payee == code]) or None,
                total([c for c in seen if c.payer == code]) or None,
                total(seen, code),
            ]
            for code in sides
        ]
        assert sorted(map(str, shown)) == sorted(map(str, wanted))
        assert {row[1].words for row in page.rows if row[0].words} == {short[c] for c in sides}
        assert page.amounts("合计")[2:4] == [paid, paid]
    else:
        assert "overview-nets" not in html or not [
            cell for row in table(html, "overview-nets").rows for cell in row if cell.yuan
        ]
    page = table(get(who, "/", month=f"{month:%Y-%m}", table="agreements"), "overview-agreements")
    for code, river in ((MAIN, "测试河"), (SIDE, "支河")):
        if who == "township" and code == MAIN:
            assert river not in visible_text(html).partition("有效协议")[2]
            continue
        (row,) = (row for row in page.rows if row[1].words.startswith(river))
        of_agreement = [c for c in seen if c.agreement == code]
        hidden = not of_agreement
        assert row[-1].yuan == (None if hidden else total(of_agreement))
        assert row[-2].words == ("-" if hidden else str(len(of_agreement)))
    assert page.amounts("合计")[-1] == paid


@pytest.mark.parametrize("who", ["bureau", "downstream", "stranger"])
def test_the_overviews_key_figures_are_the_months_and_the_years_payments(get, who):
    seen = seen_by(who, counted(2024))
    text = visible_text(get(who, "/", month="2024-02"))
    of_month = total([c for c in seen if c.month.month == 2])
    to_date = total([c for c in seen if c.month.month <= 2])
    assert re.search(rf"本月补偿额 .*?{of_month / 10_000:,.2f} 万元", text)
    assert re.search(rf"本年累计补偿额 .*?{to_date / 10_000:,.2f} 万元", text)


@pytest.mark.parametrize("code", [MAIN, SIDE])
@pytest.mark.parametrize("who", EVERYONE)
def test_a_rivers_months_are_the_payments_of_its_agreements(money, client, get, who, code):
    seen = [c for c in seen_by(who, counted(2024)) if c.agreement == code]
    if who == "township" and code == MAIN:
        client.force_login(money.people.township)
        assert client.get(f"/basins/{RIVERS[code]}/").status_code == 404
        return
    html = get(who, f"/basins/{RIVERS[code]}/", month="2024-06")
    if not seen:
        assert "今年没有月核算" in html
        return
    page = table(html, "river-months")
    order = [UP, DOWN] if code == MAIN else [TOWN, UP]
    for number in {c.month.month for c in seen}:
        of_month = [c for c in seen if c.month.month == number]
        row = page.row(f"{number}月")
        assert row[2].words == str(len(of_month))
        assert [cell.yuan for cell in row[3:]] == [
            *(total(of_month, place) or None for place in order), total(of_month),
        ]  # fmt: skip
    late = [carried(2024, place, code) for place in order]
    assert page.amounts("合计")[3:] == [
        *(total(seen, place) + more for place, more in zip(order, late, strict=True)),
        total(seen),
    ]
    last = max(c.month.month for c in seen)
    named = {
        *(f"{n}月" for n in range(1, last + 1)),
        "合计",
        *(["跨年度调整"] if any(late) else []),
    }
    assert {row[0].words for row in page.rows} == named


# Adjustments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bureau", "district", "downstream"])
def test_an_adjustment_says_what_it_changes_for_each_party(get, who):
    page = table(get(who, "/adjustments/"), "adjustments")
    more = Decimal(0)
    for year, number in ((2023, 5), (2023, 10), (2024, 2)):
        was = published(MAIN, year)[number]
        now = total(counted(year), UP, agreement=MAIN, number=number)
        (row,) = (row for row in page.rows if row[0].words == f"{year}年{number}月")
        cell = row[page.head.index("各方增减")]
        assert cell.words == f"上游区 {words(now - was)} 下游区 {words(was - now)}"
        assert [AMOUNT.match(each)[2] for each in cell.exact] == [f"{abs(now - was):,.2f}"] * 2
        more += abs(now - was)
    assert page.amounts("合计")[5] == more


# The ledger ----------------------------------------------------------------------------------


def own_accounts(who: str) -> dict[str, LedgerAccount]:
    """Name of the place → its account; the whole ledger has no two of one place here."""
    found = LedgerAccount.objects.select_related("jurisdiction")
    if who in PLACE:
        found = found.filter(jurisdiction__code=PLACE[who])
    return {account.jurisdiction.name: account for account in found}


def moved(account: LedgerAccount, on: date = TODAY) -> list[Decimal]:
    """What the account gained and lost by a day, and its balance."""
    own = [p.yuan for p in Posting.objects.filter(account=account, entry__effective_on__lte=on)]
    up, down = sum(y for y in own if y > 0), -sum(y for y in own if y < 0)
    return [Decimal(up), Decimal(down), Decimal(up - down)]


@pytest.mark.parametrize("on", [TODAY, date(2024, 3, 1), date(2024, 2, 29)])
@pytest.mark.parametrize("who", ["treasury", "district", "downstream"])
def test_the_ledgers_accounts_are_the_sums_of_their_postings(get, who, on):
    page = table(get(who, "/ledger/", on=on.isoformat()), "accounts")
    own = own_accounts(who)
    sums = [Decimal(0)] * 3
    for name, account in own.items():
        amounts = moved(account, on)
        assert page.amounts(name)[4:7] == amounts
        sums = [a + b for a, b in zip(sums, amounts, strict=True)]
    assert page.amounts("合计")[4:7] == sums
    assert len(page.rows) == len(own) + 1
    assert who != "treasury" or sums[2] == 0


@pytest.mark.parametrize("who", ["stranger", "township"])
def test_who_has_no_account_sees_none(get, who):
    html = get(who, "/ledger/")
    assert "还没有账户" in html
    assert [cell for each in tables(html) for row in each.rows for cell in row if cell.yuan] == []


@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_an_accounts_page_lists_its_postings_with_the_balance_after_each(get, who):
    (account,) = own_accounts("downstream").values()
    html = get(who, f"/ledger/accounts/{account.pk}/")
    page, balance, wanted = table(html, "journal"), Decimal(0), []
    for p in Posting.objects.filter(account=account).order_by("entry__year", "entry__number"):
        balance += p.yuan
        wanted.append([p.yuan if p.yuan > 0 else None, -p.yuan if p.yuan < 0 else None, balance])
    assert [[cell.yuan for cell in row[7:]] for row in page.rows] == [
        *wanted[::-1], moved(account),
    ]  # fmt: skip
    assert f"余额 应付 {words(-balance).lstrip('+')} 万元" in visible_text(html)


def test_the_whole_journal_lists_every_posting_on_its_side(get):
    page = table(get("treasury", "/ledger/"), "journal")
    rows = [row for row in page.rows if row[0].words != "合计"][:-1]
    found = Posting.objects.order_by("-entry__year", "-entry__number", "-yuan", "pk")
    assert [[cell.yuan for cell in row[6:]] for row in rows] == [
        [p.yuan if p.yuan > 0 else None, -p.yuan if p.yuan < 0 else None] for p in found
    ]
    gross = sum(p.yuan for p in found if p.yuan > 0)
    assert page.amounts("合计")[6:] == [gross, gross]


@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_an_entrys_page_gives_ones_own_postings_and_of_the_others_the_names(get, who):
    entry = JournalEntry.objects.get(settlement__agreement__code=MAIN, cause="settlement")
    own = {
        p.account.jurisdiction.name: p.yuan
        for p in Posting.objects.filter(entry=entry).select_related("account__jurisdiction")
        if who == "treasury" or p.account.jurisdiction.code == DOWN
    }
    html = get(who, f"/ledger/entries/{entry.pk}/")
    page = table(html, "entry-lines")
    assert page.head == ["账户", "增加（元）", "减少（元）"]  # no 应收 for who pays
    rows = {row[0].words.partition(" ")[0]: [cell.words for cell in row[1:]] for row in page.rows}
    whole = rows.pop("合计", None) or rows.pop("合计（所见账户）")
    assert rows == {
        name: [f"{yuan:,.2f}", "-"] if yuan > 0 else ["-", f"{-yuan:,.2f}"]
        for name, yuan in own.items()
    }
    up, down = (sum(y for y in own.values() if y > 0), -sum(y for y in own.values() if y < 0))
    assert whole == [f"{up:,.2f}", f"{down:,.2f}"]
    assert (up == down) is (who == "treasury")
    assert ("对方：上游区" in visible_text(html)) is (who == "downstream")


@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_a_districts_statement_of_account_runs_from_balance_to_balance(get, who):
    (account,) = own_accounts("downstream").values()
    html = get(who, f"/districts/{DOWN}/", year=2024)
    (page,) = (each for each in tables(html) if "凭证" in each.head)
    balance, wanted = Decimal(0), [[None, None, Decimal(0)]]
    for p in Posting.objects.filter(account=account).order_by("entry__year", "entry__number"):
        balance += p.yuan
        wanted.append([p.yuan if p.yuan > 0 else None, -p.yuan if p.yuan < 0 else None, balance])
    assert [[cell.yuan for cell in row[4:]] for row in page.rows] == [*wanted, moved(account)]


@pytest.mark.parametrize("who", ["stranger", "district"])
def test_a_districts_statement_of_account_is_not_for_other_districts(get, who):
    assert not [t for t in tables(get(who, f"/districts/{DOWN}/", year=2024)) if "凭证" in t.head]


@pytest.mark.parametrize(("on", "column"), [(TODAY, "91–365 天"), (date(2024, 3, 1), "未到期")])
@pytest.mark.parametrize("who", ["treasury", "downstream"])
def test_arrears_are_what_the_debtor_has_left_to_pay_by_its_age(get, who, on, column):
    (account,) = own_accounts("downstream").values()
    left = -moved(account, on)[2]
    page = table(get(who, "/ledger/arrears/", on=on.isoformat()), "arrears")
    for row in (page.row("下游区"), page.row("合计")):
        assert [cell.yuan for cell in row[4:]] == [
            *(left if label == column else Decimal(0) for label in page.head[4:-1]), left,
        ]  # fmt: skip


def test_one_is_not_shown_anothers_arrears(get):
    assert "没有欠款" in get("district", "/ledger/arrears/")


@pytest.mark.parametrize("who", ["treasury", "district", "stranger", "township"])
def test_payments_are_listed_to_whom_they_concern(get, who):
    html = get(who, "/ledger/payments/")
    amounts = [
        cell.yuan for each in tables(html) for row in each.rows for cell in row if cell.exact
    ]
    wanted = [p.yuan for p in Payment.objects.order_by("-paid_on", "-pk")]
    assert amounts[: len(wanted)] == (wanted if who in ("treasury", "district") else [])


def test_nothing_is_counted_twice_or_left_out(money):
    """What the expectations rest on: payers' and receivers' sums, nets and closing entries agree."""
    nets: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for n in SettlementNet.objects.select_related("settlement__agreement", "jurisdiction"):
        year = n.settlement.year
        code, agreement = n.jurisdiction.code, n.settlement.agreement.code
        late = carried(year, code, agreement) if year == 2023 else 0  # 2024 books it in its own day
        assert n.yuan == total(counted(year), code, agreement=agreement) + late
        nets[n.settlement.agreement.code, year] += n.yuan
    assert set(nets) == {(MAIN, 2023), (MAIN, 2024), (SIDE, 2023), (SIDE, 2024)}
    assert not any(nets.values())


# How many wait ----------------------------------------------------------------------------


def test_a_month_is_one_task_however_many_results_it_has(money):
    """Counted were the results: 70 for one month of the demonstration."""
    viewer = viewer_of(money.people.bureau)
    months = list(months_to_prepare(viewer))
    results = open_accruals().exclude(published_before())
    assert 0 < len(months) < results.count()
    assert counts(viewer).by_source["months-to-prepare"] == len(months)
