"""断面另定的限值: the baseline rule's parameter for limits of single sections, stored empty in
every term, draft and scenario that goes by that rule. Nothing that was found changes by it.
"""

from django.db import migrations

NAME = "section_limits"
EMPTY = {"value": None, "source": "本系统默认，协议未载时使用", "is_default": True}


def added(rule, parameters):
    """The stored parameters with the new one, where the rule has it."""
    return {NAME: EMPTY, **parameters} if rule == "baseline" else parameters


def taken_out(rule, parameters):
    """The stored parameters without it, where it stands empty."""
    if rule != "baseline" or parameters.get(NAME, EMPTY)["value"] is not None:
        return parameters
    return {name: entry for name, entry in parameters.items() if name != NAME}


def change(apps, how):
    for term in apps.get_model("settlements", "Term").objects.filter(rule="baseline"):
        term.parameters = how(term.rule, term.parameters)
        term.save(update_fields=["parameters"])
    for draft in apps.get_model("settlements", "AgreementDraft").objects.all():
        values = draft.data.get("rule", {}).get("values")
        if values and values["rule"] == "baseline":
            values["parameters"] = how(values["rule"], values["parameters"])
            # Not save(): the draft was not changed by anybody.
            type(draft).objects.filter(pk=draft.pk).update(data=draft.data)
    for scenario in apps.get_model("settlements", "Scenario").objects.all():
        terms = [
            {**term, "parameters": how(term["rule"], term["parameters"])}
            for term in scenario.terms
        ]
        if terms != scenario.terms:
            type(scenario).objects.filter(pk=scenario.pk).update(terms=terms)


def add(apps, schema_editor):
    change(apps, added)


def take_out(apps, schema_editor):
    change(apps, taken_out)


class Migration(migrations.Migration):
    dependencies = [("settlements", "0018_target_marks")]

    operations = [migrations.RunPython(add, take_out)]
