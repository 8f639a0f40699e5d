"""What an amendment or an end changes: old beside new, and the months that would differ.

A month that is open will be replaced; a published or settled one stays and gets a proposed
adjustment. Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from basins.models import Jurisdiction
from basins.ranges import between
from settlements import rules
from settlements.accruals.services.proposals import Holding, holding
from settlements.agreements.services.amendments import superseded
from settlements.agreements.services.ending import end_day, strands_to_end
from settlements.agreements.services.entered import Entered
from settlements.models import Accrual, AgreementDraft, Party, Term
from settlements.money import ZERO, format_wan
from settlements.reckoning.preview import PreviewLine, preview, spec_of
from settlements.rules.facts import MonthState
from settlements.shown.findings import starred
from settlements.shown.term_differences import DiffLine, diff_line, span_text, term_lines
from settlements.shown.terms import (
    clause_lines,
)


@dataclass(frozen=True, slots=True)
class MonthDiff:
    """One section and period whose finding would be another. `fixed`: it is published or
    settled, so it stays and an adjustment is proposed."""

    month: str
    section: str
    old: str
    new: str
    before: Decimal  # all that is paid, whoever pays
    after: Decimal
    state: str  # 初步, 已发布, 已结清; "" where there is no accrual yet
    fixed: bool
    accrual: int | None

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def fate(self) -> str:
        if self.fixed:
            return f"{self.state}：保留，提出调整"
        return f"{self.state}：将被替换" if self.state else "新核算"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is changed in words, and the months that would differ."""

    since: date
    old_number: int | None
    terms: tuple[DiffLine, ...]
    months: tuple[MonthDiff, ...]
    compared: int

    @property
    def total(self) -> Decimal:
        return sum((month.difference for month in self.months), ZERO)

    @property
    def before(self) -> Decimal:
        return sum((month.before for month in self.months), ZERO)

    @property
    def after(self) -> Decimal:
        return sum((month.after for month in self.months), ZERO)

    @property
    def fixed(self) -> tuple[MonthDiff, ...]:
        return tuple(month for month in self.months if month.fixed)

    @property
    def changed(self) -> tuple[DiffLine, ...]:
        return tuple(line for line in self.terms if line.changed)

    @property
    def unchanged(self) -> tuple[DiffLine, ...]:
        return tuple(line for line in self.terms if not line.changed)


def difference(draft: AgreementDraft, found: Entered | None) -> Difference:
    """The draft beside what it replaces; `found` None for a draft that ends.

    SQL queries do not grow with the months.
    """
    agreement = draft.amends
    assert agreement is not None
    if found is None:
        since = end_day(draft)
        strands = strands_to_end(draft)
    else:
        since, strands = found.term.in_force.lower, [draft.strand]
    current = [t for s in strands if (t := superseded(agreement, s, since).current) is not None]
    specs = [spec_of(term) for term in current]
    parties, treasury = _all_parties(draft, found)
    old_lines = preview(
        agreement.river,
        [replace(s, in_force=between(since, s.in_force.upper)) for s in specs],
        parties,
        treasury=treasury,
    )
    new_lines: list[PreviewLine] = []
    if found is not None:
        own = found.treasury() or treasury
        new_lines = preview(found.river, [found.term], parties, treasury=own)
    months, compared = _months(draft, strands, since, old_lines, new_lines)
    if found is None:
        lines = tuple(_ended(term, since) for term in current)
    else:
        lines = _terms(draft, current[0] if current else None, found)
    return Difference(
        since=since,
        old_number=current[0].number if current else None,
        terms=lines,
        months=months,
        compared=compared,
    )


def _all_parties(
    draft: AgreementDraft, found: Entered | None
) -> tuple[list[Jurisdiction], Jurisdiction | None]:
    """Parties old and new (what was published may be between parties that leave), and the one
    that stood in for the treasury."""
    assert draft.amends is not None
    parties = list(draft.amends.parties.select_related("jurisdiction"))
    own = [p.jurisdiction for p in parties]
    fill = Party.Role.MUNICIPAL_FILL
    new = found.jurisdictions() if found is not None else ()
    everyone = list({p.pk: p for p in [*own, *new]}.values())
    return everyone, next((p.jurisdiction for p in parties if p.role == fill), None)


Result = tuple[str, Decimal]  # in words, and all that is paid
Key = tuple[date, int]  # period and section


def _months(
    draft: AgreementDraft,
    strands: Sequence[str],
    since: date,
    old: list[PreviewLine],
    new: list[PreviewLine],
) -> tuple[tuple[MonthDiff, ...], int]:
    names: dict[Key, tuple[str, str]] = {}
    before, after = _results(old, names), _results(new, names)
    live: dict[Key, list[Accrual]] = defaultdict(list)
    for strand in strands:
        for accrual in _live(draft, strand, since, names):
            live[accrual.period, accrual.term_section.section_id].append(accrual)
    holds = holding(a.pk for accruals in live.values() for a in accruals)
    codes = {code for h in holds.values() for payment in h.payments for code in payment[:2]}
    places = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    for key, accruals in live.items():
        if any(a.state not in Accrual.OPEN for a in accruals):
            before[key] = _holding([holds[a.pk] for a in accruals], places)
    found = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        accruals = live.get(key, [])
        fixed = [a for a in accruals if a.state not in Accrual.OPEN]
        shown = next(iter(fixed or accruals), None)
        month, section = names[key]
        found.append(
            MonthDiff(
                month=month,
                section=section,
                old=was[0] if was else "不核算",
                new=now[0] if now else "不核算",
                before=was[1] if was else ZERO,
                after=now[1] if now else ZERO,
                state=shown.get_state_display() if shown else "",
                fixed=bool(fixed),
                accrual=shown.pk if shown else None,
            )
        )
    return tuple(found), len(before.keys() | after.keys())


def _live(draft: AgreementDraft, strand: str, since: date, names: dict) -> list[Accrual]:
    """The stored accruals of the strand from that day, and their names: 1 SQL query."""
    assert draft.amends is not None
    found = list(
        Accrual.objects.filter(term__agreement=draft.amends, term__strand=strand, period__gte=since)
        .select_related("term_section__section")
        .defer("steps", "inputs")
        .order_by("period", "pk")
    )
    for accrual in found:
        section = accrual.term_section.section
        names[accrual.period, section.pk] = (
            period_words(accrual.period, accrual.yearly),
            starred(section.name, section.is_demo),
        )
    return found


def _holding(found: Iterable[Holding], places: dict[str, str]) -> Result:
    """What holds of published accruals: as published, or as an approved adjustment has it."""
    words, paid = [], ZERO
    for each in found:
        label = MonthState(each.state).label
        if not each.payments:
            words.append(f"{label}，互不补偿")
        for payer, payee, yuan in each.payments:
            words.append(f"{label}，{places[payer]} → {places[payee]} {format_wan(yuan)} 万元")
            paid += yuan
    return "；".join(sorted(words)), paid


def _results(lines: list[PreviewLine], names: dict[Key, tuple[str, str]]) -> dict[Key, Result]:
    words: dict[Key, list[str]] = defaultdict(list)
    paid: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        key = line.period, line.section.pk
        label = MonthState(line.state).label
        amount = f" {format_wan(line.yuan)} 万元" if line.payer else ""
        words[key].append(f"{label}，{who(line)}{amount}")
        paid[key] += line.yuan
        names[key] = (
            period_words(line.period, line.yearly),
            starred(line.section.name, line.section.is_demo),
        )
    return {key: ("；".join(sorted(words[key])), paid[key]) for key in words}


def period_words(period: date, yearly: bool) -> str:
    return f"{period:%Y}年" if yearly else f"{period:%Y-%m}"


def _ended(term: Term, on: date) -> DiffLine:
    return diff_line(
        f"第 {term.number} 条款期的有效期",
        span_text(term.in_force),
        span_text(between(term.in_force.lower, on)),
        rules.get(term.rule).title,
        f"自 {on} 起不再有条款",
    )


def _parties_before(draft: AgreementDraft) -> list[tuple[Jurisdiction, str]]:
    assert draft.amends is not None
    found = draft.amends.parties.select_related("jurisdiction").order_by("order", "pk")
    return [(p.jurisdiction, p.role) for p in found.exclude(until__lte=draft.from_date)]


def _party_words(parties: Iterable[tuple[Jurisdiction, str]]) -> str:
    roles = dict(Party.Role.choices)
    return "；".join(f"{place.name}（{roles[role]}）" for place, role in parties)


def _terms(draft: AgreementDraft, current: Term | None, found: Entered) -> tuple[DiffLine, ...]:
    old, new = spec_of(current) if current is not None else None, found.term
    assert draft.amends is not None
    clauses = clause_lines(rules.get(new.rule).parameters, found.clauses)
    before = clause_lines(rules.get(current.rule).parameters, current.clauses) if current else ()
    return (
        diff_line("协议方", _party_words(_parties_before(draft)), _party_words(found.parties)),
        *term_lines(old, new),
        diff_line("条款原文", clause_text(before), clause_text(clauses)),
        diff_line("来源", _source(current, draft), found.source or "-"),
    )


def clause_text(lines: Iterable[tuple[str, str]]) -> str:
    return "；".join(f"{key}：{words}" for key, words in lines) or "-"


def _source(current: Term | None, draft: AgreementDraft) -> str:
    """What the term in force was entered from: its own draft's words, else the agreement's."""
    assert draft.amends is not None
    own = getattr(current, "draft", None)
    values = own.data.get("term", {}).get("values") if own is not None else None
    return (values or {}).get("source") or draft.amends.source or "-"


def who(line: PreviewLine) -> str:
    if line.payer is None or line.payee is None:
        return "互不补偿"
    return f"{line.payer.name} → {line.payee.name}"
