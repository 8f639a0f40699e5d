"""One kept value in words: choices by label, foreign keys by name, dates and figures as pages
show them, JSON key by key."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db import models

from dashboard.templatetags.figures import local_time
from settlements import rules
from settlements.rules.facts import plain_decimal
from settlements.rules.kinds import specs
from settlements.shown.terms import parameter_lines

EMPTY = "空"
LONGEST = 40  # characters of a value within a sentence
RANGE = re.compile(r"[\[(](.*),(.*)[\])]")
# Steps of a draft, by the key its content has them under.
STEPS = {"parties": "协议方", "river": "河流与断面", "rule": "规则与参数", "term": "期限与条款"}
NAME = Callable[[type[models.Model], Any], str]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One field of a row; `before` and `after` are texts, "空" where there is nothing."""

    label: str
    before: str
    after: str
    money: bool = False  # yuan to the fen
    masked: bool = False  # digests: that it changed is all that can be told

    @property
    def told(self) -> str:
        """“止日”由 2024-12-31 改为 2025-12-31."""
        if self.masked and EMPTY not in (self.before, self.after):
            return f"“{self.label}”改过（不留内容）"
        before, after = (short(text).rstrip("。") for text in (self.before, self.after))
        return f"“{self.label}”由 {before} 改为 {after}"

    @property
    def changed(self) -> bool:
        return self.before != self.after


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def changes_of(
    model: type[models.Model],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    name: NAME,
    masked: tuple[str, ...] = (),
) -> Iterator[ValueChange]:
    """Every field of the row, changed or not, in the order of the model; then columns that the
    model no longer has. `name` gives the words for a foreign key's value."""
    known = set()
    for field in model._meta.concrete_fields:
        column = str(field.column)
        known.add(column)
        if field.primary_key or (column not in before and column not in after):
            continue
        was, become = before.get(column), after.get(column)
        label = str(field.verbose_name)
        if isinstance(field, DateRangeField):
            yield from _span("" if field.name == "in_force" else label, was, become)
        elif field.name in masked:
            yield ValueChange(label, _masked(was), _masked(become), masked=True)
        elif isinstance(field, models.JSONField):
            yield from _json(model, field, before, after)
        else:
            yield ValueChange(
                label, shown(field, was, name), shown(field, become, name), money=_is_money(field)
            )
    for column in [c for c in {**before, **after} if c not in known]:
        yield ValueChange(column, plain(before.get(column)), plain(after.get(column)))


def _is_money(field: models.Field) -> bool:
    return isinstance(field, models.DecimalField) and str(field.verbose_name).endswith("(元)")


def shown(field: models.Field, value: Any, name: NAME) -> str:
    if value is None or value == "":
        return EMPTY
    if field.is_relation and field.related_model:
        return name(field.related_model, value)  # type: ignore[arg-type]
    if field.flatchoices:
        return str({str(key): label for key, label in field.flatchoices}.get(str(value), value))
    if field.name == "rule" and value in rules.RULES:
        return rules.get(value).title
    if isinstance(field, models.DateTimeField):
        return local_time(datetime.fromisoformat(str(value)))
    if isinstance(field, models.DecimalField):
        number = Decimal(str(value))
        return f"{number:,.2f}" if field.decimal_places == 2 else plain_decimal(number)
    return plain(value)


def plain(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return EMPTY
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, list):
        return "；".join(plain(each) for each in value)
    if isinstance(value, Mapping):
        return "，".join(f"{key} {plain(each)}" for key, each in value.items())
    return str(value)


def _masked(value: Any) -> str:
    return EMPTY if value is None else f"不留内容，摘要 {str(value).removeprefix('#')}"


def _span(front: str, was: Any, become: Any) -> Iterator[ValueChange]:
    """A [from, to) range as its first and its last day; `front` says of what."""
    first, last = _days(was), _days(become)
    for number, word in enumerate(("起日", "止日")):
        yield ValueChange(f"{front}{word}", first[number], last[number])


def _days(text: Any) -> tuple[str, str]:
    found = RANGE.fullmatch(str(text)) if text else None
    if found is None:
        return (EMPTY, EMPTY)
    since, until = found.groups()
    last = str(date.fromisoformat(until) - timedelta(days=1)) if until else "长期"
    return (since or "不限", last)


def _json(
    model: type[models.Model],
    field: models.Field,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Iterator[ValueChange]:
    """Key by key; the parameters of a rule in the words of the rule."""
    column, label = str(field.column), str(field.verbose_name)
    was, become = (_leaves(model, column, row) for row in (before, after))
    for key in {**was, **become}:
        shown_label = f"{label}·{key}" if key else label
        yield ValueChange(shown_label, was.get(key, EMPTY), become.get(key, EMPTY))


def _leaves(model: type[models.Model], column: str, row: Mapping[str, Any]) -> dict[str, str]:
    value = row.get(column)
    if column == "parameters" and isinstance(value, Mapping) and row.get("rule") in rules.RULES:
        return _parameters(str(row["rule"]), value)
    if column == "clauses" and isinstance(value, Mapping) and row.get("rule") in rules.RULES:
        labels = {
            name: s.label for name, s in specs(rules.get(str(row["rule"])).parameters).items()
        }
        return {labels.get(key, str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, Mapping):
        return {
            " ".join(STEPS.get(p, p) for p in path if p not in ("values", "typed")): plain(each)
            for path, each in _paths(value)
        }
    return {"": plain(value)} if value not in (None, []) else {}


def _parameters(rule: str, stored: Mapping[str, Any]) -> dict[str, str]:
    lines = parameter_lines(rules.get(rule).parameters, stored)
    found = {}
    for line in lines:
        source = "默认" if line.is_default else line.source
        value = f"{line.value} {line.unit}".strip()
        found[line.label] = f"{value}（{source}）" if source else value
    known = {line.name for line in lines}  # the others are of an earlier revision of the rule
    return found | {key: plain(each) for key, each in stored.items() if key not in known}


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, each in value.items():
        if isinstance(each, Mapping) and each:
            for path, leaf in _paths(each):
                yield (str(key), *path), leaf
        else:
            yield (str(key),), each
