from dataclasses import FrozenInstanceError
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.detection import MeasuredValue, NotAMeasurement, parse, reported, show


@pytest.mark.parametrize(
    "written",
    [
        "0.025L",
        "0.025l",
        "<0.025",
        "0.025 L",
        "< 0.025",
        " 0.025L ",
        "\uff1c0.025",  # full-width <
        "\ufe640.025",  # small <
        "0.025\uff2c",  # full-width L
        "\uff10\uff0e\uff10\uff12\uff15L",  # full-width digits and point
        "+0.025L",
    ],
)
def test_a_below_limit_mark_is_read_in_every_usual_form(written):
    assert parse(written) == MeasuredValue(Decimal("0.025"), below_limit=True)


@pytest.mark.parametrize(
    ("stored", "below", "decimals", "words"),
    [
        ("0.07000000", False, 3, "0.070"),
        ("0.07120000", False, 3, "0.0712"),
        ("0E-8", False, 3, "0.000"),
        ("100.00000000", False, 0, "100"),
        ("100.00000000", False, 1, "100.0"),
        ("999999999999.12345678", False, 3, "999999999999.12345678"),
        ("0.01000000", True, 3, "0.01L"),
        ("10.00000000", True, 0, "10L"),
    ],
)
def test_a_result_has_its_indicators_decimals_and_never_fewer_than_measured(
    stored, below, decimals, words
):
    assert show(reported(Decimal(stored), below, decimals)) == words


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=0, max_value=10**11))
def test_a_reported_result_is_the_one_that_was_measured(value):
    for decimals in (0, 3, 8):
        assert reported(value, False, decimals).value == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.31", "0.31"),
        (" 12 ", "12"),
        ("0", "0"),
        ("0.190", "0.190"),
        ("\uff10\uff0e\uff13\uff11", "0.31"),
        ("-0.2", "-0.2"),
        ("\uff0d0.2", "-0.2"),
        ("\N{MINUS SIGN}0.2", "-0.2"),
    ],
)
def test_a_plain_number_is_a_detected_value(written, value):
    measured = parse(written)
    assert measured == MeasuredValue(Decimal(value), below_limit=False)
    assert str(measured.value) == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "--",
        "*",
        "未检出",
        "ND",
        "L",
        "<",
        "1.2.3",
        "1,2",
        "NaN",
        "Infinity",
        "0.3 mg/L",
        "≤0.025",
        "0.025LL",
        "٣",
    ],
)
def test_anything_else_is_refused_with_the_remedy(written):
    with pytest.raises(NotAMeasurement, match=r"请填数字，未检出请填“0\.025L”或“<0\.025”"):
        parse(written)


@pytest.mark.parametrize("written", ["0L", "<0", "-0.025L", "<-0.025", "0.000L"])
def test_a_detection_limit_must_be_positive(written):
    with pytest.raises(NotAMeasurement, match="检出限须大于 0"):
        parse(written)


def test_half_the_limit_counts():
    assert parse("0.025L").counted == Decimal("0.0125")
    assert parse("0.025").counted == Decimal("0.025")


def test_a_value_is_detected_unless_said_otherwise():
    assert MeasuredValue(Decimal("1")).below_limit is False


def test_a_result_is_shown_with_its_mark():
    assert show(parse("0.025L")) == "0.025L"
    assert show(parse("0.025L"), "<") == "<0.025"
    assert show(parse("0.310")) == "0.310"
    assert show(parse("0.310"), "<") == "0.310"


def test_small_numbers_are_shown_without_exponent():
    assert show(MeasuredValue(Decimal("1E-8"))) == "0.00000001"
    assert show(MeasuredValue(Decimal("1E-8"), below_limit=True)) == "0.00000001L"


@pytest.mark.parametrize("value", [0.025, 1, "0.025"])
def test_a_result_is_a_decimal(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        MeasuredValue(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_result_is_finite(value):
    with pytest.raises(ValueError, match=value):
        MeasuredValue(Decimal(value))


@pytest.mark.parametrize("value", ["0", "-0.1"])
def test_a_limit_of_nothing_is_refused(value):
    with pytest.raises(ValueError, match="检出限"):
        MeasuredValue(Decimal(value), below_limit=True)
    assert MeasuredValue(Decimal(value)).value == Decimal(value)


def test_a_result_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        parse("1").value = Decimal("2")


@given(
    st.decimals(min_value="0.000001", max_value=1000, places=6),
    st.booleans(),
    st.sampled_from(["L", "<"]),
)
def test_what_is_shown_is_read_back(value, below, mark):
    measured = MeasuredValue(value, below)
    assert parse(show(measured, mark)) == measured


@given(st.decimals(min_value="0.000001", max_value=1000, places=6))
def test_half_the_limit_is_exact(value):
    with localcontext(prec=60):
        assert MeasuredValue(value, below_limit=True).counted * 2 == value
