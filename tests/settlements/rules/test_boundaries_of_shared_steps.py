"""The edges of what the families share: the last fen, the equal value, the lake, the empty list."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from settlements.money import yuan
from settlements.rules import funds, items, steps
from settlements.rules.base import Input, MonthState, Outcome, RoleTransfer
from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.caps import apply_cap
from settlements.rules.class_vs_last_year import FAMILY as class_vs_last_year
from settlements.rules.exceedance_steps import FAMILY as exceedance_steps
from settlements.rules.facts import Facts, Granularity, plain_decimal
from settlements.rules.family import Rule
from settlements.rules.fixed_annual import FAMILY as fixed_annual
from settlements.rules.parameters import ParameterErrors
from settlements.rules.part_month import counted
from settlements.rules.weighted_score import FAMILY as weighted_score

PARTIES = {"YN": "云南省", "GZ": "贵州省"}


# Funds ---------------------------------------------------------------------------------------


def test_a_net_of_less_than_a_yuan_is_paid_to_the_fen():
    nets = {"YN": yuan("-0.50"), "GZ": yuan("0.30"), "SC": yuan("0.20"), "CQ": yuan("0")}
    assert funds.net_transfers(nets, because="净额") == (
        RoleTransfer("YN", "GZ", yuan("0.30"), "净额"),
        RoleTransfer("YN", "SC", yuan("0.20"), "净额"),
    )


def test_who_only_receives_and_who_only_pays_in_both_have_a_net(border):
    facts = border.year("Ⅲ", parties=PARTIES)
    step, nets = funds.net_step(
        facts, {"GZ": yuan("10000.50"), "upstream": yuan(0)}, {"YN": yuan("10000.50")}
    )
    assert nets == {"YN": yuan("-10000.50"), "GZ": yuan("10000.50"), "upstream": 0}
    assert step.text == (
        "分得减出资，正为应收，负为应付："
        "云南省 −10,000.50 元，贵州省 10,000.50 元，梁平区 0.00 元。"
    )
    assert step.formula == (
        "云南省 0.00 − 1.00 ＝ −1.00 万元；贵州省 1.00 − 0.00 ＝ 1.00 万元；"
        "梁平区 0.00 − 0.00 ＝ 0.00 万元"
    )
    assert (step.key, step.title, step.result, step.result_note) == (
        "amount", "净额", "1.00", "万元",
    )  # fmt: skip


def test_a_fund_that_moves_fen_shows_the_sum_of_what_is_owed(border):
    step, _ = funds.net_step(
        border.year("Ⅲ", parties=PARTIES), {"GZ": yuan("0.60")}, {"YN": yuan("0.60")}
    )
    assert "贵州省 0.60 元" in step.text


# Indicators ----------------------------------------------------------------------------------


SPEAKER = SimpleNamespace(code="x", title="法", revision=1)


def row(indicator, limit=None):
    return SimpleNamespace(indicator=indicator, limit=limit and Decimal(limit))


def test_names_of_several_rows_are_listed_in_their_order():
    assert items.needs_limit([row("TN"), row("COD"), row("sulfate"), row("Mn", "0.1")]) == (
        "总氮、硫酸盐"
    )
    rows = [row("TP"), row("COD"), row("TP"), row("COD"), row("Hg")]
    assert items.repeated(rows) == "总磷、化学需氧量"
    assert items.repeated([row("TP"), row("COD")]) == ""


def test_a_lake_has_the_limit_of_its_own_row(border):
    facts = border.month("Ⅲ", means={"TP": "0.1"}, water_body=WaterBody.LAKE)
    assert items.limit_of(facts, row("TP")) == (Decimal("0.05"), "Ⅲ类限值")
    assert items.limit_of(facts, row("TP", "0.02")) == (Decimal("0.02"), "限值")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["300000"], "30.00"),
        (["300000", "0", "0.50"], "30.00 ＋ 0.00 ＋ 0.00"),
        (["-300000", "600000", "-100"], "−30.00 ＋ 60.00 − 0.01"),
    ],
)
def test_amounts_are_added_up_with_their_signs(parts, words):
    assert items.wan_sum([yuan(part) for part in parts]) == words


@pytest.mark.parametrize(
    ("total", "sides"),
    [
        ("0.01", ("downstream", "upstream")),
        ("-0.01", ("upstream", "downstream")),
        ("0", (None, None)),
    ],
)
def test_one_fen_decides_who_pays(total, sides):
    assert items.sides(yuan(total)) == sides


# Lines ---------------------------------------------------------------------------------------


def test_what_has_no_name_is_shown_by_its_code():
    assert steps.shown_indicator("XYZ") == "XYZ"
    assert steps.pays_words("YN", "GZ") == "由YN补偿GZ"
    assert steps.pays_words("treasury", "upstream") == "由上级财政补偿上游"


def test_the_class_line_names_items_that_no_table_has_by_their_code(border):
    facts = border.month("Ⅳ", deciding=("TP", "XYZ"))
    step = steps.class_step(facts, WaterClass.IV)
    assert step.formula == "Ⅳ类，定类指标 总磷、XYZ"


def test_means_stand_in_the_order_of_table_1_and_others_after_them_by_name(border):
    means = {"zz": "1", "TP": "0.1", "aa": "2", "DO": "7", "EC": "300"}
    data = steps.opening(border.month("Ⅲ", means=means), SPEAKER)[-1]
    assert [each.name for each in data.inputs] == ["溶解氧", "总磷", "电导率", "aa", "zz"]
    assert [each.unit for each in data.inputs] == ["mg/L", "mg/L", "μS/cm", "", ""]


@pytest.mark.parametrize(
    ("counts", "result", "formula"),
    [
        ({"valid": 0, "expected": 186}, "0 / 186", "应有 186 条，采用 0 条"),
        ({"valid": 5, "expected": None}, "完整", ""),
        ({"valid": None, "expected": 186}, "完整", ""),
        ({"valid": 0, "expected": 0}, "完整", ""),
    ],
)
def test_the_share_of_values_used_is_shown_where_both_counts_are_known(
    border, counts, result, formula
):
    data = steps.opening(border.month("Ⅲ", **counts), SPEAKER)[1]
    assert (data.key, data.result, data.formula) == ("data", result, formula)


def test_what_stands_in_for_another_month_has_its_line(border):
    facts = border.month(
        "Ⅲ",
        substituted_from={"本断面": "取2023年7月的值", "去年同期": "取2022年9月的值"},
        sources={"substituted_from": "第十条"},
    )
    line = steps.opening(facts, SPEAKER)[2]
    assert (line.key, line.title, line.result) == ("substituted", "缺测月处理", "取代用值")
    assert line.text == "取2023年7月的值；取2022年9月的值。"
    assert (line.result_note, line.clause) == ("本断面；去年同期", "第十条")
    plain = border.month("Ⅲ", substituted_from={"本断面": "取2023年7月的值"})
    assert steps.opening(plain, SPEAKER)[2].clause == ""


@pytest.mark.parametrize(
    ("code", "value", "body", "words"),
    [
        ("TP", "0.2", WaterBody.RIVER, "总磷均值恰等于Ⅲ类限值 0.2 mg/L，按达到限值计。"),
        ("TP", "0.211", WaterBody.RIVER, ""),
        (
            "TP", "0.204", WaterBody.RIVER,
            "总磷均值 0.204 只高出Ⅲ类限值 0.004 mg/L；"
            "若修约到 2 位小数为 0.20，则该指标达到Ⅲ类限值。",
        ),
        ("TP", "0.21", WaterBody.RIVER, "总磷均值 0.21 只高出Ⅲ类限值 0.01 mg/L，在末位一个单位之内。"),
        ("TP", "0.19", WaterBody.RIVER, "总磷均值 0.19 只低于Ⅲ类限值 0.01 mg/L，在末位一个单位之内。"),
        # The lake's row goes down to 0.025: three decimals.
        (
            "TP", "0.0504", WaterBody.LAKE,
            "总磷均值 0.0504 只高出Ⅲ类限值 0.0004 mg/L；"
            "若修约到 3 位小数为 0.050，则该指标达到Ⅲ类限值。",
        ),
        ("TP", "0.052", WaterBody.LAKE, ""),
        (
            "DO", "4.96", WaterBody.RIVER,
            "溶解氧均值 4.96 只低于Ⅲ类限值 0.04 mg/L；"
            "若修约到 1 位小数为 5.0，则该指标达到Ⅲ类限值。",
        ),
        ("DO", "5.04", WaterBody.RIVER, "溶解氧均值 5.04 只高出Ⅲ类限值 0.04 mg/L，在末位一个单位之内。"),
    ],
)  # fmt: skip
def test_a_value_near_its_limit_is_pointed_out(code, value, body, words):
    at = {"TP": Decimal("0.2"), "DO": Decimal("5")}[code]
    at = Decimal("0.05") if body is WaterBody.LAKE else at
    assert steps.near_limit(code, Decimal(value), at, "Ⅲ类限值", body) == words


# Parts of a month and caps -------------------------------------------------------------------


def month_of(yuan_text):
    transfers = (RoleTransfer("upstream", "downstream", yuan(yuan_text), "x"),)
    return Outcome("baseline", 1, MonthState.NOT_MET, transfers, ())


def test_a_month_in_force_in_part_counts_by_its_days_and_says_which(border):
    terms = border.terms(baseline, part_month={"value": "by_days", "source": "第十一条"})
    facts = border.month("Ⅴ", days_in_force=16)
    found = counted(month_of("310000"), facts, terms)
    assert found.net()["downstream"] == yuan("160000")
    step = found.steps[-1]
    assert step.text == (
        "条款在2023年8月有效 16 日，全月 31 日，按系数 16/31 折算；合 160,000.00 元。"
    )
    assert step.formula == "31.00 万元 × 16/31 ＝ 16.00 万元"
    assert step.clause == "第十一条"


def test_a_month_wholly_in_force_or_without_payment_is_left_as_it_is(border):
    terms = border.terms(baseline)
    whole, unpaid = month_of("310000"), Outcome("baseline", 1, MonthState.MET, (), ())
    assert counted(whole, border.month("Ⅴ"), terms) is whole
    assert counted(unpaid, border.month("Ⅴ", days_in_force=16), terms) is unpaid


@pytest.mark.parametrize(
    ("granularity", "period", "days"),
    [
        (Granularity.MONTH, date(2024, 2, 1), 29),
        (Granularity.MONTH, date(2023, 12, 1), 31),
        (Granularity.MONTH, date(2023, 11, 1), 30),
        (Granularity.YEAR, date(2024, 1, 1), 366),
        (Granularity.YEAR, date(2023, 1, 1), 365),
    ],
)
def test_the_days_in_force_are_at_most_those_of_the_period(granularity, period, days):
    def facts(in_force):
        return Facts(
            period=period, granularity=granularity, section="普顺", upstream="甲",
            downstream="乙", days_in_force=in_force,
        )  # fmt: skip

    assert facts(days).days_in_period == facts(1).days_in_period == days
    for wrong in (0, days + 1):
        with pytest.raises(ValueError, match=f"有效日数 {wrong} 须在 1 与全期日数之间"):
            facts(wrong)


def test_a_cap_already_used_up_leaves_a_line_of_nothing():
    months = apply_cap([month_of("1000000"), month_of("1000000")], yuan("1000000"))
    assert months[1].transfers == ()
    assert months[1].steps[-1].result == "0.00"
    assert months[1].steps[-1].formula.endswith("＝ 0.00 万元")


# What a family asks for, and the edges of its terms ------------------------------------------


def test_a_term_asks_for_the_facts_of_the_options_it_takes(border):
    rule = class_vs_last_year
    inflow, reference = {"inflow_class", "inflow_means"}, {"reference_class"}
    assert rule.every_need == rule.needs | inflow | reference | {"reference_means"}
    assert Rule(rule, border.terms(rule, inherited="half")).needs == rule.needs | inflow
    both = border.terms(rule, inherited="half", better_than="downstream_own")
    assert Rule(rule, both).needs == rule.needs | inflow | reference
    plain = border.terms(fixed_annual, amount="1", from_year=2023, to_year=2023)
    assert Rule(fixed_annual, plain).needs == fixed_annual.every_need == fixed_annual.needs


def refusals(border, rule, **terms):
    with pytest.raises(ParameterErrors) as wrong:
        border.terms(rule, **terms)
    return [(error.name, error.message) for error in wrong.value.errors]


def schedule(*rows):
    return [{"count": count, "amount": f"{wan}万元"} for count, wan in rows]


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([(1, 100), (2, 100)], []),  # equal amounts may follow each other
        ([(1, 100), (3, 150)], []),
        ([(2, 150)], ["第一行须自 1 起"]),
        ([(1, 99)], ["第一行 99.00 万元低于补偿标准 100.00 万元"]),
        ([(1, 100), (1, 150)], ["第2行"]),
        ([(1, 150), (2, 140)], ["第2行"]),
        ([(1, 100), (2, 150), (3, 140)], ["第3行"]),
    ],
)
def test_a_schedule_rises_from_one_and_from_the_rate(border, rows, problems):
    terms = {
        "rate": "100万元", "not_met_mode": "per_class_short", "not_met_amount": "100万元",
        "not_met_schedule": schedule(*rows),
    }  # fmt: skip
    if not problems:
        assert len(border.terms(class_vs_last_year, **terms).not_met_schedule) == len(rows)
        return
    found = refusals(border, class_vs_last_year, **terms)
    assert [name for name, _ in found] == ["not_met_schedule"] * len(problems)
    for (_, message), words in zip(found, problems, strict=True):
        assert message.startswith(words)


def test_everything_wrong_with_a_schedule_is_said_at_once(border):
    found = refusals(
        border, class_vs_last_year, rate="100万元", not_met_mode="per_class_short",
        not_met_amount="50万元", not_met_schedule=schedule((2, 90), (2, 80)),
    )  # fmt: skip
    assert {name for name, _ in found} == {"not_met_amount", "not_met_schedule"}
    assert len(found) > 2


def test_bands_of_a_score_may_share_a_part_but_not_a_start(border):
    def bands(*rows):
        return {
            "upstream_contribution": "1", "downstream_contribution": "1",
            "distribution": "bands",
            "bands": [{"from_score": start, "upstream_part": part} for start, part in rows],
        }  # fmt: skip

    terms = border.terms(weighted_score, **bands(("0", "50"), ("60", "50")))
    assert [band.upstream_part for band in terms.bands] == [50, 50]
    assert refusals(border, weighted_score, **bands(("0", "50"), ("0", "60")))[0][0] == "bands"
    assert refusals(border, weighted_score, **bands(("0", "50"), ("60", "49")))[0][0] == "bands"


def test_rows_without_a_limit_are_refused_by_their_names(border):
    rows = [
        {"indicator": code, "step_width": "0.5", "unit_amount": "1"} for code in ("TN", "sulfate")
    ]
    assert refusals(border, exceedance_steps, indicators=rows) == [
        ("indicators", "总氮、硫酸盐没有功能类别限值；请填该行的限值。")
    ]


def test_the_condition_of_a_fixed_sum_tells_whether_it_is_a_default(border):
    terms = border.terms(fixed_annual, amount="1", from_year=2023, to_year=2023, payer="downstream")
    given = border.terms(
        fixed_annual, amount="1", from_year=2023, to_year=2023, payer="downstream",
        condition_class={"value": "Ⅱ", "source": "第四条"},
    )  # fmt: skip
    assert fixed_annual.evaluate(border.year("Ⅲ"), terms).transfers
    lines = {s.key: s for s in fixed_annual.evaluate(border.year("Ⅲ"), given).steps}
    assert Input("水质条件", "Ⅱ类", "", "第四条") in lines["comparison"].inputs
    assert lines["comparison"].clause == "第四条"


def test_a_base_period_may_be_one_year(border):
    years = {"baseline_kind": "base_period", "base_from": 2022}
    assert border.terms(baseline, **years, base_to=2022).base_to == 2022
    assert refusals(border, baseline, **years, base_to=2021)[0][0] == "base_to"


def test_every_column_that_does_not_exist_is_named(border):
    rows = [{"from_score": "0", "upstream_part": "1", "a": 1, "b": 2}]
    found = refusals(
        border, weighted_score, upstream_contribution="1", downstream_contribution="1",
        distribution="bands", bands=rows,
    )  # fmt: skip
    assert found == [("bands", "第1行（a）：没有这一列。\n第1行（b）：没有这一列。")]


def test_what_is_made_in_code_is_refused_by_name_and_label():
    good = {
        "amount": yuan("1"), "from_year": 2023, "to_year": 2030, "payer": "downstream",
        "condition_class": None, "reduction": Decimal(0), "incomplete_period": "use",
        "rounding": "scheme", "ph_mean": "scheme", "first_origin": "scheme",
    }  # fmt: skip
    with pytest.raises(ParameterErrors) as wrong:
        fixed_annual.parameters(**good | {"reduction": Decimal(101), "payer": "nobody"})
    assert {(error.name, error.label) for error in wrong.value.errors} == {
        ("payer", "付款方"), ("reduction", "扣减比例"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [("-0.00", "0"), ("0E-7", "0"), ("1E+3", "1000"), ("100", "100"), ("-0.50", "-0.5")],
)
def test_equal_values_look_equal(value, text):
    assert plain_decimal(Decimal(value)) == text


# Months short of their class -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "phosphorus", "wan"),
    [
        # Rivers 0.2: multiple 0.25, three steps of 0.1; lakes 0.05: multiple 4, forty steps.
        (WaterBody.RIVER, "0.25", 300),
        (WaterBody.LAKE, "0.25", 4000),
    ],
)
def test_steps_over_the_limit_count_from_the_row_of_the_water_body(border, body, phosphorus, wan):
    terms = border.terms(
        class_vs_last_year, rate="100万元", not_met_mode="per_multiple_step",
        not_met_amount="100万元", not_met_step_width="0.1",
    )  # fmt: skip
    facts = border.month("Ⅳ", means={"TP": phosphorus}, deciding=("TP",), water_body=body)
    found = class_vs_last_year.evaluate(facts, terms)
    assert found.net()["downstream"] == yuan(wan * 10000)
    assert found.state is MonthState.NOT_MET


def test_a_month_short_by_oxygen_alone_counts_as_one_step(border):
    terms = border.terms(
        class_vs_last_year, rate="100万元", not_met_mode="per_multiple_step",
        not_met_amount="100万元", not_met_step_width="0.1",
    )  # fmt: skip
    facts = border.month("Ⅳ", means={"DO": "4", "pH": "9.5", "TP": "0.1"}, deciding=("DO",))
    found = class_vs_last_year.evaluate(facts, terms)
    assert found.net()["downstream"] == yuan("1000000")
    assert "超标指标没有超标倍数（pH、溶解氧），按一级计；" in "".join(s.text for s in found.steps)


def test_what_came_in_is_named_where_it_is_what_the_classes_count_from(border):
    terms = border.terms(
        class_vs_last_year, rate="100万元", not_met_mode="per_class_short",
        not_met_amount="100万元", inherited="deduct",
    )  # fmt: skip
    facts = border.month("劣Ⅴ", inflow_section="六剑滩", inflow_class="Ⅳ")
    found = class_vs_last_year.evaluate(facts, terms)
    assert found.net()["downstream"] == yuan("2000000")  # from Ⅳ, not from the target Ⅲ
    assert "较入境断面 Ⅳ类 差 2 个类别" in "".join(s.text for s in found.steps)
    head = class_vs_last_year.evaluate(border.month("劣Ⅴ"), terms)
    assert "较功能类别 Ⅲ类 差 3 个类别" in "".join(s.text for s in head.steps)
