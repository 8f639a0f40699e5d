"""The registry of rule families: each declares itself once, whole, and is named nowhere else."""

import ast
import pkgutil
import re
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements import rules
from settlements.models import Party
from settlements.rules import RULES, Family, UnknownRule, get
from settlements.rules.family import Classes, Rule, Yardstick
from settlements.rules.kinds import specs
from settlements.rules.parameters import with_defaults

ROOT = Path(__file__).resolve().parents[3]
APPS = ("basins", "config", "dashboard", "jobs", "monitoring", "settlements", "written")
# Agreements are entered there, by the families they go by.
ENTERS_AGREEMENTS = ROOT / "dashboard" / "demo"
# A party's role that goes by the same word as a family.
ROLES = set(Party.Role.values)


def declared():
    """Every family that a module of settlements/rules/ ends with."""
    found = pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")
    return [
        value
        for module in found
        for value in vars(import_module(module.name)).values()
        if isinstance(value, Family)
    ]


def test_every_family_is_registered_under_its_own_code():
    assert declared()
    assert {id(family) for family in declared()} == {id(family) for family in RULES.values()}
    assert list(RULES) == [family.code for family in RULES.values()]


def test_an_unknown_rule_is_refused_with_those_there_are():
    with pytest.raises(UnknownRule, match=r"nonsense.*class_vs_last_year.*fixed_annual"):
        get("nonsense")


@pytest.mark.parametrize(
    "member",
    [
        *("code", "title", "title_en", "revision", "legal_basis", "about", "needs"),
        *("parameters", "evaluate", "granularity"),
    ],
)
def test_a_family_without_a_needed_member_is_refused(member):
    whole = get("baseline")
    given = {name: getattr(whole, name) for name in Family.__dataclass_fields__ if name != member}
    with pytest.raises(TypeError, match=f"'{member}'"):
        Family(**given)


@pytest.mark.parametrize(
    ("code", "changed", "words"),
    [
        ("fixed_annual", {"title": "", "about": ""}, "title 为空；about 为空"),
        ("fixed_annual", {"revision": 0}, "revision 须不小于 1，现为 0"),
        ("fixed_annual", {"needs": frozenset({"weather"})}, "没有事实 weather"),
        ("fixed_annual", {"needs_if": {"mood": frozenset({"flow"})}}, "没有参数 mood"),
        ("fixed_annual", {"needs": frozenset({"observations"})}, "事实 observations"),
        ("fixed_annual", {"needs": frozenset({"base_means"})}, "事实 base_means"),
        ("fixed_annual", {"needs": frozenset({"over_limit_days"})}, "事实 over_limit_days"),
        ("fixed_annual", {"needs": frozenset({"reference_class"})}, "事实 reference_class"),
        ("awards", {"needs": frozenset()}, "事实 observations"),
        ("fixed_annual", {"yearly_cap": lambda p: None}, "参数 yearly_cap"),
        ("fixed_annual", {"part_month": lambda p: "none"}, "参数 part_month"),
        ("fixed_annual", {"filling": get("baseline").filling}, "参数 missing_month.*sampling"),
    ],
)
def test_a_family_that_does_not_hang_together_is_refused(code, changed, words):
    with pytest.raises(ValueError, match=words):
        replace(get(code), **changed)


MEMBERS = {
    "yearly_cap": lambda family: family.yearly_cap,
    "part_month": lambda family: family.part_month,
    "missing_month": lambda family: lambda p: family.filling(p).missing_month,
    "sampling": lambda family: lambda p: family.filling(p).sampling,
    "incomplete_month": lambda family: lambda p: family.filling(p).incomplete,
    "month_cap": lambda family: family.period_cap,
    "period_cap": lambda family: family.period_cap,
    "baseline_class": lambda family: family.fixed_class,
}
MOVED = {
    "yearly_cap": "12.00",
    "part_month": "by_days",
    "missing_month": "neighbours",
    "sampling": "quarterly",
    "incomplete_month": "no_data",
    "month_cap": "13.00",
    "period_cap": "14.00",
    "baseline_class": "Ⅱ",
}


@pytest.mark.parametrize(
    ("code", "name"),
    [(c, n) for c, family in RULES.items() for n in specs(family.parameters) if n in MEMBERS
     and (n != "incomplete_month" or "sampling" in specs(family.parameters))],
)  # fmt: skip
def test_a_member_that_reads_a_parameter_follows_it(border, needed, code, name):
    family = get(code)
    read = MEMBERS[name](family)
    parameters = border.terms(family, **needed.get(code, {}), **{name: MOVED[name]})
    assert read(parameters) == parameters.value(name)
    assert parameters.value(name) != border.terms(family, **needed.get(code, {})).value(name)


@pytest.fixture
def needed():
    """What has no default: of the one family here that has such a parameter."""
    row = {"indicator": "TP", "limit": None, "unit_price": "1", "mirror_price": None}
    return {"pollution_load": {"indicators": [row]}}


def test_the_days_in_a_row_that_count_are_those_of_the_listed_indicators(border):
    family = get("exceedance_steps")
    assert family.days_in_a_row(border.terms(family)) == ()
    terms = border.terms(family, days_from=5, day_amount="1", days_counted="from")
    days = family.days_in_a_row(terms)
    assert [(d.indicator, d.limit, d.start, d.all_days) for d in days] == [
        (code, None, 5, False) for code in ("CODMn", "NH3-N", "TP")
    ]


def test_a_base_period_holds_for_every_year(border):
    family = get("baseline")
    assert family.base_years(border.terms(family), 2023) == frozenset()
    terms = border.terms(family, baseline_kind="base_period", base_from=2020, base_to=2022)
    assert {family.base_years(terms, year) for year in (2023, 2030)} == {
        frozenset({2020, 2021, 2022})
    }


II, III, IV = WaterClass.II, WaterClass.III, WaterClass.IV


@pytest.mark.parametrize(
    ("code", "given", "classes", "held"),
    [
        ("class_vs_last_year", {}, Classes(IV, III, II), Yardstick(III, "目标")),
        ("class_vs_last_year", {}, Classes(III, III, II), Yardstick(II, "去年同月")),
        ("class_vs_last_year", {}, Classes(None, III, None), Yardstick(None, "去年同月")),
        ("baseline", {}, Classes(IV, III, II), Yardstick(III, "基准")),
        ("baseline", {"baseline_class": "Ⅱ"}, Classes(IV, III, IV), Yardstick(II, "基准")),
        ("percent_change", {}, Classes(IV, None, II), Yardstick(None, "基准")),
    ],
)
def test_a_finding_was_held_against_what_its_family_compares_with(
    border, code, given, classes, held
):
    family = get(code)
    assert Rule(family, border.terms(family, **given)).yardstick(classes) == held


def literals(path):
    """The texts that stand in a module, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_a_rules_code_is_named_nowhere_outside_the_rules():
    named = re.compile(rf"\b({'|'.join(code for code in RULES if '_' in code)})\b")
    found = [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not path.is_relative_to(ROOT / "settlements" / "rules")
        and not path.is_relative_to(ENTERS_AGREEMENTS)
        and "migrations" not in path.parts
        for line, text in literals(path)
        if (text in RULES or named.search(text)) and text not in ROLES
    ]
    assert found == []


def test_the_same_stored_parameters_are_read_once_and_others_anew():
    family = get("baseline")
    stored = with_defaults(family.parameters, {}, on=date(2023, 1, 1))
    first = rules.read("baseline", stored)
    assert rules.read("baseline", dict(stored)) is first
    stored["rate"] = {**stored["rate"], "value": "2.00"}
    assert rules.read("baseline", stored).parameters.value("rate") == 2
    assert first.parameters.value("rate") != 2
