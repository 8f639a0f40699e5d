"""Money, dates and shares as people write them, and each rule's form giving its defaults back."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from dashboard.agreements.entry.parameters import RuleForm, starting, typed_parameters
from dashboard.forms import values as typing
from settlements import rules
from settlements.rules.parameters import ParameterErrors, with_defaults
from written.days import read_month


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500万元", "5000000.00"),
        ("５００万", "5000000.00"),
        ("1,000", "1000.00"),
        ("１，０００．５", "1000.50"),
        ("1.2亿元", "120000000.00"),
        ("100 万元/月", "1000000.00"),
        ("350.5万", "3505000.00"),
        ("0", "0.00"),
        ("1 234 567.8", "1234567.80"),
        ("￥1,000", "1000.00"),
    ],
)
def test_money_is_read_as_people_write_it(text, value):
    assert typing.read_money(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        *("10①", "500①万元", "10²", "3 5", "1 00", "1\n5", "1.000"),
        *("五百万", "1,00", "1.2.3", "100美元", "0.001", "99999999亿", "", "12,34,567"),
        pytest.param("9" * 1_000_000, id="a million digits"),
    ],
)
def test_what_is_no_money_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="请"):
        typing.read_money(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023年1月", "2023-01-01", "2023-01-31"),
        ("2023.1", "2023-01-01", "2023-01-31"),
        ("２０２３－０２", "2023-02-01", "2023-02-28"),
        ("2023-01-05", "2023-01-05", "2023-01-05"),
        ("2023/1/5", "2023-01-05", "2023-01-05"),
        ("2023年1月5日", "2023-01-05", "2023-01-05"),
        ("20230105", "2023-01-05", "2023-01-05"),
        ("2024年", "2024-01-01", "2024-12-31"),
    ],
)
def test_a_date_is_read_as_people_write_it(text, first, last):
    assert (typing.read_first_day(text).isoformat(), typing.read_last_day(text).isoformat()) == (
        first, last,
    )  # fmt: skip


def test_a_day_is_asked_for_where_a_month_is_written():
    for text in ("2026-10", "2026", "2026年10月"):
        with pytest.raises(ValueError, match="没有写到日"):
            typing.read_day(text)
    assert read_month("2023年5月") == date(2023, 5, 1)
    with pytest.raises(ValueError, match="没有写到月"):
        read_month("2023")


@pytest.mark.parametrize(
    "text", ["2023-13", "2023.1①", "2025 10", "2023-02-30", "去年", "1023-01", "1/2/2023"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"不是日期|年份不在"):
        typing.read_first_day(text)


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("50%", "1/2", "50%"), ("０．５", "1/2", "50%"), ("50", "1/2", "50%"), ("1", "1", "100%"),
        ("1/3", "1/3", "1/3"), ("２／３", "2/3", "2/3"), ("三分之一", "1/3", "1/3"),
        ("十二分之五", "5/12", "5/12"), ("⅓", "1/3", "1/3"), ("2/4", "1/2", "50%"),
        ("33.3333%", "333333/1000000", "33.3333%"),
    ],
)  # fmt: skip
def test_a_share_is_read_as_part_of_one(text, value, said):
    assert typing.read_share(text) == Fraction(value)
    assert typing.say_share(typing.read_share(text)) == said


@pytest.mark.parametrize(
    "text",
    ["0", "101", "-1", "150%", "0.0000000001", "半", "4/3", "1/0", "0/3", "1/3/3", "1/9999999",
     "三分之四", "零分之一", "分之一"],
)  # fmt: skip
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match=r"份额|数字"):
        typing.read_share(text)


@pytest.mark.parametrize("code", rules.RULES)
def test_the_form_of_each_rule_gives_its_defaults_back(code):
    declared = rules.get(code).parameters
    day = date(2026, 1, 1)
    begun = starting(code, day)
    form = RuleForm(typed_parameters(code, begun), rule=code, before=begun)
    try:
        expected = with_defaults(declared, {}, on=day)
    except ParameterErrors as wrong:  # some rules leave figures to the agreement
        expected, refused = None, {error.name for error in wrong.errors}
    else:
        refused = set()
    assert {name.split("-")[0] for name in form.errors} == refused
    assert expected is None or form.values()["parameters"] == expected
