"""docs/rules/ says what the rule modules say."""

import pytest
from django.core.management import call_command

from settlements.rules import RULES
from settlements.rules.parameters import specs
from settlements.trying.facts_by_hand import KEYS
from settlements.trying.rule_docs import (
    FOLDER,
    NoExample,
    example,
    needs,
    outdated,
    pages,
    try_example,
)

FILLS = {key.name: key.fills for key in KEYS}


def test_the_pages_are_current(capsys):
    assert outdated() == []
    call_command("rule_docs", "--check")
    assert "一致" in capsys.readouterr().out


@pytest.mark.parametrize("code", RULES)
def test_every_family_has_a_page_with_all_its_parameters_and_facts(code):
    page = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    module = RULES[code]
    assert f"# {module.title} (`{code}`)" in page
    assert module.legal_basis in page
    for name, spec in specs(module.parameters).items():
        assert f"| `{name}` | {spec.label} / {spec.english} |" in page
        for dated in spec.default.values if spec.default else ():
            assert f"| `{name}` | {dated.on} |" in page
    for key, _, _ in needs(module):
        assert f"| `{key}` |" in page
    assert f"({code}.md)" in (FOLDER / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", RULES)
def test_every_fact_a_family_needs_can_be_written(code):
    written = {fact for key, _, _ in needs(RULES[code]) for fact in FILLS[key]}
    assert written >= RULES[code].every_need


@pytest.mark.parametrize("code", RULES)
def test_every_familys_example_moves_money_that_sums_to_zero(code):
    trial = try_example(code)
    assert any(tried.outcome.transfers for tried in trial.tried)
    assert sum(trial.net.values()) == 0


@pytest.mark.parametrize("code", RULES)
def test_the_example_stands_in_the_page_as_it_is_in_the_files(code):
    given, page = example(code), pages()[f"{code}.md"]
    assert given.facts.strip() in page
    assert given.parameters.strip() in page


def test_a_family_without_example_is_told_which_file_to_write():
    with pytest.raises(NoExample, match=r"nothing\.facts\.json"):
        example("nothing")


def test_known_figures_stand_in_the_examples():
    """Longtan 350 万元 a year; Chishui 1:5:4 and 3:4:3 of 2 亿元; Modao 1,000 万元."""
    assert f"{try_example('fixed_annual').net['忠县']}" == "7000000.00"
    assert f"{try_example('joint_fund').net['云南省']}" == "40000000.00"
    assert f"{try_example('municipal_fill').net['上级财政']}" == "-10000000.00"
