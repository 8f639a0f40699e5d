"""Amounts in and out: yuan to the fen, 万元, and splits that lose nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlements.money import (
    MoneyError,
    format_wan,
    format_yuan,
    from_wan,
    split,
    split_by_name,
    to_fen,
    yuan,
)

FEN_AMOUNTS = st.integers(-(10**13), 10**13).map(lambda fen: Decimal(fen) / 100)


@pytest.mark.parametrize(
    ("given_as", "amount"),
    [
        ("1000000", "1000000.00"),
        ("1,000,000.5", "1000000.50"),
        ("−0.05", "-0.05"),
        (" 12.30 ", "12.30"),
        (3000000, "3000000.00"),
        (Decimal("1E+6"), "1000000.00"),
        (Decimal("0.100"), "0.10"),
        ("1，000.5", "1000.50"),  # full-width comma
    ],
)
def test_yuan_takes_text_whole_numbers_and_decimals(given_as, amount):
    assert str(yuan(given_as)) == amount


@pytest.mark.parametrize(
    "wrong",
    [
        1.5, True, None, "", "一百万", "1.005", "1.000", "1e6", "10,00", "12元", Decimal("0.001"),
        Decimal("NaN"), Decimal("Infinity"),
    ],
)  # fmt: skip
def test_yuan_refuses_floats_third_decimals_and_what_is_no_number(wrong):
    with pytest.raises(MoneyError):
        yuan(wrong)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500万元", "5000000.00"),
        ("9,691.8 万元", "96918000.00"),  # all rivers, mid-2018 to 2019
        ("878.3万", "8783000.00"),  # Linjiang River 2019
        ("−100万元", "-1000000.00"),
        ("350", "3500000.00"),
        (350, "3500000.00"),
        (Decimal("0.000001"), "0.01"),
    ],
)
def test_amounts_in_wan_become_yuan(text, amount):
    assert str(from_wan(text)) == amount


@pytest.mark.parametrize("wrong", [878.3, True, "万元", "0.0000001万元", "500亿元"])
def test_amounts_in_wan_below_the_fen_or_in_another_form_are_refused(wrong):
    with pytest.raises(MoneyError):
        from_wan(wrong)


def test_shown_amounts_have_two_decimals_thousands_and_a_true_minus():
    assert format_wan(yuan("12345600")) == "1,234.56"
    assert format_wan(yuan("-1000000")) == "−100.00"
    assert format_yuan(yuan("-1000000")) == "−1,000,000.00"
    assert format_wan(yuan("-0.01")) == "0.00"


def test_rounding_to_the_fen_is_half_to_even():
    assert [str(to_fen(Decimal(x))) for x in ("0.005", "0.015", "0.025", "-0.005")] == [
        "0.00", "0.02", "0.02", "0.00",
    ]  # fmt: skip


@given(FEN_AMOUNTS)
def test_wan_and_yuan_agree(amount):
    assert from_wan(amount / 10000) == amount


@given(FEN_AMOUNTS, st.lists(st.decimals(0, 1000, places=4), min_size=1, max_size=12))
def test_a_split_adds_up_exactly_and_no_part_is_a_fen_off(amount, shares):
    if not any(shares):
        shares[0] = Decimal(1)
    parts = split(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert part == yuan(part)
        assert abs(part - amount * share / sum(shares)) < Decimal("0.010001")


def test_the_fen_left_over_goes_to_the_largest_remainder():
    assert split(yuan("0.10"), [Decimal(1), Decimal(1), Decimal(1)]) == (
        Decimal("0.04"), Decimal("0.03"), Decimal("0.03"),
    )  # fmt: skip
    assert split(yuan("1.00"), [Decimal("0.335"), Decimal("0.335"), Decimal("0.33")]) == (
        Decimal("0.34"), Decimal("0.33"), Decimal("0.33"),
    )  # fmt: skip


def test_chishui_is_shared_three_four_three():
    shares = {"云南": Decimal(3), "贵州": Decimal(4), "四川": Decimal(3)}
    assert split_by_name(yuan("200000000"), shares) == {
        "云南": yuan("60000000"), "贵州": yuan("80000000"), "四川": yuan("60000000"),
    }  # fmt: skip


def test_amounts_that_are_refused_say_what_may_be_given():
    with pytest.raises(
        MoneyError, match=r"^金额 1.5 的类型 float 不可用；请给文本、整数或 Decimal，"
    ):
        yuan(1.5)
    with pytest.raises(
        MoneyError, match=r"^万元金额 1.5 的类型不可用；请给文本、整数或 Decimal。$"
    ):
        from_wan(1.5)
    with pytest.raises(MoneyError, match=r"^“一百”不是金额；请填数字，如 1,000,000 或 1234.56。$"):
        yuan("一百")
    with pytest.raises(MoneyError, match=r"^份额 \['0'\] 不可用；须不为负，且至少一份大于零。$"):
        split(yuan("1"), [Decimal(0)])


@pytest.mark.parametrize("shares", [[], [Decimal(0)], [Decimal(1), Decimal(-1)]])
def test_shares_that_cannot_divide_are_refused(shares):
    with pytest.raises(MoneyError):
        split(yuan("1"), shares)
