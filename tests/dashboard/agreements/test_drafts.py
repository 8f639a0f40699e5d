"""Entering an agreement on the pages: tolerant, kept, checked by two, without script."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.models import Role, User
from basins.ranges import between
from dashboard.agreements.entry.parameters import starting, typed_parameters
from settlements.models import Agreement, AgreementDraft
from settlements.money import yuan
from tests.blank import blank_pages
from tests.past import established
from tests.told_once import World, of_told, told_once
from tests.worlds import Border, People

PDF = b"%PDF-1.7\n%...\n"


def without_agreement() -> World:
    second = User.objects.create(username="second", display_name="第二人")
    with established():
        Role.objects.create(user=second, role="admin", in_force=between(date(2018, 1, 1)))
    world = Border.make(with_agreement=False)
    return {"people": People.make(), "world": world, "second": second}


told = told_once(without_agreement)
world, second = of_told("world"), of_told("second")


@pytest.fixture
def admin(client, people, world):
    client.force_login(people.admin)
    return client


@pytest.fixture
def draft(admin) -> AgreementDraft:
    answer = admin.post("/agreements/new/")
    made = AgreementDraft.objects.get()
    assert answer["Location"] == f"/agreements/drafts/{made.pk}/parties/"
    return made


PARTIES = {
    "title": "新河协议",
    "code": "ｎｅｗ－１",
    "parties-rows": "2",
    "parties-0-jurisdiction": "500901",
    "parties-0-role": "signatory",
    "parties-1-jurisdiction": "500902",
    "parties-1-role": "signatory",
}
RIVER = {
    "river": "TESTHE",
    "sections-of": "TESTHE",
    "sections-rows": "1",
    "sections-0-section": "BORDER",
    "sections-0-upstream": "500901",
    "sections-0-downstream": "500902",
    "sections-0-share": "５０％",
}
TERM = {
    "from": "2023年1月",
    "last": "2025.12",
    "signed_on": "2022/12/1",
    "source": "协议文本",
    "clauses-rows": "1",
    "clauses-0-key": "第六条",
    "clauses-0-words": "按基准核算。",
}


def rule_typed(**changes) -> dict[str, str]:
    typed = typed_parameters("baseline", starting("baseline", date(2023, 1, 1)))
    return {"rule": "baseline", "rule-of": "baseline", **typed, **changes}


def address(draft, step) -> str:
    return f"/agreements/drafts/{draft.pk}/{step}/"


def send(client, draft, step, typed, action="next", status=302):
    answer = client.post(address(draft, step), {**typed, "action": action})
    assert answer.status_code == status, answer.content.decode()
    return answer


def filled(client, draft, **rule) -> AgreementDraft:
    for step, typed in (
        ("parties", PARTIES), ("river", RIVER), ("rule", rule_typed(**rule)), ("term", TERM),
    ):  # fmt: skip
        send(client, draft, step, typed)
    draft.refresh_from_db()
    return draft


def test_a_party_is_a_signatory_unless_said_otherwise(admin, draft):
    page = admin.get(address(draft, "parties")).content.decode()
    offered = re.search(r'name="parties-0-role".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="(\w*)"', offered) == ["signatory", "municipal_fill"]


# The steps -------------------------------------------------------------------------------


def test_a_whole_agreement_is_entered_previewed_checked_and_activated(admin, draft, world, second):
    world.assessed("2023-05", "II")
    filled(admin, draft, **{"rate": "２００万元", "rate-source": "第六条"})
    page = admin.get(address(draft, "preview")).content.decode()
    assert re.search(r"条款期内 \d+ 期，共会补偿 100.00 万元", page)
    assert "下游区 → 上游区" in page
    assert "2023-05" in page
    assert 'id="trial-figure"' in page
    check = address(draft, "check")
    page = admin.get(check).content.decode()
    for words in (
        "新河协议",
        "NEW-1",
        "200.00 万元",
        "第六条",
        "默认参数",
        "份额 50%",
        "2023-01-01 至 2025-12-31",
    ):
        assert words in page
    assert page.count("更改<") == page.count("<dt>") - 4  # facts of the head have none
    assert admin.post(check, {"action": "submit"}).status_code == 302
    page = admin.get(check).content.decode()
    assert "您参与了录入，不能启用" in page
    assert "待另一人核对启用</h1>" in re.sub(r"\s+(?=<)", "", page)
    draft.refresh_from_db()
    refused = admin.post(check, {"action": "activate", "version": draft.version})
    assert refused.status_code == 422
    assert "另一位协议管理员核对启用" in refused.content.decode()
    assert not Agreement.objects.exists()
    admin.force_login(second)
    page = admin.get(check).content.decode()
    assert "启用协议" in page
    assert re.search(r"条款期内试算</dt><dd>\d+ 期，共会补偿 100.00 万元", page)
    assert f'href="{address(draft, "preview")}"' in page
    assert "共会补偿 100.00 万元" in admin.get(address(draft, "preview")).content.decode()
    done = admin.post(check, {"action": "activate", "version": draft.version})
    assert done["Location"] == "/agreements/NEW-1/"
    world.agreement = Agreement.objects.get()
    assert world.transfers("2023-05") == [(world.downstream, world.upstream, yuan("1000000"))]
    again = admin.post(check, {"action": "activate", "version": draft.version})
    assert again["Location"] == "/agreements/NEW-1/"
    assert Agreement.objects.count() == 1
    assert "已启用" in admin.get(check).content.decode()


def test_who_activates_is_warned_of_a_border_that_another_agreement_settles(
    admin, draft, world, second
):
    world.sign("FORMER")
    filled(admin, draft)
    assert admin.post(address(draft, "check"), {"action": "submit"}).status_code == 302
    admin.force_login(second)
    page = admin.get(address(draft, "check")).content.decode()
    assert "（FORMER）里；请确认不是重复计付" in page


def test_what_was_understood_is_said_back_normalised(admin, draft):
    filled(admin, draft, **{"rate": "５００万元", "rate-source": "第六条"})
    page = admin.get(address(draft, "rule")).content.decode()
    assert 'value="500万元"' in page
    assert "按“5,000,000.00 元（500.00 万元）”处理" in page
    page = admin.get(address(draft, "term")).content.decode()
    assert 'value="2023-01-01"' in page
    assert 'value="2025-12-31"' in page
    page = admin.get(address(draft, "river")).content.decode()
    assert 'value="50%"' in page


def test_a_wrong_step_keeps_what_was_typed_and_says_where(admin, draft):
    send(admin, draft, "parties", PARTIES)
    send(admin, draft, "river", RIVER)
    typed = rule_typed(rate="五百万")
    page = send(admin, draft, "rule", typed, status=422).content.decode()
    assert '<a href="#id_rate">补偿标准（元/期）：“五百万”不是数字' in page
    assert 'value="五百万"' in page
    assert page.count('class="field field-wrong"') == 1
    again = admin.get(address(draft, "rule")).content.decode()
    assert 'value="五百万"' in again
    draft.refresh_from_db()
    assert draft.data["rule"]["typed"]["rate"] == "五百万"
    assert "规则与参数”还没有填完" in admin.get(address(draft, "preview")).content.decode()


def test_a_changed_value_needs_a_source_of_its_own_or_the_general_one(admin, draft):
    send(admin, draft, "parties", PARTIES)
    page = send(admin, draft, "rule", rule_typed(rate="200万元"), status=422).content.decode()
    assert "值已不是默认值" in page
    send(
        admin,
        draft,
        "rule",
        rule_typed(**{"rate": "200万元", "rate-source": "", "source": "第九条"}),
    )
    draft.refresh_from_db()
    stored = draft.data["rule"]["values"]["parameters"]
    assert stored["rate"] == {"value": "2000000.00", "source": "第九条", "is_default": False}
    assert stored["tier_amount"]["is_default"] is True


def test_a_value_out_of_the_rules_bounds_is_said_beside_its_field(admin, draft):
    typed = rule_typed(**{"rate": "-1", "rate-source": "第六条"})
    page = send(admin, draft, "rule", typed, status=422).content.decode()
    assert '<a href="#id_rate">' in page
    assert "低于下限" in page


def test_choosing_a_river_offers_the_border_sections_of_the_parties(admin, draft):
    send(admin, draft, "parties", PARTIES)
    send(admin, draft, "river", {"river": "TESTHE", "sections-of": ""}, action="choose")
    page = admin.get(address(draft, "river")).content.decode()
    assert '<option value="BORDER" selected>交界（上游区 → 下游区）</option>' in page
    assert '<option value="500901" selected>' in page


def test_another_rule_begins_with_its_own_defaults(admin, draft):
    send(admin, draft, "rule", {**rule_typed(), "rule": "class_vs_last_year"})
    page = admin.get(address(draft, "rule")).content.decode()
    assert "未达标核算方式" in page
    assert "默认参数" in page
    assert "重庆市实施方案（试行）2018" in page


def test_no_rule_chosen_is_said(admin, draft):
    page = send(admin, draft, "rule", {"rule": "", "rule-of": ""}, status=422).content.decode()
    assert "请先选一条规则" in page


def test_a_row_is_added_without_script_and_nothing_typed_is_lost(admin, draft):
    typed = {**PARTIES, "title": "未完"}
    answer = send(admin, draft, "parties", typed, action="add-parties")
    assert answer["Location"].endswith("#parties")
    page = admin.get(address(draft, "parties")).content.decode()
    assert 'value="未完"' in page
    assert 'name="parties-2-jurisdiction"' in page
    assert "error-summary" not in page


@pytest.mark.parametrize("rows", ["99999999", "-5", "x", ""])
def test_a_row_count_from_elsewhere_breaks_nothing(admin, draft, rows):
    send(admin, draft, "parties", {**PARTIES, "parties-rows": rows})
    page = admin.get(address(draft, "parties")).content.decode()
    assert page.count('-jurisdiction"') < 400


def test_the_same_party_or_section_twice_is_refused(admin, draft):
    page = send(
        admin, draft, "parties", {**PARTIES, "parties-1-jurisdiction": "500901"}, status=422
    ).content.decode()
    assert "这个行政区已在上面" in page
    send(admin, draft, "parties", PARTIES)
    twice = {k.replace("-0-", "-1-"): v for k, v in RIVER.items()}
    page = send(admin, draft, "river", {**RIVER, **twice, "sections-rows": "2"}, status=422)
    assert "已在上面一行" in page.content.decode()


def test_a_row_cleared_but_for_its_share_is_dropped(admin, draft):
    send(admin, draft, "parties", PARTIES)
    send(admin, draft, "river", {**RIVER, "sections-rows": "2", "sections-1-share": "100%"})
    draft.refresh_from_db()
    assert len(draft.data["river"]["values"]["sections"]) == 1


def test_an_end_before_the_beginning_is_refused(admin, draft):
    page = send(admin, draft, "term", {**TERM, "last": "2022年"}, status=422).content.decode()
    assert "止日 2022-12-31 早于起日 2023-01-01" in page


def test_a_reserved_or_taken_code_is_refused(admin, draft, world):
    world.sign("TAKEN")
    for code, words in (("new", "留作网址"), ("taken", "已有编码为 TAKEN"), ("协议", "不能作编码")):
        page = send(admin, draft, "parties", {**PARTIES, "code": code}, status=422)
        assert words in page.content.decode()


# Documents -------------------------------------------------------------------------------


def test_a_document_is_stored_shown_fetched_and_taken_out(admin, draft, settings, tmp_path, people):
    settings.MEDIA_ROOT = tmp_path
    send(admin, draft, "term", {**TERM, "documents": SimpleUploadedFile("协议.pdf", PDF)})
    kept = draft.documents.get()
    page = admin.get(address(draft, "term")).content.decode()
    assert "协议.pdf" in page
    assert kept.sha256 in page
    at = f"/agreements/drafts/{draft.pk}/documents/{kept.pk}/"
    answer = admin.get(at)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    admin.force_login(people.bureau)
    assert admin.get(at).status_code == 404
    admin.force_login(people.admin)
    send(admin, draft, "term", TERM, action=f"remove-document-{kept.pk}")
    assert draft.documents.count() == 0


def test_a_document_of_an_agreement_is_for_whoever_sees_it(
    admin, draft, settings, tmp_path, people, second
):
    settings.MEDIA_ROOT = tmp_path
    filled(admin, draft)
    send(admin, draft, "term", {**TERM, "documents": SimpleUploadedFile("协议.pdf", PDF)})
    kept = draft.documents.get()
    admin.post(address(draft, "check"), {"action": "submit"})
    draft.refresh_from_db()
    admin.force_login(second)
    admin.post(address(draft, "check"), {"action": "activate", "version": draft.version})
    at = f"/agreements/NEW-1/documents/{kept.pk}/"
    for name, status in (("bureau", 200), ("district", 200), ("station", 403)):
        admin.force_login(getattr(people, name))
        answer = admin.get(at)
        assert answer.status_code == status
        if status == 200:
            assert b"".join(answer.streaming_content) == PDF
    admin.force_login(people.bureau)
    assert at in admin.get("/agreements/NEW-1/").content.decode()
    assert admin.get(f"/agreements/OTHER/documents/{kept.pk}/").status_code == 404


def test_a_file_of_another_kind_is_refused_beside_its_field(admin, draft, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    wrong = {**TERM, "documents": SimpleUploadedFile("协议.pdf", b"MZ\x90")}
    page = send(admin, draft, "term", wrong, status=422).content.decode()
    assert '<a href="#id_documents">' in page
    assert "内容不是 PDF、PNG 或 JPEG" in page
    assert "协议文本" in page


# Who and when ----------------------------------------------------------------------------


@blank_pages()
def test_only_who_edits_agreements_finds_drafts(admin, draft, people, border_pages):
    for name in ("bureau", "treasury", "district", "township", "auditor", "stranger"):
        admin.force_login(getattr(people, name))
        for page in border_pages(draft):
            assert admin.get(page).status_code == 404, (name, page)
            assert admin.post(page, {}).status_code == 404, (name, page)


@pytest.fixture
def border_pages(world):
    world.sign()

    def pages(draft):
        steps = ("parties", "river", "rule", "term", "preview", "check")
        return ["/agreements/new/", "/agreements/TEST/amend/", *(address(draft, s) for s in steps)]

    return pages


def test_a_missing_draft_or_step_is_not_found(admin, draft):
    assert admin.get("/agreements/drafts/999999/parties/").status_code == 404
    assert admin.get(address(draft, "weather")).status_code == 404
    assert admin.get("/agreements/NOWHERE/amend/").status_code == 404


def test_a_submitted_draft_leads_to_its_check_and_is_not_saved(admin, draft):
    filled(admin, draft)
    admin.post(address(draft, "check"), {"action": "submit"})
    assert admin.get(address(draft, "term"))["Location"] == address(draft, "check")
    send(admin, draft, "term", {**TERM, "source": "另一个"})
    draft.refresh_from_db()
    assert draft.data["term"]["values"]["source"] == "协议文本"
    admin.post(address(draft, "check"), {"action": "return"})
    assert admin.get(address(draft, "term")).status_code == 200


def test_an_incomplete_draft_is_not_submitted_and_says_what_is_missing(admin, draft):
    answer = admin.post(address(draft, "check"), {"action": "submit"})
    assert answer.status_code == 422
    assert "“协议方”还没有填完" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_drafts_are_listed_and_reached_from_the_agreements(admin, draft, people, border_pages):
    assert 'href="/agreements/new/"' in admin.get("/agreements/").content.decode()
    assert 'href="/agreements/TEST/amend/"' in admin.get("/agreements/TEST/").content.decode()
    assert f'href="{address(draft, "check")}"' in admin.get("/agreements/new/").content.decode()
    admin.force_login(people.bureau)
    assert "/agreements/new/" not in admin.get("/agreements/").content.decode()
    assert "/amend/" not in admin.get("/agreements/TEST/").content.decode()


# Amending --------------------------------------------------------------------------------


AMEND = {"what": "amend:main", "reason": "补充协议提高了标准"}


def test_an_amendment_is_prefilled_compared_and_put_in_force(admin, world, second):
    world.sign()
    for when in ("2024-02", "2024-05"):
        world.assessed(when, "II")
    answer = admin.post("/agreements/TEST/amend/", {**AMEND, "from": "２０２４年４月"})
    draft = AgreementDraft.objects.get()
    assert answer["Location"] == address(draft, "river")
    page = admin.get(address(draft, "rule")).content.decode()
    assert "原条款：" in page or "默认参数" in page
    typed = dict(re.findall(r'name="([^"]+)"(?: value="([^"]*)")', page))
    assert typed["rate"] == "100万元"
    changed = rule_typed(**{"rate": "300万元", "rate-source": "补充协议第二条"})
    send(admin, draft, "rule", changed)
    page = admin.get(address(draft, "preview")).content.decode()
    assert "会不同的月份：1 个" in page
    assert page.count("<b>有变化</b>") == 2  # the rate, and from when it holds
    assert "+200.00" in page
    wrong = {"from": "2024-04-15", "source": "补充协议"}
    send(admin, draft, "term", wrong)
    assert "须为当月 1 日" in admin.get(address(draft, "preview")).content.decode()
    send(admin, draft, "term", {**wrong, "from": "2024年4月"})
    admin.post(address(draft, "check"), {"action": "submit"})
    draft.refresh_from_db()
    admin.force_login(second)
    admin.post(address(draft, "check"), {"action": "activate", "version": draft.version})
    world.agreement = Agreement.objects.get()
    assert [y for _, _, y in world.transfers("2024-02")] == [yuan("1000000")]
    assert [y for _, _, y in world.transfers("2024-05")] == [yuan("3000000")]
    assert "第 3 条款期" in admin.get("/agreements/TEST/").content.decode()


def test_a_date_that_cannot_be_amended_from_is_said_beside_the_field(admin, world):
    world.sign()
    for typed, words in (("2024-04-15", "须为当月 1 日"), ("明年", "不是日期"), ("", "必填")):
        answer = admin.post("/agreements/TEST/amend/", {**AMEND, "from": typed})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert '<a href="#id_from">' in page
        assert words in page
    assert not AgreementDraft.objects.exists()


def test_the_title_and_code_of_an_amendment_stay(admin, world):
    world.sign()
    admin.post("/agreements/TEST/amend/", {**AMEND, "from": "2024年4月"})
    draft = AgreementDraft.objects.get()
    send(admin, draft, "parties", {**PARTIES, "title": "改名", "code": "OTHER"})
    draft.refresh_from_db()
    assert (draft.title, draft.code) == ("测试河协议", "TEST")
