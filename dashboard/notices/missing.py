"""还缺什么: what keeps a month from being computed and published, and where to give it."""

from django import forms
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from basins.ranges import months_before
from basins.words import month_words
from dashboard.forms.filters import offer
from dashboard.notices.views import month_of
from settlements.reckoning.periods import last_month
from settlements.work.queries.missing import missing

OFFERED = 36  # months back


class MonthChoice(forms.Form):
    month = forms.ChoiceField(label="月份", required=False)

    def __init__(self, data, months):
        super().__init__(data)
        offer(self, "month", [(f"{month:%Y-%m}", month_words(month)) for month in months])


@require_GET
def missing_of_month(request):
    """Of the month asked for, else the last that is over."""
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.SEE_DRAFTS):
        raise Http404
    last = last_month()
    asked = month_of(request.GET.get("month", ""))
    months = [months_before(last, n) for n in range(-1, OFFERED)]
    if asked is not None and asked not in months:
        months = sorted({*months, asked}, reverse=True)
    month = asked or last
    found = missing(month)
    given = {**request.GET.dict(), "month": f"{month:%Y-%m}"}
    context = {
        "month": month,
        "lines": [(each, viewer.may(each.act)) for each in found],
        "form": MonthChoice(given, months),
    }
    return render(request, "notices/missing.html", context)
