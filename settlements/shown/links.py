"""Addresses of pages."""

from django.urls import NoReverseMatch, reverse


def path_of(name: str, *arguments) -> str:
    """The address, or '' while the page of that name does not exist."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
