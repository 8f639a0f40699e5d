"""The lines of a month compared with its class and with last year (同比类别法 的比较)."""

from __future__ import annotations

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.rules import steps
from settlements.rules.base import Facts, Input, Step, require
from settlements.rules.class_vs_last_year.parameters import Parameters


def better_than_own(facts: Facts, p: Parameters, found: WaterClass, lines: list[Step]) -> bool:
    """Whether the extra condition of being paid holds, with the line that shows it."""
    if p.better_than == "none":
        return True
    own: WaterClass = require(facts, "reference_class")
    better = found < own
    lines.append(
        Step(
            key="reference",
            title="附加条件",
            text=f"本月 {found.label}，{'好于' if better else '不好于'}下游自身断面 "
            f"{facts.reference_section} 的 {own.label}。",
            formula=f"对照断面 {own.label} → 本月 {found.label}",
            result="满足" if better else "不满足",
            result_note=f"对照断面 {own.numeral}",
            clause=p.source("better_than"),
            inputs=(
                Input(
                    f"对照断面 {facts.reference_section}",
                    own.label,
                    "",
                    facts.sources.get("reference_class", ""),
                ),
            ),
        )
    )
    return better


def comparison(
    facts: Facts,
    p: Parameters,
    found: WaterClass,
    target: WaterClass,
    formula: str,
    result: str,
) -> Step:
    met = "达到" if found <= target else "未达到"
    inputs = [Input("功能类别", target.label, "", facts.sources.get("target", ""))]
    if (last := facts.last_year_class) is not None:
        inputs.append(
            Input("去年同期类别", last.label, "", facts.sources.get("last_year_class", ""))
        )
    if p.inherited != "charge" and facts.inflow_class is not None:
        inputs.append(
            Input(
                facts.inflow_shown,
                facts.inflow_class.label,
                "",
                facts.sources.get("inflow_class", ""),
            )
        )
    return Step(
        key="comparison",
        title="与功能类别、去年同期比较",
        text=f"本月 {found.label}，{met}功能类别 {target.label}。",
        formula=formula,
        result=result,
        result_note=f"功能类别 {target.numeral}",
        inputs=tuple(inputs),
        hint=steps.borderline(facts),
    )
