"""Stored steps of a rule as components/calc_step.html takes them."""

from dataclasses import dataclass

from settlements.models import Accrual


@dataclass(frozen=True, slots=True)
class WorkedStep:
    """A stored step of the rule, ready for components/calc_step.html."""

    key: str
    title: str
    text: str
    formula: str
    result: str
    result_note: str
    water_class: int | None
    clause: str
    clause_name: str
    hint: str
    is_default: bool
    last: bool


def worked(step: dict, accrual: Accrual) -> WorkedStep:
    clause = step["clause"] if step["key"] != "clause" else step["text"]
    return WorkedStep(
        key=step["key"],
        title=step["title"],
        text=step["text"] if step["key"] != "clause" else "",
        formula=step["formula"],
        result=step["result"],
        result_note=step["result_note"],
        water_class=accrual.water_class if step["key"] == "class" else None,
        clause=clause,
        # A default has a source of its own, but no clause of the agreement to be named after.
        clause_name=step["clause"] if step["key"] == "clause" and not step["defaults"] else "",
        hint=step["hint"],
        is_default=bool(step["defaults"]),
        last=step["key"] == "result",
    )
