"""我的工作: 待办, 已办, 我发起的 and 我的关注; the star on sections, rivers and agreements."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from basins.access import Act, viewer_of
from basins.models import River, Star
from basins.services import stars
from dashboard.frame.kept import kept_but
from monitoring.visible import visible_sections
from settlements.shown.visible import visible_agreements
from settlements.work.queries.done import begun, done
from settlements.work.queries.stars import followed
from settlements.work.queries.work import counts, todo

TABS = (("todo", "待办"), ("done", "已办"), ("begun", "我发起的"), ("stars", "我的关注"))


@require_GET
@kept_but(tab="stars")  # goes by when the person last looked
def work(request):
    viewer = viewer_of(request.user)
    _refuse_without_work(viewer)
    tab = request.GET.get("tab", "todo")
    tab = tab if tab in dict(TABS) else "todo"
    numbers = counts(viewer)
    rows = {
        "todo": lambda: todo(viewer, numbers),
        "done": lambda: done(viewer),
        "begun": lambda: begun(viewer),
        "stars": lambda: followed(viewer),
    }[tab]()
    return render(
        request,
        "work/work.html",
        {"tab": tab, "tabs": TABS, "numbers": numbers, "rows": rows},
    )


@require_POST
def star(request):
    """Follow or unfollow a section, river or agreement the person sees; back to its page."""
    viewer = viewer_of(request.user)
    kind, code = request.POST.get("kind", ""), request.POST.get("code", "")
    if kind not in Star.Kind.values or not _sees(viewer, kind, code):
        raise Http404
    act = stars.unfollow if request.POST.get("off") else stars.follow
    act(user=request.user, kind=kind, code=code)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return redirect(back)
    return redirect("work")


@require_POST
def looked_at(request):
    """Nothing of what the person follows is news any more."""
    stars.looked_at_all(user=request.user)
    return redirect("/work/?tab=stars")


def _sees(viewer, kind: str, code: str) -> bool:
    match kind:
        case "section":
            return visible_sections(viewer).filter(code=code).exists()
        case "river":
            return viewer.may(Act.SEE_RESULTS) and River.objects.filter(code=code).exists()
    return visible_agreements(viewer).filter(code=code).exists()


def _refuse_without_work(viewer) -> None:
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404
