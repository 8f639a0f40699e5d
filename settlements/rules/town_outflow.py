"""A town's outflow against its own last year and its functional class (镇街出境断面法).

Bishan 2018: every month COD, NH3-N and TP of a town's outflow must all be no worse than the
mean of its own last year and than its functional class. All of them: the district treasury
rewards the town; else the town pays the treasury. Cleared at year end; industrial parks
share with their town by ratio.

The town is the section's upstream side; the parks go by their codes in `facts.parties`.
`base_means` are the means of the year before (`base_years`). Source: Bishan's scheme of
2018; the amounts are our defaults. Amounts are Decimal yuan to the fen, limits mg/L.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import NAMES, has_limits, limit
from settlements.money import format_wan, split_by_name
from settlements.rules import common, funds, items, steps
from settlements.rules.base import (
    ROLE_LABELS,
    TREASURY,
    UPSTREAM,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    RoleTransfer,
    Step,
    pays,
    require,
    require_period,
)
from settlements.rules.family import Family, by_month
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters
from settlements.rules.substitution import Filling

_BISHAN = "璧山区2018年办法"
_OURS = "本系统默认，办法未载时使用"


@dataclass(frozen=True, kw_only=True)
class OutflowItem:
    """One indicator that must hold."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        help="同上年均值、功能类别比较的指标。",
        english="Indicator",
        english_help="Compared with last year and the functional class.",
        choices=items.COMPARABLE,
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """What is compared with what, and what a month brings or costs."""

    reward: Decimal = parameter(
        "达到时奖励",
        ParameterKind.MONEY,
        english="Reward when met",
        english_help="What the treasury pays the town for a month in which every indicator holds.",
        unit="元/月",
        minimum=Decimal(0),
        help="各项指标都达到要求的月，上级财政奖励该镇街的金额。",
        default=[since("2018-01-01", "100000", source=_OURS)],
    )
    charge: Decimal = parameter(
        "未达到时缴付",
        ParameterKind.MONEY,
        english="Payment when not met",
        english_help="What the town pays the treasury for a month in which one does not.",
        unit="元/月",
        minimum=Decimal(0),
        help="任一指标未达到要求的月，该镇街缴上级财政的金额。",
        default=[since("2018-01-01", "100000", source=_OURS)],
    )
    items: tuple[OutflowItem, ...] = parameter(
        "考核指标",
        ParameterKind.ROWS,
        english="Indicators",
        english_help="All of them must hold.",
        row=OutflowItem,
        help="须全部达到要求。",
        default=[
            since(
                "2018-01-01",
                [{"indicator": "COD"}, {"indicator": "NH3-N"}, {"indicator": "TP"}],
                source=_BISHAN,
            )
        ],
    )
    against_last_year: bool = parameter(
        "不差于上年均值",
        ParameterKind.BOOLEAN,
        english="No worse than last year",
        english_help="The month's mean must be no worse than the section's mean of the year before.",
        help="本月均值须不差于本断面上一年的全年均值。",
        default=[since("2018-01-01", True, source=_BISHAN)],
    )
    against_class: bool = parameter(
        "不差于功能类别",
        ParameterKind.BOOLEAN,
        english="No worse than the class",
        english_help="The month's mean must be no worse than the limit of the functional class.",
        help="本月均值须不差于功能类别的限值。",
        default=[since("2018-01-01", True, source=_BISHAN)],
    )
    missing_last_year: str = parameter(
        "缺上年均值时",
        ParameterKind.CHOICE,
        english="No mean of last year",
        english_help="What happens with an indicator that has no mean of the year before.",
        choices={"refuse": "拒绝核算，先补数据", "class_only": "该指标只同功能类别比较"},
        help="上一年没有某指标均值时的处理。",
        default=[since("2018-01-01", "refuse", source=_OURS)],
    )
    parks: Mapping[str, Decimal] | None = parameter(
        "园区分担比例",
        ParameterKind.MAPPING,
        english="Parts of industrial parks",
        english_help="Per cent of reward and payment that each park (code) shares with its town, "
        "which has the rest; empty for none.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        optional=True,
        help="各工业园区（代码）与所在镇街分享奖励、分担缴付的百分数，其余归镇街；空为没有园区。",
        default=[since("2018-01-01", None, source=_OURS)],
    )
    inherited: str = common.inherited(
        "2018-01-01",
        *("charge", "half", "none"),
        words={"charge": "照常缴付", "half": "减半缴付", "none": "不缴付"},
        help="未达到的指标都不差于入境断面时的处理，状态记为“未增加”；没有入境断面的照常缴付。",
    )
    incomplete_month: str = common.incomplete("2018-01-01", then="不奖不缴", source=_OURS)
    missing_month: str = common.missing_month("2018-01-01")
    sampling: str = common.sampling("2018-01-01")
    part_month: str = common.part_month("2018-01-01")
    rounding: str = common.rounding("2018-01-01")
    ph_mean: str = common.ph_mean("2018-01-01")
    first_origin: str = common.first_origin("2018-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if not (self.against_last_year or self.against_class):
            errors.append(
                self.error("against_class", "上年均值和功能类别都不比较，无从考核；请至少选一项。")
            )
        if again := items.repeated(self.items):
            errors.append(self.error("items", f"{again} 重复；每个指标只填一行。"))
        no_limit = [NAMES[i.indicator] for i in self.items if not has_limits(i.indicator)]
        if no_limit and self.against_class:
            errors.append(
                self.error("items", f"{'、'.join(no_limit)} 没有类别限值；请删去或不比较功能类别。")
            )
        if self.missing_last_year == "class_only" and not self.against_class:
            errors.append(
                self.error("missing_last_year", "不比较功能类别时，缺上年均值只能拒绝核算。")
            )
        return errors + self._park_errors(self.parks or {})

    def _park_errors(self, parks: Mapping[str, Decimal]) -> list[ParameterError]:
        roles = [code for code in parks if code in ROLE_LABELS]
        if roles:
            return [self.error("parks", f"{'、'.join(roles)} 不是园区；请填园区的代码。")]
        if sum(parks.values()) > 100:
            return [self.error("parks", "各园区合计超过 100 %；请调整比例。")]
        return []


@dataclass(frozen=True, slots=True)
class _Finding:
    """One indicator: its mean, what it was held against, and whether it holds."""

    code: str
    mean: Fraction
    bounds: tuple[tuple[str, Fraction], ...]

    @property
    def missed(self) -> tuple[tuple[str, Fraction], ...]:
        return tuple(b for b in self.bounds if _worse(self.code, self.mean, b[1]))


def base_years(parameters: Parameters, year: int) -> frozenset[int]:
    """The years whose means are the `base_means` of a month in `year`: the one before."""
    return frozenset({year - 1})


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """The town's reward from, or payment to, the treasury for one month.

    Raises MissingFact for target, "means.<code>", "base_means.<code>" (unless the term then
    compares with the class alone), "inflow_means.<code>" where the inherited part is not
    charged, and "parties.<code>" of a park; WrongPeriod for a year.
    """
    require_period(facts, Granularity.MONTH)
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    p = parameters
    require(facts, "means")
    parks = funds.in_order(p.parks or {})
    funds.require_parties(facts, parks)
    lines = steps.opening(facts, FAMILY)
    if skipped := steps.incomplete(facts, FAMILY, p, lines, "incomplete_month"):
        return skipped
    findings = [_finding(facts, p, item.indicator) for item in p.items]
    lines += [_item_step(facts, p, finding) for finding in findings]
    missed = [finding for finding in findings if finding.missed]
    inherited = bool(missed) and _inherited(facts, p, missed)
    lines.append(_comparison(facts, p, findings, missed, inherited))
    if not missed:
        rate, name, factor, state, because = (
            p.reward,
            "reward",
            Fraction(1),
            MonthState.MET,
            "各项达到",
        )
        words, arrow = "各项指标都达到要求的，由上级财政奖励镇街", "上级财政 → 镇街"
    else:
        rate, name, state, because = p.charge, "charge", MonthState.NOT_MET, "未全部达到"
        words, arrow = "有指标未达到要求的，由镇街缴上级财政", "镇街 → 上级财政"
        factor = Fraction(1)
        if inherited:
            state = MonthState.NOT_INCREASED
            factor = common.KEPT[p.inherited]
            words += f"，未较来水增加的{p.choice('inherited')}"
    lines.append(
        steps.clause_between(
            p,
            name,
            f"{words}，每月 {format_wan(rate)} 万元。",
            arrow if factor else "不缴付",
            *(("inherited",) if inherited else ()),
        )
    )
    amount = facts.due(exact(rate) * factor)
    parts = _parts(amount, parks)
    lines.append(_amount_step(facts, p, rate, factor, amount, parts))
    return steps.finish(facts, FAMILY, state, _transfers(parts, because, to_town=not missed), lines)


def _worse(code: str, value: Number, bound: Number) -> bool:
    return value < bound if code == "DO" else value > bound


def _finding(facts: Facts, p: Parameters, code: str) -> _Finding:
    bounds: list[tuple[str, Fraction]] = []
    if p.against_last_year and (code in facts.base_means or p.missing_last_year == "refuse"):
        bounds.append(("上年均值", items.mean_of(facts, "base_means", code)))
    if p.against_class:
        target = require(facts, "target")
        bounds.append((f"{target.label}限值", exact(limit(code, target, facts.water_body))))
    return _Finding(code, items.mean_of(facts, "means", code), tuple(bounds))


def _inherited(facts: Facts, p: Parameters, missed: list[_Finding]) -> bool:
    """Whether everything that was missed came in no better than it leaves."""
    if p.inherited == "charge" or not facts.has_inflow:
        return False
    return not any(
        _worse(f.code, f.mean, items.mean_of(facts, "inflow_means", f.code)) for f in missed
    )


def _parts(amount: Decimal, parks: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Yuan of the town and of each park."""
    if not amount:
        return {UPSTREAM: amount}
    return split_by_name(amount, {UPSTREAM: 100 - sum(parks.values(), Decimal(0)), **parks})


def _transfers(
    parts: Mapping[str, Decimal], because: str, *, to_town: bool
) -> tuple[RoleTransfer, ...]:
    transfers: list[RoleTransfer] = []
    for code, part in parts.items():
        payer, payee = (TREASURY, code) if to_town else (code, TREASURY)
        transfers += pays(payer, payee, part, because=because)
    return tuple(transfers)


def _item_step(facts: Facts, p: Parameters, finding: _Finding) -> Step:
    code, name = finding.code, steps.shown_indicator(finding.code)
    sign = "≥" if code == "DO" else "≤"
    held = "；".join(
        f"{items.in_unit(code, finding.mean)} {sign} {bound_name} {items.in_unit(code, bound)}："
        + ("否" if (bound_name, bound) in finding.missed else "是")
        for bound_name, bound in finding.bounds
    )
    alone = p.against_last_year and len(finding.bounds) == 1 and p.against_class
    return Step(
        key=f"item.{code}",
        title=name,
        text=f"{name}{'未达到' if finding.missed else '达到'}要求。"
        + ("缺上年均值，按条款只同功能类别比较。" if alone else ""),
        formula=held,
        result="未达到" if finding.missed else "达到",
        clause=p.source("items"),
        inputs=tuple(
            Input(
                bound_name,
                steps.shown(bound),
                "mg/L",
                facts.sources.get("base_means" if bound_name == "上年均值" else "target", ""),
            )
            for bound_name, bound in finding.bounds
        ),
        hint="".join(
            steps.near_limit(code, finding.mean, bound, bound_name, facts.water_body)
            for bound_name, bound in finding.bounds
        ),
        defaults=p.defaults(*(("missing_last_year",) if alone else ())),
    )


def _comparison(
    facts: Facts, p: Parameters, findings: list[_Finding], missed: list[_Finding], inherited: bool
) -> Step:
    names = "、".join(steps.shown_indicator(finding.code) for finding in missed)
    text = "各项指标都达到要求。"
    inputs: tuple[Input, ...] = ()
    if missed:
        text = f"{names}未达到要求。"
    if inherited:
        text = f"{names}未达到要求，但不差于入境断面，记为“未增加”。"
    if missed and p.inherited != "charge" and facts.has_inflow:
        inputs = tuple(
            Input(
                f"{facts.inflow_shown} {steps.shown_indicator(finding.code)}",
                steps.shown(facts.inflow_means[finding.code]),
                "mg/L",
                facts.sources.get("inflow_means", ""),
            )
            for finding in missed
        )
    return Step(
        key="comparison",
        title="是否全部达到",
        text=text,
        formula=f"{len(findings)} 项中 {len(findings) - len(missed)} 项达到",
        result="未增加" if inherited else "未全部达到" if missed else "全部达到",
        inputs=inputs,
        defaults=p.defaults("items", "against_last_year", "against_class"),
    )


def _amount_step(
    facts: Facts,
    p: Parameters,
    rate: Decimal,
    factor: Fraction,
    amount: Decimal,
    parts: Mapping[str, Decimal],
) -> Step:
    formula = f"{format_wan(rate)} 万元/月"
    if factor != 1:
        formula += f" × 继承部分 {steps.percent(factor)}"
    shared = f"镇街与园区：{funds.amounts_words(facts, parts)}；" if len(parts) > 1 else ""
    inputs = tuple(
        Input(f"{facts.name_of(code)}比例", steps.percent(exact(part) / 100), "", p.source("parks"))
        for code, part in funds.in_order(p.parks or {}).items()
    )
    return steps.amount_step(facts, amount, formula, shared, inputs)


FAMILY = Family(
    code="town_outflow",
    title="镇街出境断面法",
    summary="镇街出境断面的指标都不差于去年均值和功能类别，区级财政奖镇街；否则镇街付区级财政。",
    title_en="Town outflow",
    revision=1,
    legal_basis="重庆市璧山区镇街河流出境断面横向补偿办法（2018年）",
    about=__doc__,
    needs=frozenset(
        {
            "means",
            "base_means",
            "target",
            "inflow_means",
            "parties",
            "water_class",
            "deciding",
            "complete",
        }
    ),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_month,
    base_years=base_years,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_month),
)
