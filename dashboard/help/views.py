"""帮助 (/help/): what one wants to do, and the terms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from django.contrib.staticfiles import finders
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Viewer, viewer_of
from basins.links import Link
from dashboard.help.glossary import TERMS
from dashboard.help.pages import PAGES, HelpStep, find, opens

_TERM = re.compile(r"\[\[([^\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a text; `means`: of a term, else ''. `id`: of its explanation."""

    text: str
    means: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class StepLines:
    step: HelpStep
    words: list[Words]
    link: Link | None  # where this person may go
    picture: str  # path of the static file, '' where there is none


@require_GET
def index(request):
    return render(request, "help/index.html", {"pages": PAGES, "terms": TERMS.items()})


@require_GET
def page(request, slug: str):
    found = find(slug)
    if found is None:
        raise Http404
    numbers = count(1)
    context = {
        "page": found,
        "lead": list(words_of(found.lead, numbers)),
        "steps": [_lines(step, numbers, viewer_of(request.user)) for step in found.steps],
        "then": list(words_of(found.then, numbers)),
        "others": [each for each in PAGES if each is not found],
    }
    return render(request, "help/page.html", context)


def _lines(step: HelpStep, numbers: Iterator[int], viewer: Viewer) -> StepLines:
    path = f"help/{step.picture}"
    shown = path if step.picture and finders.find(path) else ""
    link = step.link if step.link is not None and opens(step.link, viewer) else None
    return StepLines(step, list(words_of(step.text, numbers)), link, shown)


def words_of(text: str, numbers: Iterator[int]) -> Iterator[Words]:
    """The text cut at its terms. KeyError for one that the glossary does not have."""
    at = 0
    for term in _TERM.finditer(text):
        if term.start() > at:
            yield Words(text[at : term.start()])
        yield Words(term[1], TERMS[term[1]], f"term-{next(numbers)}")
        at = term.end()
    if at < len(text):
        yield Words(text[at:])
