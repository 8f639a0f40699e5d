"""The page of one rule family: its parameters in words, and the form that tries it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from settlements.rules import RULES, Family
from settlements.rules.base import Step
from settlements.rules.kinds import specs
from settlements.rules.parameters import describe
from settlements.shown.worked import WorkedStep
from settlements.trying.rule_docs import (
    NoExample,
    applies_words,
    bounds,
    default_words,
    example,
    needs,
)
from settlements.trying.try_rule import (
    RefusedTrial,
    RuleTrial,
    Tried,
    UnreadableJson,
    loads,
    try_rule,
)

LONGEST = 200_000  # characters of one text
BLANK = "{}\n"


class TryRuleForm(forms.Form):
    """Facts and parameters as JSON. Valid, it has been computed: `trial`."""

    facts = forms.CharField(
        label="事实",
        max_length=LONGEST,
        help_text='JSON；一条、多条（列表），或 {"facts": […]} 加各条共有的键。',
        widget=forms.Textarea(attrs={"class": "code-text", "spellcheck": "false"}),
    )
    parameters = forms.CharField(
        label="参数",
        max_length=LONGEST,
        help_text="JSON；不写的取最早的月的首日（年的末日）生效的默认值，全取默认值写 {}。",
        widget=forms.Textarea(attrs={"class": "code-text", "spellcheck": "false"}),
    )

    def __init__(self, code: str, data=None):
        super().__init__(data, initial=_first_texts(code))
        self.code = code
        self.trial: RuleTrial | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        read = {}
        for name in ("facts", "parameters"):
            if name in cleaned:
                try:
                    read[name] = loads(cleaned[name])
                except UnreadableJson as wrong:
                    self.add_error(name, str(wrong))
        if len(read) == 2:
            try:
                self.trial = try_rule(family=self.code, **read)
            except RefusedTrial as refused:
                for fault in refused.faults:
                    name = "parameters" if fault.where.startswith("parameters") else "facts"
                    self.add_error(name, str(fault))
        return cleaned


@dataclass(frozen=True, slots=True)
class FamilyLine:
    code: str
    title: str
    summary: str
    revision: int
    legal_basis: str


@dataclass(frozen=True, slots=True)
class DefaultLine:
    since: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter, or one column of a parameter made of rows (`column`)."""

    name: str
    label: str
    unit: str
    bounds: str
    help: str
    english: str
    defaults: tuple[DefaultLine, ...]
    column: bool


@dataclass(frozen=True, slots=True)
class FactLine:
    key: str
    label: str
    form: str


@dataclass(frozen=True, slots=True)
class PaymentLine:
    payer: str
    payee: str
    yuan: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class TriedFinding:
    """What came out for one fact, its steps ready for components/calc_step.html."""

    title: str
    state: str
    payments: tuple[PaymentLine, ...]
    steps: tuple[WorkedStep, ...]


@dataclass(frozen=True, slots=True)
class NetLine:
    name: str
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class RulePage:
    """The family, and what was tried; findings and nets are empty before that."""

    family: FamilyLine
    parameters: tuple[ParameterRow, ...]
    facts: tuple[FactLine, ...]
    findings: tuple[TriedFinding, ...]
    nets: tuple[NetLine, ...]


def families() -> list[FamilyLine]:
    return [_family(family) for family in RULES.values()]


def rule_page(family: Family[Any], trial: RuleTrial | None) -> RulePage:
    return RulePage(
        family=_family(family),
        parameters=tuple(_parameters(family.parameters)),
        facts=tuple(FactLine(*line) for line in needs(family)),
        findings=tuple(_finding(tried) for tried in trial.tried) if trial else (),
        nets=tuple(NetLine(*line) for line in trial.net.items()) if trial else (),
    )


def _family(family: Family[Any]) -> FamilyLine:
    return FamilyLine(
        family.code, family.title, family.summary, family.revision, family.legal_basis
    )


def _parameters(parameters: type) -> list[ParameterRow]:
    known = specs(parameters)
    lines = []
    for described in describe(parameters):
        spec = known[described["name"]]
        defaults = tuple(
            DefaultLine(d["since"], default_words(spec, d["value"]), d["source"])
            for d in described["defaults"]
        )
        help_text = described["help"] + applies_words(known, described["applies_if"])
        lines.append(_parameter(described, help_text, defaults, column=False))
        lines += [_parameter(c, c["help"], (), column=True) for c in described["columns"]]
    return lines


def _parameter(
    described: dict[str, Any], help_text: str, defaults: tuple[DefaultLine, ...], *, column: bool
) -> ParameterRow:
    return ParameterRow(
        name=described["name"],
        label=described["label"],
        unit=described["unit"].strip(),
        bounds=bounds(described),
        help=help_text,
        english=f"{described['label_en']}: {described['help_en']}",
        defaults=defaults,
        column=column,
    )


def _finding(tried: Tried) -> TriedFinding:
    facts, outcome = tried.facts, tried.outcome
    return TriedFinding(
        title=f"{facts.section}，{facts.period_label}",
        state=outcome.state.label,
        payments=tuple(
            PaymentLine(facts.name_of(t.payer), facts.name_of(t.payee), t.yuan, t.reason)
            for t in outcome.transfers
        ),
        steps=tuple(_step(tried, step) for step in outcome.steps),
    )


def _step(tried: Tried, step: Step) -> WorkedStep:
    """As settlements.shown.worked shows a stored step."""
    clause = step.key == "clause"
    found = tried.facts.water_class
    return WorkedStep(
        key=step.key,
        title=step.title,
        text="" if clause else step.text,
        formula=step.formula,
        result=step.result,
        result_note=step.result_note,
        water_class=int(found) if found and step.key == "class" else None,
        clause=step.text if clause else step.clause,
        clause_name=step.clause if clause and not step.defaults else "",
        hint=step.hint,
        is_default=bool(step.defaults),
        last=step.key == "result",
    )


def _first_texts(code: str) -> dict[str, str]:
    """The family's example; blank where the documentation is not installed."""
    try:
        given = example(code)
    except NoExample:
        return {"facts": BLANK, "parameters": BLANK}
    return {"facts": given.facts, "parameters": given.parameters}
