"""The days a year's parties have: they rest while something is corrected, and follow the calendar."""

from datetime import date

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification
from settlements import pipeline, tasks
from settlements.models import Adjustment, AmountRefusal, Settlement
from settlements.moving.acts import Refused
from settlements.work.queries.work import counts, todo
from settlements.years.queries.closing import closing
from settlements.years.services.refusals import answer_refusal, decide_refusal, refuse_amounts
from settlements.years.services.signing import (
    confirm_amounts,
    decide_silent,
    is_silent,
    lapse_years,
    remind_to_sign,
    sign_data,
)
from tests.second import dismiss
from tests.told_once import World, bare, told_once
from tests.worlds import publish_year

ON = date(2024, 2, 5)
DUE = date(2024, 2, 23)  # 10 working days later, the holidays of February 2024 left out


def published_year() -> World:
    """2023 published and final, at its target but for March."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when == "2023-03" else "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border) -> Settlement:
    with moved_to(ON):
        lapse_years()
        yield Settlement.objects.get(agreement=border.agreement, year=2023)


def both_sign(act, year, people) -> None:
    for who in (people.district, people.downstream):
        act(settlement=year, by=who)


def corrected(border) -> Adjustment:
    """A correction of March waits for the bureau."""
    border.assessed("2023-03", "III")
    return Adjustment.objects.get(state="proposed")


def waits(user) -> dict[str, list[date | None]]:
    """List → the deadlines of what stands on it."""
    viewer = viewer_of(user)
    return {g.key: [t.deadline for t in g.tasks] for g in todo(viewer, counts(viewer))}


def told_to(user, part: str) -> list[str]:
    found = Notification.objects.filter(user=user, text__contains=part).order_by("pk")
    return list(found.values_list("text", flat=True))


def test_the_days_rest_while_a_correction_is_decided_and_begin_whole_again(year, border, people):
    sign_data(settlement=year, by=people.district)
    assert waits(people.downstream)["years-to-sign"] == [DUE]
    remind_to_sign(settlement=year, party=border.downstream, by=people.bureau)
    found = corrected(border)
    assert "years-to-sign" not in waits(people.downstream), "nobody can sign this now"
    assert "years-waiting" not in waits(people.bureau)
    assert closing(viewer_of(people.bureau), "TEST", 2023).waiting == ()
    with pytest.raises(Refused, match="有 1 项待审的调整；请先处理"):
        remind_to_sign(settlement=year, party=border.downstream, by=people.bureau)
    with moved_to(date(2024, 3, 20)):
        lapse_years()
        year.refresh_from_db()
        assert (year.sign_until, year.sign_days) == (None, None)
    with moved_to(date(2024, 3, 21)):
        dismiss(found, people, "原记录无误")
        lapse_years()
        assert waits(people.downstream)["years-to-sign"] == [date(2024, 4, 7)]
        assert len(told_to(people.downstream, "2024年4月7日前签认年度数据")) == 1
        assert told_to(people.district, "2024年4月7日前") == [], "it has signed"
    with moved_to(date(2024, 4, 20)):
        year.refresh_from_db()
        assert not is_silent(year, border.downstream), "it was not reminded of these days"


def test_a_silence_is_none_while_the_amounts_are_being_corrected(year, border, people):
    both_sign(sign_data, year, people)
    confirm_amounts(settlement=year, by=people.district)
    with moved_to(date(2024, 2, 26)):
        remind_to_sign(settlement=year, party=border.downstream, by=people.bureau)
        corrected(border)
        with pytest.raises(Refused, match="1 项待审的调整"):
            confirm_amounts(settlement=year, by=people.downstream)
    with moved_to(date(2024, 3, 20)):
        with pytest.raises(Refused, match="1 项待审的调整"):
            decide_silent(settlement=year, party=border.downstream, by=people.bureau, reason="逾期")
        assert lapse_years() == 0
        year.refresh_from_db()
    assert (year.state, year.sign_until) == ("signed", None)


def test_a_changed_calendar_moves_the_days_to_sign_and_never_into_the_past(year, people):
    sign_data(settlement=year, by=people.district)
    Settlement.objects.update(sign_until=date(2024, 2, 21))  # as an older calendar had it
    tasks.refresh_deadlines()
    tasks.refresh_deadlines()
    year.refresh_from_db()
    assert year.sign_until == DUE
    words = (
        "节假日历变动：签认年度数据的截止日由 2024年2月21日改为 2024年2月23日：测试河协议 2023 年"
    )
    assert told_to(people.downstream, "节假日历变动") == [words]
    assert told_to(people.district, "节假日历变动") == [], "it has signed"
    with moved_to(date(2024, 2, 26)):
        Settlement.objects.update(sign_until=date(2024, 2, 28))
        tasks.refresh_deadlines()  # the rule says 23 February, which is over
    year.refresh_from_db()
    assert year.sign_until == date(2024, 2, 28)


def test_a_changed_calendar_moves_the_days_of_a_refusal(year, people):
    both_sign(sign_data, year, people)
    refusal = refuse_amounts(settlement=year, by=people.downstream, reason="三月采样有误")
    AmountRefusal.objects.update(until=date(2024, 2, 21))  # as an older calendar had it
    tasks.refresh_deadlines()
    refusal.refresh_from_db()
    assert refusal.until == DUE
    [words] = told_to(people.district, "节假日历变动")
    assert words.endswith("下游区不予确认，截止日由 2024年2月21日改为 2024年2月23日")
    answer_refusal(refusal=refusal, by=people.district, text="采样由双方联合进行")
    with moved_to(date(2024, 2, 6)):
        decide_refusal(refusal=refusal, by=people.bureau, accept=False, reason="记录齐全")
        AmountRefusal.objects.update(until=date(2024, 2, 22))
        tasks.refresh_deadlines()
    refusal.refresh_from_db()
    assert refusal.until == date(2024, 2, 26), "counted from when it was turned down"
