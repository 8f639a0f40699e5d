"""台账: accounts, trial balance, and the journal with its running balances."""

from django import forms
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.forms import ALL, chosen, number, offer
from settlements.models import JournalEntry
from settlements.queries.ledger import Filter, accounts, journal


class JournalFilters(forms.Form):
    account = forms.ChoiceField(label="账户", required=False)
    year = forms.ChoiceField(label="记账年度", required=False)
    cause = forms.ChoiceField(
        label="事由", required=False, choices=[*ALL, *JournalEntry.Cause.choices]
    )
    entry = forms.CharField(label="凭证号", required=False, max_length=20)
    since = forms.DateField(
        label="起", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="止", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data, places, years):
        super().__init__(data)
        offer(self, "account", ((p.code, p.name) for p in places))
        offer(self, "year", ((str(y), f"{y}年") for y in years))


@require_GET
def ledger(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    held = accounts(viewer)
    places = [line.place for line in held.lines]
    year = number(request.GET.get("year"))
    form = JournalFilters(request.GET, places, [year] if year else [])
    wanted = chosen(form)
    found = journal(
        viewer,
        Filter(
            account=wanted.get("account", ""),
            entry=wanted.get("entry", ""),
            year=year,
            cause=wanted.get("cause", ""),
            first=wanted.get("since"),
            last=wanted.get("until"),
        ),
        request.GET.get("page"),
    )
    offer(form, "year", ((str(y), f"{y}年") for y in found.years))
    return render(request, "ledger/ledger.html", {"accounts": held, "journal": found, "form": form})
