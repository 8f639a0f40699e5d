"""A year's amounts refused by a party: answered, decided, taken to the superior; and silence."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Jurisdiction, Notification, Role
from settlements import pipeline
from settlements.accruals.services.nets import resettle
from settlements.models import Adjustment, AmountRefusal, Party, Settlement, StateMove, Term
from settlements.moving.acts import NotAllowed, Refused
from settlements.work.queries.work import counts, todo
from settlements.years.queries.closing import closing
from settlements.years.queries.refusals import refusal_page
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.refusals import (
    answer_refusal,
    decide_refusal,
    enter_ruling,
    escalate_refusal,
    keep_amounts,
    lapse_refusals,
    refuse_amounts,
    withdraw_refusal,
)
from settlements.years.services.signing import (
    confirm_amounts,
    decide_silent,
    lapse_years,
    remind_to_sign,
    sign_data,
)
from settlements.years.services.year_data import NotReady
from tests.published import person
from tests.told_once import World, bare, told_once
from tests.worlds import publish_year

ON = date(2024, 2, 5)
PDF = b"%PDF-1.4\n%%EOF\n"
MILLION = Decimal("1000000.00")


def published_year() -> World:
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border) -> Settlement:
    with moved_to(ON):
        yield Settlement.objects.get(year=2023)


@pytest.fixture
def signed(year, people) -> Settlement:
    sign_data(settlement=year, by=people.district)
    sign_data(settlement=year, by=people.downstream)
    year.refresh_from_db()
    return year


@pytest.fixture
def refused(signed, people) -> AmountRefusal:
    return refuse_amounts(
        settlement=signed, by=people.downstream, reason="八月采样有误，应付一千一百万元。"
    )


def on(day: date):
    return moved_to(day)


def silence_confirms(border) -> None:
    """As the terms had said it before anything of theirs was published: past the guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Term.objects.filter(agreement=border.agreement).update(silence="confirm")
        cursor.execute("SET LOCAL session_replication_role = origin")


def waits(user) -> dict[str, list[str]]:
    viewer = viewer_of(user)
    return {g.key: [t.title for t in g.tasks] for g in todo(viewer, counts(viewer))}


def told_to(user, part: str) -> list[str]:
    found = Notification.objects.filter(user=user, text__contains=part).order_by("pk")
    return list(found.values_list("text", flat=True))


# Refused ---------------------------------------------------------------------------------------


def test_a_refusal_is_told_keeps_the_year_and_is_answered_and_decided(refused, signed, people):
    assert refused.yuan == -12 * MILLION
    assert refused.until == date(2024, 2, 23)
    words = "下游区不予确认测试河协议 2023 年的金额（应付 12,000,000.00 元）"
    assert told_to(people.district, "不予确认")[0].startswith(words)
    assert told_to(people.bureau, "不予确认")
    assert "refusals-to-answer" in waits(people.district)
    assert "refusals-to-decide" not in waits(people.bureau), "the other side is heard first"
    confirm_amounts(settlement=signed, by=people.district)
    with pytest.raises(Refused, match="请先撤回"):
        confirm_amounts(settlement=signed, by=people.downstream)
    with pytest.raises(Refused, match="答复期到 2024-02-23"):
        decide_refusal(refusal=refused, by=people.bureau, accept=False, reason="数据无误")
    answer_refusal(refusal=refused, by=people.district, text="采样由双方联合进行，无误。")
    assert "refusals-to-answer" not in waits(people.district)
    assert waits(people.bureau)["refusals-to-decide"] == ["裁决：测试河协议 2023 年下游区不予确认"]
    decide_refusal(refusal=refused, by=people.bureau, accept=False, reason="联合采样记录齐全。")
    signed.refresh_from_db()
    assert signed.state == "signed"
    assert "refusals-turned-down" in waits(people.downstream)
    assert "2024年2月23日前可报共同上级裁定" in told_to(people.downstream, "未采纳")[0]


def test_turned_down_and_not_taken_further_it_stands_as_confirmed(refused, signed, people):
    confirm_amounts(settlement=signed, by=people.district)
    answer_refusal(refusal=refused, by=people.district, text="无误。")
    decide_refusal(refusal=refused, by=people.bureau, accept=False, reason="无误。")
    refused.refresh_from_db()
    with on(refused.until):
        assert lapse_refusals() == 0
    with on(refused.until + timedelta(days=1)):
        assert lapse_refusals() == 1
        assert lapse_refusals() == 0
    signed.refresh_from_db()
    refused.refresh_from_db()
    assert (signed.state, refused.state) == ("confirmed", "upheld")
    lapsed = signed.signatures.get(subject="amount", jurisdiction=refused.jurisdiction)
    assert (lapsed.ground, lapsed.by) == ("lapse", None)
    with pytest.raises(Refused, match="年度结算现为"):
        refuse_amounts(settlement=signed, by=people.downstream, reason="仍不同意")


def test_the_common_superior_rules_in_the_last_stage(refused, signed, people):
    confirm_amounts(settlement=signed, by=people.district)
    answer_refusal(refusal=refused, by=people.district, text="无误。")
    decide_refusal(refusal=refused, by=people.bureau, accept=False, reason="无误。")
    with pytest.raises(NotAllowed):
        escalate_refusal(refusal=refused, by=people.district)
    escalate_refusal(refusal=refused, by=people.downstream)
    assert waits(people.bureau)["refusals-to-decide"]
    with on(date(2024, 6, 1)):
        assert lapse_refusals() == 0, "the superior takes its time"
    with pytest.raises(Refused, match="文号"):
        enter_ruling(refusal=refused, by=people.bureau, correct=False, text="维持", document="")
    enter_ruling(
        refusal=refused,
        by=people.bureau,
        correct=False,
        text="金额维持",
        document="渝府裁〔2024〕1号",
    )
    signed.refresh_from_db()
    assert signed.state == "confirmed"
    ruled = signed.signatures.get(subject="amount", ground="ruling")
    assert (ruled.jurisdiction, ruled.document) == (refused.jurisdiction, "渝府裁〔2024〕1号")


def test_what_was_accepted_is_corrected_before_anybody_signs_again(refused, signed, border, people):
    answer_refusal(refusal=refused, by=people.district, text="同意复核。")
    decide_refusal(refusal=refused, by=people.bureau, accept=True, reason="八月记录确有误。")
    signed.refresh_from_db()
    assert signed.state == "open"
    why = signed.signatures.filter(void_at__isnull=False).first().void_why
    assert "采纳了下游区的不予确认（八月记录确有误。）" in why
    with pytest.raises(NotReady, match="下游区的不予确认已采纳，数据尚未更正"):
        sign_data(settlement=signed, by=people.district)
    border.measured("2023-08", "III")
    pipeline.recompute()
    found = Adjustment.objects.get(state="proposed")
    review_adjustment(adjustment=found, by=people.bureau, reason="更正")
    approve_adjustment(adjustment=found, by=people.bureau2)
    refused.refresh_from_db()
    assert refused.state == "corrected"
    assert "refusals-to-correct" not in waits(people.bureau2)
    for who in (people.district, people.downstream):
        sign_data(settlement=signed, by=who)
    signed.refresh_from_db()
    assert signed.state == "signed"
    assert {n.yuan for n in signed.nets.all()} == {11 * MILLION, -11 * MILLION}


def test_what_was_accepted_and_found_unchanged_is_signed_anew_and_may_be_refused_again(
    refused, signed, people
):
    answer_refusal(refusal=refused, by=people.district, text="同意复核。")
    decide_refusal(refusal=refused, by=people.bureau, accept=True, reason="须核对八月原始记录。")
    assert waits(people.bureau2)["refusals-to-correct"] == [
        "更正或登记复核结果：测试河协议 2023 年下游区不予确认"
    ]
    page = closing(viewer_of(people.district), "TEST", 2023)
    assert [lack.words for lack in page.lacks] == ["下游区的不予确认已采纳，尚未更正。"]
    assert page.offers == ()
    with pytest.raises(Refused, match="须由另一人办理"):
        keep_amounts(refusal=refused, by=people.bureau, finding="记录无误")
    with pytest.raises(NotAllowed):
        keep_amounts(refusal=refused, by=people.downstream, finding="记录无误")
    with pytest.raises(Refused, match="请写明复核结果"):
        keep_amounts(refusal=refused, by=people.bureau2, finding=" ")
    keep_amounts(refusal=refused, by=people.bureau2, finding="八月原始记录与结果一致。")
    refused.refresh_from_db()
    signed.refresh_from_db()
    assert (refused.state, refused.finding, signed.state) == (
        "kept",
        "八月原始记录与结果一致。",
        "open",
    )
    assert signed.sign_until is not None, "the parties have a new day"
    assert told_to(people.downstream, "八月原始记录与结果一致。；金额不变，请重新签认")
    assert "refusals-to-correct" not in waits(people.bureau2)
    for who in (people.district, people.downstream):
        sign_data(settlement=signed, by=who)
    signed.refresh_from_db()
    again = refuse_amounts(settlement=signed, by=people.downstream, reason="仍不同意。")
    assert (again.digest, again.pk) == (refused.digest, refused.pk + 1)


def test_what_the_superior_ruled_to_be_corrected_cannot_be_found_unchanged(refused, signed, people):
    answer_refusal(refusal=refused, by=people.district, text="无误。")
    decide_refusal(refusal=refused, by=people.bureau, accept=False, reason="无误。")
    escalate_refusal(refusal=refused, by=people.downstream)
    enter_ruling(
        refusal=refused, by=people.bureau, correct=True, text="八月应更正", document="裁2号"
    )
    assert "keep" not in refusal_page(viewer_of(people.bureau2), refused.pk).acts
    with pytest.raises(Refused, match="共同上级已裁定予以更正"):
        keep_amounts(refusal=refused, by=people.bureau2, finding="无误")
    refused.refresh_from_db()
    assert refused.state == "accepted"


def test_a_correction_meanwhile_ends_the_refusal_of_other_amounts(refused, signed, border, people):
    border.measured("2023-08", "III")
    pipeline.recompute()
    found = Adjustment.objects.get(state="proposed")
    review_adjustment(adjustment=found, by=people.bureau, reason="更正")
    approve_adjustment(adjustment=found, by=people.bureau2)
    refused.refresh_from_db()
    signed.refresh_from_db()
    assert (refused.state, signed.state) == ("withdrawn", "open")


def test_who_refused_may_take_it_back_and_confirm(refused, signed, people):
    with pytest.raises(NotAllowed):
        withdraw_refusal(refusal=refused, by=people.district)
    withdraw_refusal(refusal=refused, by=people.downstream)
    for who in (people.district, people.downstream):
        confirm_amounts(settlement=signed, by=who)
    signed.refresh_from_db()
    assert signed.state == "confirmed"


@pytest.mark.parametrize("who", ["stranger", "treasury", "auditor", "admin", "bureau"])
def test_only_a_party_refuses_for_itself(signed, people, who):
    with pytest.raises(NotAllowed):
        refuse_amounts(settlement=signed, by=getattr(people, who), reason="不同意")
    assert not AmountRefusal.objects.exists()


def test_a_refusal_needs_reasons_and_amounts_to_refuse(year, people):
    with pytest.raises(Refused, match="现为“核算中”"):
        refuse_amounts(settlement=year, by=people.downstream, reason="不同意")
    for who in (people.district, people.downstream):
        sign_data(settlement=year, by=who)
    with pytest.raises(Refused, match="须写明理由"):
        refuse_amounts(settlement=year, by=people.downstream, reason="  ")
    confirm_amounts(settlement=year, by=people.downstream)
    with pytest.raises(Refused, match="已确认"):
        refuse_amounts(settlement=year, by=people.downstream, reason="反悔")


FORBIDDEN = (
    "UPDATE settlements_amountrefusal SET reason = 'x'",
    "UPDATE settlements_amountrefusal SET yuan = 0",
    "UPDATE settlements_amountrefusal SET state = 'upheld'",
    "DELETE FROM settlements_amountrefusal",
    "TRUNCATE settlements_amountrefusal CASCADE",
    "UPDATE settlements_refusalreply SET text = 'x'",
    "DELETE FROM settlements_refusalreply",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_keeps_what_was_refused_and_answered(refused, people, statement):
    answer_refusal(refusal=refused, by=people.district, text="无误。")
    with (
        pytest.raises((IntegrityError, OperationalError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    refused.refresh_from_db()
    assert (refused.state, refused.replies.get().text) == ("answered", "无误。")


def test_each_is_offered_what_the_state_allows_them(refused, people):
    def offered(user) -> tuple[str, ...] | None:
        page = refusal_page(viewer_of(user), refused.pk)
        return None if page is None else page.acts

    everybody = ("downstream", "district", "bureau", "treasury", "auditor", "stranger", "township")
    assert {who: offered(getattr(people, who)) for who in everybody} == {
        "downstream": ("withdraw",), "district": ("answer",), "bureau": (), "treasury": (),
        "auditor": (), "stranger": None, "township": None,
    }  # fmt: skip
    with on(refused.until + timedelta(days=1)):
        assert offered(people.bureau) == ("accept", "reject")
        assert offered(people.district) == ()


# Silence ---------------------------------------------------------------------------------------


def test_a_year_that_can_be_signed_gets_its_day_and_the_parties_are_asked(year, people):
    assert lapse_years() == 0
    year.refresh_from_db()
    assert year.sign_until == date(2024, 2, 23)
    [words] = told_to(people.district, "签认年度数据")
    assert words == "测试河协议 2023 年各月均已定稿，请于 2024年2月23日前签认年度数据"
    lapse_years()
    assert len(told_to(people.district, "签认年度数据")) == 1
    sign_data(settlement=year, by=people.district)
    assert waits(people.bureau)["years-waiting"] == ["签认年度数据：测试河协议 2023 年"]
    sign_data(settlement=year, by=people.downstream)
    assert told_to(people.district, "确认年度金额"), "who signed last knows it"


def test_silence_after_a_reminder_confirms_where_the_term_says_so(signed, border, people):
    silence_confirms(border)
    confirm_amounts(settlement=signed, by=people.district)
    with on(date(2024, 3, 1)):
        assert lapse_years() == 0, "nobody was reminded"
        remind_to_sign(settlement=signed, party=border.downstream, by=people.bureau)
        with pytest.raises(Refused, match="今天已经催办过"):
            remind_to_sign(settlement=signed, party=border.downstream, by=people.bureau2)
        assert "2024年3月8日前仍不表态的，视为确认" in told_to(people.downstream, "催办")[0]
    with on(date(2024, 3, 8)):
        assert lapse_years() == 0
    with on(date(2024, 3, 9)):
        with pytest.raises(Refused, match="视为确认，由系统办理"):
            decide_silent(
                settlement=signed, party=border.downstream, by=people.bureau, reason="逾期"
            )
        assert lapse_years() == 1
        assert lapse_years() == 0
    signed.refresh_from_db()
    assert signed.state == "confirmed"
    lapsed = signed.signatures.get(subject="amount", jurisdiction=border.downstream)
    assert (lapsed.ground, lapsed.by, lapsed.yuan) == ("lapse", None, -12 * MILLION)
    assert told_to(people.downstream, "按条款视为确认")


def test_silence_is_decided_by_the_bureau_where_the_term_says_so(signed, border, people):
    confirm_amounts(settlement=signed, by=people.district)
    with on(date(2024, 3, 1)):
        remind_to_sign(settlement=signed, party=border.downstream, by=people.bureau)
        with pytest.raises(Refused, match="尚可自行表态"):
            decide_silent(
                settlement=signed, party=border.downstream, by=people.bureau, reason="逾期"
            )
    with on(date(2024, 3, 9)):
        assert lapse_years() == 0
        page = closing(viewer_of(people.bureau), "TEST", 2023)
        assert [o.words for m in page.waiting for o in m.offers] == ["催办", "由市局决定"]
        with pytest.raises(Refused, match="须写明理由"):
            decide_silent(settlement=signed, party=border.downstream, by=people.bureau, reason=" ")
        decide_silent(
            settlement=signed, party=border.downstream, by=people.bureau, reason="数据齐全"
        )
    signed.refresh_from_db()
    assert signed.state == "confirmed"
    decided = signed.signatures.get(subject="amount", jurisdiction=border.downstream)
    assert (decided.ground, decided.by, decided.reason) == ("decision", people.bureau, "数据齐全")
    assert told_to(people.downstream, "市局已决定")


def test_a_refusal_is_no_silence(refused, signed, border, people):
    silence_confirms(border)
    confirm_amounts(settlement=signed, by=people.district)
    with on(date(2024, 3, 1)):
        remind_to_sign(settlement=signed, party=border.downstream, by=people.bureau)
    with on(date(2024, 4, 1)):
        assert lapse_years() == 0
    signed.refresh_from_db()
    assert signed.state == "signed"


def test_a_partys_paper_is_entered_after_the_deadline_and_told_to_its_person(
    signed, border, people
):
    given = {
        "settlement": signed,
        "by": people.bureau,
        "party": border.downstream,
        "document": "函〔2024〕3号",
    }
    with pytest.raises(Refused, match="有自己的经办人"):
        confirm_amounts(**given)
    with on(date(2024, 3, 1)):
        scan = SimpleUploadedFile("确认函.pdf", PDF)
        confirm_amounts(**given, scan=scan)
    entered = signed.signatures.get(subject="amount")
    assert (entered.ground, entered.document, entered.scan_name) == (
        "paper",
        "函〔2024〕3号",
        "确认函.pdf",
    )
    with entered.scan.open() as kept:
        assert kept.read() == PDF
    [words] = told_to(people.downstream, "代贵方确认年度金额")
    assert "依 函〔2024〕3号" in words


# Who speaks for whom ---------------------------------------------------------------------------


def test_the_municipal_treasury_and_a_township_sign_for_themselves(year, border, people):
    treasury = Jurisdiction.objects.create(
        code="500000-T", name="市级财政", short_name="市财政", level="treasury",
        parent=Jurisdiction.objects.get(code="500000"),
    )  # fmt: skip
    town = Jurisdiction.objects.create(
        code="500901200",
        name="上游镇",
        short_name="上游镇",
        level="township",
        parent=border.upstream,
    )
    clerk = person("镇干部", Role.Code.TOWNSHIP, town)
    for order, place in enumerate((treasury, town), start=3):
        Party.objects.create(
            agreement=border.agreement, jurisdiction=place, order=order,
            role="municipal_fill" if place == treasury else "signatory",
        )  # fmt: skip
    pipeline.recompute()
    with transaction.atomic():
        resettle(agreement=border.agreement, years=[2023])
    assert "years-to-sign" in waits(people.treasury)
    assert "years-to-sign" in waits(clerk)
    assert "years-to-sign" not in waits(people.township), "another township's"
    for who in (people.treasury, clerk, people.district, people.downstream):
        page = closing(viewer_of(who), "TEST", 2023)
        assert [o.words for o in page.offers] == ["签认年度数据"]
        sign_data(settlement=year, by=who)
    with pytest.raises(Refused):
        sign_data(settlement=year, by=people.treasury2)
    year.refresh_from_db()
    assert year.state == "signed"
    with pytest.raises(Refused, match="有自己的经办人"):
        confirm_amounts(settlement=year, by=people.bureau, party=treasury, document="函1")
    for who in (people.treasury2, clerk, people.district, people.downstream):
        confirm_amounts(settlement=year, by=who)
    year.refresh_from_db()
    assert year.state == "confirmed"


# Twice -------------------------------------------------------------------------------------------


def test_what_is_done_to_a_refusal_is_done_once(signed, border, people):
    confirm_amounts(settlement=signed, by=people.district)

    def twice(act, **given) -> None:
        """Done, and refused when it is sent again: nothing moves, nobody is told again."""
        act(**given)
        before = StateMove.objects.count(), Notification.objects.count()
        with pytest.raises(Refused):
            act(**given)
        assert (StateMove.objects.count(), Notification.objects.count()) == before

    def raised() -> AmountRefusal:
        return AmountRefusal.objects.get(state__in=AmountRefusal.OPEN)

    refuse = {"settlement": signed, "by": people.downstream, "reason": "有误。"}
    twice(refuse_amounts, **refuse)
    twice(withdraw_refusal, refusal=raised(), by=people.downstream)
    refuse_amounts(**refuse)
    answer_refusal(refusal=raised(), by=people.district, text="无误。")
    twice(decide_refusal, refusal=raised(), by=people.bureau, accept=False, reason="无误。")
    twice(escalate_refusal, refusal=raised(), by=people.downstream)
    ruling = {"correct": False, "text": "维持", "document": "裁1号"}
    twice(enter_ruling, refusal=raised(), by=people.bureau, **ruling)


def test_a_silent_party_is_reminded_once_a_day_and_decided_for_once(signed, border, people):
    confirm_amounts(settlement=signed, by=people.district)
    party = {"settlement": signed, "party": border.downstream, "by": people.bureau}
    with on(date(2024, 3, 1)):
        remind_to_sign(**party)
        with pytest.raises(Refused, match="今天已经催办过"):
            remind_to_sign(**party)
    with on(date(2024, 3, 9)):
        decide_silent(**party, reason="数据齐全")
        with pytest.raises(Refused, match="无须签认"):
            decide_silent(**party, reason="数据齐全")
    assert signed.signatures.filter(subject="amount", ground="decision").count() == 1
