"""协议草稿 for those who edit agreements; for everyone else there are none.

What a step may choose from, the list, one draft, and what its 核对 page says line by line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from basins.access import Act, Viewer
from basins.models import Jurisdiction, River
from monitoring.models import Section
from settlements import rules
from settlements.models import Agreement, AgreementDraft, DraftDocument, Party, Term
from settlements.shown.findings import starred
from settlements.shown.terms import (
    MAIN,
    parameter_lines,
    parameter_note,
    parameter_words,
    part_words,
    span_words,
    strand_label,
)
from settlements.shown.visible import visible_agreements
from settlements.workflow import kind_of


@dataclass(frozen=True, slots=True)
class SectionOffer:
    code: str
    label: str
    upstream: str  # jurisdiction code, "" where it is no border
    downstream: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What the selects of a step hold."""

    jurisdictions: tuple[tuple[str, Any], ...] = ()
    rivers: tuple[tuple[str, str], ...] = ()
    sections: tuple[SectionOffer, ...] = ()
    parties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DraftLine:
    pk: int
    title: str
    code: str
    what: str  # 新协议 / 修订
    prepared_by: str
    changed_at: datetime
    state: str
    kind: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of the 核对 page; `step` is where 更改 leads."""

    label: str
    text: str
    step: str
    title: str = ""
    note: str = ""


def visible_drafts(viewer: Viewer) -> QuerySet[AgreementDraft]:
    if not viewer.sees_all(Act.EDIT_AGREEMENTS):
        return AgreementDraft.objects.none()
    return AgreementDraft.objects.all()


def draft_list(viewer: Viewer) -> tuple[DraftLine, ...]:
    """Newest change first: 1 SQL query."""
    return tuple(
        DraftLine(
            pk=d.pk,
            title=str(d),
            code=d.code,
            what=what_words(d),
            prepared_by=str(d.prepared_by),
            changed_at=d.changed_at,
            state=d.get_state_display(),
            kind=kind_of("draft", d.state),
            is_open=d.state in (AgreementDraft.State.DRAFT, AgreementDraft.State.SUBMITTED),
        )
        for d in visible_drafts(viewer).select_related("prepared_by")
    )


def what_words(found: AgreementDraft) -> str:
    """新协议; 修订, 新线索 or 终止 with the day."""
    if not found.amends_id:
        return "新协议"
    if found.ends:
        what = f"终止线索“{strand_label(found.strand)}”" if found.strand else "终止协议"
    elif (found.data.get("amend", {}).get("values") or {}).get("opens"):
        what = f"另开线索“{found.strand}”"
    else:
        what = "修订" if found.strand == MAIN else f"修订线索“{found.strand}”"
    return f"{what}，自 {found.from_date} 起"


def draft(viewer: Viewer, pk: int) -> AgreementDraft | None:
    return (
        visible_drafts(viewer)
        .select_related("amends__river", "prepared_by", "activated_by", "agreement")
        .filter(pk=pk)
        .first()
    )


def document(viewer: Viewer, draft_id: int, pk: int) -> DraftDocument | None:
    return DraftDocument.objects.filter(
        pk=pk, draft__in=visible_drafts(viewer), draft=draft_id
    ).first()


def documents_of(viewer: Viewer, code: str) -> tuple[DraftDocument, ...]:
    """The documents its terms were put in force with, for whoever sees the agreement."""
    return tuple(
        DraftDocument.objects.filter(
            draft__agreement__in=visible_agreements(viewer).filter(code=code)
        )
        .select_related("draft__term")
        .order_by("draft__term__number", "pk")
    )


def agreement_document(viewer: Viewer, code: str, pk: int) -> DraftDocument | None:
    return next((d for d in documents_of(viewer, code) if d.pk == pk), None)


def amendable(viewer: Viewer, code: str) -> Agreement | None:
    """The agreement in force, for those who may amend it."""
    if not viewer.sees_all(Act.EDIT_AGREEMENTS):
        return None
    return visible_agreements(viewer).filter(code=code, state=Agreement.State.ACTIVE).first()


def strands_of(agreement: Agreement) -> list[tuple[str, str]]:
    """Strand and the rule its last term goes by, one each."""
    found: dict[str, str] = {}
    for term in agreement.terms.order_by("number"):
        found[term.strand] = rules.get(term.rule).title
    return [(strand, f"{strand_label(strand)}：{title}") for strand, title in found.items()]


def jurisdiction_choices() -> tuple[tuple[str, Any], ...]:
    """Grouped by level: 1 SQL query."""
    groups: dict[str, list[tuple[str, str]]] = {}
    order = ["district", "treasury", "province", "township"]
    rows = Jurisdiction.objects.order_by("sort_key", "pk").values_list("level", "code", "name")
    for level, code, name in rows:
        groups.setdefault(level, []).append((code, name))
    labels = dict(Jurisdiction.Level.choices)
    return tuple((labels[level], groups[level]) for level in order if level in groups)


def river_choices() -> tuple[tuple[str, str], ...]:
    return tuple(River.objects.order_by("level", "code").values_list("code", "name"))


def sections_of(river: str) -> tuple[SectionOffer, ...]:
    """Sections of the river from source to mouth: 1 SQL query."""
    found = (
        Section.objects.filter(river__code=river)
        .select_related("upstream", "downstream")
        .defer("upstream__boundary", "downstream__boundary")
        .order_by("km", "code")
    )
    return tuple(
        SectionOffer(
            s.code,
            starred(s.name, s.is_demo)
            + (
                f"（{s.upstream.name} → {s.downstream.name}）"
                if s.upstream and s.downstream
                else ""
            ),
            s.upstream.code if s.upstream else "",
            s.downstream.code if s.downstream else "",
        )
        for s in found
    )


def names_of(codes: list[str]) -> tuple[tuple[str, str], ...]:
    """(code, name) of the jurisdictions in the order given."""
    names = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    return tuple((code, names[code]) for code in codes if code in names)


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """A rule to choose: `summary` says in one sentence who pays when, `source` whose scheme it is."""

    code: str
    title: str
    summary: str
    source: str


def rule_choices() -> list[RuleChoice]:
    return [
        RuleChoice(code, rule.title, rule.summary, rule.legal_basis)
        for code, rule in rules.RULES.items()
    ]


def check_lines(found: AgreementDraft) -> tuple[CheckLine, ...]:
    """Everything a draft says, in words, step by step. For complete drafts."""
    steps: dict[str, Mapping[str, Any]] = {k: v.get("values") or {} for k, v in found.data.items()}
    parties, river, rule, term = (steps.get(k, {}) for k in ("parties", "river", "rule", "term"))
    places = dict(Jurisdiction.objects.values_list("code", "name"))
    sections = dict(
        Section.objects.filter(river__code=river.get("river", "")).values_list("code", "name")
    )
    roles = dict(Party.Role.choices)
    lines: list[CheckLine] = []
    if found.amends_id:
        asked = steps.get("end") or steps.get("amend") or {}
        lines.append(CheckLine("事项", what_words(found), ""))
        lines.append(CheckLine("原因", asked.get("reason") or "-", ""))
        if found.ends:
            lines.append(CheckLine("依据", asked["source"], ""))
    if parties:
        lines += [
            CheckLine("协议名称", parties["title"], "parties"),
            CheckLine("编码", parties["code"], "parties"),
            CheckLine(
                "协议方（自上游）",
                "；".join(
                    f"{places.get(p['jurisdiction'], p['jurisdiction'])}（{roles[p['role']]}）"
                    for p in parties["parties"]
                ),
                "parties",
            ),
        ]
    if river:
        name = River.objects.filter(code=river["river"]).values_list("name", flat=True).first()
        lines.append(CheckLine("河流", name or river["river"], "river"))
        lines += [
            CheckLine("断面", part_words(r, sections, places), "river") for r in river["sections"]
        ]
    if rule:
        family = rules.get(rule["rule"])
        lines.append(CheckLine("规则", f"{family.title}，修订号 {family.revision}", "rule"))
        lines += [
            CheckLine(p.label, parameter_words(p), "rule", p.exact, parameter_note(p))
            for p in parameter_lines(family.parameters, rule["parameters"])
        ]
    if term:
        lines += [
            CheckLine("有效期", span_words(term["from"], term["until"]), "term"),
            CheckLine("签署日期", term["signed_on"] or "-", "term"),
            CheckLine("来源", term["source"], "term"),
            CheckLine(
                str(Term._meta.get_field("silence").verbose_name),
                Term.Silence(term.get("silence") or Term.Silence.DECIDE).label,
                "term",
            ),
            *(CheckLine(f"条款 {c['key']}", c["words"], "term") for c in term["clauses"]),
        ]
    for file in found.documents.all():
        lines.append(
            CheckLine(
                "文件",
                f"{file.name}（{file.get_kind_display()}）",
                "term",
                note=f"SHA-256 {file.sha256}",
            )
        )
    return tuple(lines)
