"""异议 on its pages: raised with 核对, answered, decided with a dry run, each by whom it may be."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse

from basins.clock import moved_to
from dashboard.frame.body_limit import LARGEST, BodyLimitMiddleware
from monitoring.models import Indicator, Reading, Verdict
from settlements import pipeline
from settlements.models import (
    Adjustment,
    Evidence,
    JointSample,
    MonthRuling,
    Objection,
    ObjectionReply,
)
from settlements.objections.services.decisions import order_remeasurement
from settlements.objections.services.objections import raise_objection
from settlements.work.queries.sources.listed import SOURCES
from tests.blank import blank_pages
from tests.disputes import (
    AMMONIA,
    DECIDED,
    RAISED,
    objected,
    pdf,
    proofs,
    year_published,
)
from tests.told_once import bare, of_told, told_instead, told_once, with_april
from tests.worlds import out_of_office, refusal

EVERYONE = (
    "bureau", "treasury", "district", "downstream", "township", "admin", "auditor", "station",
    "stranger", "nobody",
)  # fmt: skip
SEES = {"bureau", "treasury", "district", "downstream", "admin", "auditor"}


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def visit(client):
    def go(user, name, *arguments, post=None, on=RAISED, **query):
        with moved_to(on):
            client.force_login(user)
            address = reverse(name, args=arguments)
            return client.get(address, query) if post is None else client.post(address, post)

    return go


told = told_once(with_april)
april = of_told("april")


@pytest.fixture
def objection(border, people, april) -> Objection:
    return objected(border, people, april)


def text_of(answer, status=200) -> str:
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.content.decode()


# Who sees and does what -------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYONE)
def test_an_objection_is_for_its_parties_and_who_sees_all(objection, people, visit, who):
    user = getattr(people, who)
    answer = visit(user, "objection", objection.pk)
    assert answer.status_code == (200 if who in SEES else refusal(who))
    listed = visit(user, "objection-list")
    if listed.status_code == 200:
        assert (f"第 {objection.pk} 号" in text_of(listed)) is (who in SEES)
    file = Evidence.objects.get()
    got = visit(user, "objection-evidence-file", objection.pk, file.pk)
    assert got.status_code == (200 if who in SEES else refusal(who))
    if got.status_code == 200:
        assert b"".join(got.streaming_content).startswith(b"%PDF-")


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_each_act_is_for_whom_it_is(objection, people, visit, who):
    user = getattr(people, who)
    said = visit(user, "objection-reply", objection.pk, post={"text": "一句话"})
    answers = {"bureau", "district", "downstream"}
    assert said.status_code == (302 if who in answers else refusal(who))
    for name, may in (
        ("objection-decide", {"bureau"}),
        ("objection-withdraw", {"district"}),
    ):
        answer = visit(user, name, objection.pk)
        assert answer.status_code == (200 if who in may else refusal(who))
    for name in ("data-review", "joint-sample-new"):
        assert visit(user, name).status_code == (200 if who == "bureau" else refusal(who))
    seen = visit(user, "joint-sample-list").status_code
    offices = {"bureau", "treasury", "admin", "auditor"}
    assert seen == (200 if who in offices else refusal(who))
    decided = visit(user, "objection-decide", objection.pk,
                    post={"outcome": "reject", "reason": "不成立", "unheard": "清缴在即",
                          "action": "decide"})  # fmt: skip
    assert decided.status_code == (302 if who == "bureau" else refusal(who))
    assert Objection.objects.filter(state="rejected").exists() is (who == "bureau")


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_a_month_is_objected_to_by_its_parties_only(april, people, visit, who):
    user, may = getattr(people, who), {"district", "downstream"}
    for answer in (
        visit(user, "objection-new", month=april.pk),
        visit(user, "objection-new", "TEST", 2023, 4),
    ):
        assert answer.status_code == (200 if who in may else refusal(who))
    late = visit(user, "objection-new", month=april.pk, on=date(2023, 5, 23))
    assert late.status_code == refusal(who)


# Raising ----------------------------------------------------------------------------------


def test_from_the_month_page_to_the_objection(april, border, people, visit):
    page = text_of(visit(people.district, "settlement-month", "TEST", 2023, 4))
    assert reverse("objection-new", args=["TEST", 2023, 4]) in page
    given = {"month": april.pk, "section": "BORDER", "kind": "data_error"}
    page = text_of(visit(people.district, "objection-new", **given))
    assert AMMONIA.text in page
    page = text_of(visit(people.district, "objection-new", post={**given, "action": "check"}), 422)
    assert "请填写理由" in page
    assert "error-summary" in page
    typed = {**given, "reason": "氨氮有误", "readings": [AMMONIA.text]}
    page = text_of(visit(people.district, "objection-new", post={**typed, "action": "check"}))
    assert "提交异议" in page
    assert "氨氮有误" in page
    wrong = {**typed, "action": "raise", "file-original": pdf("图.png")}
    page = text_of(visit(people.district, "objection-new", post=wrong), 422)
    assert "扩展名 .png" in page
    assert not Objection.objects.exists()
    answer = visit(people.district, "objection-new",
                   post={**typed, "action": "raise", "file-original": [pdf(), pdf(words="2")]})  # fmt: skip
    made = Objection.objects.get()
    assert answer.url == reverse("objection", args=[made.pk])
    assert Evidence.objects.count() == 2
    assert made.readings.count() == 1


def test_the_form_asks_what_the_kind_asks(april, people, visit):
    page = text_of(visit(people.district, "objection-new", month=april.pk,
                         section="BORDER", kind="no_fault"))  # fmt: skip
    assert "推定上游有责" in page
    page = text_of(visit(people.downstream, "objection-new", post={
        "month": april.pk, "section": "BORDER", "kind": "no_fault", "reason": "与我无关",
        "action": "check"}), 422)  # fmt: skip
    assert "上游方" in page
    page = text_of(visit(people.downstream, "objection-new", month=april.pk,
                         section="BORDER", kind="exclusion"))  # fmt: skip
    assert "自然背景值高" in page


def test_a_body_too_large_is_refused_unread():
    class Unread:
        def read(self, *arguments):
            raise AssertionError("the body was read")

    request = RequestFactory().post("/objections/1/evidence/")
    request.META |= {"CONTENT_LENGTH": str(100 * 1024 * 1024), "wsgi.input": Unread()}
    refused = BodyLimitMiddleware(lambda r: pytest.fail("it went on"))(request)
    assert refused.status_code == 413
    assert "每份文件至多 20 MB" in refused.content.decode()
    request.META["CONTENT_LENGTH"] = str(LARGEST)
    assert BodyLimitMiddleware(lambda r: "went on")(request) == "went on"


# Answering, evidence, withdrawing -------------------------------------------------------------


def test_the_timeline_tells_who_and_when(objection, people, visit):
    visit(people.downstream, "objection-reply", objection.pk, post={"text": "不同意"})
    visit(people.district, "objection-evidence", objection.pk,
          post={"item": "quality", "file": pdf("质控.pdf", "q")})  # fmt: skip
    page = text_of(visit(people.auditor, "objection", objection.pk))
    for words in ("提出异议", "质控.pdf", "不同意", "下游区 downstream", "2023-05-16 10:00"):
        assert words in page
    assert "提交补充说明" not in page


def test_what_is_refused_is_said_beside_the_field(objection, people, visit):
    page = text_of(
        visit(people.district, "objection-evidence", objection.pk,
              post={"item": "quality", "file": pdf("图.png", "q")}), 422,
    )  # fmt: skip
    assert page.count("扩展名 .png") == 2  # in the summary and beside the field
    page = text_of(visit(people.downstream, "objection-reply", objection.pk, post={}), 422)
    assert "请填写内容" in page
    assert not ObjectionReply.objects.exists()


def test_withdrawing_passes_a_check(objection, people, visit):
    assert "核对后撤回" in text_of(visit(people.district, "objection-withdraw", objection.pk))
    assert Objection.objects.get().state == "raised"
    visit(people.district, "objection-withdraw", objection.pk, post={"why": "已核实"})
    assert Objection.objects.get().state == "withdrawn"
    again = visit(people.district, "objection-withdraw", objection.pk, post={})
    assert "不能办理此事" in text_of(again, 422)


# Deciding ---------------------------------------------------------------------------------


def test_the_check_shows_the_change_and_the_adjustment_before_it_is_made(objection, people, visit):
    given = {"outcome": "accept", "reason": "录入有误", "do-0": "correct", "value-0": "0.8",
             "unheard": "清缴在即"}  # fmt: skip
    page = text_of(visit(people.bureau, "objection-decide", objection.pk,
                         post={**given, "action": "check"}, on=DECIDED))  # fmt: skip
    for words in ("1.200 → 0.800", "试算结果", "会提出的调整", "上游区 +", "采纳异议"):
        assert words in page
    assert not Verdict.objects.exists()
    answer = visit(people.bureau, "objection-decide", objection.pk,
                   post={**given, "action": "decide"}, on=DECIDED)  # fmt: skip
    assert answer.status_code == 302
    said = "已采纳，数据已处理；随后重算会提出 1 项调整，由两人审定。"
    assert said in text_of(visit(people.bureau, "objection", objection.pk, on=DECIDED))
    pipeline.recompute()
    page = text_of(visit(people.district, "objection", objection.pk, on=DECIDED))
    for words in ("由此提出的调整", "待审", "数据变动", "采纳异议", "提出调整"):
        assert words in page
    assert Adjustment.objects.count() == 1
    late = visit(people.bureau, "objection-decide", objection.pk, post=given, on=DECIDED)
    assert late.status_code == 302
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"outcome": "accept", "reason": "是", "unheard": "急"}, "数据如何处理"),
        ({"outcome": "accept", "reason": "是", "do-0": "correct", "unheard": "急"}, "更正后的值"),
        ({"outcome": "accept", "reason": "是", "do-0": "accept", "unheard": "急"}, "本来有效"),
        ({"outcome": "reject"}, "请填写理由"),
        ({"outcome": "reject", "reason": "否"}, "请写明提前裁决的理由"),
    ],
)
def test_an_incomplete_decision_is_told_so(objection, people, visit, given, says):
    page = text_of(visit(people.bureau, "objection-decide", objection.pk,
                         post={**given, "action": "check"}, on=DECIDED), 422)  # fmt: skip
    assert says in page
    assert Objection.objects.get().state == "raised"


def test_a_remeasurement_is_recorded_on_the_page(objection, people, visit):
    with moved_to(DECIDED):
        order_remeasurement(objection=objection, by=people.bureau, reason="请总站复测")
    given = {"text": "总站报告", "indicator": "NH3-N", "sampled_at": "2023-04-15 14:00",
             "value": "0.75"}  # fmt: skip
    wrong = visit(people.bureau, "objection-remeasurement", objection.pk,
                  post={**given, "sampled_at": "2023-05-16 9:00"}, on=DECIDED)  # fmt: skip
    assert wrong.status_code == 422
    done = visit(people.bureau, "objection-remeasurement", objection.pk, post=given, on=DECIDED)
    assert done.status_code == 302
    assert Reading.objects.get(value=Decimal("0.75")).flag == "V"
    page = text_of(visit(people.bureau, "objection-decide", objection.pk, on=DECIDED))
    (row,) = [row for row in page.split("<tr>") if "0.750 mg/L" in row]
    assert "审核无效" in row


# Joint samples and review ---------------------------------------------------------------------


def test_a_joint_sample_is_checked_then_recorded_and_its_reserve_entered(objection, people, visit):
    given = {"objection": objection.pk, "section": "BORDER", "indicator": "NH3-N",
             "sampled_at": "2023-04-15 10:00", "upstream": "0.5", "downstream": "１.0",
             "agreed_error": "20%", "reserve": ""}  # fmt: skip
    page = text_of(visit(people.bureau, "joint-sample-new", post={**given, "action": "check"}))
    assert "66.7 %" in page
    assert "待留样" in page
    visit(people.bureau, "joint-sample-new", post={**given, "action": "record"})
    sample = JointSample.objects.get()
    page = text_of(visit(people.district, "objection", objection.pk))
    assert "待留样" in page
    assert reverse("joint-sample-reserve", args=[sample.pk]) not in page
    visit(people.bureau, "joint-sample-reserve", sample.pk, post={"reserve": "0.7"})
    assert JointSample.objects.get().value == Decimal("0.7")
    page = text_of(visit(people.bureau, "objection-decide", objection.pk))
    assert f'value="{sample.pk}"' in page
    assert "待留样" not in text_of(visit(people.bureau, "joint-sample-list"))


def test_a_result_not_detected_is_typed_checked_and_shown_with_its_mark(april, people, visit):
    given = {"section": "BORDER", "indicator": "NH3-N", "sampled_at": "2023-04-15 10:00",
             "upstream": "0.025L", "downstream": "＜0.025", "agreed_error": "20", "reserve": ""}  # fmt: skip
    page = text_of(visit(people.bureau, "joint-sample-new", post={**given, "action": "check"}))
    assert page.count("0.025L") >= 3  # both results and the value used
    visit(people.bureau, "joint-sample-new", post={**given, "action": "record"})
    assert JointSample.objects.get().value_below
    assert "0.025L" in text_of(visit(people.bureau, "joint-sample-list"))
    judged = {"section": "BORDER", "reading": AMMONIA.text, "outcome": "corrected",
              "value": "0.025L", "reason": "未检出"}  # fmt: skip
    page = text_of(visit(people.bureau, "data-judge", post={**judged, "action": "check"}))
    assert "0.025L mg/L" in page
    proof = SimpleUploadedFile("记录.pdf", b"%PDF-1.4\n%%EOF\n")
    visit(people.bureau, "data-judge", post={**judged, "action": "judge", "evidence": proof})
    reading = Reading.objects.get(indicator__code="NH3-N", origin=2)
    assert (reading.value, reading.below_limit) == (Decimal("0.025"), True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"upstream": "1.0①"}, "注记“①”"),
        ({"upstream": "3 5"}, "不止一个数"),
        ({"sampled_at": "2025 10:00"}, "不是时间"),
        ({"sampled_at": "2023-04"}, "没有写到日"),
        ({"upstream": "0.123456789012"}, "至多 8 位小数"),
    ],
)
def test_what_is_no_result_or_no_moment_of_a_joint_sample_is_refused(
    april, people, visit, changed, words
):
    given = {"section": "BORDER", "indicator": "NH3-N", "sampled_at": "2023-04-15 10:00",
             "upstream": "0.5", "downstream": "0.5", "agreed_error": "20", "reserve": ""}  # fmt: skip
    answer = visit(people.bureau, "joint-sample-new", post={**given, **changed, "action": "check"})
    assert words in text_of(answer, 422)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("200000", "氨氮不可能高于 100000 mg/L"),
        ("-1", "不小于 0 的数"),
        ("0.123456789", "至多 8 位小数"),
    ],
)
def test_a_correction_that_would_not_be_kept_is_refused_before_the_check(
    april, people, visit, value, words
):
    given = {"section": "BORDER", "reading": AMMONIA.text, "outcome": "corrected",
             "value": value, "reason": "复核"}  # fmt: skip
    answer = visit(people.bureau, "data-judge", post={**given, "action": "check"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_reading_is_judged_after_a_check_and_its_history_shown(april, people, visit):
    page = text_of(visit(people.bureau, "data-review", section="BORDER", month="2023-04"))
    assert "5 条数据" in page
    given = {"section": "BORDER", "reading": AMMONIA.text, "outcome": "invalidated",
             "reason": "质控不合格"}  # fmt: skip
    page = text_of(visit(people.bureau, "data-judge", post={**given, "action": "check"}))
    assert "审核为“无效”" in page
    assert not Verdict.objects.exists()
    answer = visit(people.bureau, "data-judge", post={**given, "action": "judge"})
    assert answer.status_code == 302
    page = text_of(visit(people.bureau, "data-review", section="BORDER", month="2023-04"))
    assert "质控不合格" in page
    for who in ("district", "treasury", "admin", "auditor"):
        assert visit(getattr(people, who), "data-judge", post=given).status_code == 404


@pytest.mark.parametrize("reading", ["", "x", "NH3-N|2023-04-15|2", "NH3-N|x|9"])
def test_nonsense_names_no_reading(april, people, visit, reading):
    answer = visit(people.bureau, "data-judge", section="BORDER", reading=reading)
    assert answer.status_code == 404
    assert Indicator.objects.filter(code="NH3-N").exists()


# 我的工作 -----------------------------------------------------------------------------------


def test_everybody_finds_their_part_in_the_work_list(objection, people, visit):
    keys = {s.key for s in SOURCES}
    assert {"objections-to-answer", "objections-to-decide", "objections-to-prove"} <= keys
    for who, words in (
        ("district", "补充证据"), ("downstream", "答复异议"), ("bureau", "裁决异议"),
    ):  # fmt: skip
        assert words in text_of(visit(getattr(people, who), "work"))
    begun = text_of(visit(people.district, "work", tab="begun"))
    assert reverse("objection", args=[objection.pk]) in begun
    late = text_of(visit(people.downstream, "work", on=date(2023, 5, 24)))
    assert "答复异议" not in late


@told_instead(bare)
def test_the_bureau_says_which_month_of_a_year_it_excludes(border, people, visit):
    month = year_published(border, people)
    on = date(2024, 1, 16)
    with moved_to(on):
        objection = raise_objection(
            month=month, by=people.district, section=border.section, kind="exclusion",
            reason="六月大旱断流。", ground="drought", files=proofs("exclusion"),
        )  # fmt: skip
    given = {"outcome": "accept", "reason": "属实", "state": "excluded", "ground": "drought",
             "unheard": "清缴在即"}  # fmt: skip
    wrong = visit(people.bureau, "objection-decide", objection.pk, post=given, on=on)
    assert "请选择认定哪一个月" in text_of(wrong, 422)
    given |= {"month": "2023-06"}
    check = text_of(visit(people.bureau, "objection-decide", objection.pk, post=given, on=on))
    assert "2023-06 认定为“剔除”" in check
    visit(
        people.bureau, "objection-decide", objection.pk, post={**given, "action": "decide"}, on=on
    )
    assert MonthRuling.objects.get().month == date(2023, 6, 1)


def test_an_acceptance_that_changes_no_amount_says_that_nothing_will_be_adjusted(
    objection, people, visit
):
    given = {"outcome": "accept", "reason": "录入有误", "do-0": "correct", "value-0": "1.201",
             "unheard": "清缴在即", "action": "decide"}  # fmt: skip
    visit(people.bureau, "objection-decide", objection.pk, post=given, on=DECIDED)
    page = text_of(visit(people.bureau, "objection", objection.pk, on=DECIDED))
    assert "已采纳，数据已处理；试算没有不同的金额，不提出调整。" in page


def test_a_month_of_its_own_asks_for_no_month(border, people, april, visit):
    objection = objected(border, people, april, kind="exclusion", ground="drought", readings=[])
    page = text_of(visit(people.bureau, "objection-decide", objection.pk))
    assert 'name="state"' in page
    assert 'name="month"' not in page


def test_the_bureau_enters_the_answer_of_a_party_without_a_person_here(
    border, people, april, objection, visit
):
    out_of_office(people.downstream)
    page = text_of(visit(people.bureau, "objection", objection.pk))
    assert '<option value="500902">下游区</option>' in page
    assert '<option value="500901">' not in page  # speaks for itself
    given = {"text": "数据无误。", "party": "500902"}
    bare = visit(people.bureau, "objection-reply", objection.pk, post=given)
    assert "请填写该方书面文件的文号" in text_of(bare, 422)
    visit(people.bureau, "objection-reply", objection.pk, post={**given, "document": "下函 3 号"})
    reply = ObjectionReply.objects.get()
    assert reply.kind == "answer"
    assert (reply.jurisdiction, reply.by) == (border.downstream, people.bureau)
    assert "下函 3 号" in reply.text
    objection.refresh_from_db()
    assert objection.state == "answered"
    visit(people.bureau, "objection-reply", objection.pk, post={"text": "请附原始记录。"})
    assert ObjectionReply.objects.latest("pk").jurisdiction is None


def test_a_party_is_not_offered_to_speak_for_another(objection, people, visit):
    out_of_office(people.downstream)
    page = text_of(visit(people.district, "objection", objection.pk))
    assert 'name="text"' in page
    assert 'name="party"' not in page
    visit(people.district, "objection-reply", objection.pk,
          post={"text": "代为答复", "party": "500902", "document": "1 号"})  # fmt: skip
    assert ObjectionReply.objects.get().jurisdiction == objection.jurisdiction


@told_instead(with_april)
def test_readings_are_chosen_by_indicator_days_and_limit(border, people, april, client):
    """Of April's sample only ammonia is beyond its limit; nothing but what was measured is offered."""
    client.force_login(people.district)
    asked = {"month": april.pk, "section": "BORDER", "kind": "data_error"}

    def listed(**choice) -> list[str]:
        with moved_to(RAISED):
            page = client.get("/objections/new/", {**asked, **choice})
        assert page.status_code == 200
        return [line.key.indicator for line in page.context["lines"]]

    measured = {"pH", "DO", "CODMn", "NH3-N", "TP"}
    assert set(listed(indicator="")) == measured
    assert listed(indicator="", over="on") == ["NH3-N"]
    assert listed(indicator="TP") == ["TP"]
    assert listed(indicator="", since="2023-04-16") == []
    assert set(listed(indicator="", since="2023-04-15", until="2023-04-15")) == measured
    assert listed() == ["NH3-N"]  # what decided the class
    with moved_to(RAISED):
        page = client.get("/objections/new/", asked)
        none = client.get("/objections/new/", {**asked, "indicator": "TP", "over": "on"})
    assert none.context["lines"] == []
    assert "总磷 1 条，其中 0 条超过限值" in none.content.decode(), "what is not chosen is drawn"
    offered = dict(page.context["choice"].fields["indicator"].choices)
    assert set(offered) == {"", *measured}
    assert "氨氮 1 条，其中 1 条超过限值 1.0 mg/L" in page.content.decode()


@told_instead(with_april)
def test_all_that_is_listed_is_chosen_at_one_tick(border, people, april, client):
    client.force_login(people.district)
    given = {"month": april.pk, "section": "BORDER", "kind": "data_error", "indicator": "",
             "reason": "有误", "listed": "on", "action": "check"}  # fmt: skip
    with moved_to(RAISED):
        page = client.post("/objections/new/", given)
        assert page.status_code == 200
        kept = [value for name, value in page.context["kept"] if name == "readings"]
        assert len(kept) == 5
        answer = client.post(
            "/objections/new/",
            {**given, "listed": "", "readings": kept, "action": "raise", "file-original": pdf()},
        )
    assert answer.status_code == 302
    assert Objection.objects.get().readings.count() == 5


@told_instead(with_april)
def test_an_objection_without_its_evidence_stays_on_the_check_page(border, people, april, client):
    client.force_login(people.district)
    given = {"month": april.pk, "section": "BORDER", "kind": "data_error", "indicator": "",
             "reason": "有误", "listed": "on", "action": "raise"}  # fmt: skip
    with moved_to(RAISED):
        page = client.post("/objections/new/", given)
    assert page.status_code == 422
    assert "“数据有误”须附必需的证据：原始记录或监测报告。" in page.content.decode()
    assert not Objection.objects.exists()
