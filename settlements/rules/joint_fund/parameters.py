"""What a term with a joint fund (共同资金法) says."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from settlements.rules import common
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

GRADES = {"excellent": "优秀", "good": "良好", "pass": "合格", "fail": "不合格"}
_OURS = common.OURS
_DEDUCTS = ("section_class", "met_ratio")
_DEFAULT_GRADES = [
    {"grade": "fail", "from_score": "0", "coefficient": "0"},
    {"grade": "pass", "from_score": "60", "coefficient": "0.8"},
    {"grade": "good", "from_score": "80", "coefficient": "1"},
    {"grade": "excellent", "from_score": "90", "coefficient": "1.2"},
]


@dataclass(frozen=True, kw_only=True)
class ResultGrade:
    """From this score on (it may pass 100), the weight of a party's share."""

    grade: str = parameter(
        "等次",
        ParameterKind.CHOICE,
        help="等次的名称。",
        english="Grade",
        english_help="Name of the grade.",
        choices=GRADES,
    )
    from_score: Decimal = parameter(
        "起始得分（含）",
        ParameterKind.DECIMAL,
        help="该等的最低得分。",
        english="From score",
        english_help="First score of the grade, included.",
        unit="分",
        minimum=Decimal(0),
        maximum=Decimal(200),
    )
    coefficient: Decimal = parameter(
        "分配系数",
        ParameterKind.DECIMAL,
        english="Coefficient",
        english_help="Multiplies the share; 0 for a grade that gets nothing.",
        minimum=Decimal(0),
        maximum=Decimal(10),
        help="乘在分配份数上；0 为该等次不得资金。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Who puts in and who gets how much, and what a result takes away."""

    fund: Decimal = parameter(
        "资金总额",
        ParameterKind.MONEY,
        english="Fund",
        english_help="The whole fund of a year, such as 200,000,000 yuan for the Chishui River.",
        unit="元/年",
        minimum=Decimal(0),
        help="每年共同资金的总额，如赤水河 2 亿元（200,000,000 元）。",
    )
    contributions: Mapping[str, Decimal] = parameter(
        "出资份数",
        ParameterKind.MAPPING,
        english="Contributions",
        english_help="Parts that each party (code, or upstream, downstream, treasury) puts in, such "
        "as 1 : 5 : 4.",
        unit="份",
        minimum=Decimal(0),
        help="各方（代码，或 upstream、downstream、treasury）出资的份数，如 1 : 5 : 4。",
    )
    shares: Mapping[str, Decimal] = parameter(
        "分配份数",
        ParameterKind.MAPPING,
        english="Shares",
        english_help="Parts that each party gets, such as 3 : 4 : 3.",
        unit="份",
        minimum=Decimal(0),
        help="各方分得资金的份数，如 3 : 4 : 3。",
    )
    assessment: str = parameter(
        "考核方式",
        ParameterKind.CHOICE,
        english="Assessment",
        english_help="Met ratios are the yearly figures met.CODE (%), scores are score.CODE; the "
        "class is that of this section.",
        choices={
            "none": "不考核，按份数分配",
            "section_class": "按断面年度类别扣减上游",
            "met_ratio": "按各方出境断面达标率扣减",
            "grade": "按各方得分等次分配",
        },
        help="达标率取年度指标 met.代码（%），得分取年度指标 score.代码；类别取本断面。",
        default=[since("2018-06-01", "none", source=_OURS)],
    )
    order: Mapping[str, Decimal] | None = parameter(
        "自上而下的次序",
        ParameterKind.MAPPING,
        english="Order from the source down",
        english_help="Place of each party, 1 at the source; needed where what is deducted goes to "
        "the next one down.",
        minimum=Decimal(1),
        optional=True,
        help="扣减的资金拨给下一方时填写：各方从源头起的次序，1 为最上游。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", None, source=_OURS)],
    )
    at_stake: Decimal = parameter(
        "考核扣减比例",
        ParameterKind.PERCENT,
        english="Part at stake",
        english_help="Per cent of a share that is lost where nothing is met; in proportion where "
        "some is.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="完全不达标时扣减应得资金的百分数；部分达标的按未达标的比例扣。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", "100", source=_OURS)],
    )
    deducted_to: str = parameter(
        "扣减的资金归",
        ParameterKind.CHOICE,
        english="Deductions go to",
        english_help="Who gets what the assessment takes away.",
        choices={
            "next_down": "下一方（最下游一方的按出资份数退回）",
            "contributors": "各方，按出资份数退回",
            "treasury": "上级财政",
        },
        help="考核扣下的资金给谁。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", "next_down", source="《赤水河流域横向生态保护补偿协议》2018")],
    )
    grades: tuple[ResultGrade, ...] | None = parameter(
        "等次表",
        ParameterKind.ROWS,
        english="Grades",
        english_help="From low to high, the first from 0; scores may pass 100; a score equal to a "
        "bound belongs to its grade.",
        row=ResultGrade,
        optional=True,
        help="由低到高，第一等自 0 分起；得分可以超过 100；得分恰为起始得分的归该等。",
        applies_if=("assessment", ("grade",)),
        default=[since("2018-06-01", _DEFAULT_GRADES, source=_OURS)],
    )
    incomplete_period: str = common.incomplete(
        "2018-06-01",
        "年",
        then="暂不分配",
        help="只在按断面年度类别考核时起作用。",
        english_help="Matters only where the section's class of the year is assessed.",
        applies_if=("assessment", ("section_class",)),
    )
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")

    def contradictions(self) -> list[ParameterError]:
        errors = [
            self.error(name, "各方份数不能都为 0；请按协议填写。")
            for name, parts in (("contributions", self.contributions), ("shares", self.shares))
            if not any(parts.values())
        ]
        if self.assessment in _DEDUCTS and self.deducted_to == "next_down":
            errors += self._order_errors(self.order or {})
        if self.assessment == "grade":
            errors += self._grade_errors(self.grades or ())
        return errors

    def _order_errors(self, order: Mapping[str, Decimal]) -> list[ParameterError]:
        without = [code for code in self.shares if code not in order]
        if without:
            return [self.error("order", f"缺 {'、'.join(without)} 的次序；分配的各方都须填。")]
        strangers = [code for code in order if code not in self.shares]
        if strangers:
            return [
                self.error("order", f"{'、'.join(strangers)} 不在分配份数中；请删去或补上份数。")
            ]
        if len(set(order.values())) < len(order):
            return [self.error("order", "两方的次序相同；请填各不相同的次序。")]
        return []

    def _grade_errors(self, grades: tuple[ResultGrade, ...]) -> list[ParameterError]:
        if not grades or grades[0].from_score != 0:
            return [self.error("grades", "第一等须自 0 分起；请补填，使每个得分都有等次。")]
        return [
            self.error(
                "grades", f"第{number}行须比上一行起始得分高、系数不小；请按得分由低到高填。"
            )
            for number, (low, high) in enumerate(pairwise(grades), 2)
            if high.from_score <= low.from_score or high.coefficient < low.coefficient
        ]
