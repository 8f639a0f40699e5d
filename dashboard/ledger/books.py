"""核验, 对账 and 期初: whether the books hold, and hold against other books."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.actions import wanted
from dashboard.ledger.forms import HeadForm, OpeningForm, ReasonForm, StatementForm
from settlements.checks.job import may_check
from settlements.ledger.books.books import NoHash, verify
from settlements.ledger.queries import reconciliation as queries
from settlements.ledger.queries.accounts import accounts
from settlements.ledger.queries.entries import openings
from settlements.ledger.services.opening import (
    OpeningRefused,
    approve_opening,
    read_opening,
    reject_opening,
)
from settlements.ledger.services.reconciliation import (
    StatementRefused,
    examine_statement,
    state_balance,
)
from settlements.models import OpeningBatch
from settlements.money import yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.reference.opening import prepare_of_days
from settlements.workflow import kind_of

PAGE = 30


@require_GET
def verify_page(request):
    """Counted again at every visit; what is broken by name only for who sees all of it."""
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    form = HeadForm(request.GET)
    asked = form.cleaned_data["head"] if form.is_valid() else ""
    try:
        books = verify(asked or None)
    except NoHash as error:
        form.add_error("head", str(error))
        books = verify()
    context = {
        "books": books,
        "form": form,
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
        "may_check": may_check(viewer),
    }
    return render(request, "ledger/verify.html", context)


@require_GET
def reconcile_list(request):
    viewer = _reader(request)
    held = accounts(viewer)
    context = {
        "accounts": held,
        "listed": Paginator(held.to_check, PAGE).get_page(request.GET.get("page")),
        "statements": queries.statements(viewer),
        "corrections": queries.corrections(viewer),
        "may_reconcile": viewer.may(Act.RECONCILE),
        "may_correct": viewer.may(Act.RECORD_PAYMENT),
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
    }
    return render(request, "ledger/reconcile.html", context)


@require_http_methods(["GET", "POST"])
def reconcile(request, pk: int):
    """Enter a balance; 核对 shows it beside ours; kept for ever once confirmed."""
    account = queries.account_to_check(_reader(request), pk)
    if account is None:
        raise Http404
    form = StatementForm(request.POST if request.method == "POST" else None)
    context = {"account": account, "form": form}
    asked = wanted(request, "check", "keep", missing="check") if request.method == "POST" else ""
    if request.method == "POST" and form.is_valid():
        given = {
            "account": account,
            "as_of": form.cleaned_data["as_of"],
            "amount": form.amount(),
            "note": form.cleaned_data["note"],
        }
        try:
            if asked == "keep":
                kept = state_balance(**given, by=request.user)
                words = "相符" if not kept.difference else "不符，差额已留存"
                messages.success(request, f"对账已登记：{words}。")
                return redirect("ledger-reconcile-list")
            theirs, ours = examine_statement(**given)
            context |= {"checked": True, "theirs": theirs, "ours": ours, "given": given}
            context["difference"] = theirs - ours
        except StatementRefused as refused:
            form.add_error(refused.field, str(refused))
        except NotAllowed as refused:
            raise Http404 from refused
    return render(
        request, "ledger/reconcile_account.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
def opening_list(request):
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.SEE_LEDGER):
        raise Http404
    may_prepare = viewer.may(Act.RECORD_PAYMENT)
    form = OpeningForm()
    if request.method == "POST":
        if not may_prepare:
            raise Http404
        form = OpeningForm(request.POST, request.FILES)
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                file = read_opening(upload.read(), upload.name)
                made = prepare_of_days(file=file, on=form.cleaned_data["on"], by=request.user)
            except OpeningRefused as refused:
                for wrong in refused.wrong:
                    form.add_error("on" if wrong.field == "on" else "file", str(wrong))
            else:
                messages.success(request, "期初余额已登记；请另一人复核后入账。")
                if len(made) == 1:
                    return redirect("ledger-opening", made[0].pk)
                return redirect("ledger-opening-list")
    context = {"batches": openings(viewer), "form": form, "may_prepare": may_prepare}
    return render(request, "ledger/openings.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def opening(request, pk: int):
    viewer = viewer_of(request.user)
    batch = get_object_or_404(openings(viewer), pk=pk)
    may_decide = viewer.may(Act.RECORD_PAYMENT) or viewer.may(Act.CLOSE)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        if not may_decide:
            raise Http404
        asked = wanted(request, "approve", "reject")
        try:
            if asked == "approve":
                entry = approve_opening(batch=batch, by=request.user)
                messages.success(request, f"期初余额已入账：{entry.label}。")
                return redirect("ledger-entry", entry.pk)
            form = ReasonForm(request.POST, "退回理由")
            if form.is_valid():
                reject_opening(batch=batch, why=form.cleaned_data["why"], by=request.user)
                messages.success(request, "已退回，没有入账。")
                return redirect("ledger-opening-list")
        except Refused as refused:
            messages.error(request, str(refused))
            batch = get_object_or_404(openings(viewer), pk=pk)
    context = {
        "batch": batch,
        "rows": [{**row, "yuan": yuan(row["yuan"])} for row in batch.rows],
        "kind": kind_of("opening", batch.state),
        "form": form,
        "may_decide": may_decide and batch.state == OpeningBatch.State.PREPARED,
        "is_preparer": batch.prepared_by_id == request.user.pk,
    }
    return render(request, "ledger/opening.html", context, status=422 if form.errors else 200)


def _reader(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    return viewer
