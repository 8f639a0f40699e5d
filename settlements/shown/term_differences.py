"""Two terms side by side: what differs, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.db.backends.postgresql.psycopg_any import DateRange

from settlements import rules
from settlements.reckoning.preview import PartSpec, TermSpec
from settlements.rules.facts import number_text
from settlements.shown.terms import (
    parameter_lines,
    parameter_note,
    parameter_words,
    part_words,
    span_words,
)


class Field(Enum):
    """The parts of a term that every term has."""

    IN_FORCE = "有效期"
    RULE = "规则"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """Old beside new; `changed` where they differ. `what`: which of a term's fields it is of."""

    label: str
    old: str
    new: str
    changed: bool
    old_note: str = ""
    new_note: str = ""
    what: Field | None = None


def span_text(span: DateRange) -> str:
    return span_words(span.lower.isoformat(), span.upper.isoformat() if span.upper else None)


def term_lines(old: TermSpec | None, new: TermSpec) -> list[DiffLine]:
    """Dates, rule, parameters and sections of two terms, side by side."""
    return [
        _field(Field.IN_FORCE, span_text(old.in_force) if old else "-", span_text(new.in_force)),
        _field(Field.RULE, rules.get(old.rule).title if old else "-", rules.get(new.rule).title),
        *_parameters(old, new),
        *_parts(old.parts if old else (), new.parts),
    ]


def diff_line(label: str, old: str, new: str, old_note: str = "", new_note: str = "") -> DiffLine:
    return DiffLine(label, old, new, (old, old_note) != (new, new_note), old_note, new_note)


def _field(what: Field, old: str, new: str) -> DiffLine:
    return DiffLine(what.value, old, new, old != new, what=what)


def _parameters(old: TermSpec | None, new: TermSpec) -> list[DiffLine]:
    sides = []
    for spec in (old, new):
        lines = parameter_lines(rules.get(spec.rule).parameters, spec.parameters) if spec else ()
        sides.append({(x.name, x.label): x for x in lines})
    before, after = sides
    found = []
    for key in [*after, *(k for k in before if k not in after)]:
        was, now = before.get(key), after.get(key)
        found.append(
            diff_line(
                key[1],
                parameter_words(was) if was else "-",
                parameter_words(now) if now else "-",
                parameter_note(was) if was else "",
                parameter_note(now) if now else "",
            )
        )
    return found


def _parts(old: Sequence[PartSpec], new: Sequence[PartSpec]) -> list[DiffLine]:
    before, after = ({_key(p): p for p in parts} for parts in (old, new))
    found = []
    for key in [*after, *(k for k in before if k not in after)]:
        was, now = before.get(key), after.get(key)
        found.append(diff_line("断面", _part(was), _part(now)))
    return found


def _key(part: PartSpec) -> tuple[int, int, int]:
    return part.section.pk, part.upstream.pk, part.downstream.pk


def _part(part: PartSpec | None) -> str:
    if part is None:
        return "-"
    inflow = part.inflow.name if part.inflow else ""
    row = {"section": part.section.name, "upstream": part.upstream.name}
    row |= {"downstream": part.downstream.name, "inflow": inflow, "share": number_text(part.share)}
    row["reference"] = part.reference.name if part.reference else ""
    return part_words(row, {}, {})
