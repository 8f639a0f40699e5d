"""The line that a cap, a factor or the treasury adds to an outcome, word for word."""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import MonthState, Outcome, RoleTransfer, Step
from settlements.rules.caps import apply_cap
from settlements.rules.municipal_fill import fill

BEFORE = Step(key="result", title="结果", text="如前。")
UP_PAYS = RoleTransfer("upstream", "downstream", yuan("1000000"), "未达到基准")
TREASURY_PAYS = RoleTransfer("treasury", "downstream", yuan("500000.50"), "奖励")
GZ_PAYS = RoleTransfer("GZ", "YN", yuan("300000"), "净额")


def outcome(*transfers):
    return Outcome("baseline", 1, MonthState.NOT_MET, transfers, (BEFORE,))


def test_a_factor_shows_what_was_and_what_is_with_its_clause():
    found = outcome(UP_PAYS, TREASURY_PAYS).scaled(
        Decimal("0.50"), because="协议自16日起生效", clause="第九条"
    )
    assert found.steps == (
        BEFORE,
        Step(
            key="scaled", title="折算",
            text="协议自16日起生效，按系数 0.5 折算；合 750,000.25 元。",
            formula="150.00 万元 × 0.5 ＝ 75.00 万元",
            result="75.00", result_note="万元", clause="第九条",
        ),
    )  # fmt: skip
    assert found.transfers == (
        RoleTransfer("upstream", "downstream", yuan("500000"), "未达到基准"),
        RoleTransfer("treasury", "downstream", yuan("250000.25"), "奖励"),
    )


def test_a_factor_whose_decimals_do_not_end_is_shown_in_words():
    step = outcome(UP_PAYS).scaled(Decimal(11) / 30, because="有效 11 日", shown="11/30").steps[-1]
    assert step.text == "有效 11 日，按系数 11/30 折算；合 366,666.67 元。"
    assert step.formula == "100.00 万元 × 11/30 ＝ 36.67 万元"
    assert step.clause == ""


def test_a_factor_of_nothing_leaves_a_line_of_nothing():
    step = outcome(UP_PAYS).scaled(Decimal(0), because="停付").steps[-1]
    assert (step.text, step.result) == ("停付，按系数 0 折算；合 0.00 元。", "0.00")


def test_a_payment_scaled_to_less_than_a_fen_falls_away_beside_the_others():
    fen = RoleTransfer("treasury", "upstream", yuan("0.01"), "奖励")
    found = outcome(fen, UP_PAYS).scaled(Decimal("0.1"), because="x")
    assert found.transfers == (
        RoleTransfer("upstream", "downstream", yuan("100000"), "未达到基准"),
    )  # fmt: skip


def test_a_cap_names_each_direction_it_cuts_and_keeps_the_reasons():
    months = [outcome(UP_PAYS, TREASURY_PAYS, GZ_PAYS)] * 2
    first, second = apply_cap(months, yuan("1200000"), clause="第八条")
    assert first == months[0]
    assert second.transfers == (
        RoleTransfer("upstream", "downstream", yuan("200000"), "未达到基准"),
        TREASURY_PAYS,
        GZ_PAYS,
    )
    assert second.steps == (
        BEFORE,
        Step(
            key="cap", title="年度封顶",
            text="上游补偿下游本年此前已计 100.00 万元，封顶 120.00 万元；"
            "本期由 100.00 万元减为 20.00 万元，减去 800,000.00 元。",
            formula="本期 ＝ min（应计，封顶 − 此前已计）＝ 100.00 万元",
            result="100.00", result_note="万元", clause="第八条",
        ),
    )  # fmt: skip


def test_a_cap_that_cuts_two_directions_says_so_of_both_and_names_codes_as_they_are():
    step = apply_cap([outcome(UP_PAYS, GZ_PAYS)], yuan("100000"))[0].steps[-1]
    assert step.text == (
        "上游补偿下游本年此前已计 0.00 万元，封顶 10.00 万元；"
        "本期由 100.00 万元减为 10.00 万元，减去 900,000.00 元。"
        "GZ补偿YN本年此前已计 0.00 万元，封顶 10.00 万元；"
        "本期由 30.00 万元减为 10.00 万元，减去 200,000.00 元。"
    )
    assert (step.result, step.clause) == ("20.00", "")


def test_a_payment_just_at_the_cap_is_not_cut_and_a_cap_of_nothing_takes_all():
    assert apply_cap([outcome(UP_PAYS)], yuan("1000000")) == (outcome(UP_PAYS),)
    (nothing,) = apply_cap([outcome(UP_PAYS)], Decimal(0))
    assert nothing.transfers == ()
    assert nothing.steps[-1].result == "0.00"


def test_a_cap_below_zero_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"^封顶金额 -1 元不能为负；不封顶请留空。$"):
        apply_cap([outcome(UP_PAYS)], Decimal(-1))


@pytest.mark.parametrize(
    ("missing", "place", "payer", "payee"),
    [
        ("upstream", "上游", "treasury", "downstream"),
        ("downstream", "下游", "upstream", "treasury"),
    ],
)
def test_the_treasury_in_a_missing_place_has_its_line(missing, place, payer, payee):
    found = fill(outcome(UP_PAYS), missing)
    assert found.transfers == (RoleTransfer(payer, payee, yuan("1000000"), "未达到基准"),)
    assert found.steps == (
        BEFORE,
        Step(
            key="municipal_fill", title="市级补位",
            text=f"{place}缺位，由市级财政承担其收付，合 1,000,000.00 元。",
            result="100.00", result_note="万元",
        ),
    )  # fmt: skip


def test_a_place_that_cannot_be_filled_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"^缺位方须为 upstream 或 downstream，现为“GZ”。$"):
        fill(outcome(UP_PAYS), "GZ")
    with pytest.raises(ValueError, match=r"^该核算已有上级财政参加，不能再补位；请检查条款。$"):
        fill(outcome(UP_PAYS, TREASURY_PAYS), "upstream")
