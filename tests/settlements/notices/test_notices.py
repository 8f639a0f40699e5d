"""月通报: prepared by one, signed off by another, of data that did not change in between."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from basins.clock import moved_to
from basins.models import Notification
from monitoring.models import DirtyMonth
from settlements import pipeline
from settlements.models import (
    Accrual,
    AgreementMonth,
    FuseTrip,
    Notice,
    Party,
    StateMove,
    TermSection,
    Transfer,
)
from settlements.moving.acts import NotAllowed, Refused, moving
from settlements.notices.services.notices import (
    DataChanged,
    IncompleteMonth,
    due_day,
    prepare_notice,
    return_notice,
    sign_off_notice,
)
from tests.published import agreement_month, published
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import month

APRIL = month("2023-04")


def april_computed() -> World:
    """April 2023 computed: 上游区 pays 下游区 a million."""
    world = bare()
    world["border"].assessed("2023-04", "IV")
    return world


told = told_once(april_computed)
april = of_told("border")


def prepare(people, **options) -> Notice:
    return prepare_notice(month=APRIL, by=people.bureau, **options)


# What it says --------------------------------------------------------------------------


def test_the_notice_says_who_pays_whom_per_agreement_party_and_indicator(april, people):
    notice = prepare(people)
    (agreement,) = notice.content["agreements"]
    (section,) = agreement["sections"]
    assert (agreement["code"], section["code"], section["state"]) == ("TEST", "BORDER", "not_met")
    assert section["transfers"] == [
        {
            "payer": "500901",
            "payee": "500902",
            "yuan": "1000000.00",
            "reason": section["transfers"][0]["reason"],
        }
    ]
    nets = {p["code"]: p["net"] for p in notice.content["parties"]}
    assert nets == {"500901": "-1000000.00", "500902": "1000000.00"}
    (ammonia,) = notice.content["indicators"]
    assert ammonia["code"] == "NH3-N"
    assert Decimal(ammonia["sections"][0]["value"]) == Decimal("1.2")
    assert notice.summary == (
        "2023年4月，1 个协议的 1 个断面纳入通报：未达标 1 个。补偿金额合计 100.00 万元，"
        "净应付较多的是上游区 100.00 万元；净应收较多的是下游区 100.00 万元。"
        "超过Ⅲ类限值的：氨氮（交界）。"
    )


def test_amounts_of_the_notice_are_those_of_the_database(april, people):
    notice = prepare(people)
    said = [
        (s["accrual"], t["payer"], t["payee"], Decimal(t["yuan"]))
        for a in notice.content["agreements"]
        for s in a["sections"]
        for t in s["transfers"]
    ]
    stored = Transfer.objects.filter(accrual__period=APRIL).values_list(
        "accrual_id", "payer__code", "payee__code", "yuan"
    )
    assert said == list(stored)


def test_the_notice_is_due_on_the_fifteenth_or_the_next_working_day(april, people):
    assert due_day(month("2026-10")) == date(2026, 11, 16)  # 15 November 2026 is a Sunday
    assert due_day(month("2025-09")) == date(2025, 10, 15)
    assert prepare(people).due_on == date(2023, 5, 15)


@told_instead(bare)
def test_a_year_is_published_with_its_december(border, people):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    with pytest.raises(Refused, match="没有待发布"):
        published(people, "2023-04")
    notice = published(people, "2023-12")
    (section,) = notice.content["agreements"][0]["sections"]
    assert section["yearly"]
    assert notice.content["total"] == "3500000.00"
    year = Accrual.objects.get(period=date(2023, 1, 1), yearly=True)
    assert year.state == Accrual.State.PUBLISHED


# What keeps it back --------------------------------------------------------------------


def test_a_month_that_is_not_over_is_refused(april, people):
    with moved_to(date(2023, 4, 30)), pytest.raises(Refused, match="还没有结束"):
        prepare(people)


def test_a_missing_accrual_a_waiting_mark_and_a_stopped_run_are_named(april, people):
    Accrual.objects.filter(period=APRIL).delete()
    border_section = april.section
    DirtyMonth.objects.create(
        section=border_section, month=month("2023-03"), marked_at=timezone.now()
    )
    FuseTrip.objects.create(
        agreement=april.agreement, reasons=[], changes=[], digest="x", tripped_at=timezone.now()
    )
    with pytest.raises(IncompleteMonth) as refused:
        prepare(people)
    assert refused.value.incomplete == {
        "TEST": ["交界断面本月没有核算", "交界断面 2023-03 的数据待重算", "有停下的重算待核实"]
    }
    assert "TEST" in str(refused.value)


def test_a_mark_of_a_later_month_keeps_nothing_back(april, people):
    april.measured("2023-06", "II")
    assert DirtyMonth.objects.exists()
    assert prepare(people).state == "prepared"


def test_a_collective_terms_other_sections_need_no_accrual(april, people):
    """Only what accrues is due: an agreement that ended before the month is not."""
    april.agreement.terms.filter(rule="baseline").update(in_force=(date(2023, 1, 1), APRIL))
    Accrual.objects.filter(period__gte=APRIL).delete()
    with pytest.raises(Refused, match="没有待发布"):
        prepare(people)


def test_an_agreement_left_out_needs_a_reason_and_follows_in_a_supplement(april, people):
    DirtyMonth.objects.create(section=april.section, month=APRIL, marked_at=timezone.now())
    other = april.sign("OTHER")
    TermSection.objects.filter(term__agreement=other).delete()
    with pytest.raises(Refused, match="原因"):
        prepare(people, leave_out={"TEST": " "})
    with pytest.raises(Refused, match="没有待发布"):
        prepare(people, leave_out={"TEST": "复测中"})


@told_instead(bare)
def test_a_supplement_names_the_notice_before_it(border, people):
    first = border.agreement
    border.sign("OTHER")
    border.assessed("2023-04", "IV")
    early = published(people, "2023-04", leave_out={"TEST": "复测中"})
    assert early.content["left_out"] == [{"code": "TEST", "title": first.title, "why": "复测中"}]
    assert list(early.months.values_list("agreement__code", flat=True)) == ["OTHER"]
    assert not Accrual.objects.filter(term__agreement=first, state="published").exists()
    late = published(people, "2023-04")
    assert late.content["earlier"] == [f"〔{early.year}〕{early.number} 号"]
    assert "补充通报" in late.summary
    assert list(late.months.values_list("agreement__code", flat=True)) == ["TEST"]
    assert (early.number, late.number) == (1, 2)
    with pytest.raises(Refused, match="没有待发布"):
        prepare(people)


def test_one_notice_of_a_month_waits_at_a_time(april, people):
    prepare(people)
    with pytest.raises(Refused, match="请先签发或退回"):
        prepare(people)


# Signing off ---------------------------------------------------------------------------


def test_signing_off_publishes_and_opens_the_objection_period(april, people):
    notice = prepare(people)
    assert Accrual.objects.get(period=APRIL).state == "preliminary"
    with moved_to(date(2025, 9, 26)):
        sign_off_notice(notice=notice, by=people.bureau2)
    notice.refresh_from_db()
    assert (notice.state, notice.year, notice.number) == ("published", 2025, 1)
    assert Accrual.objects.get(period=APRIL).state == "published"
    month_of = agreement_month(april, "2023-04")
    # Five working days over 国庆: 28, 29, 30 September, 9 and 10 October 2025.
    assert (month_of.state, month_of.objection_until) == ("published", date(2025, 10, 10))
    assert not month_of.provisional


def test_a_deadline_in_a_year_without_calendar_is_provisional(april, people):
    notice = prepare(people)
    with moved_to(date(2026, 12, 30)):
        sign_off_notice(notice=notice, by=people.bureau2)
    assert agreement_month(april, "2023-04").provisional


def test_who_prepared_does_not_sign_off(april, people):
    notice = prepare(people)
    with pytest.raises(Refused, match="另一人"):
        sign_off_notice(notice=notice, by=people.bureau)
    assert Notice.objects.get().state == "prepared"


def test_data_that_changed_since_refuse_the_signature(april, people):
    notice = prepare(people)
    april.assessed("2023-04", "II")
    with pytest.raises(DataChanged, match="测试河协议"):
        sign_off_notice(notice=notice, by=people.bureau2)
    assert not AgreementMonth.objects.exists()
    return_notice(notice=notice, reason="数据更正", by=people.bureau)
    assert published(people, "2023-04").content["total"] == "1000000.00"


def test_data_that_wait_to_be_computed_refuse_the_signature(april, people):
    notice = prepare(people)
    april.measured("2023-04", "II")
    with pytest.raises(IncompleteMonth, match="待重算"):
        sign_off_notice(notice=notice, by=people.bureau2)


def test_numbers_have_no_gap_and_begin_anew_each_year(april, people):
    numbers = []
    for when, on in (("2023-04", date(2024, 1, 5)), ("2023-05", date(2024, 1, 8)),
                     ("2023-06", date(2025, 1, 6))):  # fmt: skip
        with moved_to(on):
            notice = published(people, when)
        numbers.append((notice.year, notice.number))
    assert numbers == [(2024, 1), (2024, 2), (2025, 1)]


def test_what_is_published_or_returned_is_not_signed_or_returned_again(april, people):
    notice = published(people, "2023-04")
    for again in (
        lambda: sign_off_notice(notice=notice, by=people.bureau2),
        lambda: return_notice(notice=notice, reason="晚了", by=people.bureau),
    ):
        with pytest.raises(Refused, match="已发布"):
            again()


def test_a_return_needs_a_reason_and_tells_who_prepared(april, people):
    notice = prepare(people)
    with pytest.raises(Refused, match="理由"):
        return_notice(notice=notice, reason=" ", by=people.bureau2)
    return_notice(notice=notice, reason="缺少说明", by=people.bureau2)
    assert "缺少说明" in Notification.objects.get(user=people.bureau).text
    assert StateMove.objects.get(thing="notice", event="return").note == "缺少说明"


def test_the_parties_officials_are_told_once_each(april, people):
    notice = published(people, "2023-04")
    told = Notification.objects.filter(key=f"notice.sign_off:{notice.pk}")
    assert {n.user for n in told} == {people.district, people.downstream}
    assert "1 个协议" in told[0].text


# Who may -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who",
    ["treasury", "district", "township", "admin", "auditor", "station", "stranger", "nobody"],
)
def test_nobody_but_the_bureau_prepares_signs_off_or_returns(april, people, who):
    other = getattr(people, who)
    with pytest.raises(NotAllowed):
        prepare_notice(month=APRIL, by=other)
    notice = prepare(people)
    with pytest.raises(NotAllowed):
        sign_off_notice(notice=notice, by=other)
    with pytest.raises(NotAllowed):
        return_notice(notice=notice, reason="不", by=other)
    assert Notice.objects.get().state == "prepared"


# What the database holds ---------------------------------------------------------------


def test_a_state_set_past_the_service_is_refused(april, people):
    notice = prepare(people)
    notice.state = Notice.State.RETURNED
    with pytest.raises(IntegrityError, match="流程不允许"), transaction.atomic():
        notice.save(update_fields=["state"])
    published_again = Notice.objects.get()
    assert published_again.state == "prepared"


def sql(*statements: tuple[str, list]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, given in statements:
            cursor.execute(statement, given)


def test_sql_cannot_sign_off_for_the_one_who_prepared(april, people):
    notice = prepare(people)
    with pytest.raises(IntegrityError, match="另一人"):
        sql(
            (
                "SELECT set_config('rivers.event', 'sign_off', true),"
                " set_config('rivers.by', %s, true)",
                [str(people.bureau.pk)],
            ),
            (
                "UPDATE settlements_notice SET state = 'published', year = 2026, number = 1,"
                " published_at = now(), published_by_id = %s WHERE id = %s",
                [people.bureau2.pk, notice.pk],
            ),
        )


def test_sql_cannot_skip_a_number_or_change_what_was_published(april, people):
    notice = prepare(people)
    with (
        pytest.raises(IntegrityError, match="不连续"),
        transaction.atomic(),
        moving("sign_off", by=people.bureau2),
    ):
        Notice.objects.filter(pk=notice.pk).update(
            state="published", year=2026, number=7, published_at=timezone.now()
        )
    sign_off_notice(notice=notice, by=people.bureau2)
    changes: tuple[dict[str, object], ...] = (
        {"summary": "改"},
        {"content": {}},
        {"state": "prepared"},
    )
    for change in changes:
        with pytest.raises(IntegrityError, match="不能修改"), transaction.atomic():
            Notice.objects.filter(pk=notice.pk).update(**change)
    with pytest.raises(IntegrityError, match="已发布"), transaction.atomic():
        Accrual.objects.filter(period=APRIL).update(water_class=1)


def test_one_who_prepared_is_refused_by_the_form_too(april, people):
    notice = prepare(people)
    notice.published_by = people.bureau
    with pytest.raises(ValidationError, match="不能签发自己"):
        notice.validate_constraints()


# How much it asks ----------------------------------------------------------------------


@told_instead(bare)
def test_the_number_of_queries_does_not_grow_with_agreements(border, people):
    def queries(when: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            published(people, when)
        return len(captured)

    border.assessed("2023-04", "IV")
    one = queries("2023-04")
    for number in range(6):
        border.sign(f"T{number}")
    border.assessed("2023-05", "IV")
    assert AgreementMonth.objects.filter(month=month("2023-05")).count() == 0
    assert queries("2023-05") <= one
    assert AgreementMonth.objects.filter(month=month("2023-05")).count() == 7
    assert one <= 80
    assert Party.objects.count() == 14


def test_the_moment_of_a_move_is_the_products_clock(april, people):
    at = datetime(2023, 5, 15, 2, tzinfo=timezone.get_default_timezone())
    with moved_to(at):
        notice = prepare(people)
    move = StateMove.objects.get(thing="notice", object_id=notice.pk)
    assert move.at == at
    assert move.stored_at > at
