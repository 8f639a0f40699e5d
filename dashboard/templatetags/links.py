"""Links that are offered only to whom they open."""

from django import template
from django.urls import reverse
from django.utils.html import format_html

from basins.access import viewer_of
from settlements.districts.queries.districts import opens_place
from settlements.years.queries.published import years_open

register = template.Library()


@register.simple_tag(takes_context=True)
def place_url(context, code: str) -> str:
    """The page of a jurisdiction; '' where this viewer has none to see."""
    viewer = viewer_of(context.request.user)
    return reverse("district", args=[code]) if opens_place(viewer, code) else ""


@register.simple_tag(takes_context=True)
def place_link(context, code: str, name: str) -> str:
    """The name of a jurisdiction, linked to its page where this viewer has one to see."""
    url = place_url(context, code)
    return format_html('<a href="{}">{}</a>', url, name) if url else name


@register.simple_tag(takes_context=True)
def year_url(context, code: str, year: int) -> str:
    """The page of an agreement's year; '' where this viewer has none to see."""
    request = context.request
    if not hasattr(request, "_years_open"):
        request._years_open = years_open(viewer_of(request.user))
    return reverse("settlement", args=[code, year]) if (code, year) in request._years_open else ""
