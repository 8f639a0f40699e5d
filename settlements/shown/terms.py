"""Terms of agreements and their parameters in words.

Amounts are Decimal yuan to the fen; a money parameter is shown in 万元 and exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.models.shares import share_words
from settlements.money import format_wan, format_yuan
from settlements.rules.facts import number, plain_decimal
from settlements.rules.parameters import ParameterKind, Spec, specs

MAIN = "main"  # the strand of an agreement that has only one


def clause_words(clauses: dict) -> list[str]:
    """Clauses as stored, {key: words}; a key that only numbers them is left out."""
    return [str(words) for words in clauses.values() if words]


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One parameter of a term, as stored, in words; `exact` is what a title shows."""

    name: str
    label: str
    value: str
    unit: str
    exact: str
    source: str
    is_default: bool


def strand_label(strand: str) -> str:
    return "主线索" if strand == MAIN else strand


def clause_lines(declared: type, stored: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Clauses as stored, {key: words}; a key that names a parameter, or the sections' share,
    becomes its label."""
    known = {"share": "份额"} | {key: spec.label for key, spec in specs(declared).items()}
    return tuple((known.get(key, str(key)), str(words)) for key, words in stored.items())


def parameter_lines(declared: type, stored: Mapping[str, Any]) -> tuple[ParameterLine, ...]:
    """The stored parameters in the order and words of the rule's declaration."""
    return tuple(
        _parameter(name, spec, stored[name])
        for name, spec in specs(declared).items()
        if name in stored
    )


def _parameter(name: str, spec: Spec, entry: Mapping[str, Any]) -> ParameterLine:
    value = entry["value"]
    money = spec.kind is ParameterKind.MONEY and value is not None
    return ParameterLine(
        name=name,
        label=spec.label,
        value=in_words(spec, value),
        unit="" if value is None else f"万{spec.unit}" if money else spec.unit.strip(),
        exact=f"{format_yuan(Decimal(value))} {spec.unit}" if money else "",
        source=entry["source"],
        is_default=entry["is_default"],
    )


def in_words(spec: Spec, value: Any) -> str:
    """A stored value as the page says it; money in 万元."""
    if value is None or value == {} or value == []:
        return "不设"
    match spec.kind:
        case ParameterKind.MONEY:
            return format_wan(Decimal(value))
        case ParameterKind.CLASS:
            return WaterClass.parse(str(value)).label
        case ParameterKind.CHOICE:
            return spec.choices.get(value, str(value))
        case ParameterKind.BOOLEAN:
            return "是" if value else "否"
        case ParameterKind.MAPPING:
            return "；".join(
                f"{spec.choices.get(key, key)} {plain_decimal(Decimal(each))}"
                for key, each in value.items()
            )
        case ParameterKind.ROWS:
            columns = specs(spec.row) if spec.row else {}
            return "；".join(
                "，".join(f"{columns[k].label} {in_words(columns[k], v)}" for k, v in row.items())
                for row in value
            )
        case ParameterKind.DECIMAL | ParameterKind.PERCENT:
            return plain_decimal(Decimal(value))
    return str(value)


def part_words(
    row: Mapping[str, Any], sections: Mapping[str, str], places: Mapping[str, str]
) -> str:
    """“交界：上游区 → 下游区，份额 50%，入境断面 上界”."""
    words = (
        f"{sections.get(row['section'], row['section'])}："
        f"{places.get(row['upstream'], row['upstream'])} → "
        f"{places.get(row['downstream'], row['downstream'])}，"
        f"份额 {share_words(number(row['share']))}"
    )
    for name, key in (("入境断面", "inflow"), ("对照断面", "reference")):
        if code := row.get(key):
            words += f"，{name} {sections.get(code, code)}"
    return words


def parameter_words(line: ParameterLine) -> str:
    return f"{line.value} {line.unit}".strip()


def parameter_note(line: ParameterLine) -> str:
    return f"默认参数，{line.source}" if line.is_default else line.source


def span_words(first: str, until: str | None) -> str:
    if until is None:
        return f"{first} 起，长期"
    return f"{first} 至 {date.fromisoformat(until) - timedelta(days=1)}"
