"""台账: accounts, trial balance, the journal with running balances, arrears, exports."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.files import lists as ledger_files
from dashboard.forms.filters import chosen, number, offer
from dashboard.frame.access_log import record_export
from dashboard.frame.kept import kept
from dashboard.frame.known import known_moment, known_page
from dashboard.ledger import sheets as ledger_sheets
from dashboard.ledger.forms import ArrearsFilter, JournalFilters
from settlements.as_known.queries.as_known import account_as_known
from settlements.ledger.chain import head
from settlements.ledger.queries.accounts import account_line, accounts
from settlements.ledger.queries.arrears import LABELS, arrears
from settlements.ledger.queries.entries import entry_page, opening_entry
from settlements.ledger.queries.ledger import Filter, all_lines, journal

ACCOUNTS = 12  # of a page, above as much of the journal
WRITERS = {"csv": ledger_files.as_csv, "xlsx": ledger_files.as_xlsx}


@require_GET
@kept
def ledger(request):
    viewer = _viewer(request)
    held, form, wanted = _wanted(request, viewer)
    found = journal(viewer, wanted, request.GET.get("page"))
    offer(form, "year", ((str(y), f"{y}年") for y in found.years))
    listed = Paginator(held.lines, ACCOUNTS).get_page(request.GET.get("accounts"))
    listed.parameter = "accounts"  # type: ignore[attr-defined]
    context = {
        "accounts": held,
        "listed": listed,
        "journal": found,
        "form": form,
        "head": head(),
        "may_pay": viewer.may(Act.RECORD_PAYMENT),
        "may_reconcile": viewer.may(Act.RECONCILE),
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
    }
    return render(request, "ledger/ledger.html", context)


@require_GET
@kept
def account(request, pk: int):
    """One account: its balance by both dates, 对账 state and every entry."""
    viewer = _viewer(request)
    line = account_line(viewer, pk)
    if line is None:
        raise Http404
    if (known := known_moment(request)) is not None:
        then = account_as_known(pk, known.at)
        return known_page(request, "known/account.html", known, line=line, page=then)
    booked = account_line(viewer, pk, "booked")
    assert booked is not None
    context = {
        "line": line,
        "booked": booked.balance,
        "opening": opening_entry(viewer, pk),
        "closed_on": line.closed_on,
        "may_close": viewer.may(Act.RECORD_PAYMENT) and line.closed_on is None and not line.balance,
        "journal": journal(viewer, Filter(account_id=pk), request.GET.get("page")),
        "may_reconcile": viewer.may(Act.RECONCILE),
    }
    return render(request, "ledger/account.html", context)


@require_GET
@kept
def entry(request, pk: int):
    viewer = _viewer(request)
    page = entry_page(viewer, pk)
    if page is None:
        raise Http404
    context = {
        "page": page,
        "may_pay": viewer.may(Act.RECORD_PAYMENT),
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
    }
    return render(request, "ledger/entry.html", context)


@require_GET
@kept
def arrears_list(request):
    viewer = _viewer(request)
    form = ArrearsFilter(request.GET)
    found = arrears(viewer, chosen(form).get("on"))
    context = {
        "arrears": found,
        "labels": LABELS,
        "form": form,
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
    }
    return render(request, "ledger/arrears.html", context)


@require_GET
def export(request, what: str, form: str):
    """journal, trial or arrears as csv or xlsx, with the filters of its page."""
    viewer = _viewer(request)
    if form not in WRITERS:
        raise Http404
    sheet = _sheet(request, viewer, what)
    record_export(request, sheet.title, len(sheet.rows))
    return WRITERS[form](sheet)


def _sheet(request, viewer, what: str) -> ledger_files.Sheet:
    maker = str(request.user)
    if what == "arrears":
        found = arrears(viewer, chosen(ArrearsFilter(request.GET)).get("on"))
        return ledger_sheets.arrears_sheet(found, maker)
    held, filters, wanted = _wanted(request, viewer)
    if what == "trial":
        return ledger_sheets.trial_sheet(held, maker)
    if what != "journal":
        raise Http404
    lines, running = all_lines(viewer, wanted)
    words = [
        (str(filters.fields[name].label), str(filters.cleaned_data[name]))
        for name in filters.fields
        if filters.cleaned_data.get(name)
    ]
    return ledger_sheets.journal_sheet(lines, words, maker, running=running)


def _viewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    return viewer


def _wanted(request, viewer):
    """The accounts as of the chosen date, the filter form, and what it asks of the journal."""
    all_of_them = accounts(viewer)
    year = number(request.GET.get("year"))
    agreements = {a.agreement: a.agreement_title for a in all_of_them.lines if a.agreement}
    form = JournalFilters(
        request.GET, all_of_them.places, sorted(agreements.items()), [year] if year else []
    )
    given = chosen(form)
    basis = given.get("basis") or "effective"
    held = all_of_them
    if given.get("on") or basis != "effective":
        held = accounts(viewer, given.get("on"), basis)
    wanted = Filter(
        account=given.get("account", ""),
        agreement=given.get("agreement", ""),
        entry=given.get("entry", ""),
        year=year,
        cause=given.get("cause", ""),
        first=given.get("since"),
        last=given.get("until"),
    )
    return held, form, wanted
