"""Figures as a page shows them: money, classes, concentrations, dates.

Amounts come in as Decimal (or int) yuan and are shown in 万元 with two decimals; a float is
refused, because it has already lost the fen. Rounding is for show only (GB/T 8170—2008).
None is "-" everywhere: a gap is said, not left blank.
"""

import zoneinfo
from datetime import UTC, date, datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html_join

from monitoring.standards.detection import MeasuredValue, reported
from monitoring.standards.rounding import round_to_places
from settlements.models.shares import share_words

register = template.Library()

MINUS = "\u2212"
NOTHING = "-"
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
NUMERALS = ("", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")


# Money ---------------------------------------------------------------------------------


def exact(value) -> Decimal:
    """The value as Decimal; TypeError for anything that is not an exact number."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(
            f"金额须为 Decimal 或整数（元），收到 {type(value).__name__}：{value!r}；"
            "浮点数已丢失精度，请从数据库的 numeric 列直接取值。"
        )
    return Decimal(value)


def with_sign(number: Decimal, text: str, *, plus: bool) -> str:
    """`text` (of the absolute value) with a true minus, and a plus if asked for; zero has neither."""
    if number < 0:
        return MINUS + text
    return "+" + text if plus and number > 0 else text


def in_wan(yuan, *, plus: bool) -> str:
    if yuan is None:
        return NOTHING
    number = exact(yuan)
    wan_yuan = round_to_places(number.scaleb(-4), 2)
    return with_sign(wan_yuan, f"{abs(wan_yuan):,.2f}", plus=plus)


@register.filter
def wan(yuan) -> str:
    """Yuan → 万元: 1234567 → '123.46'; negative with a true minus sign."""
    return in_wan(yuan, plus=False)


@register.filter
def wan_signed(yuan) -> str:
    """As `wan`, with '+' before what is received; zero has no sign."""
    return in_wan(yuan, plus=True)


@register.filter
def yuan_signed(yuan) -> str:
    """To the fen with '+' before what is received, without the unit; zero has no sign."""
    if yuan is None:
        return NOTHING
    number = exact(yuan)
    return with_sign(number, f"{abs(number):,.2f}", plus=True)


@register.filter
def yuan_exact(yuan) -> str:
    """To the fen, for the title: '1,234,567.00 元'."""
    if yuan is None:
        return NOTHING
    number = exact(yuan)
    return with_sign(number, f"{abs(number):,.2f} 元", plus=False)


@register.filter
def fen(yuan) -> str:
    """To the fen without its unit, for a column headed 元: '1,234,567.00'."""
    if yuan is None:
        return NOTHING
    number = exact(yuan)
    return with_sign(number, f"{abs(number):,.2f}", plus=False)


@register.filter
def money_word(yuan) -> str:
    """应收 / 应付, the word an amount carries where it stands alone; '' for zero or None."""
    if yuan is None or exact(yuan) == 0:
        return ""
    return "应收" if yuan > 0 else "应付"


@register.filter
def magnitude(yuan):
    """Without its sign: beside a word that says the same."""
    return None if yuan is None else abs(exact(yuan))


@register.filter
def sign_class(yuan) -> str:
    """CSS class by sign: 'pos', 'neg' or ''."""
    if yuan is None or exact(yuan) == 0:
        return ""
    return "pos" if yuan > 0 else "neg"


# Water ---------------------------------------------------------------------------------


@register.filter
def water_numeral(water_class) -> str:
    """1…6 → 'Ⅰ'…'劣Ⅴ' (GB 3838—2002); None → '-'. ValueError for another number."""
    if water_class is None:
        return NOTHING
    if not 1 <= int(water_class) <= 6:
        raise ValueError(f"水质类别须为 1–6（6 为劣Ⅴ），收到 {water_class!r}。")
    return NUMERALS[int(water_class)]


@register.filter
def water_label(water_class) -> str:
    """1…6 → 'Ⅰ类'…'劣Ⅴ类'; None → '-'."""
    return NOTHING if water_class is None else f"{water_numeral(water_class)}类"


@register.filter
def water_css(water_class) -> str:
    """1…6 → 'class-1'…'class-6'; None → 'class-none'."""
    if water_class is None:
        return "class-none"
    water_numeral(water_class)
    return f"class-{int(water_class)}"


@register.filter
def concentration(value, places: int) -> str:
    """A concentration to `places` decimals, rounded half to even (GB/T 8170—2008)."""
    if value is None:
        return NOTHING
    if not isinstance(value, Decimal):
        raise TypeError(f"浓度须为 Decimal，收到 {type(value).__name__}：{value!r}。")
    number = round_to_places(value, places)
    return with_sign(number, f"{abs(number):.{int(places)}f}", plus=False)


# Numbers and dates ---------------------------------------------------------------------


@register.filter
def figure(value: Decimal) -> str:
    """A figure with thousands, and the decimals it has."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def result(value: MeasuredValue, decimals: int | None = None) -> str:
    """A laboratory's result with the decimals it has, and L where nothing was detected; typed
    ones with at least `decimals` of their indicator."""
    if decimals is not None:
        value = reported(value.value, value.below_limit, decimals)
    return f"{value.value:,f}" + ("L" if value.below_limit else "")


@register.filter
def thousands(count) -> str:
    """2202 → '2,202'."""
    return NOTHING if count is None else f"{count:,}"


@register.filter
def percent(value, places: int = 1) -> str:
    """A number of per cent (not a ratio): 91.3 → '91.3 %'."""
    if value is None:
        return NOTHING
    number = round_to_places(Decimal(value), places)
    return with_sign(number, f"{abs(number):,.{int(places)}f} %", plus=False)


@register.filter
def share_percent(value) -> str:
    """A share in per cent with just the decimals it has: 87.83 → '87.83 %', 100 → '100 %'; one
    that does not end as the fraction of 1 that it is: 100/3 → '1/3'."""
    if value is None:
        return NOTHING
    return share_words(exact(value) / 100, " ")


@register.filter
def signed_percent(value, places: int = 1) -> str:
    """A change in per cent: 4.3 → '+4.3 %', -12 → '−12.0 %', 0 → '0.0 %'."""
    if value is None:
        return NOTHING
    number = round_to_places(Decimal(value), places)
    return with_sign(number, f"{abs(number):,.{int(places)}f} %", plus=True)


@register.filter
def signed(value) -> str:
    """A change in its own unit: 2 → '+2', -3 → '−3', 0 → '0'; decimals as they come."""
    if value is None:
        return NOTHING
    number = Decimal(value)
    return with_sign(number, f"{abs(number):,}", plus=True)


@register.filter
def month_zh(day: date | None) -> str:
    """2026-10-01 → '2026年10月'."""
    return NOTHING if day is None else f"{day.year}年{day.month}月"


@register.filter
def period_zh(day: date, yearly: bool) -> str:
    """A period by its first day: '2026年10月', and a whole year '2026年'."""
    return f"{day.year}年" if yearly else month_zh(day)


@register.filter
def iso_month(day: date | None) -> str:
    """2026-10-01 → '2026-10', as the address writes it."""
    return "" if day is None else f"{day.year:04}-{day.month:02}"


@register.filter
def local_time(moment: datetime | None) -> str:
    """A UTC moment as Chongqing's clock reads it: '2026-11-09 18:00'.

    Raises ValueError for a moment without a zone: guessing one would move a reading by a day.
    """
    if moment is None:
        return NOTHING
    if moment.tzinfo is None:
        raise ValueError(f"时间 {moment!r} 没有时区；请存为带 UTC 时区的时间。")
    return f"{moment.astimezone(UTC).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


# Small drawings ------------------------------------------------------------------------


@register.filter
def spark(values) -> dict | None:
    """Lines of a 114 × 24 sparkline, the dots of values that stand alone, and its last dot; None
    for fewer than two values.

    A None among the values keeps its place in time: no line is drawn across it.
    """
    known = [(i, Decimal(str(v))) for i, v in enumerate(values) if v is not None]
    if len(known) < 2:
        return None
    low, high = min(v for _, v in known), max(v for _, v in known)
    step = Decimal(110) / (len(values) - 1)

    def point(i: int, v: Decimal) -> tuple[str, str]:
        y = Decimal(12) if high == low else 21 - 18 * (v - low) / (high - low)
        return f"{i * step:.1f}", f"{y:.1f}"

    runs: list[list[tuple[str, str]]] = []
    last = None
    for i, v in known:
        if last is None or i != last + 1:
            runs.append([])
        runs[-1].append(point(i, v))
        last = i
    end = runs[-1][-1]
    return {
        "lines": [" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1],
        "alone": [run[0] for run in runs if len(run) == 1 and run[0] != end],
        "x": end[0],
        "y": end[1],
    }


@register.filter
def bar(yuan, largest) -> dict:
    """Geometry of an amount on an axis from −1 to 1, for net_bar.html and month_strip.html.

    `length` is 0…100 (per cent of the half axis), `start` where the bar begins on a 0…200 axis
    whose zero is at 100, `top` the same for an upright axis. `largest` is the largest absolute
    amount shown; 0 or None gives no bar.
    """
    if yuan is None or not largest:
        return {"length": "0", "start": "100", "top": "100", "pays": False}
    number = exact(yuan)
    length = min(Decimal(100), 100 * abs(number) / abs(exact(largest)))
    return {
        "length": f"{length:.1f}",
        "start": f"{100 - length if number < 0 else Decimal(100):.1f}",
        "top": f"{Decimal(100) if number < 0 else 100 - length:.1f}",
        "pays": number < 0,
    }


# Pages, forms, classes -----------------------------------------------------------------


@register.filter
def page_numbers(page) -> list:
    """Page numbers to offer round a Page, with '…' where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag(takes_context=True)
def page_link(context, page, number: int) -> str:
    """This address with another page of a list; its parameter is "page" unless the Page says."""
    asked = context.request.GET.copy()
    asked[getattr(page, "parameter", "page")] = number
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def kept_filters(context, *left_out: str) -> str:
    """Hidden inputs for the address's parameters, but those named: a form then keeps the rest."""
    pairs = [
        (name, value)
        for name, values in context.request.GET.lists()
        if name not in left_out
        for value in values
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag
def classes(*names) -> str:
    """Class names joined by a space, empty ones dropped."""
    return " ".join(str(name) for name in names if name)
