"""What a draft says, looked up and checked: the one road from a draft to terms.

Nothing is written here. All problems come at once, each with the step it belongs to.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from basins.models import Jurisdiction, River
from basins.ranges import between
from monitoring.models import Section
from settlements import rules
from settlements.agreements.services.drafts import STEPS, DraftProblem, DraftRefused
from settlements.models import Agreement, AgreementDraft, Party, Term
from settlements.reckoning.preview import PartSpec, TermSpec
from settlements.rules import Rule
from settlements.rules.facts import number
from settlements.rules.parameters import ParameterErrors

RESERVED_CODES = {"NEW", "DRAFTS"}  # addresses under /agreements/


@dataclass(frozen=True, slots=True)
class Entered:
    """A complete draft in the models' terms."""

    title: str
    code: str
    parties: tuple[tuple[Jurisdiction, str], ...]
    river: River
    term: TermSpec
    signed_on: date | None
    source: str
    silence: str
    clauses: dict[str, str] = field(default_factory=dict)

    def jurisdictions(self) -> tuple[Jurisdiction, ...]:
        return tuple(jurisdiction for jurisdiction, _ in self.parties)

    def treasury(self) -> Jurisdiction | None:
        """The party that stands in for the treasury, if one does."""
        fill = Party.Role.MUNICIPAL_FILL
        return next((jurisdiction for jurisdiction, role in self.parties if role == fill), None)


def values_of(draft: AgreementDraft, step: str) -> dict[str, Any] | None:
    """The understood values of a step; None while it is not."""
    return draft.data.get(step, {}).get("values")


def entered(draft: AgreementDraft) -> Entered:
    """What the draft says. Raises DraftRefused naming every problem with its step."""
    missing = [
        DraftProblem(step, f"“{label}”还没有填完；请补齐后保存。")
        for step, label in STEPS.items()
        if values_of(draft, step) is None
    ]
    if missing:
        raise DraftRefused(*missing)
    parties, river, rule, term = (values_of(draft, step) or {} for step in STEPS)
    problems: list[DraftProblem] = []
    who = _parties(draft, parties, problems)
    found_river, parts = _river(river, who, problems)
    span = between(_day(term["from"]), _day(term["until"]))
    if span.upper and span.upper <= span.lower:
        problems.append(DraftProblem("term", "止日须不早于起日。"))
    try:
        terms = rules.read(rule["rule"], rule["parameters"])
    except (rules.UnknownRule, ParameterErrors) as wrong:
        problems.append(DraftProblem("rule", str(wrong)))
    else:
        problems += [DraftProblem("river", text) for text in _no_reference(terms, parts)]
        problems += [DraftProblem("rule", text) for text in _unknown_sections(terms, parts)]
    if problems or found_river is None:
        raise DraftRefused(*problems)
    return Entered(
        title=parties["title"],
        code=parties["code"],
        parties=who,
        river=found_river,
        term=TermSpec(rule["rule"], rule["parameters"], span, parts),
        signed_on=_day(term["signed_on"]),
        source=term["source"],
        silence=term.get("silence") or Term.Silence.DECIDE.value,  # drafts of before have none
        clauses={clause["key"]: clause["words"] for clause in term["clauses"]},
    )


def part_specs(rows: list[dict[str, Any]]) -> tuple[PartSpec, ...]:
    """The rows of the river step; KeyError for a code there is not."""
    codes = {row[k] for row in rows for k in ("section", "inflow", "reference") if row.get(k)}
    places = {row[k] for row in rows for k in ("upstream", "downstream")}
    sections = {s.code: s for s in Section.objects.filter(code__in=codes)}
    known = {j.code: j for j in Jurisdiction.objects.filter(code__in=places).defer("boundary")}
    return tuple(
        PartSpec(
            section=sections[row["section"]],
            upstream=known[row["upstream"]],
            downstream=known[row["downstream"]],
            inflow=sections[row["inflow"]] if row["inflow"] else None,
            share=number(row["share"]),
            reference=sections[row["reference"]] if row.get("reference") else None,
        )
        for row in rows
    )


def _parties(draft, values, problems: list[DraftProblem]) -> tuple[tuple[Jurisdiction, str], ...]:
    codes = [row["jurisdiction"] for row in values["parties"]]
    known = {j.code: j for j in Jurisdiction.objects.filter(code__in=codes).defer("boundary")}
    for code in codes:
        if code not in known:
            problems.append(DraftProblem("parties", f"没有代码为 {code} 的行政区；请重选协议方。"))
    if len(set(codes)) != len(codes):
        problems.append(DraftProblem("parties", "同一行政区列了两次；请删去一行。"))
    if len(set(codes)) < 2:
        problems.append(DraftProblem("parties", "协议至少有两方；请再加一方。"))
    if draft.amends_id is None:
        problems += [DraftProblem("parties", text) for text in code_problems(values["code"])]
    else:
        problems += [DraftProblem("parties", text) for text in _still_bound(draft, set(codes))]
    return tuple(
        (known[row["jurisdiction"]], row["role"])
        for row in values["parties"]
        if row["jurisdiction"] in known
    )


def _still_bound(draft: AgreementDraft, codes: set[str]) -> list[str]:
    """Parties left out that other terms still need: of other strands, or later ones."""
    on = _day((values_of(draft, "term") or {}).get("from")) or draft.from_date
    others = (
        Term.objects.filter(agreement=draft.amends_id, in_force__overlap=between(on))
        .exclude(strand=draft.strand, in_force__startswith__lte=on)
        .prefetch_related("sections__upstream", "sections__downstream")
        .order_by("number")
    )
    left = {
        p.jurisdiction.code: p.jurisdiction.name
        for p in Party.objects.filter(agreement=draft.amends_id)
        .exclude(until__lte=on)
        .select_related("jurisdiction")
        if p.jurisdiction.code not in codes
    }
    problems = []
    for term in others:
        named = json.dumps(term.parameters)
        bound = {x.code for part in term.sections.all() for x in (part.upstream, part.downstream)}
        for code, name in left.items():
            if code in bound or f'"{code}"' in named:
                problems.append(
                    f"第 {term.number} 条款期（线索“{term.strand}”）还以{name}为一方，不能去掉；"
                    "请加回，或先修订、终止那个条款期。"
                )
    return problems


def _no_reference(rule: Rule, parts: tuple[PartSpec, ...]) -> list[str]:
    """Sections without the one that the rule compares them with."""
    if not rule.needs_reference:
        return []
    return [
        f"{part.section.name}没有对照断面，而“附加条件”要同下游自身断面比较；请选对照断面。"
        for part in parts
        if part.reference is None
    ]


def _unknown_sections(rule: Rule, parts: tuple[PartSpec, ...]) -> list[str]:
    """Section codes in the parameters that are none of the agreement's."""
    codes = [part.section.code for part in parts]
    return [
        f"参数里的断面编码 {code} 不是本协议的断面；可用的是 {'、'.join(codes)}。"
        for code in sorted(rule.sections_named - set(codes))
    ]


def code_problems(code: str) -> list[str]:
    """Why an agreement cannot have this code; empty where it can."""
    if code in RESERVED_CODES:
        return [f"编码 {code} 留作网址，请换一个。"]
    if Agreement.objects.filter(code__iexact=code).exists():
        return [f"已有编码为 {code} 的协议；请换一个，或从那份协议的页面修订。"]
    return []


def _river(values, who, problems: list[DraftProblem]) -> tuple[River | None, tuple[PartSpec, ...]]:
    river = River.objects.filter(code=values["river"]).first()
    if river is None:
        problems.append(DraftProblem("river", f"没有代码为 {values['river']} 的河流；请重选。"))
        return None, ()
    try:
        parts = part_specs(values["sections"])
    except KeyError as gone:
        problems.append(DraftProblem("river", f"没有编码为 {gone} 的断面或行政区；请重选。"))
        return river, ()
    if not parts:
        problems.append(DraftProblem("river", "至少要有一个断面；请添加。"))
    codes = {jurisdiction.code for jurisdiction, _ in who}
    seen = set()
    for part in parts:
        name = part.section.name
        if part.upstream == part.downstream:
            problems.append(DraftProblem("river", f"{name}的上游方和下游方相同；请改一方。"))
        for party in (part.upstream, part.downstream):
            if party.code not in codes:
                problems.append(
                    DraftProblem(
                        "river", f"{name}的{party.name}不是协议方；请改选，或在“协议方”加上。"
                    )
                )
        if part.inflow == part.section:
            problems.append(DraftProblem("river", f"{name}不能又作自己的入境断面；请改选或留空。"))
        if part.reference == part.section:
            problems.append(DraftProblem("river", f"{name}不能又作自己的对照断面；请改选或留空。"))
        if not 0 < part.share <= 1:
            problems.append(DraftProblem("river", f"{name}的份额须大于 0、不大于 100%。"))
        key = (part.section.pk, part.upstream.pk, part.downstream.pk)
        if key in seen:
            problems.append(DraftProblem("river", f"{name}对同一上下游列了两次；请删去一行。"))
        seen.add(key)
    return river, parts


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def span_of(draft: AgreementDraft) -> DateRange | None:
    """The dates of the term step, if understood."""
    term = values_of(draft, "term")
    return between(_day(term["from"]), _day(term["until"])) if term else None
