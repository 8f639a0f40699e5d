"""Where a page is: its name and arguments. It becomes an address only where it is written.

Queries and services name pages so; `str()` of one, in a template or a message, is its address.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the site: the name its address goes by, what stands in it, what it asks."""

    name: str
    arguments: tuple[str | int, ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The address. Raises NoReverseMatch where no page has that name."""
        asked = f"?{urlencode(self.query)}" if self.query else ""
        return reverse(self.name, args=self.arguments) + asked


def to(name: str, *arguments: str | int, **query: str) -> Link:
    """The page of that name: `to("settlement", "LONGXI", 2023)`."""
    return Link(name, arguments, tuple(query.items()))
