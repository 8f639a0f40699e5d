"""Numbers as people write them, one a cell, and what is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from written.amounts import read_yuan
from written.numbers import NotANumber, read_number, read_result
from written.text import CellError, narrow

MARKS = "①②⑩²⁴₂⑴⒈㉑⓪㋀½ª"


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("１.０", "1.0", ""),
        ("12.5万m³", "12.5", "万m3"),
        ("12.5 ㎎/L", "12.5", "mg/L"),
        ("7mg·L⁻¹", "7", "mg·L-1"),
        ("1 234", "1234", ""),
        ("1 234 567.8", "1234567.8", ""),
        ("１　２３４", "1234", ""),
        ("1,234.5", "1234.5", ""),
        ("5E-05", "0.00005", ""),
        ("1.25E+07m³", "12500000", "m3"),
        ("1.25×10⁷", "12500000", ""),
        ("1.25 x 10^-3", "0.00125", ""),
        ("−3", "-3", ""),
        ("0。5", "0.5", ""),
        (".5", "0.5", ""),
        ("96.5 %", "96.5", "%"),
    ],
)
def test_a_number_and_what_stands_behind_it(text, number, rest):
    found = read_number(text)
    assert (found.number, found.rest) == (Decimal(number), rest)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.0①", NotANumber.MARK),
        ("12.5①万m³", NotANumber.MARK),
        ("10²", NotANumber.MARK),
        ("0.3\n5", NotANumber.TWO),
        ("3 5", NotANumber.TWO),
        ("12 34", NotANumber.TWO),
        ("1 234 56", NotANumber.TWO),
        ("0 234", NotANumber.TWO),
        ("1. 5", NotANumber.TWO),
        ("12,50", NotANumber.COMMA),
        ("0,500", NotANumber.COMMA),
        ("1.2.3", NotANumber.COMMA),
        ("1e400", NotANumber.FAR),
        ("1e99999999999", NotANumber.FAR),
        ("9" * 1000, NotANumber.LONG),
        ("十", NotANumber.NONE),
        ("", NotANumber.NONE),
        ("٣", NotANumber.NONE),
        ("NaN", NotANumber.NONE),
    ],
)
def test_what_is_no_one_number_is_refused(text, why):
    with pytest.raises(NotANumber, match="请") as refused:
        read_number(text)
    assert refused.value.why == why


@given(st.decimals(-1000, 1000, places=3), st.sampled_from(MARKS))
def test_no_mark_ever_adds_a_digit(number, mark):
    with pytest.raises(CellError):
        read_number(f"{number}{mark}")
    with pytest.raises(CellError):
        read_result(f"{abs(number) + 1}L{mark}")


@given(st.integers(0, 10**12), st.integers(0, 6))
def test_grouped_full_width_and_exponent_forms_are_the_number(whole, places):
    number = Decimal(whole).scaleb(-places)
    for text in (
        f"{number:f}",
        f"{number:,f}",
        f"{number:,f}".replace(",", " "),
        f"{number:E}",
        f"{number:f}".translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789."}),
    ):
        assert read_number(text).number == number


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    for read in (read_number, read_result, read_yuan):
        try:
            read(text)
        except CellError:
            continue


@pytest.mark.parametrize("text", ["m³", "㎎/L", "NH₃-N", "μS/cm"])
def test_raised_and_lowered_figures_behind_letters_belong_to_them(text):
    assert narrow(text) in ("m3", "mg/L", "NH3-N", "μS/cm")


@pytest.mark.parametrize(
    ("text", "number", "below"),
    [("0.025L", "0.025", True), ("＜0.025", "0.025", True), ("0.31", "0.31", False),
     ("<0.025L", "0.025", True), ("0.025 l", "0.025", True), ("5E-05L", "0.00005", True)],
)  # fmt: skip
def test_a_result_keeps_its_mark(text, number, below):
    found = read_result(text)
    assert (found.number, found.below) == (Decimal(number), below)


@pytest.mark.parametrize(
    ("text", "units", "yuan"),
    [
        ("120", ("万元",), "1200000.00"),
        ("120万元", ("万元",), "1200000.00"),
        ("￥1,000", (), "1000.00"),
        ("-¥1 234.5", ("元",), "-1234.50"),
        ("100万元/月", (), "1000000.00"),
    ],
)
def test_an_amount_is_read_in_its_unit(text, units, yuan):
    assert str(read_yuan(text, units=units)) == yuan


@pytest.mark.parametrize(
    ("text", "units", "words"),
    [
        ("120万元", ("元",), "单位说法不一"),
        ("120", ("吨",), "不是金额的单位"),
        ("1.000", (), "多于两位小数"),
        ("10①", (), "注记"),
        ("500①万元", (), "注记"),
        ("1" + "0" * 19, (), "超过一万亿元"),
        ("1E15", (), "超过一万亿元"),
    ],
)
def test_an_amount_in_doubt_is_refused(text, units, words):
    with pytest.raises(CellError, match=words):
        read_yuan(text, units=units)
