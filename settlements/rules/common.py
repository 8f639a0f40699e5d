"""Parameters that several families share, declared once.

Each function is one field of a family's Parameters; `on` is the day from which the family's
defaults hold. Those marked `added` were given to families whose terms were stored already:
at their default they change nothing.

Source: the options for months without data are those of the procedure (每月核算程序) that the
schemes name; without a word in the agreement nothing is put in the place of a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from monitoring.standards.basis import FIRST, PH_MEAN, ROUNDING, Basis
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.rules.parameters import ParameterError, ParameterKind, Parameters, parameter, since

OURS = "本系统默认，协议未载时使用"
MONTHLY = ("comparison", ("monthly",))  # applies_if of families that settle months or years

# What is kept of a charge for water that came in no better, by the term's choice.
KEPT = {
    "charge": Fraction(1),
    "half": Fraction(1, 2),
    "deduct": Fraction(0),
    "none": Fraction(0),
}
_INHERITED = {
    "charge": "照常计收",
    "half": "减半计收",
    "deduct": "只计高出入境断面的部分",
    "none": "不计收",
}


def yearly_cap(on: str) -> Any:
    """The most that one direction pays in a year; held by `caps.apply_cap`."""
    return parameter(
        "每年单向封顶",
        ParameterKind.MONEY,
        unit="元/年",
        minimum=Decimal(0),
        optional=True,
        help="同一方向一年累计最多付的金额；空为不封顶。",
        english="Yearly cap per direction",
        english_help="Most that one direction pays in a year; empty for no cap.",
        default=[since(on, None, source=OURS)],
    )


def incomplete(
    on: str,
    span: str = "月",
    *,
    then: str = "互不补偿",
    help: str = "",
    english_help: str = "",
    source: str = OURS,
    **spec: Any,
) -> Any:
    """What becomes of a period with fewer valid values than the scheme asks for.

    span: 月, 年 or 期. then: the consequence in words; help: where it needs others.
    """
    periods = {"月": "month", "年": "year", "期": "period"}
    return parameter(
        f"数据不完整的{span}",
        ParameterKind.CHOICE,
        choices={"use": "照常核算并注明", "no_data": f"记为无数据，{then}"},
        help=help
        or f"有效数据不足以满足完整性要求的{'月（年）' if span == '期' else span}如何处理。",
        english=f"Incomplete {periods[span]}",
        english_help=english_help
        or "Settle as usual and say so, or record no data, where valid values are too few.",
        default=[since(on, "use", source=source)],
        **spec,
    )


def inherited(
    on: str, *choices: str, help: str = "", words: Mapping[str, str] | None = None, **spec: Any
) -> Any:
    """What is charged where the water is off its mark but no worse than it came in."""
    return parameter(
        "上游来水继承部分",
        ParameterKind.CHOICE,
        choices={key: (words or _INHERITED)[key] for key in choices},
        help=help
        or "未达要求、但不差于入境断面时的处理，状态记为“未增加”；没有入境断面的照常计收。",
        english="Inherited pollution",
        english_help="What is charged where the water leaves no worse than it entered; the month "
        "is then found to be 未增加 (not increased). Without an inflow section all is charged.",
        default=[since(on, "charge", source=OURS)],
        **spec,
    )


def missing_month(on: str, **spec: Any) -> Any:
    """What stands in for a month without a valid value."""
    return parameter(
        "缺测月处理",
        ParameterKind.CHOICE,
        choices={
            "none": "不核算，记为无数据",
            "previous": "取上一有效月的值",
            "neighbours": "取前后两个有效月的均值",
        },
        help="只在本条款期内取值，前后各至多 12 个月；取均值的按均值定类。取了哪个月写入核算过程，"
        "该月标为数据不完整。市局已认定状态的月不取代，也不作取值的来源。",
        english="Month without data",
        english_help="Not settled; the last valid month's values; or the mean of the valid months "
        "before and after, classified from that mean. Only months of this term, at most 12 "
        "away; shown in the steps. A month with a ruling neither takes nor gives values.",
        default=[since(on, "none", source=OURS)],
        added=True,
        **spec,
    )


def sampling(on: str, **spec: Any) -> Any:
    """How often the section is measured; a quarter's value stands for its three months."""
    return parameter(
        "监测频次",
        ParameterKind.CHOICE,
        choices={"monthly": "每月", "quarterly": "每季度一次"},
        help="每季度一次的，季内没有数据的月取该季所测月的值（去年同期、入境断面亦同），写入核算过程。",
        english="Sampling",
        english_help="Monthly, or once a quarter: the value of the month measured then stands for "
        "the quarter's other months, as do last year's and the inflow section's.",
        default=[since(on, "monthly", source=OURS)],
        added=True,
        **spec,
    )


def part_month(on: str, **spec: Any) -> Any:
    """How a month counts in which the term begins or ends after its first day."""
    return parameter(
        "不足整月",
        ParameterKind.CHOICE,
        choices={
            "first_day": "当月 1 日有效的按整月计，否则不计",
            "by_days": "按有效日数占全月日数折算",
            "none": "不足整月的不计",
        },
        help="条款期在月中开始或结束的月如何计。",
        english="Part of a month",
        english_help="A month in which the term begins or ends after the 1st: whole where the "
        "term holds on the 1st, in proportion to its days, or not at all.",
        default=[since(on, "first_day", source=OURS)],
        added=True,
        **spec,
    )


SCHEME = "scheme"  # as the bureau's 统计口径 has it
_SCHEME = {SCHEME: "随统计口径"}


def rounding(on: str, **spec: Any) -> Any:
    """Whether the mean is rounded to its assessed decimals before it is classed and compared."""
    return parameter(
        "均值修约",
        ParameterKind.CHOICE,
        choices={**_SCHEME, **ROUNDING},
        help="定类和比较用的均值：未修约，或先修约到参评小数位（如氨氮两位）。年均值由未修约的月均值算出"
        "后修约一次。",
        english="Rounding of means",
        english_help="Whether means are rounded to their assessed decimals before they are classed "
        "and compared; a year's mean is rounded once.",
        default=[since(on, SCHEME, source=OURS)],
        added=True,
        **spec,
    )


def ph_mean(on: str, **spec: Any) -> Any:
    """How pH is averaged."""
    return parameter(
        "pH 均值",
        ParameterKind.CHOICE,
        choices={**_SCHEME, **PH_MEAN},
        help="pH 的月均值和年均值：算术平均，或按氢离子浓度平均。",
        english="Mean pH",
        english_help="Arithmetic, or of the hydrogen-ion concentrations.",
        default=[since(on, SCHEME, source=OURS)],
        added=True,
        **spec,
    )


def first_origin(on: str, **spec: Any) -> Any:
    """Which stands where automatic and manual values are both there."""
    return parameter(
        "自动与手工并存时",
        ParameterKind.CHOICE,
        choices={**_SCHEME, **FIRST},
        help="同一断面同一月自动、手工都有时用哪一种；自动监测不完整的，总以手工为准。",
        english="Automatic or manual first",
        english_help="Which stands where a month has both; an incomplete automatic month always "
        "gives way to a manual one.",
        default=[since(on, SCHEME, source=OURS)],
        added=True,
        **spec,
    )


def basis_under(parameters: Parameters, scheme: Basis) -> Basis:
    """The 统计口径 of a term: the bureau's, but for what the term chose otherwise.

    The scheme's where the family has no such parameters.
    """
    chosen = own_choices(parameters)
    return replace(scheme, **chosen) if chosen else scheme


def own_choices(parameters: Parameters) -> dict[str, str]:
    """Field of `Basis` → what the term chose; nothing where it follows the scheme."""
    return {
        name: value
        for name, of in (("rounding", "rounding"), ("ph", "ph_mean"), ("first", "first_origin"))
        if (value := getattr(parameters, of, SCHEME)) != SCHEME
    }


def water_condition(on: str, does: str) -> Any:
    """The class that a yearly sum hangs on. does: 付 or 补, what is done less of."""
    return parameter(
        "水质条件",
        ParameterKind.CLASS,
        english="Condition on the water",
        english_help="Class that the year must not be worse than, else less is paid; empty for "
        "none.",
        minimum=WaterClass.I,
        maximum=WaterClass.V,
        optional=True,
        help=f"年度水质差于该类别时按扣减比例少{does}；空为不设条件。",
        default=[since(on, None, source=OURS)],
    )


def reduction(on: str, does: str) -> Any:
    """Per cent taken off where the `water_condition` is not met."""
    return parameter(
        "扣减比例",
        ParameterKind.PERCENT,
        english="Reduction",
        english_help="Per cent taken off where the condition is not met; 100 for nothing paid.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help=f"差于水质条件时扣减的百分数；100 为全部不{does}。",
        default=[since(on, "100", source=OURS)],
    )


def years_between(first: int | None, last: int | None) -> frozenset[int]:
    """The years of a base period, both ends included; empty while it is not named."""
    if first is None or last is None:
        return frozenset()
    return frozenset(range(first, last + 1))


def years_in_order(p: Parameters, from_year: int, to_year: int) -> list[ParameterError]:
    """from_year … to_year must be a span."""
    if to_year >= from_year:
        return []
    words = f"{to_year} 早于起始年度 {from_year}；请填不早于它的年度。"
    return [p.error("to_year", words)]
