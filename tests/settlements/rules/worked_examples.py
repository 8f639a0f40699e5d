"""Worked examples word for word: what a rule is given and every line it answers with.

worked/<family>.json lists cases: "facts" (what differs from `BORDER`), "terms" (what the
agreement says, the rest are defaults of the day "entered") and "found", the answer as text:
the payments, then each line of the worked example with its inputs, or the words of the
refusal.

Where the words of a rule change on purpose, `python -m tests.settlements.rules.worked_examples`
writes what the rules say now; the difference is then read before it is committed.
"""

import json
from datetime import date
from pathlib import Path

from settlements.rules import RULES, get
from settlements.rules.base import Facts, MissingFact
from settlements.rules.parameters import ParameterErrors, with_defaults

FOLDER = Path(__file__).parent / "worked"
BORDER = {
    "period": "2023-08-01", "section": "普顺", "river": "龙溪河",
    "upstream": "梁平区", "downstream": "垫江县",
}  # fmt: skip


def cases(code):
    return json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))


def found(code, case):
    """The answer of a rule as lines of text."""
    rule = get(code)
    on = date.fromisoformat(case["entered"])
    try:
        parameters = rule.parameters.from_json(with_defaults(rule.parameters, case["terms"], on=on))
    except ParameterErrors as wrong:
        return ["条款不可用", *str(wrong).splitlines()]
    known = Facts.from_json(BORDER | case["facts"])
    lines = [f"按{rule.granularity(parameters).value}"]
    if rule.needs >= {"parties", "observations"}:
        lines.append(f"合为一笔 {rule.collective(parameters)}")
    if "observations" in rule.needs:
        lines.append(f"年度指标 {'、'.join(rule.observed(parameters, tuple(known.parties)))}")
    try:
        outcome = rule.evaluate(known, parameters)
    except (MissingFact, ValueError) as refused:
        return [*lines, f"{type(refused).__name__} {getattr(refused, 'name', '')}", str(refused)]
    lines.append(f"{outcome.rule} 修订 {outcome.revision} {outcome.state.value}")
    lines += [f"{t.payer} → {t.payee} {t.yuan} {t.reason}" for t in outcome.transfers]
    for step in outcome.steps:
        lines += _lines(step)
    return lines


def _lines(step):
    lines = [f"【{step.key}】{step.title}｜{step.result}｜{step.result_note}", f"  {step.text}"]
    if step.formula != "":
        lines.append(f"  算式 {step.formula}")
    if step.clause != "":
        lines.append(f"  依据 {step.clause}")
    lines += [f"  · {i.name}｜{i.value}｜{i.unit}｜{i.source}" for i in step.inputs]
    if step.hint != "":
        lines.append(f"  提示 {step.hint}")
    if step.defaults != ():
        lines.append(f"  默认 {'、'.join(step.defaults)}")
    return lines


def written(code, given):
    """The text of a family's file with the answers the rules give now."""
    texts = []
    for case in given:
        head = [f'"{key}": {_json(case[key])}' for key in ("entered", "facts", "terms")]
        lines = ",\n".join(f"   {_json(line)}" for line in found(code, case))
        texts.append(" {" + ",\n  ".join([*head, f'"found": [\n{lines}]']) + "}")
    return "[\n" + ",\n".join(texts) + "\n]\n"


def _json(value):
    return json.dumps(value, ensure_ascii=False)


def rewrite():
    for code in RULES:
        (FOLDER / f"{code}.json").write_text(written(code, cases(code)), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
