"""From a draft to the form of a step, and what a step begins with."""

from datetime import date
from typing import Any

from basins.ranges import today
from dashboard.agreements.entry.parameters import RuleForm, starting, typed_parameters
from dashboard.agreements.entry.steps import PartiesForm, RiverForm, TermForm, typed_of
from dashboard.forms.fields import StepForm
from settlements import rules
from settlements.agreements.queries import drafts as queries
from settlements.agreements.queries.drafts import Offered
from settlements.agreements.services.amendments import superseded
from settlements.agreements.services.entered import span_of, values_of
from settlements.models import AgreementDraft

CHOSEN_BY = {"river": "sections-of", "rule": "rule-of"}


def kept(draft: AgreementDraft, step: str) -> dict[str, str]:
    """What the step's form shows: the values normalised, or what was typed."""
    values = values_of(draft, step)
    if values is not None:
        return typed_of(step, values)
    return dict(draft.data.get(step, {}).get("typed") or {})


def form_for(
    draft: AgreementDraft, step: str, typed: dict[str, str], *, checks: bool
) -> StepForm | None:
    """The step's form; None for the rule step while no rule is chosen."""
    if step == "parties":
        if draft.amends_id:
            typed = {**typed, "title": draft.title, "code": draft.code}
        offered = Offered(jurisdictions=queries.jurisdiction_choices())
        return PartiesForm(typed, offered, amends=bool(draft.amends_id), checks=checks)
    if step == "river":
        river = typed.get("river", "")
        offered = Offered(
            rivers=queries.river_choices(),
            sections=queries.sections_of(river) if river else (),
            parties=queries.names_of(party_codes(draft)),
        )
        return RiverForm(typed, offered, checks=checks)
    if step == "rule":
        rule = typed.get("rule", "")
        if rule not in rules.RULES:
            return None
        return RuleForm(typed, rule=rule, before=before(draft, rule), checks=checks)
    return TermForm(typed, checks=checks)


def chosen(draft: AgreementDraft, step: str, typed: dict[str, str]) -> dict[str, str]:
    """What the step holds once another river or rule is chosen: border sections between the
    parties, or the rule's defaults."""
    if step == "rule":
        rule = typed.get("rule", "")
        if rule not in rules.RULES:
            return {}
        return {"rule": rule, **typed_parameters(rule, before(draft, rule))}
    river, parties = typed.get("river", ""), set(party_codes(draft))
    borders = [
        s for s in queries.sections_of(river) if {s.upstream, s.downstream} <= parties - {""}
    ]
    answer = {"river": river, "sections-rows": str(max(1, len(borders)))}
    for number, border in enumerate(borders):
        start = f"sections-{number}-"
        answer |= {f"{start}section": border.code, f"{start}upstream": border.upstream}
        answer |= {f"{start}downstream": border.downstream, f"{start}share": "100%"}
    return answer


def is_another(step: str, typed: dict[str, str]) -> bool:
    """Whether river or rule is another than the one the rest of the form was made for."""
    marker = CHOSEN_BY.get(step)
    return marker is not None and typed.get(step, "") != typed.get(marker, "")


def before(draft: AgreementDraft, rule: str) -> dict[str, Any]:
    """The parameters the rule step begins with: the amended term's own, else the defaults."""
    day = first_day(draft)
    if draft.amends is not None:
        current = superseded(draft.amends, draft.strand, day).current
        if current is not None and current.rule == rule:
            return current.parameters
    return starting(rule, day)


def first_day(draft: AgreementDraft) -> date:
    """The term's first day, as far as it is known; today until then."""
    span = span_of(draft)
    return span.lower if span else draft.from_date or today()


def party_codes(draft: AgreementDraft) -> list[str]:
    values = values_of(draft, "parties")
    return [row["jurisdiction"] for row in values["parties"]] if values else []
