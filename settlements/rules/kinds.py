"""Kinds of parameter values: how each is declared, read, bounded, stored and refused.

`parameter(...)` declares one field; `checked` reads a stored value, `stored` writes it.
Money is Decimal yuan to the fen, other numbers Decimal; a float is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import MoneyError, from_wan, yuan
from settlements.rules.facts import plain_decimal
from written.numbers import read_number

_SPEC = "parameter"


class ParameterKind(StrEnum):
    """What a value is, and so how it is entered and stored.

    money: yuan to the fen, text. decimal, percent (20 means 20 %): text. integer: number.
    class: "Ⅲ". choice: one of the keys. boolean: true/false. mapping: name → decimal text.
    rows: a list of objects, their columns declared by a dataclass of parameters.
    """

    MONEY = "money"
    DECIMAL = "decimal"
    PERCENT = "percent"
    INTEGER = "integer"
    CLASS = "class"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    MAPPING = "mapping"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Since:
    """A default from a date on, in stored form, with its source."""

    on: date
    value: Any
    source: str


def since(day: str, value: Any, *, source: str) -> Since:
    """A dated default: `since("2018-06-01", "1000000", source="重庆市实施方案(试行) 2018")`."""
    return Since(date.fromisoformat(day), value, source)


@dataclass(frozen=True, slots=True)
class Dated:
    """Defaults in the order of their dates; a new one is added under the old."""

    label: str
    unit: str = ""
    values: Sequence[Since] = ()

    def __post_init__(self) -> None:
        days = [value.on for value in self.values]
        if days != sorted(set(days)):
            raise ValueError(f"“{self.label}”的默认值须按日期先后排列，且日期不重复。")

    def default_on(self, day: date) -> Since | None:
        """The default in force that day; None before the first one."""
        return next((value for value in reversed(self.values) if value.on <= day), None)


@dataclass(frozen=True, slots=True)
class Spec:
    """What the entry form, the check and the documentation know of one parameter.

    optional: the value may be null (no cap, no condition). applies_if: another parameter
    and the values of it for which this one matters; it is stored all the same. english,
    english_help: the same words for readers of English. added: declared when terms were
    stored already; at its first default it changes nothing (`idle`).
    """

    label: str
    kind: ParameterKind
    help: str = ""
    unit: str = ""
    default: Dated | None = None
    minimum: Any = None
    maximum: Any = None
    choices: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    applies_if: tuple[str, tuple[str, ...]] | None = None
    row: type | None = None
    english: str = ""
    english_help: str = ""
    added: bool = False


def parameter(label: str, kind: ParameterKind, **spec: Any) -> Any:
    """A field of a rule's Parameters; `spec` as in Spec. `default` may be a list of Since."""
    if isinstance(spec.get("default"), list):
        spec["default"] = Dated(label, unit=spec.get("unit", ""), values=spec["default"])
    return field(metadata={_SPEC: Spec(label, kind, **spec)})


@dataclass(frozen=True, slots=True)
class ParameterError:
    """One thing wrong with one parameter: where, what, and the remedy."""

    name: str
    label: str
    message: str


class ParameterErrors(ValueError):
    """Everything wrong with the parameters of a term, all at once, in `errors`."""

    def __init__(self, errors: Sequence[ParameterError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(f"{e.label}（{e.name}）：{e.message}" for e in self.errors))


def specs(rule_parameters: type) -> Mapping[str, Spec]:
    """Name → Spec of every parameter, in the order they are declared."""
    return _specs(rule_parameters)  # type: ignore[arg-type]


@cache
def _specs(rule_parameters: type) -> Mapping[str, Spec]:
    declared: tuple[Field[Any], ...] = fields(rule_parameters)
    return MappingProxyType({f.name: f.metadata[_SPEC] for f in declared if _SPEC in f.metadata})


def idle(spec: Spec, value: Any) -> bool:
    """Whether a parameter that came later stands where the rule stood before it (stored form)."""
    return bool(spec.added and spec.default and value == spec.default.values[0].value)


def checked(spec: Spec, raw: Any) -> tuple[Any, str | None]:
    """The value read from its stored form, and what is wrong with it."""
    if raw is None:
        return None, out_of_bounds(spec, None)
    try:
        value = _READ[spec.kind](spec, raw)
    except (MoneyError, ParameterErrors) as wrong:
        return None, str(wrong)
    except (ValueError, TypeError, ArithmeticError):
        return None, f"值 {raw!r} 无法识别；{_EXPECTED[spec.kind]}"
    return value, out_of_bounds(spec, value)


def out_of_bounds(spec: Spec, value: Any) -> str | None:
    if value is None:
        return None if spec.optional else "不能为空，请填写。"
    if spec.kind is ParameterKind.CHOICE and value not in spec.choices:
        known = "、".join(f"{key}（{label}）" for key, label in spec.choices.items())
        return f"没有“{value}”这一选项；可选 {known}。"
    if spec.kind is ParameterKind.MAPPING:
        unknown = [key for key in value if spec.choices and key not in spec.choices]
        if unknown:
            return f"不认识 {'、'.join(unknown)}；可用的是 {'、'.join(spec.choices)}。"
        if not value and not spec.optional:
            return "至少填一项。"
    if spec.kind is ParameterKind.ROWS:
        return None if value or spec.optional else "至少填一行。"
    each = value.values() if spec.kind is ParameterKind.MAPPING else (value,)
    for one in each:
        if spec.minimum is not None and one < spec.minimum:
            return f"{_shown(one)} 低于下限 {_shown(spec.minimum)}{spec.unit}。"
        if spec.maximum is not None and one > spec.maximum:
            return f"{_shown(one)} 高于上限 {_shown(spec.maximum)}{spec.unit}。"
    return None


def _shown(value: Any) -> str:
    if isinstance(value, WaterClass):
        return value.label
    return plain_decimal(value) if isinstance(value, Decimal) else str(value)


def _read_money(spec: Spec, raw: Any) -> Decimal:
    if isinstance(raw, str) and "万" in raw:
        return from_wan(raw)
    return yuan(raw)


def _read_decimal(spec: Spec, raw: Any) -> Decimal:
    if isinstance(raw, bool | float):
        raise TypeError("float")
    if isinstance(raw, str):  # as files and forms are read: Decimal takes 1_000 and NaN, too
        found = read_number(raw)
        if found.rest:
            raise ValueError("more than a number")
        return found.number
    value = Decimal(raw)
    if not value.is_finite():
        raise ValueError("not finite")
    return value


def _read_exactly(wanted: type) -> Callable[[Spec, Any], Any]:
    def read(spec: Spec, raw: Any) -> Any:
        if type(raw) is not wanted:
            raise TypeError(wanted.__name__)
        return raw

    return read


def _read_mapping(spec: Spec, raw: Any) -> dict[str, Decimal]:
    if not isinstance(raw, Mapping):
        raise TypeError("mapping")
    return {str(key): _read_decimal(spec, value) for key, value in raw.items()}


def _read_rows(spec: Spec, raw: Any) -> tuple[Any, ...]:
    """Rows of the declared dataclass; every wrong cell is named with its row."""
    if isinstance(raw, str | Mapping) or spec.row is None:
        raise TypeError("rows")
    rows, errors = [], []
    columns = specs(spec.row)
    for number, cells in enumerate(raw, 1):
        values = {}
        for name in [*columns, *(name for name in cells if name not in columns)]:
            if name not in columns:
                errors.append(ParameterError(name, f"第{number}行", "没有这一列。"))
                continue
            values[name], message = checked(columns[name], cells.get(name))
            if message:
                errors.append(ParameterError(name, f"第{number}行 {columns[name].label}", message))
        rows.append(values)
    if errors:
        raise ParameterErrors(errors)
    return tuple(spec.row(**values) for values in rows)


def stored(spec: Spec, value: Any) -> Any:
    if isinstance(value, WaterClass):
        return value.numeral
    if isinstance(value, Decimal):
        return str(yuan(value)) if spec.kind is ParameterKind.MONEY else plain_decimal(value)
    if spec.kind is ParameterKind.MAPPING and isinstance(value, Mapping):
        return {key: plain_decimal(value[key]) for key in sorted(value)}
    if spec.kind is ParameterKind.ROWS and spec.row is not None and value is not None:
        return [
            {name: stored(column, getattr(row, name)) for name, column in specs(spec.row).items()}
            for row in value
        ]
    return value


_READ: dict[ParameterKind, Callable[[Spec, Any], Any]] = {
    ParameterKind.MONEY: _read_money,
    ParameterKind.DECIMAL: _read_decimal,
    ParameterKind.PERCENT: _read_decimal,
    ParameterKind.INTEGER: _read_exactly(int),
    ParameterKind.CLASS: lambda spec, raw: WaterClass.parse(raw),
    ParameterKind.CHOICE: _read_exactly(str),
    ParameterKind.BOOLEAN: _read_exactly(bool),
    ParameterKind.MAPPING: _read_mapping,
    ParameterKind.ROWS: _read_rows,
}
_EXPECTED = {
    ParameterKind.MONEY: "请填元为单位、至多两位小数的数，或如“100万元”。",
    ParameterKind.DECIMAL: "请填数字，如 0.2。",
    ParameterKind.PERCENT: "请填百分数的数值，如 20 表示 20 %。",
    ParameterKind.INTEGER: "请填整数。",
    ParameterKind.CLASS: "请填 Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ 或 劣Ⅴ。",
    ParameterKind.CHOICE: "请从选项中选一项。",
    ParameterKind.BOOLEAN: "请填 true 或 false。",
    ParameterKind.MAPPING: "请逐项填写名称和数值。",
    ParameterKind.ROWS: "请逐行填写。",
}
