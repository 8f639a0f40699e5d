"""The year's page and its acts: who may what in which state, each after its 核对 page."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.access import viewer_of
from basins.clock import moved_to, today
from settlements import pipeline
from settlements.models import Adjustment, AmountRefusal, JournalEntry, Payment, Settlement
from settlements.moving.acts import NotAllowed
from settlements.years.queries.closing import PaymentDue, closing, payments_due
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.blank import blank_pages
from tests.slips import shown
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import out_of_office, publish_year, refusal

ON = date(2024, 2, 5)
YEAR = "/settlements/TEST/2023/"
DO = {"action": "do"}
ROLES = (
    "bureau", "bureau2", "treasury", "district", "downstream", "stranger", "township", "admin",
    "auditor", "station", "nobody",
)  # fmt: skip


def published_year() -> World:
    """2023: five months better than the target, all published and final."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when in border.months("2023-01", "2023-05") else "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border):
    with moved_to(ON):
        yield Settlement.objects.get(year=2023)


@pytest.fixture
def visit(client):
    def go(user, path="", data=None, status=200) -> str:
        client.force_login(user)
        answer = client.get(YEAR + path) if data is None else client.post(YEAR + path, data)
        assert answer.status_code == status, answer.content.decode()[-2000:]
        return answer.content.decode()

    return go


def advance(year, people, to: str) -> None:
    if to in ("signed", "confirmed", "prepared"):
        sign_data(settlement=year, by=people.district)
        sign_data(settlement=year, by=people.downstream)
    if to in ("confirmed", "prepared"):
        confirm_amounts(settlement=year, by=people.district)
        confirm_amounts(settlement=year, by=people.downstream)
    if to == "prepared":
        prepare_closing(settlement=year, by=people.bureau)
    year.refresh_from_db()


def test_the_whole_way_of_a_year_through_its_pages(year, people, visit):
    page = visit(people.district)
    assert "签认年度数据…" in page
    checked = visit(people.district, "sign/")
    assert "核对：签认 2023 年度数据" in checked
    assert "2023年12月" in checked
    assert "核验码" in checked
    visit(people.district, "sign/", DO, 302)
    visit(people.downstream, "sign/", DO, 302)
    amounts = visit(people.downstream, "confirm/")
    assert "5,000,000.00 元" in amounts
    assert "人民币伍佰万元整" in amounts
    visit(people.downstream, "confirm/", DO, 302)
    visit(people.district, "confirm/", DO, 302)
    visit(people.bureau, "prepare/", DO, 302)
    assert "须由市局另一人关账" in visit(people.bureau)
    entry = visit(people.bureau2, "close/")
    assert "将入账的凭证" in entry
    assert "2024-02-05" in entry
    assert not JournalEntry.objects.exists()
    visit(people.bureau2, "close/", DO, 302)
    year.refresh_from_db()
    assert (year.state, year.closed_by) == ("closed", people.bureau2)
    assert "下游区尚未付清 5,000,000.00 元，拨款〔2024〕1号，" in visit(people.treasury)


@pytest.mark.parametrize(
    ("act", "state", "allowed"),
    [
        ("sign/", "open", {"district", "downstream"}),
        ("confirm/", "signed", {"district", "downstream"}),
        ("prepare/", "confirmed", {"bureau", "bureau2"}),
        ("close/", "prepared", {"bureau2"}),
        ("return/", "prepared", {"bureau", "bureau2"}),
    ],
)
@blank_pages()
def test_each_act_is_a_missing_page_for_everyone_else(year, people, client, act, state, allowed):
    advance(year, people, state)
    bureau = {"bureau", "bureau2"}
    for who in ROLES:
        client.force_login(getattr(people, who))
        answer = client.get(YEAR + act)
        same_person = act == "close/" and who == "bureau"
        expected = 200 if who in allowed else 302 if same_person else refusal(who)
        assert answer.status_code == expected, (who, act)
        if who not in allowed | bureau:
            assert client.post(YEAR + act, DO).status_code == refusal(who)
    year.refresh_from_db()
    assert year.state == state


def test_the_page_offers_only_what_its_viewer_may_do(year, people, visit):
    advance(year, people, "prepared")
    for who in ("district", "treasury", "admin", "auditor"):
        page = visit(getattr(people, who))
        assert "关账…" not in page
    assert "退回关账…" in visit(people.bureau)
    page = visit(people.stranger)
    assert "已发布的月份" in page
    assert "关账…" not in page
    assert "各方签认" not in page


def test_what_is_missing_is_listed_with_its_place(year, border, people, visit):
    border.measured("2023-05", "IV")
    pipeline.recompute()
    adjustment = Adjustment.objects.get()
    page = visit(people.bureau)
    assert "2023年5月交界的调整待审。" in page
    assert f'href="/adjustments/{adjustment.pk}/"' in page
    assert "签认年度数据…" not in visit(people.district)
    refused = visit(people.district, "sign/", DO, 302)
    assert not year.signatures.exists(), refused


@told_instead(bare)
def test_an_open_year_is_not_closed(border, people, client):
    for when in border.months("2022-01", "2023-03"):
        border.measured(when, "II")
    pipeline.recompute()
    with moved_to(date(2023, 4, 5)):
        client.force_login(people.bureau2)
        answer = client.post(f"{YEAR}close/", DO, follow=True)
        assert "现为“核算中”，不能办理此事" in answer.content.decode()
        client.force_login(people.district)
        answer = client.post(f"{YEAR}sign/", DO, follow=True)
        assert "2023 年尚未结束" in answer.content.decode()
    assert Settlement.objects.get(year=2023).state == "open"


def test_nobody_signs_for_another_district(year, border, people, client):
    for who in ("district", "stranger"):
        client.force_login(getattr(people, who))
        assert client.post(f"{YEAR}sign/?party=500902", DO).status_code == 404
    assert not year.signatures.exists()
    with pytest.raises(NotAllowed):
        sign_data(settlement=year, by=people.district, party=border.downstream)


def test_signing_twice_signs_once(year, people, visit):
    visit(people.district, "sign/", DO, 302)
    visit(people.district, "sign/", DO, 302)
    assert year.signatures.count() == 1
    assert "贵方已签认" in visit(people.district)


def test_the_bureau_enters_a_signature_by_its_document(year, people, visit):
    out_of_office(people.downstream)
    assert "代下游区登记…" in visit(people.bureau)
    empty = visit(people.bureau, "sign/?party=500902", {"action": "check", "document": ""}, 422)
    assert "请填写文号。" in empty
    given = {"document": "下函〔2024〕1号"}
    checked = visit(people.bureau, "sign/?party=500902", {"action": "check", **given})
    assert "下函〔2024〕1号" in checked
    assert "更改" in checked
    missing = visit(people.bureau, "sign/?party=500902", {**DO, **given}, 422)
    assert "扫描件" in missing
    scan = SimpleUploadedFile("签认函.pdf", b"%PDF-1.4\n%%EOF\n")
    visit(people.bureau, "sign/?party=500902", {**DO, **given, "scan": scan}, 302)
    entered = year.signatures.get()
    assert (entered.document, entered.scan_name) == ("下函〔2024〕1号", "签认函.pdf")
    scan.seek(0)
    own = visit(people.bureau, "sign/?party=500901", {**DO, **given, "scan": scan}, 422)
    assert "自己的经办人" in own


def test_a_return_needs_its_reason(year, people, visit):
    advance(year, people, "prepared")
    visit(people.bureau2, "return/", {**DO, "why": " "}, 422)
    visit(people.bureau2, "return/", {**DO, "why": "金额待核"}, 302)
    year.refresh_from_db()
    assert year.state == "confirmed"
    page = visit(people.bureau)
    assert "金额待核" in page
    # Who confirmed keeps the step; who sent back stands beside it, in words.
    step = page.split("各方已确认</b>", 1)[1].split("</li>", 1)[0]
    assert "退回关账 bureau2：金额待核" in " ".join(step.split())
    assert "bureau2" not in step.split("退回关账", 1)[0]


def test_months_and_adjustments_add_up_to_the_net(year, border, people, visit):
    border.measured("2023-05", "IV")
    pipeline.recompute()
    found = Adjustment.objects.get()
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    approve_adjustment(adjustment=found, by=people.bureau2)
    page = closing(viewer_of(people.bureau), "TEST", 2023)
    sums = {s.place.name: (s.months, s.adjustments, s.net) for s in page.sums}
    assert sums == {
        "上游区": (Decimal(5000000), Decimal(-2000000), Decimal(3000000)),
        "下游区": (Decimal(-5000000), Decimal(2000000), Decimal(-3000000)),
    }
    assert (page.total.months, page.total.adjustments, page.total.net) == (0, 0, 0)
    text = visit(people.bureau)
    assert "计入 2023 年" in text
    states = re.findall(r'data-label="月度状态">(.*?)</td>', text, re.DOTALL)
    assert [i for i, cell in enumerate(states, 1) if "已修订" in cell] == [5], "on a phone too"
    assert "上游区补偿下游区 100.00 万元" in text


def test_a_signed_year_shows_in_the_list(year, people, client):
    advance(year, people, "confirmed")
    client.force_login(people.bureau)
    assert "各方已确认" in client.get("/settlements/").content.decode()


def test_payments_due_clear_what_is_left_the_largest_claims_first():
    assert payments_due({1: Decimal(-30), 2: Decimal(-20), 3: Decimal(40), 4: Decimal(10)}) == (
        PaymentDue(1, 3, Decimal(30)),
        PaymentDue(2, 3, Decimal(10)),
        PaymentDue(2, 4, Decimal(10)),
    )
    assert payments_due({1: Decimal(0), 2: Decimal(0)}) == ()


def test_what_is_owed_leads_the_treasury_to_the_payment_form_filled_in(
    year, border, people, visit, client
):
    advance(year, people, "prepared")
    close_settlement(settlement=year, by=people.bureau2)
    page = visit(people.treasury)
    link = re.search(r'href="([^"]+)">登记付款：下游区付上游区 5,000,000.00 元', page)
    assert "登记付款" not in visit(people.bureau)
    client.force_login(people.treasury)
    form = client.get(unescape(link[1])).context["form"]
    wanted = {"kind": "direct", "agreement": "TEST", "payer": "500902", "payee": "500901"}
    assert {name: form[name].value() for name in wanted} == wanted
    assert form["settlement"].value() == str(year.pk)
    assert form["yuan"].value() == "500万元"
    assert not form.errors
    given = {name: form[name].value() for name in form.fields if form[name].value()}
    pay = {**given, "voucher": "CZ-9", "paid_on": f"{today()}", "action": "record"}
    client.post("/ledger/payments/new/", pay)
    shown(Payment.objects.get())
    page = visit(people.treasury)
    assert "已登记、待复核：下游区付上游区 5,000,000.00 元（CZ-9）" in page
    assert "登记付款：" not in page, "it is not asked for twice"
    client.force_login(people.treasury2)
    address = f"/ledger/payments/{Payment.objects.get().pk}/"
    booked = client.post(address, {"action": "approve"}, follow=True).content.decode()
    assert f"{year}已清缴。" in booked


def test_a_refusal_goes_its_way_through_its_pages(year, people, visit, client):
    advance(year, people, "signed")
    page = visit(people.downstream)
    assert "不予确认…" in page
    assert "请填写理由" in visit(
        people.downstream, "refuse/", {"action": "check", "reason": ""}, 422
    )
    given = {"reason": "八月采样有误。"}
    checked = visit(people.downstream, "refuse/", {"action": "check", **given})
    assert "八月采样有误。" in checked
    visit(people.downstream, "refuse/", {**DO, **given}, 302)
    case = AmountRefusal.objects.get()
    address = f"/refusals/{case.pk}/"
    assert address in visit(people.district)

    def act(user, event: str, data=None, status=302) -> str:
        client.force_login(user)
        answer = client.post(f"{address}{event}/", {**DO, **(data or {})})
        assert answer.status_code == status
        return answer.content.decode()

    act(people.district, "withdraw", status=404)
    act(people.downstream, "answer", {"text": "x"}, 404)
    act(people.bureau, "reject", {"reason": "x"})  # too early: sent back with a word
    case.refresh_from_db()
    assert case.state == "raised"
    act(people.district, "answer", {"text": "联合采样，无误。"})
    act(people.bureau, "reject", {"reason": "记录齐全。"})
    act(people.downstream, "escalate")
    act(people.bureau, "rule_against", {"document": "渝府裁1号", "text": "维持"})
    client.force_login(people.district)
    shown = client.get(address).content.decode()
    for words in ("联合采样，无误。", "记录齐全。", "渝府裁1号", "金额维持", "八月采样有误。"):
        assert words in shown
    sums = re.findall(r"<dt>所拒净额</dt><dd>([^<]*)</dd>", shown)
    assert sums == ["应付 5,000,000.00 元"], "the word says what a sign would"
    for who in ("stranger", "township"):
        client.force_login(getattr(people, who))
        assert client.get(address).status_code == 404


def test_the_bureau_reminds_and_decides_from_the_years_page(year, people, visit):
    advance(year, people, "signed")
    visit(people.district, "confirm/", DO, 302)
    year.refresh_from_db()
    with moved_to(year.sign_until + timedelta(days=1)):
        assert "下游区，未催办" in visit(people.bureau)
        visit(people.bureau, "remind/?party=500902", DO, 302)
        assert "可表态至" in visit(people.bureau)
        assert "remind" not in visit(people.downstream)
    with moved_to(year.sign_until + timedelta(days=20)):
        visit(people.bureau, "decide-silent/?party=500902", {**DO, "reason": "数据齐全"}, 302)
        assert "市局决定" in visit(people.bureau)
    year.refresh_from_db()
    assert year.state == "confirmed"
