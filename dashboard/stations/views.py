"""自动站: the gateway and its stations, one with its settings, what a factor of it means."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Viewer, viewer_of
from basins.refusals import Refused
from dashboard.stations import page as words
from dashboard.stations.forms import FactorForm, SettingsForm, StationForm
from monitoring.models import Station
from monitoring.sections.queries.sections import find_section
from monitoring.stations.queries import letters as letter_queries
from monitoring.stations.queries import stations as queries
from monitoring.stations.queries.letters import Choice
from monitoring.stations.services.deciding import Replayed, replay_station, say_factor
from monitoring.stations.services.stations import add_station, change_station

PAGE, PACKETS = 20, 20
LISTENS = "127.0.0.1:9212"  # where the command listens if nothing else is said


@require_http_methods(["GET", "POST"])
def station_list(request):
    """The gateway and its stations; POST registers one."""
    viewer = reader(request)
    sections = queries.sections_to_choose()
    if request.method == "GET":
        form = StationForm(sections, initial={"mn": request.GET.get("mn", "")})
        return _list(request, viewer, form)
    form = StationForm(sections, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = add_station(
                mn=given["mn"], section=given["section"], password=given["password"], by=request.user
            )  # fmt: skip
        except Refused as refused:
            form.refused(refused.field, str(refused))
        else:
            text = f"已登记站点 {made.mn}（{made.section}）。"
            return _done(request, made, text, form.made)
    return _list(request, viewer, form, status=422)


def _list(request, viewer: Viewer, form: StationForm, *, status: int = 200):
    page = Paginator(queries.stations(viewer), PAGE).get_page(request.GET.get("page"))
    lines = queries.station_lines(list(page.object_list))
    state = queries.gateway_state()
    context = {
        "page": page,
        "lines": [(line, words.ago(line.ago), words.is_late(line)) for line in lines],
        "heading": words.list_heading(lines, page.paginator.count, state),
        "state": state,
        "listens": state.run.listens if state.run else LISTENS,
        "facts": words.gateway_facts(state),
        "counts": words.gateway_counts(state),
        "letters": letter_queries.letters(viewer, Choice()).count(),
        "form": form,
    }
    return render(request, "stations/list.html", context, status=status)


@require_http_methods(["GET", "POST"])
def station(request, mn: str):
    """A station: what it sends and what its factors mean; POST changes its settings."""
    viewer = reader(request)
    found = _station(viewer, mn)
    if request.method == "GET":
        return _shown(request, viewer, found, SettingsForm(found))
    form = SettingsForm(found, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            changed = change_station(
                station=found,
                by=request.user,
                password=given["password"],
                assessed=given["assessed"],
                counts_by_hand=given["counts_by_hand"],
                is_active=given["is_active"],
            )
        except Refused as refused:
            form.refused(refused.field, str(refused))
        else:
            return _done(request, changed, f"已保存站点 {found.mn} 的设置。", form.made)
    return _shown(request, viewer, found, form, status=422)


def _done(request, changed: Station, text: str, made: str):
    """On to the station's page; a password that was made is shown now and never again."""
    if not made:
        messages.success(request, text)
        return redirect("station", changed.mn)
    viewer = reader(request)
    found = _station(viewer, changed.mn)
    return _shown(request, viewer, found, SettingsForm(found), made=made, said=text)


def _shown(
    request,
    viewer: Viewer,
    found: Station,
    form: SettingsForm,
    *,
    status: int = 200,
    made: str = "",
    said: str = "",
):
    [line] = queries.station_lines([found])
    of_station = letter_queries.groups(viewer, Choice(mn=found.mn))
    context: dict[str, Any] = {
        "station": found,
        "line": line,
        "heading": f"{found.mn}：{words.ago(line.ago) or '还没有'}{'有报文' if line.ago else '报文'}",
        "facts": words.station_facts(line),
        "form": form,
        "meanings": queries.meanings(found),
        "packets": Paginator(queries.packets(found), PACKETS).get_page(request.GET.get("page")),
        "checks": queries.checks(found),
        "beside": queries.values_beside(found),
        "groups": letter_queries.grouped(of_station[:PAGE]),
        "made": made,
        "said": said,
    }
    return render(request, "stations/station.html", context, status=status)


@require_http_methods(["GET", "POST"])
def factor(request, mn: str):
    """What a factor of the station means; its letters are taken in again."""
    viewer = reader(request)
    found = _station(viewer, mn)
    asked = request.GET if request.method == "GET" else request.POST
    name = asked.get("factor", "").strip().lower()[:40]
    form = FactorForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            done = say_factor(
                station=found, factor=name, indicator=form.said, by=request.user
            )  # fmt: skip
        except Refused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            said = f"因子 {name} 已认定为不读取，作废 {done.taken:,} 条。"
            if form.said is not None:
                said = f"已认定因子 {name}。{words.replayed_words(done)}"
            tell(request, done, said)
            return redirect("station", found.mn)
    meant = next((one for one in queries.meanings(found) if one.factor == name), None)
    waiting = Choice(mn=found.mn, factor=name)
    context = {
        "station": found,
        "factor": name,
        "form": form or FactorForm(initial=_as_said(name, meant)),
        "meant": meant,
        "groups": letter_queries.grouped(letter_queries.groups(viewer, waiting)) if name else [],
    }
    return render(request, "stations/factor.html", context, status=422 if form else 200)


@require_POST
def replay(request, mn: str):
    """Take in what came before it was registered, or with a password that is its own now."""
    found = _station(reader(request), mn)
    try:
        done = replay_station(mn=found.mn, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        tell(request, done, words.replayed_words(done))
    return redirect("station", found.mn)


@require_GET
def of_section(request, code: str):
    """A fragment of the section's page, which is kept: when its stations' last packets came. An open
    page asks for it by itself, which is no use of the session."""
    viewer = reader(request)
    request.session.asked_by_itself = True
    section = find_section(viewer, code)
    if section is None:
        raise Http404
    found = list(queries.stations(viewer).filter(section=section, is_active=True))
    lines = [(line.station.mn, words.ago(line.ago)) for line in queries.last_packets(found)]
    context = {"lines": lines, "url": reverse("section-stations", args=[section.code])}
    return render(request, "stations/_of_section.html", context)


def _as_said(name: str, meant: Any) -> dict[str, str]:
    if meant is None:
        return {"factor": name}
    return {"factor": name, "indicator": meant.indicator.code if meant.indicator else "-"}


def tell(request, done: Replayed, text: str) -> None:
    """What became of letters; where none was taken that is no success."""
    (messages.success if done.taken or not done.still_open else messages.warning)(request, text)


def reader(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    return viewer


def _station(viewer: Viewer, mn: str) -> Station:
    found = queries.stations(viewer).filter(mn=mn).first()
    if found is None:
        raise Http404
    return found
