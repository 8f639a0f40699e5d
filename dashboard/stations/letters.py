"""死信: what could not be taken, by what mends it; taken in again, or dismissed."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Viewer
from basins.refusals import Refused
from dashboard.stations import page as words
from dashboard.stations.forms import ChosenForm, DismissForm, LetterFilters, State
from dashboard.stations.views import reader, tell
from monitoring.models import DeadLetter
from monitoring.stations.queries import letters as queries
from monitoring.stations.queries.letters import Choice
from monitoring.stations.services.deciding import dismiss_letters, replay_letters

PAGE = 20


@require_GET
def letter_list(request):
    """Those that wait, by what mends them, or one by one; those that were decided, with who and why."""
    viewer = reader(request)
    form = LetterFilters(request.GET)
    choice = form.choice()
    one_by_one = choice.state != State.OPEN or "each" in request.GET
    if "each" in request.GET:  # of a group, which may have no MN or no factor
        asked = request.GET.get
        choice = Choice(choice.state, choice.reason, asked("mn"), asked("factor"))
    found = queries.letters(viewer, choice) if one_by_one else queries.groups(viewer, choice)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "letters": page.object_list if one_by_one else [],
        "groups": [] if one_by_one else queries.grouped(page.object_list),
        "choice": choice,
        "is_open": choice.state == State.OPEN,
        "waiting": queries.letters(viewer, Choice()).count(),
    }
    return render(request, "letters/list.html", context)


@require_GET
def letter(request, pk: int):
    found = queries.letter(reader(request), pk)
    if found is None:
        raise Http404
    return render(request, "letters/letter.html", {"group": queries.group_of(found), "one": found})


@require_POST
def replay(request):
    """Take in again what was chosen."""
    viewer = reader(request)
    chosen = _chosen(viewer, ChosenForm(request.POST))
    if not chosen:
        messages.error(request, "这些报文已经处理过，或不在待处理之列。")
        return redirect("letter-list")
    try:
        done = replay_letters(letters=chosen, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        tell(request, done, words.replayed_words(done))
    return redirect("letter", chosen[0].pk) if len(chosen) == 1 else redirect("letter-list")


@require_http_methods(["GET", "POST"])
def dismiss(request):
    """Drop what was chosen, with the reason."""
    viewer = reader(request)
    form = DismissForm(request.POST) if request.method == "POST" else None
    chosen = _chosen(viewer, form or ChosenForm(request.GET))
    if form is not None and form.is_valid() and chosen:
        try:
            number = dismiss_letters(
                letters=chosen, why=form.cleaned_data["why"], by=request.user
            )  # fmt: skip
        except Refused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, f"已作废 {number:,} 条。")
            return redirect("letter-list")
    context = {
        "form": form or DismissForm(initial=request.GET.dict()),
        "number": len(chosen),
        "example": chosen[0] if chosen else None,
    }
    return render(request, "letters/dismiss.html", context, status=422 if form else 200)


def _chosen(viewer: Viewer, form: ChosenForm) -> list[DeadLetter]:
    """The open ones among those that were chosen."""
    choice = form.choice()
    if choice is None:
        return []
    if isinstance(choice, int):
        found = queries.letter(viewer, choice)
        return [found] if found is not None and found.state == State.OPEN else []
    return list(queries.letters(viewer, choice))
