"""Figures as a page shows them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import Context, Engine, RequestContext
from django.test import RequestFactory

from dashboard.templatetags import figures


def render(source: str, context) -> str:
    engine = Engine(libraries={"figures": "dashboard.templatetags.figures"})
    return engine.from_string("{% load figures %}" + source).render(context)


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        (Decimal("1000000"), "100.00"),
        (Decimal("12345678.90"), "1,234.57"),
        (Decimal("-1000000"), "\u2212100.00"),
        (0, "0.00"),
        (None, "-"),
    ],
)
def test_yuan_are_shown_in_wan_with_two_decimals(yuan, shown):
    assert figures.wan(yuan) == shown


def test_half_a_hundred_yuan_rounds_to_the_even_figure():
    assert figures.wan(Decimal("50")) == "0.00"
    assert figures.wan(Decimal("150")) == "0.02"
    assert figures.wan(Decimal("250")) == "0.02"


def test_a_signed_amount_has_plus_or_true_minus_and_zero_has_none():
    amounts = [Decimal("1000000"), Decimal("-500000"), Decimal("0")]
    assert [figures.wan_signed(a) for a in amounts] == ["+100.00", "\u221250.00", "0.00"]


@pytest.mark.parametrize(
    "show", [figures.wan, figures.wan_signed, figures.yuan_exact, figures.money_word]
)
@pytest.mark.parametrize("amount", [1.5, "100", True])
def test_money_that_is_not_an_exact_number_is_refused(show, amount):
    with pytest.raises(TypeError, match="Decimal"):
        show(amount)


def test_the_exact_yuan_keep_the_fen():
    assert figures.yuan_exact(Decimal("-1234567.89")) == "\u22121,234,567.89 元"


def test_an_amount_says_in_a_word_who_owes():
    assert figures.money_word(Decimal("1")) == "应收"
    assert figures.money_word(Decimal("-1")) == "应付"
    assert figures.money_word(Decimal("0")) == ""
    assert figures.sign_class(Decimal("-1")) == "neg"


def test_a_class_is_shown_by_its_numeral():
    assert [figures.water_numeral(n) for n in range(1, 7)] == ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"]
    assert figures.water_label(6) == "劣Ⅴ类"
    assert figures.water_css(None) == "class-none"


@pytest.mark.parametrize("number", [0, 7])
def test_a_class_outside_one_to_six_is_refused(number):
    with pytest.raises(ValueError, match="1–6"):
        figures.water_css(number)


def test_a_concentration_is_rounded_half_to_even_and_keeps_its_zeros():
    assert figures.concentration(Decimal("0.205"), 2) == "0.20"
    assert figures.concentration(Decimal("0.215"), 2) == "0.22"
    assert figures.concentration(Decimal("6"), 1) == "6.0"


def test_a_float_concentration_is_refused():
    with pytest.raises(TypeError, match="浓度"):
        figures.concentration(0.2, 2)


def test_changes_carry_their_sign():
    assert figures.signed_percent(Decimal("4.34")) == "+4.3 %"
    assert figures.signed_percent(-12) == "\u221212.0 %"
    assert figures.signed_percent(0) == "0.0 %"
    assert figures.signed(-2) == "\u22122"


def test_a_utc_moment_is_shown_in_shanghai_time():
    assert figures.local_time(datetime(2026, 10, 31, 17, 30, tzinfo=UTC)) == "2026-11-01 01:30"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="时区"):
        figures.local_time(datetime(2026, 10, 31, 17, 30))  # noqa: DTZ001


def test_a_month_is_written_in_chinese_and_for_the_address():
    assert figures.month_zh(date(2026, 1, 1)) == "2026年1月"
    assert figures.iso_month(date(2026, 1, 1)) == "2026-01"


def test_a_period_is_a_month_or_a_whole_year():
    assert figures.period_zh(date(2026, 1, 1), False) == "2026年1月"
    assert figures.period_zh(date(2026, 1, 1), True) == "2026年"


def test_a_sparkline_ends_in_its_last_value_and_draws_no_line_across_a_gap():
    line = figures.spark([1, 2, None, 3])
    assert line["lines"] == ["0.0,21.0 36.7,12.0"]
    assert (line["alone"], line["x"], line["y"]) == ([], "110.0", "3.0")
    line = figures.spark([1, None, 3])
    assert (line["lines"], line["alone"]) == ([], [("0.0", "21.0")])
    assert figures.spark([5]) is None


def test_a_payer_is_drawn_left_of_zero_and_a_receiver_right():
    pays = figures.bar(Decimal("-50"), Decimal("100"))
    receives = figures.bar(Decimal("100"), Decimal("100"))
    assert (pays["start"], pays["length"], pays["pays"]) == ("50.0", "50.0", True)
    assert (receives["start"], receives["length"], receives["pays"]) == ("100.0", "100.0", False)


def test_page_numbers_leave_out_the_middle():
    page = Paginator(range(2202), 10).get_page(2)
    assert figures.page_numbers(page) == [1, 2, 3, "…", 221]


def test_kept_filters_repeat_every_parameter_but_the_named_ones_escaped():
    request = RequestFactory().get("/", {"q": '"><b>', "month": "2026-10", "state": ["a", "b"]})
    html = render('{% kept_filters "month" %}', RequestContext(request))
    assert "month" not in html
    assert "<b>" not in html
    assert html.count('name="state"') == 2


def test_classes_drop_what_is_empty():
    assert render('{% classes "a" none "" "b" %}', Context({"none": None})) == "a b"


@pytest.mark.parametrize(
    ("value", "shown"), [("87.83", "87.83 %"), ("100", "100 %"), ("50.00", "50 %"), (None, "-")]
)
def test_a_share_keeps_the_decimals_it_has(value, shown):
    assert figures.share_percent(value and Decimal(value)) == shown
