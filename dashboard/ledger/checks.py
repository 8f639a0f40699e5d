"""检查: the named checks as a job, and the last result."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from basins.access import viewer_of
from dashboard.frame.polls import nothing_new
from settlements.checks.job import last_done, lines_of, may_check, newest, start_checks


@require_http_methods(["GET", "POST"])
def checks(request):
    """The last result; POST runs them again. htmx asks for the progress while they run."""
    if not may_check(viewer_of(request.user)):
        raise Http404
    if request.method == "POST":
        start_checks(by=request.user)
        return redirect("ledger-checks")
    job = newest()
    if (same := nothing_new(request, job)) is not None:
        return same
    done = last_done()
    lines = lines_of(done) if done else []
    context = {
        "job": job,
        "live": job is not None and job.state in job.LIVE,
        "done": done,
        "lines": lines,
        "failed": sum(not line.ok for line in lines),
    }
    template = "ledger/_checks.html" if request.htmx else "ledger/checks.html"
    return render(request, template, context)
