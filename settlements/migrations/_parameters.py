"""For a migration by which the terms of a rule are given a parameter it did not have.

    NEW = {"baseline": {"name": ("none", "本系统默认，协议未载时使用")}}
    operations = [give_parameters(NEW)]

Each at the value under which the rule finds what it found before, as a default: a term stores
every parameter, and nothing is filled in when it is computed. Drafts and scenarios the same.
"""

from django.db import migrations

from basins.guarding import unguarded

OURS = "本系统默认，协议未载时使用"
PLAN = "本系统默认，方案原文未载"
MONTHLY = {"missing_month": ("none", OURS), "sampling": ("monthly", OURS)}
PART_MONTH = {"part_month": ("first_day", OURS)}
# A term follows the bureau's 统计口径.
FOLLOWS = {name: ("scheme", OURS) for name in ("rounding", "ph_mean", "first_origin")}
INHERITED = {"inherited": ("charge", OURS)}
# Given by the migrations that 0001_squashed_0044 replaces: rule → name → value, source.
GIVEN: dict[str, dict] = {
    "class_vs_last_year": {
        **FOLLOWS,
        "not_met_schedule": (None, PLAN),
        "better_than": ("none", PLAN),
        **INHERITED,
        **MONTHLY,
        **PART_MONTH,
    },
    "baseline": {**FOLLOWS, **MONTHLY, **PART_MONTH, "section_limits": (None, OURS)},
    "exceedance_steps": {**FOLLOWS, **MONTHLY, **PART_MONTH},
    "percent_change": {**FOLLOWS, **INHERITED, **MONTHLY, **PART_MONTH},
    "pollutant_threshold": {**FOLLOWS, **INHERITED, **MONTHLY, **PART_MONTH},
    "pollution_load": {**FOLLOWS, **MONTHLY, **PART_MONTH},
    "town_outflow": {**FOLLOWS, **MONTHLY, **PART_MONTH},
    "charges": PART_MONTH,
    "rank": {**FOLLOWS, **PART_MONTH},
    "p_index": FOLLOWS,
    "weighted_score": FOLLOWS,
    "joint_fund": FOLLOWS,
    "fixed_annual": FOLLOWS,
    "municipal_fill": FOLLOWS,
}


def added(new, rule, parameters):
    """The stored parameters with those that the rule was given since."""
    more = {
        name: {"value": value, "source": source, "is_default": True}
        for name, (value, source) in new.get(rule, {}).items()
        if name not in parameters
    }
    return {**parameters, **more}


def taken_out(new, rule, parameters):
    """The stored parameters without those that stand at their default."""
    names = new.get(rule, {})
    return {
        name: entry
        for name, entry in parameters.items()
        if name not in names or not entry["is_default"]
    }


def change(apps, new, how, using="default"):
    """Every stored term, draft and scenario, `how` being one of the two above."""

    def stored(name):
        return apps.get_model("settlements", name).objects.using(using)

    for term in stored("Term").filter(rule__in=new):
        term.parameters = how(new, term.rule, term.parameters)
        term.save(update_fields=["parameters"])
    for draft in stored("AgreementDraft").all():
        values = draft.data.get("rule", {}).get("values")
        if values and values["rule"] in new:
            values["parameters"] = how(new, values["rule"], values["parameters"])
            # Not save(): the draft was not changed by anybody.
            stored("AgreementDraft").filter(pk=draft.pk).update(data=draft.data)
    for scenario in stored("Scenario").all():
        terms = [
            {**term, "parameters": how(new, term["rule"], term["parameters"])}
            for term in scenario.terms
        ]
        if terms != scenario.terms:
            stored("Scenario").filter(pk=scenario.pk).update(terms=terms)


def give_parameters(new):
    """The operation; terms under which results were published are given theirs, too."""

    def give(apps, schema_editor):
        with unguarded(schema_editor.connection, "settlements_term", "term_stays"):
            change(apps, new, added, schema_editor.connection.alias)

    def take(apps, schema_editor):
        with unguarded(schema_editor.connection, "settlements_term", "term_stays"):
            change(apps, new, taken_out, schema_editor.connection.alias)

    return migrations.RunPython(give, take)
