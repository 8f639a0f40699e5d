"""Scenarios: copied, changed, run and compared, and nothing of the books moves."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from basins.access import viewer_of
from jobs import services as jobs
from jobs.models import Job
from settlements import pipeline
from settlements.models import (
    Accrual,
    Agreement,
    JournalEntry,
    Posting,
    Scenario,
    Settlement,
    SettlementNet,
    Term,
    Transfer,
)
from settlements.reckoning.preview import load_for
from settlements.rules.parameters import ParameterErrors
from settlements.scenarios.comparison import compare, what_happened
from settlements.scenarios.queries.scenarios import find_scenario
from settlements.scenarios.queries.words import terms_in_words
from settlements.scenarios.services.runs import run_all, run_grid, run_saved
from settlements.scenarios.services.scenarios import (
    NotTheOwner,
    ScenarioError,
    change_term,
    copy_agreement,
    copy_scenario,
    delete_scenario,
    places_of,
    plan_of,
)
from settlements.scenarios.visible import own_scenarios
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import close_year, month, taken_as

BOOKS = (Accrual, Transfer, Settlement, SettlementNet, JournalEntry, Posting, Term, Agreement)


def books() -> dict[str, tuple[int, str]]:
    """Rows and a digest of every table a scenario must leave alone."""
    found = {}
    for model in BOOKS:
        rows = [repr(row) for row in model.objects.order_by("pk").values_list()]
        found[model.__name__] = len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def with_rate(scenario: Scenario, rate: str, number: int = 2) -> dict:
    term = next(t for t in scenario.terms if t["number"] == number)
    entry = {"value": rate, "source": "情景设定", "is_default": False}
    return {"parameters": {**term["parameters"], "rate": entry}}


def changed(scenario: Scenario, by, **changes) -> Scenario:
    return change_term(scenario=scenario, number=2, changes=changes, name=scenario.name, by=by)


def comparison_of(user, scenario):
    plan = plan_of(scenario, places_of([scenario]))
    happened = what_happened(viewer_of(user), scenario.agreement)
    return compare(happened, plan.lines(load_for([plan])))


def three_months() -> World:
    """A year in which downstream is paid for April 2023 and pays for May and June."""
    world = bare()
    for when, water_class in (("2023-04", "IV"), ("2023-05", "II"), ("2023-06", "II")):
        world["border"].measured(when, water_class)
    pipeline.recompute()
    return world


told = told_once(three_months)
measured = of_told("border")


@pytest.fixture
def doubled(measured, people):
    scenario = copy_agreement(agreement=measured.agreement, name="标准加倍", by=people.bureau)
    return changed(scenario, people.bureau, **with_rate(scenario, "2000000.00"))


def test_an_unchanged_copy_gives_what_happened(measured, people):
    scenario = copy_agreement(agreement=measured.agreement, name=" 照 抄 ", by=people.bureau)
    assert scenario.name == "照 抄"
    comparison = comparison_of(people.bureau, scenario)
    assert comparison.changed == 0
    assert comparison.actual
    assert {f.difference for f in comparison.by_month("500901")} == {Decimal("0.00")}


def test_twice_the_rate_is_twice_the_money_by_month_year_and_party(doubled, people):
    comparison = comparison_of(people.bureau, doubled)
    months = {f.label: (f.actual, f.scenario) for f in comparison.by_month("500901") if f.actual}
    assert months == {
        "2023-04": (Decimal(-1000000), Decimal(-2000000)),
        "2023-05": (Decimal(1000000), Decimal(2000000)),
        "2023-06": (Decimal(1000000), Decimal(2000000)),
    }
    year = next(f for f in comparison.by_year("500901") if f.label == "2023年")
    assert (year.actual, year.scenario, year.difference) == (1000000, 2000000, 1000000)
    parties = comparison.by_party()
    assert [(f.label, f.difference) for f in parties] == [("上游区", 1000000), ("下游区", -1000000)]
    assert comparison.total(parties).scenario == 0
    assert comparison.changed == 3


def test_a_share_and_an_end_cut_what_would_have_been_paid(measured, people):
    scenario = copy_agreement(agreement=measured.agreement, name="减半", by=people.bureau)
    sections = [{**p, "share": "0.5"} for p in scenario.terms[1]["sections"]]
    scenario = changed(scenario, people.bureau, sections=sections, until="2023-06-01")
    comparison = comparison_of(people.bureau, scenario)
    months = {f.label: f.scenario for f in comparison.by_month("500901") if f.actual}
    assert months == {"2023-04": -500000, "2023-05": 500000, "2023-06": 0}
    words = {what: (before, now) for what, before, now in terms_in_words(scenario)[1].changes}
    assert words["止日"] == ("长期", "2023-05-31")
    assert words["断面、两方与份额"] == (
        "交界 100%（上游区 → 下游区）",
        "交界 50%（上游区 → 下游区）",
    )


def test_another_rule_is_said_in_words(doubled, people):
    words = terms_in_words(doubled)
    assert words[0].changes == ()
    assert words[1].changes == (("补偿标准", "100.00 万元/期", "200.00 万元/期"),)


@told_instead(bare)
def test_a_rule_that_settles_years_has_a_line_of_its_own(border, people):
    measured = border
    measured.agreement.terms.get(number=2).delete()
    measured.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    scenario = copy_agreement(agreement=measured.agreement, name="定额", by=people.bureau)
    comparison = comparison_of(people.bureau, scenario)
    assert comparison.changed == 0
    assert "2023年（按年）" in {f.label for f in comparison.by_month("500901")}


def test_nothing_of_it_touches_the_books(measured, people):
    for when in measured.months("2021-01", "2022-12"):
        measured.measured(when, "III" if when < "2022" else "II")
    pipeline.recompute()
    close_year(measured.agreement, 2022, people, on=month("2023-02"))
    before = books()
    assert all(rows for rows, _ in before.values())
    scenario = copy_agreement(agreement=measured.agreement, name="一", by=people.bureau)
    changed(scenario, people.bureau, **with_rate(scenario, "2000000.00"))
    scenario.refresh_from_db()
    comparison_of(people.bureau, scenario)
    copy_scenario(scenario=scenario, name="二", by=people.treasury)
    viewer = viewer_of(people.bureau)
    run_all(viewer, list(own_scenarios(viewer)))
    delete_scenario(scenario=scenario, by=people.bureau)
    assert books() == before


def test_only_the_owner_changes_or_deletes_and_others_copy(doubled, people):
    with pytest.raises(NotTheOwner):
        changed(doubled, people.treasury, until="2024-01-01")
    with pytest.raises(NotTheOwner):
        delete_scenario(scenario=doubled, by=people.treasury)
    mine = copy_scenario(scenario=doubled, name="我的", by=people.treasury)
    assert mine.terms == doubled.terms
    assert mine.token != doubled.token
    changed(mine, people.treasury, until="2024-01-01")
    doubled.refresh_from_db()
    assert doubled.terms[1]["until"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"until": "2022-01-01"}, "止日早于起日"),
        ({"since": "2022-06-01"}, "有效期重叠"),
    ],
)
def test_dates_that_cannot_be_are_refused_in_words(doubled, people, changes, words):
    with pytest.raises(ScenarioError, match=words):
        changed(doubled, people.bureau, **changes)


def test_parameters_the_rule_refuses_are_not_saved(doubled, people):
    with pytest.raises(ParameterErrors):
        changed(doubled, people.bureau, **with_rate(doubled, "-1"))
    doubled.refresh_from_db()
    assert doubled.terms[1]["parameters"]["rate"]["value"] == "2000000.00"


def test_a_name_is_asked_for_and_an_agreement_without_terms_cannot_be_copied(border, people):
    with pytest.raises(ScenarioError, match="名称"):
        copy_agreement(agreement=border.agreement, name="  ", by=people.bureau)
    empty = Agreement.objects.create(code="EMPTY", title="空", river=border.river, state="active")
    with pytest.raises(ScenarioError, match="条款"):
        copy_agreement(agreement=empty, name="空", by=people.bureau)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("bureau", True),
        ("treasury", True),
        ("admin", True),
        ("auditor", True),
        ("district", True),
        ("stranger", True),
        ("township", False),
        ("station", False),
        ("nobody", False),
    ],
)
def test_a_link_opens_for_whoever_sees_the_agreement(doubled, people, who, sees):
    viewer = viewer_of(getattr(people, who))
    assert (find_scenario(viewer, doubled.token) is not None) == sees
    assert find_scenario(viewer, "wrong") is None


def test_a_draft_agreements_scenario_is_not_for_strangers(doubled, people):
    Agreement.objects.update(state=Agreement.State.DRAFT)
    assert find_scenario(viewer_of(people.stranger), doubled.token) is None
    assert find_scenario(viewer_of(people.district), doubled.token) is not None


def test_a_stranger_compares_published_periods_only(doubled, people):
    assert comparison_of(people.stranger, doubled).periods == ()
    taken_as("published", Accrual.objects.filter(period=month("2023-05")))
    comparison = comparison_of(people.stranger, doubled)
    assert comparison.published_only
    assert [(f.label, f.scenario) for f in comparison.by_month("500901")] == [("2023-05", 2000000)]
    assert not comparison_of(people.district, doubled).published_only


def test_a_run_of_all_saved_scenarios_gives_each_its_sums(doubled, people):
    copy_scenario(scenario=doubled, name="二", by=people.bureau)
    copy_scenario(scenario=doubled, name="别人的", by=people.treasury)
    before = books()
    result = _handled(run_saved(by=people.bureau, wake=False))
    assert [line["name"] for line in result["lines"]] == ["标准加倍", "二"]
    upstream = result["lines"][0]["parties"][0]
    assert (upstream["code"], upstream["actual"]) == ("500901", "1000000.00")
    assert upstream["scenario"] == "2000000.00"
    assert result["lines"][0]["changed"] == 3
    assert books() == before


def test_a_grid_tries_each_value_on_every_agreement_in_force(measured, people):
    job = run_grid(
        rule="baseline",
        parameter="rate",
        values=["500000.00", "3000000.00"],
        by=people.bureau,
        wake=False,
    )
    lines = _handled(job)["lines"]
    assert [(x["agreement"], x["parties"][0]["scenario"]) for x in lines] == [
        ("TEST", "500000.00"),
        ("TEST", "3000000.00"),
    ]
    assert Scenario.objects.count() == 0


def test_a_grid_needs_a_single_value_parameter_and_values(border, people):
    with pytest.raises(ScenarioError, match="参数"):
        run_grid(rule="baseline", parameter="limits", values=["1"], by=people.bureau)
    with pytest.raises(ScenarioError, match="1 至 20"):
        run_grid(rule="baseline", parameter="rate", values=[], by=people.bureau)


def test_a_scenario_that_cannot_run_stops_none_of_the_rest(doubled, people):
    broken = copy_scenario(scenario=doubled, name="坏", by=people.bureau)
    broken.terms[0]["rule"] = "gone"
    broken.save()
    viewer = viewer_of(people.bureau)
    lines = {line["name"]: line for line in run_all(viewer, list(own_scenarios(viewer)))}
    assert "没有规则“gone”" in lines["坏"]["error"]
    assert lines["标准加倍"]["changed"] == 3


def test_many_scenarios_of_an_agreement_ask_the_database_no_more_than_one(
    doubled, people, django_assert_max_num_queries
):
    viewer = viewer_of(people.bureau)
    for number in range(5):
        copy_scenario(scenario=doubled, name=f"第{number}", by=people.bureau)
    scenarios = list(own_scenarios(viewer))
    with django_assert_max_num_queries(11):
        run_all(viewer, scenarios)


def test_what_was_loaded_for_many_gives_each_what_it_gives_alone(doubled, people):
    def other(name: str, **part) -> Scenario:
        made = copy_agreement(agreement=doubled.agreement, name=name, by=people.bureau)
        sections = [{**p, **part} for p in made.terms[1]["sections"]]
        return changed(made, people.bureau, sections=sections)

    turned = {"upstream": "500902", "downstream": "500901"}
    scenarios = [doubled, other("原样"), other("减半", share="0.5"), other("对调", **turned)]
    plans = [plan_of(s, places_of([s])) for s in scenarios]
    shared = load_for(plans)
    for plan in plans:
        together = [(x.period, x.yuan, x.state, x.computed.outcome) for x in plan.lines(shared)]
        alone = [(x.period, x.yuan, x.state, x.computed.outcome) for x in plan.lines()]
        assert together == alone


def _handled(job: Job) -> dict:
    """The handler's result, without the connection of its own that a worker has."""
    assert connection.in_atomic_block
    said = []
    result = jobs._handlers[job.kind](job.parameters, lambda *step: said.append(step))
    assert said[0][0] == 0
    assert said[-1][0] == said[-1][1]
    return result
