"""协议: the list, and one agreement with its terms, parameters and years."""

from django import forms
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from basins.services.stars import looked_at
from dashboard.audit.words import history_url
from dashboard.forms.filters import ALL, chosen, offer
from dashboard.frame.kept import kept
from settlements.agreements.queries import agreements as queries
from settlements.agreements.queries.drafts import documents_of
from settlements.agreements.queries.history import changes_of
from settlements.models import Agreement


class AgreementFilters(forms.Form):
    river = forms.ChoiceField(label="河流", required=False)
    party = forms.ChoiceField(label="协议方", required=False)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[*ALL, *Agreement.State.choices]
    )

    def __init__(self, data, choices):
        super().__init__(data)
        offer(self, "river", choices.rivers)
        offer(self, "party", choices.parties)


@require_GET
@kept
def agreement_list(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_AGREEMENTS):
        raise Http404
    form = AgreementFilters(request.GET, queries.agreement_choices(viewer))
    lines = queries.agreement_list(viewer, **chosen(form))
    context = {"lines": lines, "form": form, "may_edit": viewer.sees_all(Act.EDIT_AGREEMENTS)}
    return render(request, "agreements/agreements.html", context)


@require_GET
@kept
def agreement(request, code: str):
    viewer = viewer_of(request.user)
    page = queries.agreement(viewer, code)
    if page is None:
        raise Http404
    context = {
        "page": page,
        "may_edit": viewer.sees_all(Act.EDIT_AGREEMENTS),
        "documents": documents_of(viewer, page.code),
        "changes": changes_of(viewer, page.code),
        "starred": looked_at(user=request.user, kind="agreement", code=page.code),
        "history_url": history_url(viewer, Agreement.objects.only("pk").get(code=page.code)),
    }
    return render(request, "agreements/agreement.html", context)
