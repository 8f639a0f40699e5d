"""What a term by the class against last year (同比类别法) says."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from settlements.money import format_wan
from settlements.rules import common
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_PLAN = "重庆市实施方案（试行）2018"
_OURS = "本系统默认，方案原文未载"


@dataclass(frozen=True, kw_only=True)
class ClassGrade:
    """From this many classes short (or steps) on, what the month costs."""

    count: int = parameter(
        "级数",
        ParameterKind.INTEGER,
        english="From",
        english_help="So many classes short (or steps) and more, up to the next line.",
        minimum=1,
        maximum=50,
        help="差几个类别，或几级超标倍数，起（含）。",
    )
    amount: Decimal = parameter(
        "金额",
        ParameterKind.MONEY,
        english="Amount",
        english_help="What such a month costs in all.",
        unit="元/月",
        minimum=Decimal(0),
        help="该级一个月的总金额。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Rates of both directions and what happens in the cases the table leaves open."""

    rate: Decimal = parameter(
        "补偿标准",
        ParameterKind.MONEY,
        english="Rate",
        english_help="Amount of one month that meets its functional class and is better or worse "
        "than a year ago.",
        unit="元/月",
        minimum=Decimal(0),
        help="达到功能类别时，类别好于或差于去年同期，一个月的补偿金额。",
        default=[since("2018-06-01", "1000000", source=_PLAN)],
    )
    not_met_mode: str = parameter(
        "未达标核算方式",
        ParameterKind.CHOICE,
        english="Charge when not met",
        english_help="How upstream pays where the functional class is not met: flat, per class "
        "short, or per step of the largest exceedance multiple.",
        choices={
            "flat": "每月定额",
            "per_class_short": "每差一个类别",
            "per_multiple_step": "每级超标倍数",
        },
        help="未达到功能类别时，上游补偿下游的算法。",
        default=[since("2018-06-01", "flat", source=_OURS)],
    )
    not_met_amount: Decimal = parameter(
        "未达标补偿标准",
        ParameterKind.MONEY,
        english="Amount when not met",
        english_help="Per month, class short or step, by the mode; not below the rate, else worse "
        "water would cost less.",
        unit="元",
        minimum=Decimal(0),
        help="每月、每差一个类别或每级的金额，依核算方式；不低于补偿标准，否则水质更差反而少付。",
        default=[since("2018-06-01", "1000000", source=_OURS)],
    )
    not_met_step_width: Decimal = parameter(
        "超标倍数级宽",
        ParameterKind.DECIMAL,
        english="Width of a step",
        english_help="Exceedance multiple that makes one step; a part of a step counts as one. The "
        "indicator with the largest multiple decides.",
        unit="倍",
        minimum=Decimal("0.01"),
        maximum=Decimal(10),
        help="超标倍数每满一个级宽为一级，不足一级按一级计；取倍数最大的指标。",
        applies_if=("not_met_mode", ("per_multiple_step",)),
        default=[since("2018-06-01", "0.5", source="参照安徽省2018年办法")],
    )
    not_met_cap: Decimal | None = parameter(
        "未达标每月封顶",
        ParameterKind.MONEY,
        english="Monthly cap when not met",
        english_help="Most that a month costs that is not met; empty for no cap.",
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="未达标时一个月最多付的金额；空为不封顶。",
        default=[since("2018-06-01", None, source=_OURS)],
    )
    not_met_schedule: tuple[ClassGrade, ...] | None = parameter(
        "未达标分级表",
        ParameterKind.ROWS,
        english="Schedule when not met",
        english_help="What so many classes short (or steps) cost, from low to high; empty for one "
        "amount each.",
        row=ClassGrade,
        optional=True,
        help="差几个类别（或几级超标倍数）付多少，由低到高填；空为每类（级）同一金额。",
        applies_if=("not_met_mode", ("per_class_short", "per_multiple_step")),
        default=[since("2018-06-01", None, source=_OURS)],
        added=True,
    )
    inherited: str = common.inherited(
        "2018-06-01",
        *("charge", "half", "deduct", "none"),
        help="上游应付、但水质不差于入境断面时的处理，未达标的状态记为“未增加”；"
        "只计高出部分的，从入境断面的类别（浓度）起算。没有入境断面的照常计收。",
        added=True,
    )
    better_than: str = parameter(
        "附加条件",
        ParameterKind.CHOICE,
        english="Extra condition",
        english_help="Upstream is paid only if the water also is better than the downstream's own "
        "reference section (Xiao'an River); the section is named with the term's "
        "sections.",
        choices={"none": "不设", "downstream_own": "须好于下游自身断面"},
        help="下游补偿上游的附加条件：达标且类别好于下游自身的对照断面（如小安溪）；"
        "对照断面在条款断面登记。",
        default=[since("2018-06-01", "none", source=_OURS)],
        added=True,
    )
    same_class: str = parameter(
        "类别持平时",
        ParameterKind.CHOICE,
        english="Same class as last year",
        english_help="What happens where the class is met and the same as a year ago.",
        choices={"nobody": "互不补偿", "downstream_pays": "下游补偿上游"},
        help="达标且与去年同期同类时的处理。",
        default=[since("2018-06-01", "nobody", source=_OURS)],
    )
    missing_last_year: str = parameter(
        "缺去年同期时",
        ParameterKind.CHOICE,
        english="No class of last year",
        english_help="What happens where the class is met but last year's month has none.",
        choices={"no_data": "记为无数据，互不补偿", "refuse": "拒绝核算，先补数据"},
        help="达标而去年同期没有类别时的处理。",
        default=[since("2018-06-01", "no_data", source=_OURS)],
    )
    incomplete_month: str = common.incomplete("2018-06-01", source=_OURS)
    missing_month: str = common.missing_month("2018-06-01")
    sampling: str = common.sampling("2018-06-01")
    part_month: str = common.part_month("2018-06-01")
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        amounts = {"not_met_amount": self.not_met_amount, "not_met_cap": self.not_met_cap}
        for name, value in amounts.items():
            if value is not None and value < self.rate:
                errors.append(
                    self.error(
                        name,
                        f"{format_wan(value)} 万元低于补偿标准 {format_wan(self.rate)} 万元，"
                        "水质更差反而少付；请填不低于补偿标准的数。",
                    )
                )
        if self.not_met_schedule and self.not_met_mode != "flat":
            problems = schedule_problems(self.not_met_schedule, self.rate)
            errors += [self.error("not_met_schedule", problem) for problem in problems]
        return errors


def schedule_problems(rows: tuple[ClassGrade, ...], least: Decimal) -> list[str]:
    """What is wrong with the table, so that worse water would cost less."""
    problems = []
    if rows[0].count != 1:
        problems.append("第一行须自 1 起；请补填，使每一级都有金额。")
    if rows[0].amount < least:
        problems.append(
            f"第一行 {format_wan(rows[0].amount)} 万元低于补偿标准 {format_wan(least)} 万元，"
            "水质更差反而少付。"
        )
    problems += [
        f"第{number}行须比上一行级数多、金额不少；请由低到高填。"
        for number, (low, high) in enumerate(pairwise(rows), 2)
        if high.count <= low.count or high.amount < low.amount
    ]
    return problems
