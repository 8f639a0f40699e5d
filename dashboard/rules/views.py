"""规则: the families there are, and a page each to try one on facts by hand."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.rules.page import TryRuleForm, families, rule_page
from settlements.rules import RULES


@require_GET
def rule_list(request):
    if not viewer_of(request.user).may(Act.EDIT_AGREEMENTS):
        raise Http404
    return render(request, "rules/rules.html", {"lines": families()})


@require_http_methods(["GET", "POST"])
def rule(request, code: str):
    """Shows the rule and the example; a POST computes what was written, and stores nothing."""
    if code not in RULES or not viewer_of(request.user).may(Act.EDIT_AGREEMENTS):
        raise Http404
    form = TryRuleForm(code, request.POST if request.method == "POST" else None)
    trial = form.trial if form.is_bound and form.is_valid() else None
    context = {"page": rule_page(RULES[code], trial), "form": form}
    return render(request, "rules/rule.html", context, status=422 if form.errors else 200)
