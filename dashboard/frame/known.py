"""`?known=` of a page or an endpoint: the moment it is asked to show things as known at.

A day means its end in Asia/Shanghai; a time without a zone is of Asia/Shanghai.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.shortcuts import render
from django.utils import timezone

FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    text: str  # as people read it: 2024-03-05, or with the time


class BadMoment(ValueError):
    """Text that names no past moment; the message says what to write."""


def moment_of(text: str) -> Moment:
    """ "2024-03-05" or "2024-03-05T14:30" as a past moment. Raises BadMoment."""
    text = text.strip()
    zone = timezone.get_default_timezone()
    try:
        if len(text) <= 10:
            day, shown = date.fromisoformat(text), text
            at = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
            if day == timezone.localdate():
                at = timezone.now()
        else:
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=zone) if at.tzinfo is None else at
            shown = f"{timezone.localtime(at, zone):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        raise BadMoment("所知日期请写作 2024-03-05，或 2024-03-05T14:30。") from None
    if at.year < FIRST_YEAR:
        raise BadMoment(f"所知日期须在 {FIRST_YEAR} 年以后。")
    if at > timezone.now():
        raise BadMoment("所知日期不能是将来。")
    return Moment(at, shown)


def known_moment(request) -> Moment | None:
    """The moment the page is asked for; a bad one is said in a message and shown as now."""
    text = request.GET.get("known", "")
    if not text:
        return None
    try:
        return moment_of(text)
    except BadMoment as error:
        messages.warning(request, f"{error}现在显示的是当前所知。")
        return None


def known_page(request, template: str, moment: Moment, **context):
    """A page as known, under the banner that says so."""
    return render(request, template, {"known": moment, **context})
