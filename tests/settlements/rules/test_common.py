"""Parameters in two languages; later ones that change nothing until they are moved."""

import re

import pytest

from settlements.migrations import _parameters
from settlements.rules import RULES, get
from settlements.rules.facts import Facts
from settlements.rules.family import Rule
from settlements.rules.kinds import idle, specs
from settlements.rules.parameters import deciding, describe

EVERY = pytest.mark.parametrize("code", RULES)
ADDED = sorted(
    (code, name)
    for code in RULES
    for name, spec in specs(get(code).parameters).items()
    if spec.added
)


def every_spec(parameters):
    for name, spec in specs(parameters).items():
        yield name, spec
        if spec.row:
            yield from every_spec(spec.row)


@EVERY
def test_every_parameter_and_column_has_label_and_help_in_both_languages(code):
    for name, spec in every_spec(get(code).parameters):
        assert all((spec.label, spec.help, spec.english, spec.english_help)), name
        assert spec.english[0].isupper(), name
        assert spec.english_help.endswith("."), name
        # A word of Chinese is quoted only where it is a term that the pages use.
        assert not re.search(r"[一-鿿]", spec.english), name
    assert get(code).title_en


@EVERY
def test_english_goes_to_the_form_and_the_pages(code):
    for entry in describe(get(code).parameters):
        assert all((entry["label_en"], entry["help_en"]))
        assert all(column["label_en"] for column in entry["columns"])


@pytest.mark.parametrize(("code", "name"), ADDED)
def test_a_later_parameter_at_its_default_decides_nothing(code, name):
    spec = specs(get(code).parameters)[name]
    neutral = spec.default.values[0].value
    stored = {name: {"value": neutral, "source": "默认", "is_default": True}}
    assert deciding(get(code).parameters, stored) == {}
    moved = {name: {"value": "moved", "source": "第一条", "is_default": False}}
    assert deciding(get(code).parameters, moved) == moved


def test_a_parameter_there_from_the_beginning_always_decides():
    assert not idle(specs(get("baseline").parameters)["rate"], "1000000.00")


def test_what_came_in_is_asked_for_only_where_the_term_minds_it(border):
    rule = get("class_vs_last_year")
    assert Rule(rule, border.terms(rule)).needs == rule.needs
    assert "inflow_class" in Rule(rule, border.terms(rule, inherited="half")).needs
    assert "reference_class" in Rule(rule, border.terms(rule, better_than="downstream_own")).needs


@EVERY
def test_everything_that_may_be_asked_for_is_a_fact(code):
    assert get(code).every_need <= set(Facts.__dataclass_fields__)
    assert set(get(code).needs_if) <= set(specs(get(code).parameters))


def test_the_migrations_store_just_what_was_added_at_its_default():
    stored = {
        (code, name): (value, source)
        for code, names in _parameters.GIVEN.items()
        for name, (value, source) in names.items()
    }
    assert stored == {
        (code, name): (default.value, default.source)
        for code, name in ADDED
        for default in specs(get(code).parameters)[name].default.values[:1]
    }


def test_a_migration_leaves_what_a_term_holds_and_takes_out_just_its_own():
    added, taken_out = _parameters.added, _parameters.taken_out
    new = {"baseline": {"missing_month": ("none", _parameters.OURS), "sampling": ("monthly", "")}}
    held = {"rate": {"value": "1.00", "source": "第一条", "is_default": False}}
    moved = {"sampling": {"value": "quarterly", "source": "第五条", "is_default": False}}
    more = added(new, "baseline", held | moved)
    assert more.items() >= (held | moved).items()
    assert more["missing_month"]["value"] == "none"
    assert taken_out(new, "baseline", more) == held | moved
    assert added(new, "p_index", held) == taken_out(new, "p_index", held) == held


def test_the_limits_of_sections_are_stored_empty_and_taken_out_only_where_they_are():
    added, taken_out, given = _parameters.added, _parameters.taken_out, _parameters.GIVEN
    held = {"rate": {"value": "1.00", "source": "第一条", "is_default": False}}
    own = {"section_limits": {"value": {"A:TP": "0.1"}, "source": "第七条", "is_default": False}}
    more = added(given, "baseline", held)
    assert more["section_limits"]["value"] is None
    assert added(given, "baseline", held | own)["section_limits"] == own["section_limits"]
    assert taken_out(given, "baseline", more) == held
    assert taken_out(given, "baseline", held | own) == held | own
