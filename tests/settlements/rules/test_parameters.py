"""Parameters: all stored, all checked, all errors at once, defaults at entry alone."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import yuan
from settlements.rules import RULES
from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.class_vs_last_year import FAMILY as class_vs_last_year
from settlements.rules.fixed_annual import FAMILY as fixed_annual
from settlements.rules.parameters import (
    Dated,
    ParameterErrors,
    ParameterKind,
    Parameters,
    describe,
    parameter,
    since,
    with_defaults,
)

RATES = Dated(
    "补偿标准",
    unit="元/月",
    values=[
        since("2018-06-01", "1000000", source="试行方案"),
        since("2023-01-01", "1200000", source="第二轮"),
    ],
)


@dataclass(frozen=True, kw_only=True)
class Weight:
    """A row of the test rule."""

    indicator: str = parameter(
        "指标", ParameterKind.CHOICE, choices={"TP": "总磷", "COD": "化学需氧量"}
    )
    weight: Decimal = parameter("权重", ParameterKind.PERCENT, minimum=0, maximum=100)


@dataclass(frozen=True, kw_only=True)
class Scheme(Parameters):
    """One parameter of each kind."""

    rate: Decimal = parameter("补偿标准", ParameterKind.MONEY, unit="元", minimum=0, default=RATES)
    width: Decimal = parameter("级宽", ParameterKind.DECIMAL, minimum=Decimal("0.1"), maximum=10)
    years: int = parameter("年数", ParameterKind.INTEGER, minimum=1, maximum=20)
    floor: WaterClass | None = parameter("底线", ParameterKind.CLASS, optional=True)
    mirror: bool = parameter("双向", ParameterKind.BOOLEAN)
    k: dict = parameter(
        "系数", ParameterKind.MAPPING, choices={"TP": "总磷", "TN": "总氮"}, maximum=1
    )
    weights: tuple = parameter("权重表", ParameterKind.ROWS, row=Weight)


GIVEN = {
    "width": "0.50", "years": 3, "floor": "III", "mirror": True, "k": {"TP": "0.25"},
    "weights": [{"indicator": "TP", "weight": "60"}, {"indicator": "COD", "weight": "40"}],
}  # fmt: skip


def stored(**changes):
    return with_defaults(Scheme, GIVEN | changes, on=date(2019, 1, 1))


def test_each_kind_is_read_as_its_own_type():
    scheme = Scheme.from_json(stored())
    assert scheme.rate == yuan("1000000")
    assert scheme.width == Decimal("0.5")
    assert scheme.years == 3
    assert scheme.floor is WaterClass.III
    assert scheme.mirror is True
    assert scheme.k == {"TP": Decimal("0.25")}
    assert scheme.weights[1] == Weight(indicator="COD", weight=Decimal(40))


def test_parameters_are_the_same_after_json():
    scheme = Scheme.from_json(stored())
    assert Scheme.from_json(json.loads(json.dumps(scheme.to_json()))) == scheme


@pytest.mark.parametrize(
    ("on", "rate"),
    [(date(2018, 6, 1), "1000000.00"), (date(2022, 12, 31), "1000000.00"),
     (date(2023, 1, 1), "1200000.00")],
)  # fmt: skip
def test_the_default_in_force_at_entry_is_filled_in_with_its_source(on, rate):
    entry = with_defaults(Scheme, GIVEN, on=on)["rate"]
    assert entry["value"] == rate
    assert entry["is_default"] is True
    assert entry["source"] in ("试行方案", "第二轮")


def test_before_the_first_date_there_is_no_default():
    with pytest.raises(ParameterErrors, match="2018-05-31 没有默认值") as wrong:
        with_defaults(Scheme, GIVEN, on=date(2018, 5, 31))
    assert [error.name for error in wrong.value.errors] == ["rate"]


def test_what_was_given_keeps_its_clause_and_is_no_default():
    entry = stored(rate={"value": "80万元", "source": "第六条第（二）款"})["rate"]
    assert entry == {"value": "800000.00", "source": "第六条第（二）款", "is_default": False}
    assert stored()["width"]["source"] == "协议约定"


def test_a_stored_term_gets_nothing_filled_in():
    incomplete = stored()
    del incomplete["rate"]
    with pytest.raises(ParameterErrors) as wrong:
        Scheme.from_json(incomplete)
    assert [error.name for error in wrong.value.errors] == ["rate"]
    assert "缺少" in wrong.value.errors[0].message


def test_all_errors_come_at_once_each_with_its_name():
    bad = stored() | {"colour": {"value": "blue", "source": "", "is_default": False}}
    del bad["years"]
    bad["width"]["value"] = "0.05"
    bad["rate"]["value"] = 1.5
    bad["floor"]["value"] = "Ⅶ"
    bad["mirror"]["value"] = "yes"
    bad["k"]["value"] = {"Xx": "0.1"}
    bad["weights"]["value"] = [{"indicator": "TP", "weight": "101"}, {"indicator": "X"}]
    with pytest.raises(ParameterErrors) as wrong:
        Scheme.from_json(bad)
    assert {error.name for error in wrong.value.errors} == {
        "colour", "years", "width", "rate", "floor", "mirror", "k", "weights",
    }  # fmt: skip
    text = str(wrong.value)
    for words in (
        "低于下限 0.1",
        "第1行 权重",
        "第2行 指标",
        "第2行 权重",
        "不认识 Xx",
        "不用浮点数",
    ):
        assert words in text


def test_missing_defaults_and_wrong_values_are_told_together():
    with pytest.raises(ParameterErrors) as wrong:
        with_defaults(Scheme, {"width": "0", "nonsense": 1}, on=date(2019, 1, 1))
    names = [error.name for error in wrong.value.errors]
    assert sorted(names) == sorted(
        ["years", "floor", "mirror", "k", "weights", "width", "nonsense"]
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", "-1"), ("rate", "1.005"), ("rate", None), ("width", "NaN"), ("width", 0.5),
     ("width", "0.0_5"), ("width", "1_000"), ("width", "Infinity"), ("width", "0.5①"), ("width", "3 5"),
     ("k", {"TP": "0_1"}),
     ("years", "3"), ("years", True), ("years", 21), ("k", {}), ("k", {"TP": "1.1"}),
     ("weights", []), ("weights", "TP"), ("mirror", 1)],
)  # fmt: skip
def test_a_value_out_of_bounds_or_of_another_kind_is_refused(name, value):
    with pytest.raises(ParameterErrors) as wrong:
        stored(**{name: {"value": value, "source": "x"}})
    assert [error.name for error in wrong.value.errors] == [name]


def test_made_in_code_the_bounds_hold_too():
    with pytest.raises(ParameterErrors, match="年补偿金额"):
        fixed_annual.parameters(
            amount=yuan("-1"), from_year=2023, to_year=2030, payer="downstream",
            condition_class=None, reduction=Decimal(0), incomplete_period="use",
            rounding="scheme", ph_mean="scheme", first_origin="scheme",
        )  # fmt: skip


def test_dated_defaults_out_of_order_are_refused():
    with pytest.raises(ValueError, match="先后"):
        Dated("x", values=[since("2023-01-01", 1, source=""), since("2018-01-01", 1, source="")])


@pytest.mark.parametrize(
    ("rule", "given", "name"),
    [
        (class_vs_last_year, {"not_met_amount": "999999.99"}, "not_met_amount"),
        (class_vs_last_year, {"not_met_cap": "500000"}, "not_met_cap"),
        (baseline, {"baseline_kind": "class"}, "baseline_class"),
        (baseline, {"baseline_kind": "limits"}, "limits"),
        (baseline, {"baseline_kind": "base_period"}, "base_from"),
        (baseline, {"baseline_kind": "base_period", "base_from": 2022, "base_to": 2020}, "base_to"),
        (fixed_annual, {"amount": "1", "from_year": 2024, "to_year": 2023}, "to_year"),
        (fixed_annual, {"amount": "1", "from_year": 2023, "to_year": 2023, "payer": "upstream",
                        "condition_class": "Ⅲ"}, "condition_class"),
    ],
)  # fmt: skip
def test_parameters_that_contradict_each_other_are_refused(rule, given, name):
    with pytest.raises(ParameterErrors) as wrong:
        with_defaults(rule.parameters, given, on=date(2023, 1, 1))
    assert [error.name for error in wrong.value.errors] == [name]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_parameter_is_described_for_the_form_and_as_plain_data(rule):
    described = describe(rule.parameters)
    assert json.loads(json.dumps(described)) == described
    names = {entry["name"] for entry in described}
    for entry in described:
        assert entry["label"]
        assert entry["help"]
        assert (entry["kind"] == "choice") <= bool(entry["choices"])
        if entry["applies_if"]:
            assert entry["applies_if"]["name"] in names
        for default in entry["defaults"]:
            assert default["source"]


def test_rows_are_described_with_their_columns():
    weights = describe(Scheme)[-1]
    assert [column["name"] for column in weights["columns"]] == ["indicator", "weight"]
