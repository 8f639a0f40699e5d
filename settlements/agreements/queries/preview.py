"""预览: what a draft would have yielded over every stored past month, and what to beware of.

Sums are of the months inside the draft's term; those outside it stand apart, to compare with.
Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Min

from basins.ranges import between, covers, months_between
from basins.words import month_words
from monitoring.models import Assessment, MonthlyMean
from monitoring.standards.exact import exact
from settlements import rules
from settlements.agreements.services.difference import who
from settlements.agreements.services.entered import Entered
from settlements.models import Agreement, TermSection
from settlements.models.shares import nearly_whole, share_words
from settlements.money import ZERO, format_wan
from settlements.reckoning.periods import last_month
from settlements.reckoning.preview import PreviewLine, preview
from settlements.rules.facts import MonthState, fact_words
from settlements.rules.kinds import ParameterKind, specs
from settlements.shown.findings import starred

LATE = 2  # months that are over: the last one alone is what every agreement begins with


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
    """`nets` are of the periods inside the term, in the order of the parties."""

    year: int
    lines: tuple[TrialLine, ...]
    nets: tuple[Decimal, ...]

    @property
    def paid(self) -> Decimal:
        """Inside the term."""
        return sum((line.yuan for line in self.lines if line.in_term), ZERO)

    @property
    def outside(self) -> Decimal | None:
        """Outside it; None where all of the year lies inside."""
        others = [line.yuan for line in self.lines if not line.in_term]
        return sum(others, ZERO) if others else None

    @property
    def inside_periods(self) -> int:
        return len({line.period for line in self.lines if line.in_term})


@dataclass(frozen=True, slots=True)
class TrialFlow:
    """What one pays another, month by month, for the chart."""

    name: str
    points: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Trial:
    parties: tuple[str, ...]
    years: tuple[TrialYear, ...]  # newest first
    totals: tuple[Decimal, ...]
    flows: tuple[TrialFlow, ...]
    warnings: tuple[str, ...]
    first: date | None  # first month with anything stored
    periods: int  # sections times periods tried, inside the term and outside
    has_demo_names: bool

    @property
    def paid(self) -> Decimal:
        return sum((year.paid for year in self.years), ZERO)

    @property
    def outside(self) -> Decimal:
        return sum((year.outside or ZERO for year in self.years), ZERO)

    @property
    def inside_periods(self) -> int:
        """Months (years of a rule that settles years) inside the term that have data."""
        return sum(year.inside_periods for year in self.years)

    @property
    def outside_periods(self) -> int:
        return len({x.period for y in self.years for x in y.lines if not x.in_term})


def trial(found: Entered, *, besides: Agreement | None = None) -> Trial:
    """The draft run over every stored month of its sections, whatever its own dates."""
    sections = [p.section.pk for p in found.term.parts]
    first = first_month(sections)
    parties = found.jurisdictions()
    lines: list[PreviewLine] = []
    if first is not None:
        own = besides.pk if besides else None
        spec = replace(found.term, in_force=between(first), agreement_id=own)
        lines = preview(found.river, [spec], parties, treasury=found.treasury())
    nets: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    flows: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(
        lambda: defaultdict(lambda: ZERO)
    )
    by_year: dict[int, list[TrialLine]] = defaultdict(list)
    for line in lines:
        by_year[line.period.year].append(_line(line, found))
        inside = covers(found.term.in_force, line.period)
        if inside and line.payer is not None and line.payee is not None:
            nets[line.period.year][line.payer.pk] -= line.yuan
            nets[line.period.year][line.payee.pk] += line.yuan
        if line.payer is not None and line.payee is not None:
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
            TrialFlow(f"{payer} → {payee}", tuple(sorted(points.items())))
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
        finding=who(line),
        yuan=line.yuan,
        state=MonthState(line.state).label,
        complete=line.complete,
        in_term=covers(found.term.in_force, line.period),
    )


def _when(lines: Sequence[PreviewLine]) -> str:
    periods = sorted({f"{x.period:%Y}年" if x.yearly else f"{x.period:%Y-%m}" for x in lines})
    return "、".join(periods[:6]) + (f" 等 {len(periods)} 期" if len(periods) > 6 else "")


def _warnings(lines: list[PreviewLine], found: Entered) -> list[str]:
    warnings = _late(found) + _defaults(found) + both_ways(lines) + _caps(lines, found)
    inside = [x for x in lines if covers(found.term.in_force, x.period)]
    no_data = [x for x in inside if x.state == MonthState.NO_DATA]
    partial = [x for x in inside if not x.complete and x.state != MonthState.NO_DATA]
    if partial:
        warnings.append(f"{len(partial)} 个断面月的数据不完整而照常核算：{_when(partial)}。")
    if no_data:
        warnings.append(f"{len(no_data)} 个断面月没有结果（无数据或缺少依据）：{_when(no_data)}。")
    warnings += _missing(lines)
    if not lines:
        warnings.append("所选断面没有过去的监测数据，无从试算；启用后自有数据的月份起核算。")
    shares: dict[str, Fraction] = defaultdict(Fraction)
    for part in found.term.parts:
        shares[part.section.name] += exact(part.share)
    warnings += [
        f"{name}的份额合计 {share_words(share)}，超过 100%，会重复计付。"
        for name, share in shares.items()
        if share > 1
    ]
    if nearly := nearly_whole(part.share for part in found.term.parts):
        warnings.append(nearly)
    return warnings


def _late(found: Entered) -> list[str]:
    """Months of the term that are over already: each is to be published, or to be left out by a later
    first day."""
    first, last = found.term.in_force.lower, last_month()
    months = months_between(first, last) if first is not None else []
    if len(months) < LATE or Agreement.objects.filter(code=found.code).exists():
        return []
    return [
        f"起日以来已过去 {len(months)} 个月（{month_words(months[0])}至{month_words(months[-1])}），启用后"
        "各月都要有数据并逐月发布通报；以前的已在系统外结清的，请把起日改为开始用本系统的月份，余额记入期初。"
    ]


def _defaults(found: Entered) -> list[str]:
    """Amounts that nobody has typed: the rule's own, of another scheme."""
    stored = found.term.parameters
    left = [
        spec.label
        for name, spec in specs(rules.get(found.term.rule).parameters).items()
        if spec.kind is ParameterKind.MONEY
        and stored[name]["is_default"]
        and stored[name]["value"]
        and Decimal(stored[name]["value"])
        and (spec.applies_if is None or stored[spec.applies_if[0]]["value"] in spec.applies_if[1])
    ]
    if not left:
        return []
    return [f"{'、'.join(left)}用的是规则的默认值；请对照协议原文，不同的请改。"]


def _missing(lines: Sequence[PreviewLine]) -> list[str]:
    """The facts that the rule asked for and did not get, each by its name."""
    lacking: dict[str, list[PreviewLine]] = defaultdict(list)
    for line in lines:
        if lacks := line.computed.outcome.lacks:
            lacking[fact_words(lacks)].append(line)
    return [
        f"缺少{name}，{len(own)} 个断面期没有结果：{_when(own)}；请补录后再启用，或改用别的规则。"
        for name, own in sorted(lacking.items())
    ]


def both_ways(lines: Sequence[PreviewLine]) -> list[str]:
    """Periods in which the same two would pay each other, at one section or at several."""
    pairs: dict[tuple[date, bool], dict[tuple[int, int], set[int]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for line in lines:
        if line.payer is not None and line.payee is not None:
            pairs[line.period, line.yearly][line.payer.pk, line.payee.pk].add(line.section.pk)
    at_one: set[tuple[int, date]] = set()
    at_several: set[date] = set()
    for (period, _), found in pairs.items():
        for (a, b), sections in found.items():
            back = found.get((b, a), set())
            at_one |= {(section, period) for section in sections & back}
            if back and not sections & back:
                at_several.add(period)
    warnings = []
    if at_one:
        own = [x for x in lines if (x.section.pk, x.period) in at_one]
        warnings.append(f"{len(at_one)} 个断面月会双向计付，请查规则与断面：{_when(own)}。")
    if at_several:
        own = [x for x in lines if x.period in at_several]
        warnings.append(
            f"{len(at_several)} 期里同样的两方经不同断面互为付款方，合计时会相抵：{_when(own)}。"
        )
    return warnings


def _caps(lines: list[PreviewLine], found: Entered) -> list[str]:
    rule = rules.read(found.term.rule, found.term.parameters)
    warnings = []
    cut = [x for x in lines if any(s.key == "cap" for s in x.computed.outcome.steps)]
    if cut:
        warnings.append(f"{len(cut)} 个断面月达到年度封顶，金额被减：{_when(cut)}。")
    if (yearly := rule.yearly_cap) is not None:
        sums: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
        for line in lines:
            if line.payer is not None:
                sums[line.period.year, who(line)] += line.yuan
        warnings += [
            f"{year} 年{who}共 {format_wan(paid)} 万元，超过年度封顶 {format_wan(yearly)} 万元："
            "封顶按断面各计，几个断面合计会超出。"
            for (year, who), paid in sorted(sums.items())
            if paid > yearly
        ]
    if (cap := rule.period_cap) is not None and (over := [x for x in lines if x.yuan > cap]):
        warnings.append(f"{len(over)} 个断面月高于每期封顶 {format_wan(cap)} 万元：{_when(over)}。")
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
