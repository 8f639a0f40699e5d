"""The registry of rule families."""

import inspect

import pytest

from settlements.rules import RULES, UnknownRule, get
from settlements.rules.facts import Facts, Granularity
from settlements.rules.parameters import Parameters


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_the_same_face(code):
    rule = get(code)
    assert code == rule.CODE
    assert rule.TITLE
    assert rule.LEGAL_BASIS
    assert rule.REVISION >= 1
    assert issubclass(rule.Parameters, Parameters)
    assert set(inspect.signature(rule.evaluate).parameters) == {"facts", "parameters"}
    assert rule.NEEDS.issubset(Facts.__dataclass_fields__)
    assert set(inspect.signature(rule.granularity).parameters) == {"parameters"}
    assert inspect.get_annotations(rule.granularity)["return"] in (Granularity, "Granularity")


def test_an_unknown_rule_is_refused_with_those_there_are():
    with pytest.raises(UnknownRule, match=r"nonsense.*class_vs_last_year.*fixed_annual"):
        get("nonsense")
