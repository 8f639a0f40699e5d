"""推演: what other terms would have paid. Nothing here touches the books."""

from datetime import date
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, viewer_of
from basins.digits import whole
from dashboard.forms import values as typing
from dashboard.forms.actions import wanted
from dashboard.frame.access_log import record_export
from dashboard.frame.polls import nothing_new
from dashboard.scenarios.file import XLSX, comparison_csv, comparison_xlsx
from dashboard.scenarios.form import ScenarioTermForm, before_of, rule_choices, typed_term
from dashboard.scenarios.page import computed, scenario_page
from dashboard.scenarios.runs import GridForm, run_page
from settlements import rules
from settlements.reckoning.computation import NotAParty
from settlements.rules.parameters import ParameterErrors
from settlements.scenarios.queries.scenarios import find_scenario, runs_of, term_offer
from settlements.scenarios.services import runs as scenario_runs
from settlements.scenarios.services import scenarios
from settlements.scenarios.services.scenarios import ScenarioError
from settlements.scenarios.visible import agreements_to_copy, own_scenarios

UNUSABLE = (ScenarioError, ParameterErrors, rules.UnknownRule, NotAParty)


def _viewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_AGREEMENTS):
        raise Http404
    return viewer


def _found(request, token: str, *, own: bool = False):
    viewer = _viewer(request)
    scenario = find_scenario(viewer, token)
    if scenario is None or (own and scenario.owner_id != request.user.pk):
        raise Http404
    return viewer, scenario


@require_http_methods(["GET", "POST"])
def simulator(request):
    """The person's scenarios and runs; POST copies an agreement's terms into a new one."""
    viewer = _viewer(request)
    offered = agreements_to_copy(viewer)
    problem, status = "", 200
    chosen = request.POST.get("agreement", request.GET.get("agreement", ""))
    if request.method == "POST":
        agreement = next((a for a in offered if a.code == chosen), None)
        try:
            if agreement is None:
                raise ScenarioError("请选一份协议。")
            made = scenarios.copy_agreement(
                agreement=agreement, name=request.POST.get("name", ""), by=request.user
            )
        except ScenarioError as error:
            problem, status = str(error), 422
        else:
            return redirect("scenario", made.token)
    return _list(
        request, viewer, offered, grid=GridForm(), chosen=chosen, problem=problem, status=status
    )


def _list(request, viewer, offered, *, grid, chosen="", problem="", status=200):
    return render(
        request,
        "scenarios/simulator.html",
        {
            "scenarios": own_scenarios(viewer),
            "agreements": offered,
            "chosen": chosen,
            "name": request.POST.get("name", ""),
            "problem": problem,
            "grid": grid,
            "runs": runs_of(viewer, scenario_runs.KIND),
        },
        status=status,
    )


@require_GET
def scenario(request, token: str):
    viewer, found = _found(request, token)
    page, problem = None, ""
    try:
        page = scenario_page(viewer, found, request.GET.get("by", ""), request.GET.get("party", ""))
    except UNUSABLE as error:
        problem = str(error)
    return render(
        request,
        "scenarios/scenario.html",
        {
            "scenario": found,
            "page": page,
            "problem": problem,
            "own": found.owner_id == request.user.pk,
            "link": request.build_absolute_uri(request.path),
        },
    )


@require_http_methods(["GET", "POST"])
def term(request, token: str, number: int):
    """The form of one term. POST saves; `choose` puts another rule's parameters in place."""
    viewer, found = _found(request, token, own=True)
    stored = next((t for t in found.terms if t["number"] == number), None)
    if stored is None:
        raise Http404
    typed = typed_term(found.name, stored)
    action, status = "", 200
    if request.method == "POST":
        typed = {name: value for name, value in request.POST.items() if isinstance(value, str)}
        groups = [f"add-{key.removesuffix('-rows')}" for key in typed if key.endswith("-rows")]
        action = wanted(request, "save", "choose", *groups, missing="save")
    rule = typed.get("rule", "")
    if rule not in rules.RULES:
        rule = stored["rule"]
    before = before_of(stored, rule, date.fromisoformat(stored["since"]))
    if typed.get("rule-of") != rule:
        # Another rule: its own parameters from the defaults, saved only when looked at.
        fresh = typed_term(found.name, {**stored, "rule": rule, "parameters": before})
        kept = ("name", "since", "until", "part-")
        typed = {**fresh, **{k: v for k, v in typed.items() if k.startswith(kept)}}
        action = "choose"
    if action.startswith("add-"):
        group = action.removeprefix("add-")
        count = typed.get(f"{group}-rows", "1")
        typed[f"{group}-rows"] = str((whole(count, 4) or 1) + 1)
    checks = request.method == "POST" and action == "save"
    form = ScenarioTermForm(
        typed,
        rule=rule,
        before=before,
        parts=stored["sections"],
        offered=term_offer(viewer, found),
        checks=checks,
    )
    if checks:
        if form.is_valid():
            try:
                scenarios.change_term(
                    scenario=found,
                    number=number,
                    changes=form.changes(),
                    name=form.cleaned_data["name"],
                    by=request.user,
                )
            except ScenarioError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "情景已保存。")
                return redirect("scenario", token)
        status = 422
    return render(
        request,
        "scenarios/term.html",
        {
            "scenario": found,
            "number": number,
            "form": form,
            "rule": rule,
            "rules": rule_choices(),
            "several": len(found.terms) > 1,
            "numbers": [t["number"] for t in found.terms],
        },
        status=status,
    )


@require_POST
def term_add(request, token: str):
    """A further term, to be changed at once."""
    _, found = _found(request, token, own=True)
    try:
        since = typing.read_first_day(request.POST.get("since", ""))
        made = scenarios.add_term(
            scenario=found,
            like=_number(request.POST.get("like", "")),
            since=since,
            strand=request.POST.get("strand", ""),
            by=request.user,
        )
    except (ValueError, ParameterErrors) as error:  # ScenarioError is one
        messages.error(request, str(error))
        return redirect("scenario", token)
    messages.success(request, "已新增条款期；请改它的规则、参数或断面。")
    return redirect("scenario-term", token, made.terms[-1]["number"])


@require_POST
def term_remove(request, token: str):
    _, found = _found(request, token, own=True)
    number = _number(request.POST.get("number", ""))
    try:
        scenarios.remove_term(scenario=found, number=number, by=request.user)
    except ScenarioError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"情景已去掉第 {number} 条款期。")
    return redirect("scenario", token)


def _number(text: str) -> int:
    return whole(text, 5) or 0


@require_POST
def copy(request, token: str):
    """A copy of a shared scenario as one's own."""
    _, found = _found(request, token)
    name = f"{found.name}（副本）"[-scenarios.LONGEST_NAME :]
    made = scenarios.copy_scenario(scenario=found, name=name, by=request.user)
    messages.success(request, "已复制为自己的情景。")
    return redirect("scenario", made.token)


@require_http_methods(["GET", "POST"])
def delete(request, token: str):
    """The 核对 page of a deletion; POST deletes."""
    _, found = _found(request, token, own=True)
    if request.method != "POST":
        return render(request, "scenarios/delete.html", {"scenario": found})
    scenarios.delete_scenario(scenario=found, by=request.user)
    messages.success(request, f"已删除情景“{found.name}”。")
    return redirect("simulator")


@require_GET
def export(request, token: str):
    return _export(request, token, comparison_csv, "csv", "text/csv; charset=utf-8")


@require_GET
def export_xlsx(request, token: str):
    return _export(request, token, comparison_xlsx, "xlsx", XLSX)


def _export(request, token: str, written, suffix: str, kind: str):
    viewer, found = _found(request, token)
    try:
        comparison = computed(viewer, found)
    except UNUSABLE:
        return redirect("scenario", token)
    name = quote(f"推演-{found.name}.{suffix}")
    rows = len(comparison.parties) * (len(comparison.periods) + 1)
    record_export(request, f"推演“{found.name}”", rows)
    return HttpResponse(
        written(comparison),
        content_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@require_POST
def start_run(request):
    """Enter the job: all saved scenarios, or one parameter's values on every agreement."""
    viewer = _viewer(request)
    if wanted(request, "saved", "grid", field="what", missing="saved") == "saved":
        return redirect("scenario-run", scenario_runs.run_saved(by=request.user).pk)
    form = GridForm(request.POST)
    if form.is_valid():
        try:
            job = scenario_runs.run_grid(**form.grid(), by=request.user)
        except ScenarioError as error:
            form.add_error(None, str(error))
        else:
            return redirect("scenario-run", job.pk)
    return _list(request, viewer, agreements_to_copy(viewer), grid=form, status=422)


@require_GET
def run(request, pk: int):
    viewer = _viewer(request)
    job = runs_of(viewer, scenario_runs.KIND).filter(pk=pk).first()
    if job is None:
        raise Http404
    if (same := nothing_new(request, job)) is not None:
        return same
    page = run_page(job)
    template = "scenarios/_run.html" if request.htmx else "scenarios/run.html"
    return render(request, template, {"page": page})


@require_POST
def cancel_run(request, pk: int):
    job = runs_of(_viewer(request), scenario_runs.KIND).filter(pk=pk).first()
    if job is None:
        raise Http404
    scenario_runs.cancel_run(job=job, by=request.user)
    return redirect("scenario-run", pk)
