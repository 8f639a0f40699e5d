"""Which of a form's buttons was pressed: one of those the page has, or nothing is done.

A word nobody knows must not fall through to what stands last in the view: a misspelt one rejected a
payment.
"""

from django.core.exceptions import BadRequest
from django.http import HttpRequest


def wanted(request: HttpRequest, *known: str, field: str = "action", missing: str = "") -> str:
    """The posted action. One that ends in "-" stands for all that begin so (add-sections).

    `missing` is what a form sent without a button (by Enter) means; '' where it must name one.
    Raises BadRequest (400, nothing changed) for any other word.
    """
    given = request.POST.get(field, "") or missing
    for name in known:
        if given == name or (name.endswith("-") and given.startswith(name) and given != name):
            return given
    raise BadRequest(f"{field}={given[:40]!r}")
