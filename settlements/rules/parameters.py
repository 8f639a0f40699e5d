"""Parameters of a rule, declared once: checked, stored, described, defaulted from here.

A rule's `Parameters` is a frozen keyword-only dataclass whose fields are made by
`parameter(...)`. Stored form, one entry a parameter, none ever left out:

    {"rate": {"value": "1000000.00", "source": "第六条第（二）款", "is_default": false}, …}

Defaults are dated (`Dated`) and are used at entry alone, by `with_defaults`; recomputing
reads the stored form, where a missing parameter is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import MoneyError, from_wan, yuan
from settlements.rules.facts import plain_decimal

_SPEC = "parameter"


class Kind(StrEnum):
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
    and the values of it for which this one matters; it is stored all the same.
    """

    label: str
    kind: Kind
    help: str = ""
    unit: str = ""
    default: Dated | None = None
    minimum: Any = None
    maximum: Any = None
    choices: Mapping[str, str] = MappingProxyType({})
    optional: bool = False
    applies_if: tuple[str, tuple[str, ...]] | None = None
    row: type | None = None


def parameter(label: str, kind: Kind, **spec: Any) -> Any:
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


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a stored value came from: a clause, or a default with its own source."""

    source: str
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Base of every rule's parameters. Values out of bounds are refused however it is made."""

    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        errors = [
            ParameterError(name, spec.label, message)
            for name, spec in specs(type(self)).items()
            if (message := _out_of_bounds(spec, getattr(self, name)))
        ]
        errors = errors or list(self.contradictions())
        if errors:
            raise ParameterErrors(errors)

    def contradictions(self) -> list[ParameterError]:
        """What two parameters make impossible together; a rule overrides this."""
        return []

    def error(self, name: str, message: str) -> ParameterError:
        return ParameterError(name, specs(type(self))[name].label, message)

    def source(self, name: str) -> str:
        """The clause or source of a parameter; empty when made without one."""
        given = self.provenance.get(name)
        return given.source if given else ""

    def is_default(self, name: str) -> bool:
        given = self.provenance.get(name)
        return given is not None and given.is_default

    def defaults(self, *names: str) -> tuple[str, ...]:
        """Labels of those of the named parameters that stand at their default."""
        known = specs(type(self))
        return tuple(known[name].label for name in names if self.is_default(name))

    def choice(self, name: str) -> str:
        """The chosen value of a choice parameter in words."""
        return specs(type(self))[name].choices[getattr(self, name)]

    def to_json(self) -> dict[str, dict[str, Any]]:
        """The stored form; `from_json` gives equal parameters back."""
        return {
            name: {
                "value": _stored(spec, getattr(self, name)),
                "source": self.source(name),
                "is_default": self.is_default(name),
            }
            for name, spec in specs(type(self)).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The parameters a term stored. Nothing is filled in.

        Raises ParameterErrors naming every unknown, missing, unreadable or out-of-bounds one.
        """
        known = specs(cls)
        errors = [
            ParameterError(name, name, f"本规则没有这个参数；可用的是{'、'.join(known)}。")
            for name in data
            if name not in known
        ]
        values: dict[str, Any] = {}
        provenance: dict[str, Provenance] = {}
        for name, spec in known.items():
            entry = data.get(name)
            message = None
            if entry is None:
                message = "缺少；条款须存全部参数，请补填或在录入时取默认值。"
            elif not isinstance(entry, Mapping) or set(entry) != {"value", "source", "is_default"}:
                message = "须写成 {value, source, is_default} 三项。"
            elif not isinstance(entry["is_default"], bool) or not isinstance(entry["source"], str):
                message = "source 须为文字，is_default 须为 true 或 false。"
            else:
                values[name], message = _checked(spec, entry["value"])
                provenance[name] = Provenance(entry["source"], entry["is_default"])
            if message:
                errors.append(ParameterError(name, spec.label, message))
        if errors:
            raise ParameterErrors(errors)
        return cls(**values, provenance=provenance)


def with_defaults(
    rule_parameters: type[Parameters],
    given: Mapping[str, Any],
    *,
    on: date,
    source: str = "协议约定",
) -> dict[str, dict[str, Any]]:
    """The stored form of what was entered, the rest filled in with the defaults of that day.

    For entry alone. `given` maps names to a plain value or to {"value", "source"}; `source`
    stands for those without their own. Raises ParameterErrors, naming every parameter that
    has no default on that day as well as every wrong one.
    """
    entries: dict[str, Any] = {}
    missing: list[ParameterError] = []
    for name, value in given.items():
        own = isinstance(value, Mapping) and set(value) <= {"value", "source"} and "value" in value
        entries[name] = {
            "value": value["value"] if own else value,
            "source": value.get("source", source) if own else source,
            "is_default": False,
        }
    for name, spec in specs(rule_parameters).items():
        if name in given:
            continue
        default = spec.default.default_on(on) if spec.default else None
        if default is None:
            missing.append(ParameterError(
                name, spec.label, f"{on} 没有默认值，须按协议填写。"
            ))  # fmt: skip
        else:
            entries[name] = {
                "value": default.value, "source": default.source, "is_default": True,
            }  # fmt: skip
    try:
        return rule_parameters.from_json(entries).to_json()
    except ParameterErrors as wrong:
        named = {error.name for error in missing}
        raise ParameterErrors(
            [*missing, *(error for error in wrong.errors if error.name not in named)]
        ) from wrong


def describe(rule_parameters: type) -> list[dict[str, Any]]:
    """Every parameter in order, as plain data for the entry form and the documentation."""
    return [
        {
            "name": name,
            "label": spec.label,
            "help": spec.help,
            "unit": spec.unit,
            "kind": spec.kind.value,
            "optional": spec.optional,
            "minimum": _stored(spec, spec.minimum),
            "maximum": _stored(spec, spec.maximum),
            "choices": [{"value": k, "label": v} for k, v in spec.choices.items()],
            "applies_if": (
                {"name": spec.applies_if[0], "values": list(spec.applies_if[1])}
                if spec.applies_if
                else None
            ),
            "defaults": [
                {"since": d.on.isoformat(), "value": d.value, "source": d.source}
                for d in (spec.default.values if spec.default else ())
            ],
            "columns": describe(spec.row) if spec.row else [],
        }
        for name, spec in specs(rule_parameters).items()
    ]


def specs(rule_parameters: type) -> dict[str, Spec]:
    """Name → Spec of every parameter, in the order they are declared."""
    declared: tuple[Field[Any], ...] = fields(rule_parameters)
    return {f.name: f.metadata[_SPEC] for f in declared if _SPEC in f.metadata}


def _checked(spec: Spec, stored: Any) -> tuple[Any, str | None]:
    """The value read from its stored form, and what is wrong with it."""
    if stored is None:
        return None, _out_of_bounds(spec, None)
    try:
        value = _READ[spec.kind](spec, stored)
    except (MoneyError, ParameterErrors) as wrong:
        return None, str(wrong)
    except (ValueError, TypeError, ArithmeticError):
        return None, f"值 {stored!r} 无法识别；{_EXPECTED[spec.kind]}"
    return value, _out_of_bounds(spec, value)


def _out_of_bounds(spec: Spec, value: Any) -> str | None:
    if value is None:
        return None if spec.optional else "不能为空，请填写。"
    if spec.kind is Kind.CHOICE and value not in spec.choices:
        known = "、".join(f"{key}（{label}）" for key, label in spec.choices.items())
        return f"没有“{value}”这一选项；可选 {known}。"
    if spec.kind is Kind.MAPPING:
        unknown = [key for key in value if spec.choices and key not in spec.choices]
        if unknown:
            return f"不认识 {'、'.join(unknown)}；可用的是 {'、'.join(spec.choices)}。"
        if not value and not spec.optional:
            return "至少填一项。"
    if spec.kind is Kind.ROWS:
        return None if value or spec.optional else "至少填一行。"
    each = value.values() if spec.kind is Kind.MAPPING else (value,)
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


def _read_money(spec: Spec, stored: Any) -> Decimal:
    if isinstance(stored, str) and "万" in stored:
        return from_wan(stored)
    return yuan(stored)


def _read_decimal(spec: Spec, stored: Any) -> Decimal:
    if isinstance(stored, bool | float):
        raise TypeError("float")
    value = Decimal(stored)
    if not value.is_finite():
        raise ValueError("not finite")
    return value


def _read_exactly(wanted: type) -> Callable[[Spec, Any], Any]:
    def read(spec: Spec, stored: Any) -> Any:
        if type(stored) is not wanted:
            raise TypeError(wanted.__name__)
        return stored

    return read


def _read_mapping(spec: Spec, stored: Any) -> dict[str, Decimal]:
    if not isinstance(stored, Mapping):
        raise TypeError("mapping")
    return {str(key): _read_decimal(spec, value) for key, value in stored.items()}


def _read_rows(spec: Spec, stored: Any) -> tuple[Any, ...]:
    """Rows of the declared dataclass; every wrong cell is named with its row."""
    if isinstance(stored, str | Mapping) or spec.row is None:
        raise TypeError("rows")
    rows, errors = [], []
    columns = specs(spec.row)
    for number, cells in enumerate(stored, 1):
        values = {}
        for name in [*columns, *(name for name in cells if name not in columns)]:
            if name not in columns:
                errors.append(ParameterError(name, f"第{number}行", "没有这一列。"))
                continue
            values[name], message = _checked(columns[name], cells.get(name))
            if message:
                errors.append(ParameterError(
                    name, f"第{number}行 {columns[name].label}", message
                ))  # fmt: skip
        rows.append(values)
    if errors:
        raise ParameterErrors(errors)
    return tuple(spec.row(**values) for values in rows)


def _stored(spec: Spec, value: Any) -> Any:
    if isinstance(value, WaterClass):
        return value.numeral
    if isinstance(value, Decimal):
        return str(yuan(value)) if spec.kind is Kind.MONEY else plain_decimal(value)
    if spec.kind is Kind.MAPPING and isinstance(value, Mapping):
        return {key: plain_decimal(value[key]) for key in sorted(value)}
    if spec.kind is Kind.ROWS and value is not None:
        return [
            {name: _stored(column, getattr(row, name)) for name, column in specs(spec.row).items()}
            for row in value
        ]
    return value


_READ: dict[Kind, Callable[[Spec, Any], Any]] = {
    Kind.MONEY: _read_money,
    Kind.DECIMAL: _read_decimal,
    Kind.PERCENT: _read_decimal,
    Kind.INTEGER: _read_exactly(int),
    Kind.CLASS: lambda spec, stored: WaterClass.parse(stored),
    Kind.CHOICE: _read_exactly(str),
    Kind.BOOLEAN: _read_exactly(bool),
    Kind.MAPPING: _read_mapping,
    Kind.ROWS: _read_rows,
}
_EXPECTED = {
    Kind.MONEY: "请填元为单位、至多两位小数的数，或如“100万元”。",
    Kind.DECIMAL: "请填数字，如 0.2。",
    Kind.PERCENT: "请填百分数的数值，如 20 表示 20 %。",
    Kind.INTEGER: "请填整数。",
    Kind.CLASS: "请填 Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ 或 劣Ⅴ。",
    Kind.CHOICE: "请从选项中选一项。",
    Kind.BOOLEAN: "请填 true 或 false。",
    Kind.MAPPING: "请逐项填写名称和数值。",
    Kind.ROWS: "请逐行填写。",
}

__all__ = [
    "Dated", "Kind", "ParameterError", "ParameterErrors", "Parameters", "Provenance",
    "Since", "Spec", "describe", "parameter", "since", "specs", "with_defaults",
]  # fmt: skip
