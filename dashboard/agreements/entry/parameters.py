"""The form of a rule's parameters, made from the rule's own `describe`.

Each parameter has a value and a source; what stands at its default keeps the default's
source and its mark 默认参数.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms

from dashboard.forms import values as typing
from dashboard.forms.fields import ReadField, StepForm, choice, line
from monitoring.standards.gb3838_2002 import WaterClass
from settlements import rules
from settlements.rules.parameters import ParameterErrors, ParameterKind, Spec, describe, specs
from settlements.shown.terms import in_words

CLASSES = [(c.numeral, c.label) for c in WaterClass]
YES_NO = [("true", "是"), ("false", "否")]
SAME_SOURCE = "source"  # the field that stands for the parameters without their own source
READERS: dict[ParameterKind, tuple[Callable[..., Any], Callable[[Any], str]]] = {
    ParameterKind.MONEY: (typing.read_money, typing.say_money),
    ParameterKind.DECIMAL: (typing.read_decimal, typing.plain_decimal),
    ParameterKind.PERCENT: (typing.read_percent, lambda v: f"{typing.plain_decimal(v)}%"),
    ParameterKind.INTEGER: (typing.read_integer, str),
}
MAPPED = ("key", "value")


class RuleForm(StepForm):
    """One rule's parameters. `before` is the stored form the step began with: an amendment's
    old parameters, or the defaults of the first day (`starting`)."""

    def __init__(
        self, typed: dict[str, str], *, rule: str, before: dict[str, Any], checks: bool = True
    ) -> None:
        super().__init__(typed, checks=checks)
        self.family, self.before = rules.get(rule), before
        self.rule = rule
        self.specs = specs(self.family.parameters)
        self.described = describe(self.family.parameters)
        for entry in self.described:
            self._add(entry)
        self.fields[SAME_SOURCE] = line(
            "一般出处",
            required=False,
            max_length=200,
            help_text="没有单独写出处的参数用这一条，如“协议第六条”。",
        )

    def _add(self, entry: dict[str, Any]) -> None:
        name = entry["name"]
        spec = self.specs[name]
        if spec.kind in (ParameterKind.ROWS, ParameterKind.MAPPING):
            for number in self.row_numbers(name):
                for column, field in self._columns(entry, spec).items():
                    self.fields[f"{name}-{number}-{column}"] = field
        else:
            self.fields[name] = field_of(entry, spec)
        self.fields[f"{name}-source"] = line(
            f"{entry['label']}的出处", required=False, max_length=200
        )

    def _columns(self, entry: dict[str, Any], spec: Spec) -> dict[str, forms.Field]:
        if spec.kind is ParameterKind.ROWS:
            columns = columns_of(spec)
            return {c["name"]: field_of(c, columns[c["name"]]) for c in entry["columns"]}
        return {
            "key": choice("项目", spec.choices.items(), required=False)
            if spec.choices
            else line("项目", required=False, max_length=40),
            "value": ReadField(
                label="数值", required=False, reader=partial(typing.read_decimal, unit=spec.unit)
            ),
        }

    def clean(self) -> dict[str, Any]:
        """Every parameter in stored form, checked by the rule itself."""
        given = self.cleaned_data
        self.stored: dict[str, Any] = {}
        unread = set(self.errors)
        for name, spec in self.specs.items():
            value: Any
            if spec.kind is ParameterKind.MAPPING:
                value = self._mapping(name)
            elif spec.kind is ParameterKind.ROWS:
                value = self._rows(name, spec)
            else:
                value = as_stored(spec, given.get(name))
            self.stored[name] = self._with_source(name, spec, value)
        if unread:
            return given
        try:
            made = self.family.parameters.from_json(self.stored)
        except ParameterErrors as wrong:
            for error in wrong.errors:
                self.wrong(self._place(error.name), error.message)
        else:
            self.stored = made.to_json()
        return given

    def _place(self, name: str) -> str | None:
        if name in self.fields:
            return name
        return next((f for f in self.fields if f.startswith(f"{name}-0-")), None)

    def _mapping(self, name: str) -> dict[str, str] | None:
        found: dict[str, str] = {}
        for number in self.rows[name]:
            if self.is_blank_row(name, number):
                continue
            cells = self.cells(name, number, MAPPED)
            if not cells["key"] or cells["value"] is None:
                where = "key" if not cells["key"] else "value"
                self._say_once(
                    f"{name}-{number}-{where}", "这一行的项目和数值都要填；不用的行请清空。"
                )
            elif cells["key"] in found:
                self.wrong(f"{name}-{number}-key", "这一项已在上面一行；请删去一行。")
            else:
                found[cells["key"]] = typing.plain_decimal(cells["value"])
        return found or None

    def _say_once(self, field: str, message: str) -> None:
        if field not in self.errors:
            self.wrong(field, message)

    def _rows(self, name: str, spec: Spec) -> list[dict[str, Any]] | None:
        columns = columns_of(spec)
        found = []
        for number in self.rows[name]:
            if self.is_blank_row(name, number):
                continue
            cells = self.cells(name, number, columns)
            for column, value in cells.items():
                if value in (None, "") and not columns[column].optional:
                    self._say_once(
                        f"{name}-{number}-{column}", "不能为空，请填写；不用的行请清空。"
                    )
            found.append({c: as_stored(columns[c], v) for c, v in cells.items()})
        return found or None

    def _with_source(self, name: str, spec: Spec, value: Any) -> dict[str, Any]:
        before: dict[str, Any] | None = self.before.get(name)
        source = (self.cleaned_data.get(f"{name}-source") or "").strip()
        if before is not None:
            unchanged = value == before["value"]
            idle = value is None and self._idle(spec)
            if idle or (unchanged and source in ("", before["source"])):
                return before
            if not unchanged and before["is_default"] and source == before["source"]:
                source = ""  # that was the source of the default, not of what was typed
        source = source or (self.cleaned_data.get(SAME_SOURCE) or "").strip()
        unread = any(f == name or f.startswith(f"{name}-") for f in self.errors)
        if not source and not unread and (value is not None or before is not None):
            words = "值已不是默认值，请写协议的条款号" if before else "请写出处（条款号）"
            self._say_once(f"{name}-source", f"{words}，或在“一般出处”写一次。")
        return {"value": value, "source": source, "is_default": False}

    def _idle(self, spec: Spec) -> bool:
        """Whether another parameter makes this one matter nothing."""
        return spec.applies_if is not None and (
            self.cleaned_data.get(spec.applies_if[0]) not in spec.applies_if[1]
        )

    def values(self) -> dict[str, Any]:
        return {"rule": self.rule, "parameters": self.stored}

    def layout(self) -> list[dict[str, Any]]:
        """The parameters for the template, in the rule's order."""
        return [self._item(entry) for entry in self.described]

    def idle(self) -> list[dict[str, Any]]:
        """Those that matter nothing as things are typed."""
        return [item for item in self.layout() if item["idle"]]

    def _rests(self, spec: Spec) -> bool:
        """Whether, as things are typed, another parameter makes this one matter nothing."""
        if spec.applies_if is None:
            return False
        other, wanted = spec.applies_if
        return self.typed.get(other, "") not in {str(value) for value in wanted}

    def _item(self, entry: dict[str, Any]) -> dict[str, Any]:
        name = entry["name"]
        spec = self.specs[name]
        before = self.before.get(name)
        item: dict[str, Any] = {
            "name": name,
            "label": entry["label"],
            "help": entry["help"],
            "bounds": bounds_words(spec),
            "condition": self._condition(entry),
            "idle": self._rests(spec),
            "source": self.shown(f"{name}-source"),
            "before": in_words(spec, before["value"]) if before else "",
            "before_unit": _unit(spec, before["value"]) if before else "",
            "before_source": before["source"] if before else "",
            "is_default": bool(before and before["is_default"]),
        }
        if spec.kind is ParameterKind.ROWS:
            item["group"] = self.group(name, columns_of(spec))
        elif spec.kind is ParameterKind.MAPPING:
            item["group"] = self.group(name, MAPPED)
        else:
            item["value"] = self.shown(name)
        return item

    def _condition(self, entry: dict[str, Any]) -> str:
        if not entry["applies_if"]:
            return ""
        other = self.specs[entry["applies_if"]["name"]]
        wanted = "、".join(str(other.choices.get(v, v)) for v in entry["applies_if"]["values"])
        return f"仅当“{other.label}”为“{wanted}”时起作用。"


def field_of(entry: dict[str, Any], spec: Spec) -> forms.Field:
    """The control of one parameter: label with unit, help, choices."""
    label = entry["label"] + (f"（{spec.unit.strip()}）" if spec.unit.strip() else "")
    match spec.kind:
        case ParameterKind.CHOICE:
            return choice(label, spec.choices.items(), required=False)
        case ParameterKind.CLASS:
            return choice(label, CLASSES, required=False)
        case ParameterKind.BOOLEAN:
            return choice(label, YES_NO, required=False)
    reader, says = READERS[spec.kind]
    read = partial(reader, unit=spec.unit)
    return ReadField(label=label, required=False, reader=read, says=says, max_length=40)


def columns_of(spec: Spec) -> Mapping[str, Spec]:
    """The columns of a parameter that is a list of rows."""
    return specs(spec.row) if spec.row else {}


def as_stored(spec: Spec, value: Any) -> Any:
    """A read value in the form a term stores."""
    if value in (None, ""):
        return None
    if spec.kind is ParameterKind.MONEY:
        return str(value)
    if spec.kind is ParameterKind.BOOLEAN:
        return value == "true"
    return typing.plain_decimal(value) if isinstance(value, Decimal) else value


def typed_parameters(rule: str, stored: dict[str, Any]) -> dict[str, str]:
    """Stored parameters as one would have typed them."""
    typed: dict[str, str] = {}
    for name, spec in specs(rules.get(rule).parameters).items():
        if name not in stored:
            continue
        value = stored[name]["value"]
        typed[f"{name}-source"] = stored[name]["source"]
        if spec.kind is ParameterKind.ROWS:
            columns = columns_of(spec)
            typed[f"{name}-rows"] = str(max(1, len(value or [])))
            for number, row in enumerate(value or []):
                for column, cell in row.items():
                    typed[f"{name}-{number}-{column}"] = _typed(columns[column], cell)
        elif spec.kind is ParameterKind.MAPPING:
            typed[f"{name}-rows"] = str(max(1, len(value or {})))
            for number, (key, cell) in enumerate((value or {}).items()):
                typed[f"{name}-{number}-key"] = key
                typed[f"{name}-{number}-value"] = cell
        else:
            typed[name] = _typed(spec, value)
    return typed


def starting(rule: str, on: date) -> dict[str, Any]:
    """Every parameter's default of the day, stored form; those without one are left out."""
    found = {}
    for name, spec in specs(rules.get(rule).parameters).items():
        default = spec.default.default_on(on) if spec.default else None
        if default is not None:
            found[name] = {
                "value": _normal(spec, default.value),
                "source": default.source,
                "is_default": True,
            }
    return found


def _normal(spec: Spec, value: Any) -> Any:
    """A default as the term stores it: money to the fen."""
    if spec.kind is ParameterKind.MONEY and value is not None:
        return str(typing.read_money(str(value)))
    if spec.kind is ParameterKind.ROWS and value:
        columns = columns_of(spec)
        return [{c: _normal(columns[c], row.get(c)) for c in columns} for row in value]
    if spec.kind is ParameterKind.CLASS and value is not None:
        return WaterClass.parse(value).numeral
    if spec.kind in (ParameterKind.DECIMAL, ParameterKind.PERCENT) and value is not None:
        return typing.plain_decimal(Decimal(str(value)))
    return value


def _typed(spec: Spec, value: Any) -> str:
    if value is None:
        return ""
    if spec.kind is ParameterKind.MONEY:
        return typing.type_money(Decimal(value))
    if spec.kind is ParameterKind.BOOLEAN:
        return "true" if value else "false"
    return str(value)


def _unit(spec: Spec, value: Any) -> str:
    if value in (None, "", [], {}) or spec.kind in (
        ParameterKind.ROWS,
        ParameterKind.CHOICE,
        ParameterKind.CLASS,
    ):
        return ""
    return f" 万{spec.unit}" if spec.kind is ParameterKind.MONEY else f" {spec.unit}".rstrip()


def bounds_words(spec: Spec) -> str:
    """“0 至 100 %”; empty where there is no bound."""
    if spec.kind in (ParameterKind.ROWS, ParameterKind.CHOICE):
        return ""
    low, high = (_bound(spec, b) for b in (spec.minimum, spec.maximum))
    unit = f" {spec.unit.strip()}" if spec.unit.strip() else ""
    if low and high:
        return f"{low} 至 {high}{unit}"
    return f"不小于 {low}{unit}" if low else f"不大于 {high}{unit}" if high else ""


def _bound(spec: Spec, bound: Any) -> str:
    if bound is None:
        return ""
    if isinstance(bound, WaterClass):
        return bound.label
    return typing.plain_decimal(bound) if isinstance(bound, Decimal) else str(bound)
