"""Parameters of a rule, declared once: checked, stored, described, defaulted from here.

A rule's `Parameters` is a frozen keyword-only dataclass whose fields are made by
`parameter(...)`. Stored form, one entry a parameter, none ever left out:

    {"rate": {"value": "1000000.00", "source": "第六条第（二）款", "is_default": false}, …}

Defaults are dated (`Dated`) and are used at entry alone, by `with_defaults`; recomputing
reads the stored form, where a missing parameter is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from settlements.rules.kinds import (
    Dated,
    Kind,
    ParameterError,
    ParameterErrors,
    Since,
    Spec,
    checked,
    idle,
    out_of_bounds,
    parameter,
    since,
    specs,
    stored,
)

__all__ = [
    "Dated",
    "Kind",
    "ParameterError",
    "ParameterErrors",
    "Parameters",
    "Provenance",
    "Since",
    "Spec",
    "deciding",
    "describe",
    "parameter",
    "since",
    "specs",
    "with_defaults",
]


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
            if (message := out_of_bounds(spec, self.value(name)))
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

    def value(self, name: str) -> Any:
        """The value of a declared parameter, by its name."""
        return getattr(self, name)

    def is_idle(self, name: str) -> bool:
        """Whether a parameter that came later stands where the rule stood before it."""
        return idle(specs(type(self))[name], self.value(name))

    def choice(self, name: str) -> str:
        """The chosen value of a choice parameter in words."""
        return specs(type(self))[name].choices[self.value(name)]

    def to_json(self) -> dict[str, dict[str, Any]]:
        """The stored form; `from_json` gives equal parameters back."""
        return {
            name: {
                "value": stored(spec, self.value(name)),
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
                values[name], message = checked(spec, entry["value"])
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
            missing.append(ParameterError(name, spec.label, f"{on} 没有默认值，须按协议填写。"))
        else:
            entries[name] = {
                "value": default.value,
                "source": default.source,
                "is_default": True,
            }
    try:
        return rule_parameters.from_json(entries).to_json()
    except ParameterErrors as wrong:
        named = {error.name for error in missing}
        raise ParameterErrors(
            [*missing, *(error for error in wrong.errors if error.name not in named)]
        ) from wrong


def deciding(
    rule_parameters: type[Parameters], data: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """The stored parameters that decide what is found: without later ones that change nothing.

    What the input digest is taken over, so that a parameter a family is given afterwards
    leaves the digests of everything found before as they were.
    """
    known = specs(rule_parameters)
    return {
        name: entry
        for name, entry in data.items()
        if name not in known or not idle(known[name], entry["value"])
    }


def describe(rule_parameters: type) -> list[dict[str, Any]]:
    """Every parameter in order, as plain data for the entry form and the documentation."""
    return [
        {
            "name": name,
            "label": spec.label,
            "label_en": spec.english,
            "help": spec.help,
            "help_en": spec.english_help,
            "unit": spec.unit,
            "kind": spec.kind.value,
            "optional": spec.optional,
            "minimum": stored(spec, spec.minimum),
            "maximum": stored(spec, spec.maximum),
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
