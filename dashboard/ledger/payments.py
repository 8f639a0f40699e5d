"""付款与冲销: entered, checked (核对), recorded; a second person approves or rejects."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, viewer_of
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from dashboard.ledger.deciding import decided
from dashboard.ledger.forms import PaymentForm, ReasonForm, SlipForm, as_typed
from dashboard.ledger.offsets import offers_of
from settlements.ledger.queries import entries as queries
from settlements.ledger.services.payments import (
    PaymentRefused,
    approve_payment,
    due,
    examine_payment,
    lack_of,
    prepare_payment,
    reject_payment,
    statements_changed,
)
from settlements.ledger.services.payments import draft_of as draft_of_payment
from settlements.ledger.services.reversals import (
    approve_reversal,
    propose_reversal,
    refuse_irreversible,
    reject_reversal,
)
from settlements.ledger.services.slips import attach_slips
from settlements.models import JournalEntry, Payment, Reversal, Settlement
from settlements.moving.acts import Refused
from settlements.moving.documents import DocumentRefused
from settlements.shown.history import history_of
from settlements.workflow import kind_of

PAGE = 25


@require_GET
def payment_list(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    context = {
        "page": Paginator(queries.payments(viewer), PAGE).get_page(request.GET.get("page")),
        "reversals": queries.reversals(viewer),
        "may_pay": viewer.may(Act.RECORD_PAYMENT),
        "sees_all": viewer.sees_all(Act.SEE_LEDGER),
    }
    return render(request, "ledger/payments.html", context)


@require_http_methods(["GET", "POST"])
def new(request):
    """The form; posted with action=check the 核对 page; with action=record the payment."""
    _cashier(request)
    if request.method == "GET":
        form = PaymentForm(as_typed(request.GET) if request.GET else None)
        if request.GET:
            form.errors.clear()  # brought back by 更改: complaints come when it is posted
        return render(request, "ledger/payment_form.html", {"form": form})
    asked = wanted(request, "check", "record", missing="check")
    form = PaymentForm(request.POST)
    if form.is_valid():
        try:
            if asked == "record":
                return _recorded(request, form)
            return _check(request, form, examine_payment(**form.given()))
        except PaymentRefused as refused:
            for problem in refused.problems:
                name = problem.field if problem.field in form.fields else None
                form.add_error(name, problem.message)
    return render(request, "ledger/payment_form.html", {"form": form}, status=422)


def _recorded(request, form: PaymentForm):
    """The payment with its slips, or neither."""
    try:
        with transaction.atomic():
            payment = prepare_payment(by=request.user, **form.given())
            attach_slips(payment=payment, files=request.FILES.getlist("slip"), by=request.user)
    except DocumentRefused as refused:
        return _check(request, form, examine_payment(**form.given()), str(refused))
    offset = payment.kind == Payment.Kind.OFFSET
    after = "双方同意后由市财政另一人复核入账" if offset else "请市财政另一人复核后入账"
    messages.success(request, f"{'抵扣' if offset else '付款'}已登记；{after}。")
    return redirect("ledger-payment", payment.pk)


def _check(request, form: PaymentForm, draft, wrong: str = ""):
    kept = {name: request.POST[name] for name in form.fields if request.POST.get(name)}
    back = f"{reverse('ledger-payment-new')}?{urlencode(kept)}"
    context = {
        "draft": draft,
        "label": Payment.Kind(draft.kind).label,
        "kept": kept,
        "back": back,
        "wrong": wrong,
    }
    return render(request, "ledger/payment_check.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
def payment(request, pk: int):
    viewer = viewer_of(request.user)
    found = get_object_or_404(queries.payments(viewer), pk=pk)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        _cashier(request)
        form, answer = decided(
            request,
            lambda: [approve_payment(payment=found, by=request.user)],
            lambda why: reject_payment(payment=found, why=why, by=request.user),
            back="ledger-payment-list",
            more=_cleared,
        )
        if answer is not None:
            return answer
        found = get_object_or_404(queries.payments(viewer), pk=pk)
    return _page(request, viewer, found, form=form)


@require_POST
def attach(request, pk: int):
    """银行回单 of a payment that was recorded."""
    viewer = _cashier(request)
    found = get_object_or_404(queries.payments(viewer), pk=pk)
    form = SlipForm(request.POST, request.FILES)
    if form.is_valid():
        files = [form.cleaned_data["slip"]]
        try:
            attach_slips(payment=found, files=files, by=request.user)
        except Refused as refused:
            form.add_error(None, str(refused))
        except DocumentRefused as refused:
            form.add_error("slip", str(refused))
        else:
            messages.success(request, "回单已附上，各方可见。")
            return redirect(f"{reverse('ledger-payment', args=[pk])}#slips")
    return _page(request, viewer, found, slip_form=form)


@require_GET
def slip(request, pk: int, number: int):
    """A slip, as an attachment of the kind its content was found to be."""
    found = get_object_or_404(queries.payments(viewer_of(request.user)), pk=pk)
    kept = get_object_or_404(found.slips, pk=number)
    return stored_file(
        request, kept.file, name=kept.name, kind=kept.kind, sha256=kept.sha256,
        what=f"付款 {found.voucher} 的银行回单“{kept.name}”",
    )  # fmt: skip


def _page(request, viewer, found: Payment, *, form=None, slip_form=None):
    form = form or ReasonForm(label="退回理由")
    wrong = slip_form if slip_form is not None and slip_form.errors else form
    waiting = found.state == Payment.State.PREPARED
    may_pay = viewer.may(Act.RECORD_PAYMENT)
    context = {
        "payment": found,
        "due": due(draft_of_payment(found)) if waiting else found.due_yuan,
        "changes": statements_changed(draft_of_payment(found)) if waiting else (),
        "kind": kind_of("payment", found.state),
        "form": form,
        "wrong": wrong,
        "slips": found.slips.select_related("by"),
        "slip_form": slip_form or SlipForm(),
        "may_attach": may_pay and found.state != Payment.State.REJECTED,
        "may_decide": may_pay and waiting,
        "lack": lack_of(found) if waiting else "",
        "consents": found.consents.select_related("jurisdiction", "by").defer(
            "jurisdiction__boundary"
        ),
        "offers": offers_of(viewer, found),
        "is_preparer": found.prepared_by_id == request.user.pk,
        "history": history_of(viewer, "payment", found.pk),
    }
    return render(request, "ledger/payment.html", context, status=422 if wrong.errors else 200)


@require_http_methods(["GET", "POST"])
def reverse_entry(request, pk: int):
    """Ask for an entry to be cancelled: the reason, then 核对 shows what would be booked."""
    viewer = _cashier(request)
    page = queries.entry_page(viewer, pk)
    if page is None:
        raise Http404
    form, checked = (
        ReasonForm(request.POST if request.method == "POST" else None, "冲销理由"),
        False,
    )
    asked = ""
    if request.method == "POST":
        asked = wanted(request, "check", "propose", missing="check")
    try:
        refuse_irreversible(page.entry)
        if asked and form.is_valid():
            checked = asked == "check"
            if asked == "propose":
                why = form.cleaned_data["why"]
                request_made = propose_reversal(entry=page.entry, why=why, by=request.user)
                messages.success(request, "冲销已提出；请市财政另一人复核后入账。")
                return redirect("ledger-reversal", request_made.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("ledger-entry", pk)
    return render(
        request,
        "ledger/reverse.html",
        {"page": page, "form": form, "checked": checked},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def reversal(request, pk: int):
    viewer = viewer_of(request.user)
    found = get_object_or_404(queries.reversals(viewer), pk=pk)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        _cashier(request)
        form, answer = decided(
            request,
            lambda: [approve_reversal(reversal=found, by=request.user)],
            lambda why: reject_reversal(reversal=found, why=why, by=request.user),
            back="ledger-payment-list",
        )
        if answer is not None:
            return answer
        found = get_object_or_404(queries.reversals(viewer), pk=pk)
    context = {
        "reversal": found,
        "page": queries.entry_page(viewer, found.entry_id),
        "kind": kind_of("reversal", found.state),
        "form": form,
        "may_decide": viewer.may(Act.RECORD_PAYMENT) and found.state == Reversal.State.PREPARED,
        "is_preparer": found.prepared_by_id == request.user.pk,
    }
    return render(request, "ledger/reversal.html", context, status=422 if form.errors else 200)


def _cleared(entry: JournalEntry) -> str:
    """That the year an entry was about has nothing left to pay, where so."""
    cleared = Settlement.objects.filter(state=Settlement.State.CLEARED, payments__entry=entry.pk)
    return "".join(f"{year}已清缴。" for year in cleared.select_related("agreement"))


def _cashier(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.RECORD_PAYMENT):
        raise Http404
    return viewer
