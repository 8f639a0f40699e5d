"""Many scenarios at once, as a job: all those a person saved, or one change tried on every
agreement in force.

The data of all of them is loaded once. The result holds sums per scenario, year and party as
the person may see them; nothing else is written.
"""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

from basins.access import Viewer, viewer_of
from basins.models import User
from basins.ranges import today
from jobs import services as jobs
from jobs.models import Job
from settlements import rules
from settlements.models import Agreement, Scenario
from settlements.reckoning.preview import Plan, load_for
from settlements.rules.parameters import Kind, ParameterErrors, specs
from settlements.scenarios.comparison import Comparison, Happened, compare, what_happened
from settlements.scenarios.services.scenarios import (
    ScenarioError,
    ScenarioPlaces,
    places_of,
    plan_of,
    stored_terms,
)
from settlements.scenarios.visible import agreements_to_copy, own_scenarios

KIND = "settlements.scenarios"
MOST = 2000
SINGLE = (Kind.MONEY, Kind.DECIMAL, Kind.PERCENT, Kind.INTEGER, Kind.CLASS, Kind.CHOICE)


def run_saved(*, by: User, wake: bool = True) -> Job:
    """The job that runs every scenario the person saved; the live one if there is one."""
    return jobs.enqueue(
        kind=KIND, key=f"saved-{by.pk}", parameters={"user": by.pk}, by=by, wake=wake
    )


def run_grid(*, rule: str, parameter: str, values: list[Any], by: User, wake: bool = True) -> Job:
    """The job that tries each value (stored form) of one parameter of a rule on every
    agreement in force that goes by that rule.

    Raises ScenarioError for a parameter that is not a single value, for no value, and for
    too many.
    """
    spec = specs(rules.get(rule).parameters).get(parameter)
    if spec is None or spec.kind not in SINGLE:
        raise ScenarioError(f"“{parameter}”不是可以逐值试算的参数；请从列表中选。")
    if not 0 < len(values) <= 20:
        raise ScenarioError("请填 1 至 20 个值。")
    grid = {"rule": rule, "parameter": parameter, "values": values}
    return jobs.enqueue(
        kind=KIND,
        key=f"grid-{by.pk}-{rule}-{parameter}-{'|'.join(map(str, values))}"[:200],
        parameters={"user": by.pk, "grid": grid},
        by=by,
        wake=wake,
    )


def cancel_run(*, job: Job, by: User) -> bool:
    """Stop a run of one's own; True if it was live."""
    return job.by_id == by.pk and jobs.cancel(job_id=job.pk)


@jobs.handles(KIND)
def run_scenarios(parameters: dict, progress) -> dict:
    """Run them and compare each; one that cannot be run says why and stops none of the rest."""
    start = monotonic()
    viewer = viewer_of(User.objects.get(pk=parameters["user"]))
    if grid := parameters.get("grid"):
        scenarios = grid_scenarios(agreements_to_copy(viewer), **grid)
    else:
        scenarios = list(own_scenarios(viewer).order_by("pk")[:MOST])
    total = len(scenarios) + 1
    progress(0, total, "载入监测数据")
    lines = run_all(viewer, scenarios, lambda done: progress(done + 1, total, "推演"))
    return {"lines": lines, "seconds": round(monotonic() - start, 2)}


def run_all(
    viewer: Viewer, scenarios: list[Scenario], said: Callable[[int], None] = lambda done: None
) -> list[dict[str, Any]]:
    """One line a scenario: its sums per year and party, or what is wrong with it.

    6 SQL queries, and 5 more an agreement.
    """
    places = places_of(scenarios)
    plans: list[Plan | str] = [_plan_or_problem(s, places) for s in scenarios]
    found = load_for(p for p in plans if isinstance(p, Plan))
    happened: dict[int, Happened] = {}
    answer = []
    for done, (scenario, ready) in enumerate(zip(scenarios, plans, strict=True), start=1):
        agreement = scenario.agreement
        line: dict[str, Any] = {
            "name": scenario.name,
            "token": scenario.token if scenario.pk else "",
            "agreement": agreement.code,
            "title": agreement.title,
        }
        if isinstance(ready, str):
            line["error"] = ready
        else:
            if agreement.pk not in happened:
                happened[agreement.pk] = what_happened(viewer, agreement)
            line |= sums_of(compare(happened[agreement.pk], ready.lines(found)))
        answer.append(line)
        said(done)
    return answer


def _plan_or_problem(scenario: Scenario, places: ScenarioPlaces) -> Plan | str:
    try:
        return plan_of(scenario, places)
    except (ParameterErrors, ScenarioError, rules.UnknownRule) as error:
        return str(error)


def sums_of(comparison: Comparison) -> dict[str, Any]:
    """A comparison as a job keeps it: amounts as text."""
    return {
        "changed": comparison.changed,
        "parties": [
            {
                "code": place.code,
                "name": place.name,
                "years": [
                    {"year": f.label, "actual": str(f.actual), "scenario": str(f.scenario)}
                    for f in comparison.by_year(place.code)
                ],
                "actual": str(total.actual),
                "scenario": str(total.scenario),
            }
            for place in comparison.parties
            if (total := comparison.total(comparison.by_year(place.code)))
        ],
    }


def grid_scenarios(
    agreements: Iterable[Agreement], *, rule: str, parameter: str, values: list[Any]
) -> list[Scenario]:
    """Unsaved scenarios: each agreement in force that goes by the rule × each value."""
    label = specs(rules.get(rule).parameters)[parameter].label
    answer = []
    for agreement in agreements:
        if agreement.state != Agreement.State.ACTIVE:
            continue
        terms = stored_terms(agreement)
        if not any(term["rule"] == rule for term in terms):
            continue
        answer += [
            Scenario(
                name=f"{label} {value}",
                agreement=agreement,
                terms=[_with(term, rule, parameter, value) for term in terms],
                copied_on=today(),
            )
            for value in values
        ]
    return answer[:MOST]


def _with(term: Mapping[str, Any], rule: str, parameter: str, value: Any) -> dict[str, Any]:
    if term["rule"] != rule:
        return dict(term)
    entry = {"value": value, "source": "情景设定", "is_default": False}
    return {**term, "parameters": {**term["parameters"], parameter: entry}}
