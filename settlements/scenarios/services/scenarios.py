"""推演: an agreement's terms copied, changed and run, apart from the books.

Nothing here writes anything but Scenario rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.db import transaction

from basins.models import Jurisdiction, User
from basins.ranges import between, today
from monitoring.models import Section
from settlements import rules
from settlements.models import Agreement, Party, Scenario
from settlements.reckoning.preview import PartSpec, Plan, TermSpec, plan
from settlements.rules.facts import number, number_text

LONGEST_NAME = 80
LONGEST_STRAND = 20


class ScenarioError(ValueError):
    """A scenario cannot be so: what is wrong, and the remedy."""


class NotTheOwner(PermissionError):
    """Only who made a scenario changes it; others make a copy."""


@transaction.atomic
def copy_agreement(*, agreement: Agreement, name: str, by: User) -> Scenario:
    """A new scenario with the agreement's terms as they stand today.

    Raises ScenarioError for an agreement without terms or a name that is none.
    """
    terms = stored_terms(agreement)
    if not terms:
        raise ScenarioError("这份协议还没有条款期；请先录入条款，再作推演。")
    return Scenario.objects.create(
        name=_named(name), agreement=agreement, terms=terms, copied_on=today(), owner=by
    )


@transaction.atomic
def copy_scenario(*, scenario: Scenario, name: str, by: User) -> Scenario:
    """The same terms as a scenario of one's own."""
    return Scenario.objects.create(
        name=_named(name),
        agreement=scenario.agreement,
        terms=scenario.terms,
        copied_on=scenario.copied_on,
        owner=by,
    )


@transaction.atomic
def change_term(
    *, scenario: Scenario, number: int, changes: Mapping[str, Any], name: str, by: User
) -> Scenario:
    """Other rule, parameters, dates or sections for one term of the scenario.

    `changes` holds any of a term's keys (Scenario.terms). Raises NotTheOwner, ScenarioError
    for dates that are none or overlap another term of the same strand, ParameterErrors for
    parameters the rule refuses.
    """
    locked = _own(scenario, by)
    terms = [{**t, **changes} if t["number"] == number else t for t in locked.terms]
    if not any(t["number"] == number for t in terms):
        raise ScenarioError(f"情景中没有第 {number} 条款期。")
    locked.name = _named(name)
    return _with_terms(locked, terms)


@transaction.atomic
def add_term(*, scenario: Scenario, like: int, since: date, by: User, strand: str = "") -> Scenario:
    """A further term with the rule, parameters and sections of term `like`, from that day.

    In the same strand it takes over from the term in force that day, until that one's end; a
    `strand` of its own runs beside the others. Raises NotTheOwner and ScenarioError.
    """
    locked = _own(scenario, by)
    base = next((t for t in locked.terms if t["number"] == like), None)
    if base is None:
        raise ScenarioError(f"情景中没有第 {like} 条款期。")
    strand = " ".join(strand.split()) or base["strand"]
    terms, until = [], None
    for term in locked.terms:
        if term["strand"] == strand and _covers(term, since):
            if term["since"] == since.isoformat():
                raise ScenarioError(
                    f"第 {term['number']} 条款期正是 {since} 起；请改它，或换起日。"
                )
            until = term["until"]
            term = {**term, "until": since.isoformat()}
        terms.append(term)
    later = [t["since"] for t in terms if t["strand"] == strand and t["since"] > since.isoformat()]
    number = max(t["number"] for t in terms) + 1
    terms.append(
        {
            **base,
            "number": number,
            "strand": strand[:LONGEST_STRAND],
            "since": since.isoformat(),
            "until": until or min(later, default=None),
        }
    )
    return _with_terms(locked, terms)


@transaction.atomic
def remove_term(*, scenario: Scenario, number: int, by: User) -> Scenario:
    """Without that term: nothing holds in its time. The last one stays.

    Raises NotTheOwner and ScenarioError.
    """
    locked = _own(scenario, by)
    terms = [t for t in locked.terms if t["number"] != number]
    if len(terms) == len(locked.terms):
        raise ScenarioError(f"情景中没有第 {number} 条款期。")
    if not terms:
        raise ScenarioError("情景至少要有一个条款期；不要这个情景请删除它。")
    return _with_terms(locked, terms)


def _own(scenario: Scenario, by: User) -> Scenario:
    locked = Scenario.objects.select_for_update(of=("self",)).get(pk=scenario.pk)
    if locked.owner_id != by.pk:
        raise NotTheOwner("只有建立人可以更改情景；请先复制为自己的情景。")
    return locked


def _with_terms(locked: Scenario, terms: list[dict[str, Any]]) -> Scenario:
    refuse_overlaps(terms)
    for term in terms:
        rules.get(term["rule"]).parameters.from_json(term["parameters"])
    locked.terms = terms
    locked.save(update_fields=["terms", "name", "changed_at"])
    return locked


def _covers(term: Mapping[str, Any], day: date) -> bool:
    return term["since"] <= day.isoformat() and (
        term["until"] is None or day.isoformat() < term["until"]
    )


@transaction.atomic
def delete_scenario(*, scenario: Scenario, by: User) -> None:
    """Raises NotTheOwner."""
    if scenario.owner_id != by.pk:
        raise NotTheOwner("只有建立人可以删除情景。")
    scenario.delete()


def _named(name: str) -> str:
    text = " ".join(name.split())
    if not text or len(text) > LONGEST_NAME:
        raise ScenarioError(f"请给情景起一个名称，至多 {LONGEST_NAME} 字。")
    return text


def stored_terms(agreement: Agreement) -> list[dict[str, Any]]:
    """The agreement's terms as a scenario keeps them (Scenario.terms): 2 SQL queries."""
    return [
        {
            "number": term.number,
            "strand": term.strand,
            "rule": term.rule,
            "parameters": term.parameters,
            "since": term.in_force.lower.isoformat(),
            "until": term.in_force.upper.isoformat() if term.in_force.upper else None,
            "sections": [
                {
                    "section": part.section_id,
                    "upstream": part.upstream.code,
                    "downstream": part.downstream.code,
                    "inflow": part.inflow_id,
                    "reference": part.reference_id,
                    "share": number_text(part.share),
                }
                for part in term.sections.all()
            ],
        }
        for term in agreement.terms.order_by("number").prefetch_related(
            "sections__upstream", "sections__downstream"
        )
    ]


def refuse_overlaps(terms: Iterable[Mapping[str, Any]]) -> None:
    """Raises ScenarioError where a term ends before it begins or two of a strand overlap."""
    by_strand: dict[str, list[tuple[date, date, int]]] = {}
    for term in terms:
        since = date.fromisoformat(term["since"])
        until = date.fromisoformat(term["until"]) if term["until"] else date.max
        if until <= since:
            raise ScenarioError(f"第 {term['number']} 条款期的止日早于起日；请改正日期。")
        by_strand.setdefault(term["strand"], []).append((since, until, term["number"]))
    for spans in by_strand.values():
        spans.sort()
        for (_, end, one), (begin, _, other) in pairwise(spans):
            if begin < end:
                raise ScenarioError(
                    f"第 {one} 与第 {other} 条款期的有效期重叠；请让前一期在后一期起日前结束。"
                )


@dataclass(frozen=True, slots=True)
class ScenarioPlaces:
    """The sections, jurisdictions and parties that scenarios name."""

    sections: dict[int, Section]
    by_code: dict[str, Jurisdiction]
    parties: dict[int, list[Jurisdiction]]  # of each agreement
    treasuries: dict[int, Jurisdiction]  # who stands in for the treasury there


def places_of(scenarios: Iterable[Scenario]) -> ScenarioPlaces:
    """Everything the scenarios name: 3 SQL queries whatever their number."""
    scenarios = list(scenarios)
    parts = [p for s in scenarios for t in s.terms for p in t["sections"]]
    wanted = {p[k] for p in parts for k in ("section", "inflow", "reference") if p.get(k)}
    sections = {s.pk: s for s in Section.objects.filter(pk__in=wanted).select_related("river")}
    codes = {p[side] for p in parts for side in ("upstream", "downstream")}
    parties: dict[int, list[Jurisdiction]] = {s.agreement_id: [] for s in scenarios}
    treasuries: dict[int, Jurisdiction] = {}
    for party in (
        Party.objects.filter(agreement__in=list(parties))
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("order", "pk")
    ):
        parties[party.agreement_id].append(party.jurisdiction)
        if party.role == Party.Role.MUNICIPAL_FILL:
            treasuries[party.agreement_id] = party.jurisdiction
    places = Jurisdiction.objects.filter(code__in=codes).defer("boundary")
    return ScenarioPlaces(sections, {j.code: j for j in places}, parties, treasuries)


def plan_of(scenario: Scenario, places: ScenarioPlaces) -> Plan:
    """What is to be computed: no SQL query for a scenario with its agreement's river.

    Raises ScenarioError where a section or jurisdiction of the copied terms is no longer
    there, and as `plan` does.
    """
    try:
        specs = [_spec(term, places, scenario.agreement_id) for term in scenario.terms]
    except KeyError as missing:
        raise ScenarioError(
            f"情景所用的断面或行政区 {missing} 已不存在；请重新复制协议。"
        ) from missing
    pk = scenario.agreement_id
    own = places.parties[pk]
    # A scenario may bring in who is no party of the agreement, as a side of a section.
    new = {p.pk: p for s in specs for part in s.parts for p in (part.upstream, part.downstream)}
    parties = [*own, *(p for p in new.values() if p not in own)]
    return plan(scenario.agreement.river, specs, parties, places.treasuries.get(pk))


def _spec(term: Mapping[str, Any], places: ScenarioPlaces, agreement_id: int) -> TermSpec:
    return TermSpec(
        rule=term["rule"],
        parameters=term["parameters"],
        in_force=between(
            date.fromisoformat(term["since"]),
            date.fromisoformat(term["until"]) if term["until"] else None,
        ),
        number=term["number"],
        agreement_id=agreement_id,
        parts=tuple(
            PartSpec(
                section=places.sections[p["section"]],
                upstream=places.by_code[p["upstream"]],
                downstream=places.by_code[p["downstream"]],
                inflow=places.sections[p["inflow"]] if p["inflow"] else None,
                reference=places.sections[p["reference"]] if p.get("reference") else None,
                share=number(p["share"]),
            )
            for p in term["sections"]
        ),
    )
