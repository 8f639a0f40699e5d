"""变更记录: what changed in an agreement, from what to what, by whom, when and why.

Told from the drafts that were put in force and the terms themselves; a term that came with
the data, without a draft, says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Prefetch

from basins.access import Viewer
from basins.models import AuditRecord
from basins.ranges import between, last_day
from settlements import rules
from settlements.agreements.queries.drafts import what_words
from settlements.agreements.services.ending import end_values
from settlements.models import Agreement, AgreementDraft, DraftDocument, Party, Term, TermSection
from settlements.reckoning.preview import TermSpec, spec_of
from settlements.shown.term_differences import DiffLine, term_lines
from settlements.shown.terms import strand_label
from settlements.shown.visible import visible_agreements

UNSET = {"-", "不设"}


@dataclass(frozen=True, slots=True)
class AgreementChange:
    """One entry of the record; `lines` are what differs, old beside new."""

    at: datetime | None  # when it was put in force; None where it came with the data
    since: date  # from which day it holds
    what: str
    lines: tuple[DiffLine, ...]
    why: str
    source: str
    prepared_by: str
    activated_by: str
    documents: tuple[DraftDocument, ...]
    term: int | None
    draft: int | None


def changes_of(viewer: Viewer, code: str) -> tuple[AgreementChange, ...]:
    """The record, newest first, for whoever sees the agreement: 9 SQL queries at most."""
    agreement = visible_agreements(viewer).filter(code=code).first()
    if agreement is None:
        return ()
    terms = list(
        agreement.terms.order_by("number").prefetch_related(
            Prefetch(
                "sections",
                queryset=TermSection.objects.select_related(
                    "section", "upstream", "downstream", "inflow", "reference"
                ).defer("upstream__boundary", "downstream__boundary"),
            )
        )
    )
    drafts = list(
        AgreementDraft.objects.filter(agreement=agreement, state=AgreementDraft.State.ACTIVATED)
        .select_related("activated_by", "amends", "agreement")
        .prefetch_related("documents", "preparers")
        .order_by("activated_at", "pk")
    )
    parties = list(agreement.parties.select_related("jurisdiction").order_by("order", "pk"))
    by_term = {d.term_id: d for d in drafts if d.term_id}
    said = {pk: _end_said(draft) for pk, draft in by_term.items()}
    said |= _first_ends([t for t in terms if t.pk not in by_term])
    specs = {t.pk: _spec(t, said.get(t.pk)) for t in terms}
    changes = [_term_change(agreement, t, terms, specs, by_term, parties) for t in terms]
    changes += [_end_change(d, terms) for d in drafts if d.ends]
    return tuple(sorted(changes, key=_order, reverse=True))


def _order(change: AgreementChange) -> tuple[bool, float, date]:
    return (
        change.at is not None,
        change.at.timestamp() if change.at else 0.0,
        change.since,
    )


def _term_change(
    agreement: Agreement,
    term: Term,
    terms: list[Term],
    specs: Mapping[int, TermSpec],
    by_term: Mapping[int, AgreementDraft],
    parties: list[Party],
) -> AgreementChange:
    before, draft = _before(term, terms), by_term.get(term.pk)
    old = specs[before.pk] if before else None
    lines = [
        line
        for line in term_lines(old, specs[term.pk])
        if line.changed
        and (before is not None or line.what is not None)
        and not {line.old, line.new} <= UNSET  # a parameter that only the other rule has
    ]
    if draft is not None and draft.amends_id:
        lines = [*_party_lines(parties, term.in_force.lower), *lines]
    asked = (draft.data.get("amend", {}).get("values") or {}) if draft else {}
    said = (draft.data.get("term", {}).get("values") or {}) if draft else {}
    return AgreementChange(
        at=draft.activated_at if draft else None,
        since=term.in_force.lower,
        what=_what(term, before, draft),
        lines=tuple(lines),
        why=asked.get("reason", ""),
        source=said.get("source") or ("" if draft else agreement.source),
        prepared_by=_people(draft),
        activated_by=str(draft.activated_by) if draft else "",
        documents=tuple(draft.documents.all()) if draft else (),
        term=term.number,
        draft=draft.pk if draft else None,
    )


def _what(term: Term, before: Term | None, draft: AgreementDraft | None) -> str:
    if draft is not None and draft.amends_id:
        return f"{what_words(draft)}：第 {term.number} 条款期"
    if draft is not None:
        return f"协议启用：第 {term.number} 条款期"
    start = "接续" if before is not None else "建立"
    return f"{start}第 {term.number} 条款期（{strand_label(term.strand)}，随数据导入）"


def _before(term: Term, terms: Iterable[Term]) -> Term | None:
    """The term of the same strand that held before it."""
    earlier = [
        t
        for t in terms
        if t.strand == term.strand and t.pk != term.pk and t.in_force.lower < term.in_force.lower
    ]
    return max(earlier, key=lambda t: t.in_force.lower, default=None)


def _spec(term: Term, said: str | None) -> TermSpec:
    """The term as it was put in force, with the end said then ("": open, None: not known): a
    later amendment cuts its end, and does not change what the earlier one said."""
    spec = spec_of(term, term.sections.all())
    if said is None:
        return spec
    until = date.fromisoformat(said) if said else None
    return replace(spec, in_force=between(term.in_force.lower, until))


def _end_said(draft: AgreementDraft) -> str | None:
    """The day after the last one, as the draft says it."""
    values = draft.data.get("term", {}).get("values") or {}
    return (values["until"] or "") if "until" in values else None


def _first_ends(terms: Iterable[Term]) -> dict[int, str]:
    """Of terms that came with the data, the day after the last one as it was at first, from the
    audit trail: 1 SQL query."""
    records = (
        AuditRecord.objects.filter(table=Term._meta.db_table, key__in=[str(t.pk) for t in terms])
        .order_by("key", "pk")
        .distinct("key")
        .values_list("key", "before", "after")
    )
    first = ((key, before or after or {}) for key, before, after in records)
    return {int(key): _upper(row["in_force"]) for key, row in first if "in_force" in row}


def _upper(span: str) -> str:
    """'[2019-01-01,2022-09-01)' as '2022-09-01'; '' where it is open."""
    return span.strip("[()]").split(",")[1].strip('"')


def _party_lines(parties: Iterable[Party], on: date) -> list[DiffLine]:
    lines = []
    for party in parties:
        name = party.jurisdiction.name
        if party.since == on:
            lines.append(DiffLine("协议方", "-", f"{name}加入", True))
        if party.until == on:
            lines.append(DiffLine("协议方", name, "退出", True))
    return lines


def _end_change(draft: AgreementDraft, terms: list[Term]) -> AgreementChange:
    day, values = draft.from_date, end_values(draft)
    assert day is not None
    lines = tuple(
        DiffLine(
            f"第 {t.number} 条款期（{rules.get(t.rule).title}）",
            "执行中",
            f"止于 {last_day(day)}",
            True,
        )
        for t in terms
        if t.in_force.upper == day and draft.strand in ("", t.strand)
    )
    return AgreementChange(
        at=draft.activated_at,
        since=day,
        what=what_words(draft),
        lines=lines,
        why=values["reason"],
        source=values["source"],
        prepared_by=_people(draft),
        activated_by=str(draft.activated_by),
        documents=tuple(draft.documents.all()),
        term=None,
        draft=draft.pk,
    )


def _people(draft: AgreementDraft | None) -> str:
    if draft is None:
        return ""
    return "、".join(str(u) for u in sorted(draft.preparers.all(), key=lambda u: u.pk))
