"""Limits and water classes of GB 3838-2002 地表水环境质量标准.

Source: GB 3838-2002, table 1 (basic items) and table 2 (supplementary items of
centralised drinking-water sources). Limits are Decimal, values Decimal or Fraction (`exact`),
mg/L unless UNITS says otherwise. A value equal to a limit meets it. Nothing is rounded here.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction

from monitoring.standards.exact import Number
from written.text import narrow

CODE, TITLE = "GB 3838-2002", "地表水环境质量标准"


class UnknownIndicator(LookupError):
    """A code or name that no table of the standard and no station parameter has."""


class NoLimit(LookupError):
    """The standard gives no single limit for what was asked."""


class WaterBody(StrEnum):
    """Which TP and TN rows of table 1 apply."""

    RIVER = "river"
    LAKE = "lake"  # lake or reservoir

    @property
    def label(self) -> str:
        return "河流" if self is WaterBody.RIVER else "湖、库"


class WaterClass(IntEnum):
    """Class of a water (水质类别), I best; a larger number is worse.

    Grade and colour: 环办〔2011〕22号 table 1.
    """

    I = 1  # noqa: E741 - the standard's own numeral
    II = 2
    III = 3
    IV = 4
    V = 5
    INFERIOR_V = 6

    @property
    def numeral(self) -> str:
        """As the standard writes it: Ⅰ … Ⅴ, 劣Ⅴ."""
        return ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")[self - 1]

    @property
    def label(self) -> str:
        return f"{self.numeral}类"

    @property
    def grade(self) -> str:
        """水质状况 of a section of this class."""
        return ("优", "优", "良好", "轻度污染", "中度污染", "重度污染")[self - 1]

    @property
    def colour(self) -> str:
        return ("blue", "blue", "green", "yellow", "orange", "red")[self - 1]

    @classmethod
    def parse(cls, text: str) -> WaterClass:
        """The class written as III, Ⅲ, 3, Ⅲ类, 三类, 劣Ⅴ, 劣V …

        Raises ValueError, saying what can be written.
        """
        # Ⅲ, ⅲ and full-width letters become plain ones, ③ stays a mark.
        plain = narrow(str(text)).upper()
        plain = plain.removesuffix("水质").removesuffix("水").removesuffix("类").strip()
        if plain in _WRITTEN:
            return _WRITTEN[plain]
        raise ValueError(
            f"水质类别“{text}”无法识别；请填 Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ 或 劣Ⅴ(也可写 I…V 或 1…6)。"
        )


_WRITTEN = {
    written: WaterClass(number)
    for number, forms in enumerate(
        ("I 1 一", "II 2 二", "III 3 三", "IV 4 四", "V 5 五", "INFERIOR_V 6 劣V 劣5 劣五"), 1
    )
    for written in forms.split()
}
_WRITTEN["INFERIOR V"] = WaterClass.INFERIOR_V

# Every indicator the project knows: code, Chinese name, unit. Table 1 first, in its order
# (items 1–24), then table 2, then what automatic stations measure besides.
_INDICATORS = (
    ("WT", "水温", "℃"),
    ("pH", "pH", "无量纲"),
    ("DO", "溶解氧", "mg/L"),
    ("CODMn", "高锰酸盐指数", "mg/L"),
    ("COD", "化学需氧量", "mg/L"),
    ("BOD5", "五日生化需氧量", "mg/L"),
    ("NH3-N", "氨氮", "mg/L"),
    ("TP", "总磷", "mg/L"),
    ("TN", "总氮", "mg/L"),
    ("Cu", "铜", "mg/L"),
    ("Zn", "锌", "mg/L"),
    ("F", "氟化物", "mg/L"),
    ("Se", "硒", "mg/L"),
    ("As", "砷", "mg/L"),
    ("Hg", "汞", "mg/L"),
    ("Cd", "镉", "mg/L"),
    ("Cr6", "六价铬", "mg/L"),
    ("Pb", "铅", "mg/L"),
    ("CN", "氰化物", "mg/L"),
    ("VP", "挥发酚", "mg/L"),
    ("petroleum", "石油类", "mg/L"),
    ("LAS", "阴离子表面活性剂", "mg/L"),
    ("sulfide", "硫化物", "mg/L"),
    ("FC", "粪大肠菌群", "个/L"),
    ("sulfate", "硫酸盐", "mg/L"),
    ("chloride", "氯化物", "mg/L"),
    ("nitrate-N", "硝酸盐氮", "mg/L"),
    ("Fe", "铁", "mg/L"),
    ("Mn", "锰", "mg/L"),
    ("EC", "电导率", "μS/cm"),
    ("TURB", "浊度", "NTU"),
    ("Chla", "叶绿素α", "mg/L"),
    ("algae", "藻密度", "cells/L"),
)

ORDER: tuple[str, ...] = tuple(code for code, _, _ in _INDICATORS)
NAMES: dict[str, str] = {code: name for code, name, _ in _INDICATORS}
UNITS: dict[str, str] = {code: unit for code, _, unit in _INDICATORS}
TABLE_1_ITEMS: tuple[str, ...] = ORDER[:24]
TABLE_2_ITEMS: tuple[str, ...] = ORDER[24:29]

# pH, all classes of table 1 (item 2): the range, ends included.
PH_RANGE = (Decimal("6"), Decimal("9"))
# Dissolved oxygen, class I (item 3): this saturation in % serves instead of 7.5 mg/L.
DO_CLASS_I_SATURATION = Decimal("90")


def _limits(rows: str) -> dict[str, tuple[Decimal, ...]]:
    table = {}
    for row in rows.strip().splitlines():
        code, *values = row.split()
        table[code] = tuple(Decimal(value) for value in values)
    return table


# Table 1, items 3–24 for rivers: at most this much; DO: at least.
_TABLE_1 = _limits("""
    DO         7.5      6        5       3      2
    CODMn      2        4        6       10     15
    COD        15       15       20      30     40
    BOD5       3        3        4       6      10
    NH3-N      0.15     0.5      1.0     1.5    2.0
    TP         0.02     0.1      0.2     0.3    0.4
    Cu         0.01     1.0      1.0     1.0    1.0
    Zn         0.05     1.0      1.0     2.0    2.0
    F          1.0      1.0      1.0     1.5    1.5
    Se         0.01     0.01     0.01    0.02   0.02
    As         0.05     0.05     0.05    0.1    0.1
    Hg         0.00005  0.00005  0.0001  0.001  0.001
    Cd         0.001    0.005    0.005   0.005  0.01
    Cr6        0.01     0.05     0.05    0.05   0.1
    Pb         0.01     0.01     0.05    0.05   0.1
    CN         0.005    0.05     0.2     0.2    0.2
    VP         0.002    0.002    0.005   0.01   0.1
    petroleum  0.05     0.05     0.05    0.5    1.0
    LAS        0.2      0.2      0.2     0.3    0.3
    sulfide    0.05     0.1      0.2     0.5    1.0
    FC         200      2000     10000   20000  40000
""")

# Table 1, items 8 and 9: the rows of lakes and reservoirs (湖、库).
_TABLE_1_LAKE = _TABLE_1 | _limits("""
    TP         0.01     0.025    0.05    0.1    0.2
    TN         0.2      0.5      1.0     1.5    2.0
""")

_TABLE_1_OF = {WaterBody.RIVER: _TABLE_1, WaterBody.LAKE: _TABLE_1_LAKE}

# Table 2: supplementary limits of centralised drinking-water sources, mg/L.
_TABLE_2 = {
    "sulfate": Decimal("250"),
    "chloride": Decimal("250"),
    "nitrate-N": Decimal("10"),
    "Fe": Decimal("0.3"),
    "Mn": Decimal("0.1"),
}


def class_of(
    indicator: str,
    value: Number,
    water_body: WaterBody = WaterBody.RIVER,
    *,
    saturation: Number | None = None,
) -> WaterClass:
    """The best class whose limit this one value meets.

    value is in UNITS[indicator]; saturation (of DO alone) in %: 90 or more is class I.
    pH outside 6–9 is inferior V: table 1 has one range for all classes, and the national
    stations publish 劣Ⅴ for it.

    Raises TypeError for anything but a Decimal or Fraction, ValueError for a negative or not
    finite one, UnknownIndicator, and NoLimit for an item without a row for this water body.
    """
    _check(indicator, value)
    if indicator == "pH":
        low, high = PH_RANGE
        return WaterClass.I if low <= value <= high else WaterClass.INFERIOR_V
    limits = _row(indicator, water_body)
    if indicator == "DO":
        if saturation is not None:
            _check("DO", saturation)
            if saturation >= DO_CLASS_I_SATURATION:
                return WaterClass.I
        for number, at_least in enumerate(limits, 1):
            if value >= at_least:
                return WaterClass(number)
        return WaterClass.INFERIOR_V
    for number, at_most in enumerate(limits, 1):
        if value <= at_most:
            return WaterClass(number)
    return WaterClass.INFERIOR_V


def limit(
    indicator: str, water_class: WaterClass, water_body: WaterBody = WaterBody.RIVER
) -> Decimal:
    """The limit of table 1 in UNITS[indicator]: the most allowed; of DO the least.

    Raises NoLimit for pH (see ph_range), for inferior V and for items without a row;
    UnknownIndicator.
    """
    if indicator == "pH":
        raise NoLimit("pH 的标准是一个范围而不是单一限值；请用 ph_range() 取 6–9。")
    if water_class == WaterClass.INFERIOR_V:
        raise NoLimit("劣Ⅴ类没有标准限值；请用 Ⅰ 至 Ⅴ 类。")
    return _row(indicator, water_body)[water_class - 1]


def ph_range() -> tuple[Decimal, Decimal]:
    """Lowest and highest pH that meets table 1, the same for classes I–V."""
    return PH_RANGE


def supplementary_limit(indicator: str) -> Decimal:
    """The limit of table 2 in mg/L. Raises NoLimit for an item table 2 doesn't have."""
    if indicator not in _TABLE_2:
        known = "、".join(NAMES[code] for code in TABLE_2_ITEMS)
        raise NoLimit(f"{CODE} 表 2 没有“{NAMES.get(indicator, indicator)}”；表 2 有：{known}。")
    return _TABLE_2[indicator]


def has_limits(indicator: str, water_body: WaterBody = WaterBody.RIVER) -> bool:
    """Whether table 1 classes this item for this water body (pH included)."""
    return indicator == "pH" or indicator in _TABLE_1_OF[water_body]


def find_indicator(text: str) -> str:
    """The code of an indicator written as code (any case) or Chinese name.

    Raises UnknownIndicator, listing the codes.
    """
    key = narrow(text).casefold()
    if key not in _FOUND_BY:
        known = "、".join(f"{code}({name})" for code, name in NAMES.items())
        raise UnknownIndicator(f"指标“{text}”无法识别；可用的指标：{known}。")
    return _FOUND_BY[key]


_FOUND_BY = {
    written.casefold(): code for code, name in NAMES.items() for written in (code, name)
} | {
    "ph值": "pH",
    "铬(六价)": "Cr6",
    "cr(vi)": "Cr6",
    "cr6+": "Cr6",
    "f-": "F",
    "氟化物(以f-计)": "F",
    "nh4-n": "NH3-N",
    "硝酸盐": "nitrate-N",
    "叶绿素a": "Chla",
}


def _row(indicator: str, water_body: WaterBody) -> tuple[Decimal, ...]:
    table = _TABLE_1_OF[water_body]
    if indicator in table:
        return table[indicator]
    if indicator not in NAMES:
        raise UnknownIndicator(f"指标“{indicator}”不在 {CODE} 中；请用标准的指标代码，如 NH3-N。")
    raise NoLimit(
        f"{CODE} 表 1 没有{NAMES[indicator]}({indicator})"
        f"在{WaterBody(water_body).label}的分类限值；请勿将该指标用于定类。"
    )


def _check(indicator: str, value: Number) -> None:
    if isinstance(value, Fraction) and value >= 0:
        return
    if not isinstance(value, Number):
        raise TypeError(
            f"{NAMES.get(indicator, indicator)}：数值须为 Decimal 或分数，而不是 {type(value).__name__}；"
            "请由文本构造 Decimal，以免二进制小数误差。"
        )
    if isinstance(value, Fraction) or not value.is_finite() or value < 0:
        raise ValueError(
            f"{NAMES.get(indicator, indicator)}：数值 {value} 不能为负，也不能是无穷或非数；"
            "仪器故障的数据请先剔除。"
        )
