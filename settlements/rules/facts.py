"""What a rule may know of one section and one period, and how it asks for it.

Facts are delivered by one query per agreement and year; a family declares in `needs`
what it may ask for. A fact not delivered is None (or an empty mapping) and is refused by name, never
guessed. Concentrations are exact (Decimal or Fraction) mg/L by indicator code; flow is m³ in the
period. Stored, a number that does not end stands there twice: as the decimals it always had,
which the input digest is over, and whole, as a fraction, in "exact" (decision 0011).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from monitoring.standards.exact import Number, Written, ends, exact, written
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from settlements.money import split, to_fen


class Granularity(StrEnum):
    """How long the period is that one outcome settles."""

    MONTH = "month"
    YEAR = "year"


class MonthState(StrEnum):
    """What was found of a section in a period, in the words of the notice."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_INCREASED = "not_increased"
    NATURAL_NO_FLOW = "natural_no_flow"
    MANMADE_NO_FLOW = "manmade_no_flow"
    NO_DATA = "no_data"
    EXCLUDED = "excluded"

    @property
    def label(self) -> str:
        return _STATE_LABELS[self]


_STATE_LABELS = {
    MonthState.MET: "达标",
    MonthState.NOT_MET: "未达标",
    MonthState.NOT_INCREASED: "未增加",
    MonthState.NATURAL_NO_FLOW: "自然断流",
    MonthState.MANMADE_NO_FLOW: "人为断流",
    MonthState.NO_DATA: "无数据",
    MonthState.EXCLUDED: "剔除",
}

# Why a month is without data where nobody ruled so; only such a month can take the place of
# another (`settlements.rules.substitution`).
NO_READINGS = "本期没有有效监测数据"
# Keys of Facts.substituted_from: whose values were taken from another month.
OWN, INFLOW, REFERENCE, LAST_YEAR = "本断面", "入境断面", "对照断面", "去年同期"

# Found outside the rule: by the bureau (exclusion), on site (no flow), by the data (none).
OVERRIDES = frozenset(
    {
        MonthState.NATURAL_NO_FLOW,
        MonthState.MANMADE_NO_FLOW,
        MonthState.NO_DATA,
        MonthState.EXCLUDED,
    }
)

FACT_LABELS = {
    "section_code": "断面编码",
    "water_class": "本期水质类别",
    "target": "断面功能类别",
    "last_year_class": "去年同期类别",
    "means": "本期各指标均值",
    "last_year_means": "去年同期各指标均值",
    "base_means": "基准期各指标均值",
    "inflow_class": "入境断面本期类别",
    "inflow_means": "入境断面本期各指标均值",
    "reference_class": "对照断面本期类别",
    "reference_means": "对照断面本期各指标均值",
    "flow": "本期水量",
    "observations": "水质以外的年度指标",
    "over_limit_days": "自动站连续超标日数",
    "parties": "协议各方",
}
_REMEDIES = {
    "section_code": "条款按断面编码另定了限值；请写明本断面的编码。",
    "water_class": "请先完成本期评价；确无数据的，由市局认定为“无数据”或“剔除”。",
    "target": "请在断面页登记该日期有效的功能类别。",
    "last_year_class": "请导入去年同期数据；没有的，在条款中选定缺去年数据时的处理。",
    "base_means": "请先录入或算出条款所定基准期的均值。",
    "last_year_means": "请导入去年同期数据；没有的，在条款中选定缺去年数据时的处理。",
    "inflow_class": "请先完成入境断面的本期评价，或由市局认定其无数据。",
    "inflow_means": "请先导入入境断面的本期数据，或由市局认定其无数据。",
    "reference_class": "请在条款断面登记对照断面（下游自身的断面）并完成其本期评价。",
    "over_limit_days": "请导入自动站日均值；没有连续超标的填 0。",
    "flow": "请导入该断面本期水量（m³）。",
    "observations": "请在数据页录入该年度的指标值。",
    "parties": "请在协议中登记该方的代码和名称，或改正参数中的代码。",
}


@dataclass(frozen=True, slots=True)
class DaysInARow:
    """An indicator whose days over a limit in a row count, from day `start` of a run on.

    limit: mg/L, None for that of the section's target. all_days: a run that has lasted so
    long counts whole; else only its days from `start` on.
    """

    indicator: str
    limit: Decimal | None
    start: int
    all_days: bool


def fact_words(name: str) -> str:
    """A fact as messages name it: “各指标月均值中的 TP”（means.TP）."""
    head, _, item = name.partition(".")
    label = FACT_LABELS.get(head, head) + (f"中的 {item}" if item else "")
    return f"“{label}”（{name}）"


class MissingFact(LookupError):
    """A rule asked for a fact that was not delivered; names fact, section and period."""

    def __init__(self, name: str, section: str, period: str) -> None:
        self.name, self.section, self.period = name, section, period
        remedy = _REMEDIES.get(name.partition(".")[0], "请补全后重算。")
        super().__init__(f"{section}断面 {period} 缺少{fact_words(name)}。{remedy}")


class UnusableFact(MissingFact):
    """A fact was delivered that the rule cannot reckon with, such as a mean of zero to divide by.

    Refused by name as a missing one is; `why` says what is wrong and the remedy.
    """

    def __init__(self, name: str, section: str, period: str, why: str) -> None:
        super().__init__(name, section, period)
        self.args = (f"{section}断面 {period} 的{fact_words(name)}不能用于核算：{why}",)


class WrongPeriod(ValueError):
    """A month was given to a rule that settles years, or the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One section and period.

    period: its first day. share: this section's part of the rate, 0 < share ≤ 1.
    section, river, upstream, downstream, parties (code → name): names as shown.
    section_code: only where the term has figures of its own for a section.
    term: words for the clause in force, "2023-01-01 起适用第 2 条款期，第 1 版".
    inflow_section: the section where the river enters upstream's land; empty at the head.
    reference_section: the downstream's own section, where the term compares with it.
    reference_means: only for the mean of two months (`substitution`), never kept with an accrual.
    substituted_from: what had no value of its own → words for where its value was taken from.
    days_in_force: days of the month the term covers, where it counts by them; None: all.
    basis: code of the 统计口径 the water was assessed by (`monitoring.standards.basis`), empty
    for the default. unrounded: where it rounds, the means of which `means` are the rounded.
    days_before: of those, how many of the month lie before the term's first day.
    shares, share_at: the shares of the sections that have the rate together, and this one's
    place among them; only where one of them does not end, such as 1/3.
    observations: yearly figures other than water quality. over_limit_days: by indicator.
    deciding: indicators that decide the class. valid, expected: values used, values due.
    complete: enough values for the scheme; False marks an assessment that is not.
    state_override, override_reason: exclusion, no flow or no data, and the decision on it.
    sources: fact name → words for where it came from.
    """

    period: date
    section: str
    upstream: str
    downstream: str
    granularity: Granularity = Granularity.MONTH
    river: str = ""
    term: str = ""
    parties: Mapping[str, str] = field(default_factory=dict)
    share: Number = Decimal(1)
    water_body: WaterBody = WaterBody.RIVER
    water_class: WaterClass | None = None
    target: WaterClass | None = None
    deciding: tuple[str, ...] = ()
    means: Mapping[str, Number] = field(default_factory=dict)
    last_year_class: WaterClass | None = None
    last_year_means: Mapping[str, Number] = field(default_factory=dict)
    base_means: Mapping[str, Number] = field(default_factory=dict)
    inflow_section: str = ""
    inflow_class: WaterClass | None = None
    inflow_means: Mapping[str, Number] = field(default_factory=dict)
    flow: Decimal | None = None
    observations: Mapping[str, Number] = field(default_factory=dict)
    over_limit_days: Mapping[str, int] = field(default_factory=dict)
    state_override: MonthState | None = None
    override_reason: str = ""
    complete: bool = True
    valid: int | None = None
    expected: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    reference_section: str = ""
    reference_class: WaterClass | None = None
    substituted_from: Mapping[str, str] = field(default_factory=dict)
    days_in_force: int | None = None
    reference_means: Mapping[str, Number] = field(default_factory=dict)
    section_code: str = ""
    basis: str = ""
    unrounded: Mapping[str, Number] = field(default_factory=dict)
    days_before: int = 0
    shares: tuple[str, ...] = ()
    share_at: int = 0

    def __post_init__(self) -> None:
        where = f"{self.section}断面 {self.period}"
        yearly = self.granularity is Granularity.YEAR
        if self.period.day != 1 or (yearly and self.period.month != 1):
            raise ValueError(f"{where}：期间须为该月（年）的第一天。")
        if not 0 < self.share <= 1:
            raise ValueError(f"{where}：份额 {self.share} 须大于 0、不超过 1。")
        if self.state_override is not None and self.state_override not in OVERRIDES:
            raise ValueError(
                f"{where}：“{self.state_override.label}”由规则得出，不能由人认定；"
                f"可认定的只有{'、'.join(sorted(s.label for s in OVERRIDES))}。"
            )
        if self.days_in_force is not None and not 0 < self.days_in_force <= self.days_in_period:
            raise ValueError(f"{where}：有效日数 {self.days_in_force} 须在 1 与全期日数之间。")
        if self.state_override is not None and not self.override_reason:
            raise ValueError(f"{where}：认定为“{self.state_override.label}”须写明理由。")

    @property
    def period_label(self) -> str:
        year = f"{self.period.year}年"
        return f"{year}{self.period.month}月" if self.granularity is Granularity.MONTH else year

    @property
    def has_inflow(self) -> bool:
        """Whether water comes in from above: its section, or what was measured, is given."""
        return bool(self.inflow_section or self.inflow_class or self.inflow_means)

    @property
    def inflow_shown(self) -> str:
        """ "入境断面 上界", or without a name where it was given none."""
        return f"入境断面 {self.inflow_section}".rstrip()

    @property
    def days_in_period(self) -> int:
        """Days of the month, or of the year."""
        first = self.period
        if self.granularity is Granularity.MONTH:
            following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        else:
            following = date(first.year + 1, 1, 1)
        return (following - first).days

    def due(self, amount: Number) -> Decimal:
        """The section's part of an amount, rounded to the fen (GB/T 8170-2008).

        Sections that share by thirds have parts that add up (`settlements.money.split`).
        """
        if not self.shares:
            return to_fen(exact(amount) * exact(self.share))
        parts = [exact(number(share)) for share in self.shares]
        return split(to_fen(exact(amount) * sum(parts)), parts)[self.share_at]

    def name_of(self, role: str) -> str:
        """The jurisdiction's name for a role or party code."""
        return {"upstream": self.upstream, "downstream": self.downstream}.get(
            role, self.parties.get(role, "上级财政" if role == "treasury" else role)
        )

    def to_json(self) -> dict[str, Any]:
        """Canonical: equal facts give equal JSON, however their Decimals were written.

        What later versions added is left out while empty: facts that were found before it
        was thought of keep their JSON, and their digest.
        """
        plain = {
            f.name: _plain(value)
            for f in fields(self)
            if (value := getattr(self, f.name)) or f.name not in _ADDED
        }
        plain["share"] = number_text(self.share)
        if whole := {name: str(Fraction(value)) for name, value in self._cut()}:
            plain[EXACT] = dict(sorted(whole.items()))
        return plain

    def _cut(self) -> Iterator[tuple[str, Fraction]]:
        """The numbers whose decimals are not the whole number, by name ("means.TP")."""
        for name in _NUMBERS:
            for item, value in getattr(self, name).items():
                if isinstance(value, Fraction) and written(value) != value:
                    yield f"{name}.{item}", value

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Facts:
        """The facts that `to_json` wrote.

        Raises TypeError for a name it does not know and ValueError for an exact number that is
        not the one its decimals were cut from.
        """
        given = dict(data)
        whole: Mapping[str, str] = given.pop(EXACT, {})
        values = {name: _READERS.get(name, _as_is)(value) for name, value in given.items()}
        for name, text in whole.items():
            fact, _, item = name.partition(".")
            values[fact][item] = _whole(name, values[fact][item], text)
        return cls(**values)


def require(facts: Facts, name: str) -> Any:
    """The fact of that name. Raises MissingFact when it was not delivered."""
    value = getattr(facts, name)
    if value is None or (isinstance(value, Mapping | tuple | str) and not value):
        raise MissingFact(name, facts.section, facts.period_label)
    return value


def require_item(facts: Facts, name: str, item: str) -> Fraction:
    """One entry of a mapping fact, such as the TP of "means", exact. Raises
    MissingFact("means.TP")."""
    values = getattr(facts, name)
    if item not in values:
        raise MissingFact(f"{name}.{item}", facts.section, facts.period_label)
    return exact(values[item])


def require_period(facts: Facts, granularity: Granularity) -> None:
    """Raises WrongPeriod unless the facts are of a month, or a year, as the rule settles."""
    if facts.granularity is not granularity:
        words = {Granularity.MONTH: "月", Granularity.YEAR: "年"}
        raise WrongPeriod(
            f"{facts.section}断面 {facts.period_label}：本条款按{words[granularity]}核算，"
            f"给的是{words[facts.granularity]}的数据；请按{words[granularity]}汇总后再算。"
        )


def plain_decimal(value: Number) -> str:
    """The value as text without exponent or trailing zeros, so that equal values look equal.

    A number that does not end has the digits it is written by (`exact.written`).
    """
    text = f"{written(value):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | Fraction):
        return plain_decimal(value)
    if isinstance(value, WaterClass):
        return value.numeral
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _as_is(value: Any) -> Any:
    return value


def _class(value: str | None) -> WaterClass | None:
    return None if value is None else WaterClass.parse(value)


def _decimals(values: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}


def number(text: str) -> Number:
    """A share as it is stored: "0.5", or "1/3" where it does not end."""
    return Fraction(text) if "/" in text else Decimal(text)


def number_text(value: Number) -> str:
    """As `number` reads it."""
    return plain_decimal(value) if ends(value) else str(value)


def _whole(name: str, cut: Decimal, text: str) -> Written:
    """The exact number behind stored decimals."""
    value = Fraction(text)
    apart = abs(value - exact(cut))
    if apart > max(_CUT_AT, abs(value) * _CUT_AT * _OF_AN_INDEX):
        raise ValueError(f"“{name}”的精确值 {text} 与所存的 {cut} 不符；输入可能被改动。")
    return Written(value, cut)


EXACT = "exact"
# Monthly means were kept to twelve decimals, and what was made of them is as far off; a
# quotient of such a mean and a small limit (the index of mercury) in proportion farther.
_CUT_AT = Fraction(1, 10**12)
_OF_AN_INDEX = 10**5
_NUMBERS = (
    *("means", "last_year_means", "base_means", "inflow_means", "reference_means"),
    *("observations", "unrounded"),
)
_ADDED = frozenset(
    {"reference_section", "reference_class", "substituted_from", "days_in_force"}
    | {"reference_means", "section_code", "basis", "unrounded", "days_before", "shares", "share_at"}
)
_READERS: dict[str, Callable[[Any], Any]] = {
    "period": date.fromisoformat,
    "granularity": Granularity,
    "share": number,
    "water_body": WaterBody,
    "deciding": tuple,
    "shares": tuple,
    "flow": lambda value: None if value is None else Decimal(value),
    "state_override": lambda value: None if value is None else MonthState(value),
    **dict.fromkeys(
        ("water_class", "target", "last_year_class", "inflow_class", "reference_class"), _class
    ),
    **dict.fromkeys(_NUMBERS, _decimals),
}
