"""预览: what a draft would have yielded over every stored past month, and what to beware of.

For an amendment also old beside new from its date on. Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Min

from basins.ranges import between, covers
from monitoring.models import Assessment, MonthlyMean
from settlements import rules
from settlements.models import Agreement, AgreementDraft, TermSection
from settlements.money import format_wan
from settlements.queries.agreements import parameter_lines
from settlements.queries.drafts import parameter_note, parameter_words, part_words
from settlements.queries.findings import starred
from settlements.rules.facts import MonthState
from settlements.services.amendments import superseded
from settlements.services.entered import Entered
from settlements.services.preview import PartSpec, PreviewLine, TermSpec, preview, terms_of

ZERO = Decimal("0.00")
PERIOD_CAPS = ("month_cap", "period_cap")


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One section and period of the month table."""

    period: date
    yearly: bool
    section: str
    finding: str  # 甲 → 乙, or 互不补偿
    yuan: Decimal
    state: str
    complete: bool
    in_term: bool

    @property
    def month(self) -> str:
        return f"{self.period:%Y}年" if self.yearly else f"{self.period:%Y-%m}"


@dataclass(frozen=True, slots=True)
class TrialYear:
    year: int
    lines: tuple[TrialLine, ...]
    nets: tuple[Decimal, ...]  # in the order of the parties

    @property
    def paid(self) -> Decimal:
        return sum((line.yuan for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class Flow:
    """What one pays another, month by month, for the chart."""

    name: str
    points: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Trial:
    parties: tuple[str, ...]
    years: tuple[TrialYear, ...]  # newest first
    totals: tuple[Decimal, ...]
    flows: tuple[Flow, ...]
    warnings: tuple[str, ...]
    first: date | None  # first month with anything stored
    periods: int
    has_demo_names: bool

    @property
    def paid(self) -> Decimal:
        return sum((year.paid for year in self.years), ZERO)


@dataclass(frozen=True, slots=True)
class DiffLine:
    """Old beside new; `changed` where they differ."""

    label: str
    old: str
    new: str
    changed: bool
    old_note: str = ""
    new_note: str = ""


@dataclass(frozen=True, slots=True)
class MonthDiff:
    month: str
    section: str
    old: str
    new: str
    difference: Decimal  # new minus old, of all that is paid whoever pays


@dataclass(frozen=True, slots=True)
class Difference:
    """What an amendment changes in words, and the months that would differ."""

    since: date
    old_number: int | None
    terms: tuple[DiffLine, ...]
    months: tuple[MonthDiff, ...]
    compared: int

    @property
    def total(self) -> Decimal:
        return sum((month.difference for month in self.months), ZERO)


def trial(found: Entered, *, besides: Agreement | None = None) -> Trial:
    """The draft run over every stored month of its sections, whatever its own dates."""
    sections = [p.section.pk for p in found.term.parts]
    first = first_month(sections)
    parties = found.jurisdictions()
    lines: list[PreviewLine] = []
    if first is not None:
        spec = replace(found.term, in_force=between(first))
        lines = preview(found.river, [spec], parties)
    nets: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    flows: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(
        lambda: defaultdict(lambda: ZERO)
    )
    by_year: dict[int, list[TrialLine]] = defaultdict(list)
    for line in lines:
        by_year[line.period.year].append(_line(line, found))
        if line.payer is not None and line.payee is not None:
            nets[line.period.year][line.payer.pk] -= line.yuan
            nets[line.period.year][line.payee.pk] += line.yuan
            flows[line.payer.name, line.payee.name][line.period] += line.yuan
    years = tuple(
        TrialYear(year, tuple(by_year[year]), tuple(nets[year][p.pk] for p in parties))
        for year in sorted(by_year, reverse=True)
    )
    return Trial(
        parties=tuple(p.name for p in parties),
        years=years,
        totals=tuple(sum((y.nets[i] for y in years), ZERO) for i in range(len(parties))),
        flows=tuple(
            Flow(f"{payer} → {payee}", tuple(sorted(points.items())))
            for (payer, payee), points in sorted(flows.items())
        ),
        warnings=tuple([*_warnings(lines, found), *_overlaps(found, besides)]),
        first=first,
        periods=len({(x.section.pk, x.period) for x in lines}),
        has_demo_names=any(p.section.is_demo for p in found.term.parts),
    )


def first_month(sections: Iterable[int]) -> date | None:
    """The first month with anything stored of the sections."""
    ids = list(sections)
    found = [
        model.objects.filter(section__in=ids).aggregate(first=Min("month"))["first"]
        for model in (Assessment, MonthlyMean)
    ]
    return min((m for m in found if m), default=None)


def _line(line: PreviewLine, found: Entered) -> TrialLine:
    return TrialLine(
        period=line.period,
        yearly=line.yearly,
        section=starred(line.section.name, line.section.is_demo),
        finding=_who(line),
        yuan=line.yuan,
        state=MonthState(line.state).label,
        complete=line.complete,
        in_term=covers(found.term.in_force, line.period),
    )


def _who(line: PreviewLine) -> str:
    if line.payer is None or line.payee is None:
        return "互不补偿"
    return f"{line.payer.name} → {line.payee.name}"


def _when(lines: Sequence[PreviewLine]) -> str:
    periods = sorted({f"{x.period:%Y}年" if x.yearly else f"{x.period:%Y-%m}" for x in lines})
    return "、".join(periods[:6]) + (f" 等 {len(periods)} 期" if len(periods) > 6 else "")


def _warnings(lines: list[PreviewLine], found: Entered) -> list[str]:
    warnings = both_ways(lines) + _caps(lines, found)
    no_data = [x for x in lines if x.state == MonthState.NO_DATA]
    partial = [x for x in lines if not x.complete and x.state != MonthState.NO_DATA]
    if partial:
        warnings.append(f"{len(partial)} 个断面月的数据不完整而照常核算：{_when(partial)}。")
    if no_data:
        warnings.append(f"{len(no_data)} 个断面月没有结果（无数据或缺少依据）：{_when(no_data)}。")
    if not lines:
        warnings.append("所选断面没有过去的监测数据，无从试算；启用后自有数据的月份起核算。")
    shares: dict[str, Decimal] = defaultdict(lambda: Decimal(0))
    for part in found.term.parts:
        shares[part.section.name] += part.share
    warnings += [
        f"{name}的份额合计 {share * 100:f}%，超过 100%，会重复计付。"
        for name, share in shares.items()
        if share > 1
    ]
    return warnings


def both_ways(lines: Sequence[PreviewLine]) -> list[str]:
    """Sections and periods in which the same two would pay each other."""
    pairs: dict[tuple[int, date], set[tuple[int, int]]] = defaultdict(set)
    for line in lines:
        if line.payer is not None and line.payee is not None:
            pairs[line.section.pk, line.period].add((line.payer.pk, line.payee.pk))
    double = {key for key, found in pairs.items() if any((b, a) in found for a, b in found)}
    if not double:
        return []
    own = [x for x in lines if (x.section.pk, x.period) in double]
    return [f"{len(double)} 个断面月会双向计付，请查规则与断面：{_when(own)}。"]


def _caps(lines: list[PreviewLine], found: Entered) -> list[str]:
    module = rules.get(found.term.rule)
    parameters = module.Parameters.from_json(found.term.parameters)
    warnings = []
    cut = [x for x in lines if any(s.key == "cap" for s in x.computed.outcome.steps)]
    if cut:
        warnings.append(f"{len(cut)} 个断面月达到年度封顶，金额被减：{_when(cut)}。")
    yearly = getattr(parameters, "yearly_cap", None)
    if yearly is not None:
        sums: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
        for line in lines:
            if line.payer is not None:
                sums[line.period.year, _who(line)] += line.yuan
        warnings += [
            f"{year} 年{who}共 {format_wan(paid)} 万元，超过年度封顶 {format_wan(yearly)} 万元："
            "封顶按断面各计，几个断面合计会超出。"
            for (year, who), paid in sorted(sums.items())
            if paid > yearly
        ]
    for cap in (getattr(parameters, name, None) for name in PERIOD_CAPS):
        over = [x for x in lines if cap is not None and x.yuan > cap]
        if cap is not None and over:
            warnings.append(
                f"{len(over)} 个断面月高于每期封顶 {format_wan(cap)} 万元：{_when(over)}。"
            )
    return warnings


def _overlaps(found: Entered, besides: Agreement | None) -> list[str]:
    sections = [p.section.pk for p in found.term.parts]
    others = (
        TermSection.objects.filter(
            section__in=sections,
            term__agreement__state=Agreement.State.ACTIVE,
            term__in_force__overlap=found.term.in_force,
        )
        .exclude(term__agreement=besides)
        .select_related("section", "term__agreement")
        .order_by("term__agreement__code", "section__code")
    )
    return list(
        dict.fromkeys(
            f"{o.section.name}在同一时期已在《{o.term.agreement.title}》"
            f"（{o.term.agreement.code}）里；请确认不是重复计付。"
            for o in others
        )
    )


def difference(draft: AgreementDraft, found: Entered) -> Difference:
    """The amendment beside what it replaces: 7 + 6 SQL queries whatever the months."""
    agreement, since = draft.amends, found.term.in_force.lower
    assert agreement is not None
    current = superseded(agreement, draft.strand, since).current
    old = None
    if current is not None:
        old = next(t for t in terms_of(agreement) if t.number == current.number)
    parties = found.jurisdictions()
    new_lines = preview(found.river, [found.term], parties)
    old_lines: list[PreviewLine] = []
    if old is not None:
        clipped = replace(old, in_force=between(since, old.in_force.upper))
        old_lines = preview(agreement.river, [clipped], parties)
    months, compared = _months(old_lines, new_lines)
    return Difference(
        since=since,
        old_number=current.number if current else None,
        terms=_terms(old, found),
        months=months,
        compared=compared,
    )


def _months(old: list[PreviewLine], new: list[PreviewLine]) -> tuple[tuple[MonthDiff, ...], int]:
    before, after = _results(old), _results(new)
    found = []
    for key in sorted(before.keys() | after.keys(), key=lambda k: (k[0], k[1])):
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None and (was[0], was[1]) == (now[0], now[1]):
            continue
        either = now or was
        assert either is not None
        found.append(
            MonthDiff(
                month=either[2],
                section=either[3],
                old=was[0] if was else "不核算",
                new=now[0] if now else "不核算",
                difference=(now[1] if now else ZERO) - (was[1] if was else ZERO),
            )
        )
    return tuple(found), len(before.keys() | after.keys())


def _results(lines: list[PreviewLine]) -> dict[tuple[date, int], tuple[str, Decimal, str, str]]:
    """(period, section) → its result in words, what is paid in all, month, section."""
    words: dict[tuple[date, int], list[str]] = defaultdict(list)
    paid: dict[tuple[date, int], Decimal] = defaultdict(lambda: ZERO)
    named: dict[tuple[date, int], tuple[str, str]] = {}
    for line in lines:
        key = line.period, line.section.pk
        label = MonthState(line.state).label
        amount = f" {format_wan(line.yuan)} 万元" if line.payer else ""
        words[key].append(f"{label}，{_who(line)}{amount}")
        paid[key] += line.yuan
        month = f"{line.period:%Y}年" if line.yearly else f"{line.period:%Y-%m}"
        named[key] = month, starred(line.section.name, line.section.is_demo)
    return {key: ("；".join(words[key]), paid[key], *named[key]) for key in words}


def _terms(old: TermSpec | None, found: Entered) -> tuple[DiffLine, ...]:
    new = found.term
    lines = [
        _diff("规则", rules.get(old.rule).TITLE if old else "-", rules.get(new.rule).TITLE),
        *_parameters(old, new),
        *_parts(old.parts if old else (), new.parts),
    ]
    return tuple(lines)


def _diff(label: str, old: str, new: str, old_note: str = "", new_note: str = "") -> DiffLine:
    return DiffLine(label, old, new, (old, old_note) != (new, new_note), old_note, new_note)


def _parameters(old: TermSpec | None, new: TermSpec) -> list[DiffLine]:
    sides = []
    for spec in (old, new):
        lines = parameter_lines(rules.get(spec.rule).Parameters, spec.parameters) if spec else ()
        sides.append({(x.name, x.label): x for x in lines})
    before, after = sides
    found = []
    for key in [*after, *(k for k in before if k not in after)]:
        was, now = before.get(key), after.get(key)
        found.append(
            _diff(
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
        found.append(_diff("断面", _part(was), _part(now)))
    return found


def _key(part: PartSpec) -> tuple[int, int, int]:
    return part.section.pk, part.upstream.pk, part.downstream.pk


def _part(part: PartSpec | None) -> str:
    if part is None:
        return "-"
    inflow = part.inflow.name if part.inflow else ""
    row = {"section": part.section.name, "upstream": part.upstream.name}
    row |= {"downstream": part.downstream.name, "inflow": inflow, "share": str(part.share)}
    return part_words(row, {}, {})
