"""Facts and outcomes as values: checked, canonical, the same after JSON."""

import json
from datetime import date
from decimal import Decimal

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import yuan
from settlements.rules.base import (
    Facts,
    Granularity,
    Input,
    MissingFact,
    MonthState,
    Outcome,
    Step,
    Transfer,
    WrongPeriod,
    require,
    require_item,
)
from settlements.rules.baseline import FAMILY as baseline


def outcome(*transfers):
    return Outcome("baseline", 1, MonthState.NOT_MET, tuple(transfers), ())


UP_PAYS = Transfer("upstream", "downstream", yuan("1000000"), "未达到基准")
DOWN_PAYS = Transfer("downstream", "upstream", yuan("1"), "好于基准")


def test_net_is_positive_for_who_is_owed_and_adds_up_to_zero():
    treasury = Transfer("treasury", "downstream", yuan("0.01"), "奖励")
    net = outcome(UP_PAYS, treasury).net()
    assert net == {
        "downstream": yuan("1000000.01"), "treasury": yuan("-0.01"), "upstream": yuan("-1000000"),
    }  # fmt: skip
    assert sum(net.values()) == 0


def test_nobody_pays_both_ways():
    with pytest.raises(ValueError, match="互为付款方"):
        outcome(UP_PAYS, DOWN_PAYS)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_a_payment_of_nothing_or_less_is_refused(amount):
    with pytest.raises(ValueError, match="大于零"):
        Transfer("upstream", "downstream", yuan(amount), "")


def test_nobody_pays_themselves():
    with pytest.raises(ValueError, match="同为"):
        Transfer("upstream", "upstream", yuan("1"), "")


def test_scaling_says_why_and_rounds_to_the_fen():
    third = outcome(UP_PAYS).scaled(Decimal(1) / 3, because="协议自21日起生效")
    assert third.net()["downstream"] == yuan("333333.33")
    assert third.steps[-1].key == "scaled"
    assert "协议自21日起生效" in third.steps[-1].text
    assert outcome(UP_PAYS).scaled(Decimal(0), because="").transfers == ()


def test_scaling_below_zero_is_refused():
    with pytest.raises(ValueError, match="不小于零"):
        outcome(UP_PAYS).scaled(Decimal(-1), because="")


def test_an_outcome_is_the_same_after_json():
    step = Step(
        "amount", "金额", "合 1 元。", "1 × 1", "0.00", "万元", "第六条",
        (Input("补偿标准", "100.00", "万元/月", "第六条"),), "临界", ("补偿标准",),
    )  # fmt: skip
    before = Outcome("baseline", 1, MonthState.NOT_INCREASED, (UP_PAYS,), (step,))
    assert Outcome.from_json(json.loads(json.dumps(before.to_json()))) == before
    assert before.borderline


def test_facts_are_the_same_after_json(border):
    before = border.month(
        "Ⅳ", means={"TP": "0.20469"}, deciding=("TP",), inflow_class="Ⅴ", valid=171, expected=186,
        share=Decimal("0.5"), flow=Decimal("1E+3"), observations={"fish": Decimal("71")},
        over_limit_days={"TP": 5}, sources={"target": "渝府发〔2012〕4号"},
        state_override=MonthState.EXCLUDED, override_reason="洪水",
    )  # fmt: skip
    after = Facts.from_json(json.loads(before.canonical()))
    assert after.canonical() == before.canonical()
    assert after == before


def test_equal_facts_have_one_canonical_form_however_written(border):
    one = border.month(means={"TP": "0.20", "DO": "7"}, share=Decimal("0.50"))
    other = border.month(means={"DO": "7.000", "TP": "0.2"}, share=Decimal("0.5"))
    assert one.canonical() == other.canonical()
    assert one.canonical() != border.month(means={"DO": "7", "TP": "0.21"}).canonical()


def test_a_missing_fact_names_fact_section_and_period(border):
    with pytest.raises(MissingFact) as missing:
        require(border.month(), "last_year_class")
    assert missing.value.name == "last_year_class"
    for words in ("普顺", "2023年8月", "去年同期类别", "last_year_class"):
        assert words in str(missing.value)


def test_an_empty_mapping_and_a_missing_item_are_missing_facts(border):
    with pytest.raises(MissingFact, match="means"):
        require(border.month(), "means")
    with pytest.raises(MissingFact, match=r"means\.TP"):
        require_item(border.year(means={"DO": "7"}), "means", "TP")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"period": date(2023, 8, 2)}, "第一天"),
        ({"period": date(2023, 8, 1), "granularity": Granularity.YEAR}, "第一天"),
        ({"share": Decimal(0)}, "份额"),
        ({"share": Decimal("1.01")}, "份额"),
        ({"state_override": MonthState.MET, "override_reason": "x"}, "不能由人认定"),
        ({"state_override": MonthState.EXCLUDED}, "理由"),
    ],
)
def test_impossible_facts_are_refused(wrong, words):
    good = {"period": date(2023, 8, 1), "section": "普顺", "upstream": "梁平", "downstream": "垫江"}
    with pytest.raises(ValueError, match=words):
        Facts(**good | wrong)


def test_a_year_is_refused_by_a_monthly_term(border):
    with pytest.raises(WrongPeriod, match="按月"):
        baseline.evaluate(border.year(), border.terms(baseline))


def test_every_state_has_its_own_label():
    assert len({state.label for state in MonthState}) == len(MonthState) == 7
    assert MonthState.NOT_INCREASED.label == "未增加"


def test_classes_travel_as_numerals(border):
    assert border.month("劣Ⅴ").to_json()["water_class"] == "劣Ⅴ"
    assert Facts.from_json(border.month("劣Ⅴ").to_json()).water_class is WaterClass.INFERIOR_V
