"""推演: the terms of a scenario in words, beside those of the agreement as it stands today."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from basins.models import Jurisdiction
from basins.ranges import last_day
from monitoring.models import Section
from monitoring.standards.exact import Number
from settlements import rules
from settlements.models import Scenario, Term
from settlements.models.shares import share_words
from settlements.rules.facts import number
from settlements.shown.terms import ParameterLine, parameter_lines, strand_label


@dataclass(frozen=True, slots=True)
class TermWords:
    """One term of a scenario in words, and how it differs from the agreement's today."""

    number: int
    strand: str
    rule: str
    since: date
    until: date | None  # last day
    changes: tuple[tuple[str, str, str], ...]  # what, before, now


def terms_in_words(scenario: Scenario) -> tuple[TermWords, ...]:
    """Each term beside the agreement's term of the same number: 3 SQL queries."""
    offer_names = dict(
        Section.objects.filter(
            pk__in=[p["section"] for t in scenario.terms for p in t["sections"]]
        ).values_list("pk", "name")
    )
    now = {
        t.number: t
        for t in scenario.agreement.terms.order_by("number").prefetch_related(
            "sections__section", "sections__upstream", "sections__downstream"
        )
    }
    codes = {
        p[s] for t in scenario.terms for p in t["sections"] for s in ("upstream", "downstream")
    }
    places = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    words = tuple(
        TermWords(
            number=term["number"],
            strand=strand_label(term["strand"]),
            rule=rules.get(term["rule"]).title,
            since=date.fromisoformat(term["since"]),
            until=last_day(date.fromisoformat(term["until"]) if term["until"] else None),
            changes=tuple(_changes(term, now.get(term["number"]), offer_names, places)),
        )
        for term in scenario.terms
    )
    kept = {term["number"] for term in scenario.terms}
    gone = tuple(
        TermWords(
            number=term.number,
            strand=strand_label(term.strand),
            rule=rules.get(term.rule).title,
            since=term.in_force.lower,
            until=last_day(term.in_force.upper),
            changes=(("条款期", rules.get(term.rule).title, "情景去掉"),),
        )
        for number, term in now.items()
        if number not in kept
    )
    return tuple(sorted((*words, *gone), key=lambda w: w.number))


def _changes(
    term: Mapping[str, Any],
    before: Term | None,
    names: Mapping[int, str],
    places: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    if before is None:
        since = date.fromisoformat(term["since"])
        title = rules.get(term["rule"]).title
        yield "条款期", "协议中没有", f"情景新增：{title}，{since} 起"
        return
    family = rules.get(term["rule"])
    if term["rule"] != before.rule:
        yield "规则", rules.get(before.rule).title, family.title
    old = {line.name: line for line in _lines(before.rule, before.parameters)}
    for line in _lines(term["rule"], term["parameters"]):
        was = old.get(line.name)
        if was is None or (was.value, was.unit) != (line.value, line.unit):
            yield line.label, _words(was), _words(line)
    span, now = before.in_force, (term["since"], term["until"])
    for label, until, was_day, day in (
        ("起日", False, span.lower, now[0]),
        ("止日", True, span.upper, now[1]),
    ):
        was_shown = _day(was_day, until)
        shown = _day(date.fromisoformat(day) if day else None, until)
        if was_shown != shown:
            yield label, was_shown, shown
    was_parts = [
        (p.section_id, p.section.name, p.share, p.upstream.name, p.downstream.name)
        for p in before.sections.all()
    ]
    parts = [
        (
            p["section"],
            names.get(p["section"], "-"),
            number(p["share"]),
            places.get(p["upstream"], p["upstream"]),
            places.get(p["downstream"], p["downstream"]),
        )
        for p in term["sections"]
    ]
    for was_part, part in zip_longest(was_parts, parts):
        if was_part != part:
            yield "断面、两方与份额", _part(was_part), _part(part)


def _lines(rule: str, stored: Mapping[str, Any]) -> tuple[ParameterLine, ...]:
    return parameter_lines(rules.get(rule).parameters, stored)


def _words(line: ParameterLine | None) -> str:
    return "-" if line is None else f"{line.value} {line.unit}".strip()


def _day(day: date | None, until: bool) -> str:
    shown = last_day(day) if until else day
    return shown.isoformat() if shown else "长期"


def _part(part: tuple[int, str, Number, str, str] | None) -> str:
    if part is None:
        return "-"
    _, name, share, upstream, downstream = part
    return f"{name} {share_words(share)}（{upstream} → {downstream}）"
