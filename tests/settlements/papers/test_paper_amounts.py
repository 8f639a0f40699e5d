"""What statements add up: months, adjustments, payments; equal to the nets and the ledger."""

from datetime import date

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Jurisdiction
from settlements import pipeline
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import Adjustment, LedgerAccount, Posting, Settlement
from settlements.money import yuan
from settlements.papers.paper import Paper, Table
from settlements.papers.queries.papers import agreement_paper, district_paper
from settlements.papers.queries.sources import Standing
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.books import Ledger
from tests.slips import approve_payment
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import jurisdiction, publish_year

PUBLISHED, CLOSED, LATER = date(2024, 1, 20), date(2024, 2, 5), date(2025, 3, 3)
PAID, BACK = date(2024, 3, 20), date(2024, 4, 10)


def table(paper: Paper, title: str) -> Table:
    return next(t for s in paper.sections for t in s.tables if t.title == title)


def column(found: Table, title: str, role: str = "") -> list:
    at = [c.title for c in found.columns].index(title)
    return [row.cells[at] for row in found.rows if row.role == role]


def corrected(border, people, when: str, water_class: str) -> Adjustment:
    """A published month measured anew, and the adjustment it leads to approved."""
    border.measured(when, water_class)
    pipeline.recompute()
    found = Adjustment.objects.get(state="proposed")
    review_adjustment(adjustment=found, by=people.bureau, reason="复核属实")
    return approve_adjustment(adjustment=found, by=people.bureau2)


def published() -> World:
    """2023: 下游区 owes 100 万元 a month; May was published so and is corrected to Ⅳ."""
    world = bare()
    border, people = world["border"], world["people"]
    Jurisdiction.objects.filter(pk__in=[border.upstream.pk, border.downstream.pk]).update(
        parent=Jurisdiction.objects.get(code="500000")
    )
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    publish_year(border.agreement, 2023, people, on=PUBLISHED)
    with moved_to(CLOSED):
        corrected(border, people, "2023-05", "IV")
    return world


def closed() -> World:
    world = published()
    people = world["people"]
    settlement = Settlement.objects.get(agreement=world["border"].agreement, year=2023)
    with moved_to(CLOSED):
        for act in (sign_data, confirm_amounts):
            for user in (people.district, people.downstream):
                act(settlement=settlement, by=user)
        prepare_closing(settlement=settlement, by=people.bureau)
        close_settlement(settlement=settlement, by=people.bureau2)
    return world


told = told_once(published)
published_year = closed_year = of_told("border")


def nets(border) -> dict:
    return {name: amount for name, amount in border.net(2023).items() if name != "外人区"}


def test_the_net_of_an_agreement_is_its_months_and_the_adjustments_that_count(
    published_year, people
):
    paper = agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2023)
    assert nets(published_year) == {"上游区": yuan("10000000"), "下游区": yuan("-10000000")}
    shown = table(paper, "各方净额")
    assert column(shown, "核算（元）") == [yuan("10000000"), yuan("-10000000")]
    assert column(shown, "跨年度调整（元）") == [0, 0]
    assert column(shown, "净额（元）") == list(nets(published_year).values())
    assert column(shown, "净额（元）", "total") == [0]
    months = column(table(paper, "逐月结果"), "交界\n金额（元）", "total")
    assert months == [yuan("10000000")]
    adjusted = table(paper, "调整")
    assert column(adjusted, "协议方") == ["下游区", "上游区"]
    assert column(adjusted, "差额（元）") == [yuan("2000000"), yuan("-2000000")]
    assert column(adjusted, "去向") == ["计入 2023 年净额"] * 2
    assert [a.yuan for a in paper.amounts] == list(nets(published_year).values())


def test_the_amount_of_a_district_is_its_net_of_the_year(published_year, people):
    for code, name in (("500901", "上游区"), ("500902", "下游区")):
        paper = district_paper(Standing(viewer_of(people.bureau)), code, 2023)
        net = nets(published_year)[name]
        assert paper.amounts[0].yuan == net
        shown = table(paper, "各协议收付")
        assert column(shown, "净额（元）") == column(shown, "净额（元）", "total") == [net]
        assert column(shown, "跨年度调整（元）") == [0]
        sign = 1 if code == "500901" else -1
        assert column(table(paper, "调整"), "差额（元）", "total") == [sign * yuan("-2000000")]
        assert f"{abs(net):,.2f} 元" in paper.summary[0]


@told_instead(closed)
def test_an_adjustment_after_the_closing_names_its_entry_and_leaves_the_year_alone(
    closed_year, people
):
    before = nets(closed_year)
    with moved_to(LATER):
        entry = corrected(closed_year, people, "2023-06", "IV").entry
        paper = district_paper(Standing(viewer_of(people.bureau)), "500901", 2023)
        agreement = agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2023)
        after = district_paper(Standing(viewer_of(people.bureau)), "500901", 2025)
        next_year = agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2024)
    assert paper.amounts[0].yuan == before["上游区"] == nets(closed_year)["上游区"]
    shown = table(paper, "调整")
    booked = f"记入 2025 年，{entry.label}"
    assert column(shown, "去向") == ["计入 2023 年净额", booked]
    assert column(shown, "差额（元）", "total") == [yuan("-2000000")]
    assert column(table(paper, "各协议收付"), "跨年度调整（元）") == [yuan("2000000")]
    assert column(table(agreement, "各方净额"), "净额（元）") == list(before.values())
    assert column(table(agreement, "各方净额"), "跨年度调整（元）") == [
        yuan("2000000"),
        yuan("-2000000"),
    ]
    assert booked in column(table(agreement, "调整"), "去向")
    cleared = table(agreement, "清缴情况")
    up, down = before["上游区"], before["下游区"]
    assert [row.cells[1:] for row in cleared.rows] == [
        ("上游区", up, yuan("-2000000"), 0, up - yuan("2000000")),
        ("下游区", down, yuan("2000000"), 0, down + yuan("2000000")),
    ]
    opens = table(next_year, "以前年度结转")
    assert [row.cells for row in opens.rows] == [("2023年", *row.cells[1:]) for row in cleared.rows]
    assert next_year.sections[0].title == "以前年度结转", "the statement opens with it"
    assert table(agreement, "以前年度结转").rows == ()
    (carried,) = [row for row in table(after, "调整").rows if not row.role]
    assert carried.cells[1] == "2023年6月"
    assert after.amounts[0].yuan == yuan("-2000000")
    assert column(table(after, "账户往来"), "减少（元）", "total") == [yuan("2000000")]


def test_what_waits_stands_with_its_difference_to_what_holds_now(published_year, people):
    """May: published II, adjusted to IV, measured once more as III."""
    with moved_to(CLOSED):
        published_year.measured("2023-05", "III")
        pipeline.recompute()
        assert Adjustment.objects.filter(state="proposed").count() == 1
        own = table(district_paper(Standing(viewer_of(people.bureau)), "500901", 2023), "调整")
        both = table(agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2023), "调整")
    assert column(own, "差额（元）") == [yuan("-2000000"), yuan("1000000")]
    assert column(both, "差额（元）") == [
        *(yuan("2000000"), yuan("-2000000")),
        *(yuan("1000000"), yuan("-1000000")),
    ]
    assert column(own, "差额（元）", "total") == [yuan("-2000000")]  # what waits counts nowhere


def pay(border, people, kind, payer, payee, amount, voucher, on=PAID):
    with moved_to(on):
        payment = prepare_payment(
            agreement=border.agreement,
            settlement=Settlement.objects.get(agreement=border.agreement, year=2023),
            kind=kind, payer=payer, payee=payee, yuan=amount, voucher=voucher, paid_on=on,
            by=people.treasury,
        )  # fmt: skip
        return approve_payment(payment=payment, by=people.treasury2, on=on)


@told_instead(closed)
def test_payments_through_the_treasury_and_reversals_stand_line_by_line(closed_year, people):
    treasury = jurisdiction("500000-T", "市级财政", Jurisdiction.Level.TREASURY)
    Jurisdiction.objects.filter(pk=treasury.pk).update(
        parent=Jurisdiction.objects.get(code="500000")
    )
    up, down = closed_year.upstream, closed_year.downstream
    pay(closed_year, people, "collection", down, treasury, "6000000", "DS-1")
    pay(closed_year, people, "disbursement", treasury, up, "5000000", "BF-1")
    wrong = pay(closed_year, people, "direct", down, up, "1000000", "ZJ-1")
    with moved_to(BACK):
        request = propose_reversal(entry=wrong, why="付错协议", by=people.treasury)
        approve_reversal(reversal=request, by=people.treasury2, on=BACK)
    viewer = viewer_of(people.treasury)
    with moved_to(BACK):
        rows = table(agreement_paper(Standing(viewer), "TEST", 2023), "付款")
        papers = {p: district_paper(Standing(viewer), p.code, 2024) for p in (up, down)}
    assert list(zip(column(rows, "方式"), column(rows, "金额（元）"), strict=True)) == [
        ("市级代收", yuan("6000000")),
        ("市级拨付", yuan("5000000")),
        ("直接支付", yuan("1000000")),
        ("冲销（直接支付）", yuan("-1000000")),
    ]
    assert column(rows, "付款日期") == [PAID] * 3 + [BACK]
    assert column(rows, "金额（元）", "total") == [yuan("6000000")], (
        "passed on, it is the same money"
    )
    assert "同一笔款不再计入合计" in rows.note
    for place, paper in papers.items():
        shown = table(paper, "付款")
        (paid,), (received,) = (
            column(shown, title, "total") for title in ("付出（元）", "收到（元）")
        )
        assert (paid, received) == {
            up: (yuan(0), yuan("5000000")), down: (yuan("6000000"), yuan(0)),
        }[place]  # fmt: skip
        # What the ledger moved by payments and their reversals, and what is left of the year.
        account = LedgerAccount.objects.get(jurisdiction=place, kind="compensation")
        postings = Posting.objects.filter(account=account)
        moved = sum(p.yuan for p in postings.exclude(entry__cause="settlement"))
        assert moved == paid - received
        assert paper.amounts[-1].yuan == sum(p.yuan for p in postings)
        assert paper.amounts[-1].yuan == nets(closed_year)[place.name] + moved


def test_an_offset_stands_on_the_statements_of_both_agreements(people):
    ledger = Ledger.make(people)
    ledger.owe("1000000")
    ledger.owe("300000", debtor=ledger.down, creditor=ledger.up, agreement=ledger.other)
    ledger.pay("300000", kind="offset", other_agreement=ledger.other, on=PAID)
    with moved_to(BACK):
        paper = district_paper(Standing(viewer_of(people.treasury)), "500901", 2024)
    shown = table(paper, "付款")
    assert column(shown, "协议") == ["台账河协议", "另一协议"]
    assert column(shown, "付出（元）") == [yuan("300000"), None]
    assert column(shown, "收到（元）") == [None, yuan("300000")]
    assert column(shown, "方式") == ["协议间抵扣"] * 2
