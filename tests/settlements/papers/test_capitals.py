"""Amounts in capital numerals, as bills write them (《支付结算办法》附件一)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlements.money import MoneyError
from settlements.papers.capitals import capitals

DIGITS = "零壹贰叁肆伍陆柒捌玖"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1234567.80", "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角"),
        ("1234567.89", "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        ("0", "零元整"),
        ("0.00", "零元整"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("10100.00", "壹万零壹佰元整"),
        ("1000000", "壹佰万元整"),
        ("3500000.00", "叁佰伍拾万元整"),
        ("100000000.05", "壹亿元零伍分"),
        ("0.30", "叁角"),
        ("0.05", "伍分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("-45.60", "负肆拾伍元陆角"),
        ("-3", "负叁元整"),
        (
            "9999999999999999.99",
            "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_amounts_are_written_as_on_a_bill(amount, words):
    assert capitals(Decimal(amount)) == words


@pytest.mark.parametrize(
    "wrong", [Decimal("1.005"), Decimal("NaN"), 1, 1.5, "1.00", Decimal("1e16")]
)
def test_what_is_not_whole_fen_of_a_decimal_is_refused(wrong):
    with pytest.raises(MoneyError):
        capitals(wrong)


@given(st.decimals("0.01", "99999999.99", places=2))
def test_digits_stand_in_their_order_and_only_whole_yuan_end_with_the_closing_word(amount):
    words = capitals(amount)
    said = [DIGITS.index(c) for c in words if c in DIGITS[1:]]
    assert said == [int(c) for c in f"{amount:.2f}" if c in "123456789"]
    assert words.endswith("整") == (amount == amount.to_integral_value())
