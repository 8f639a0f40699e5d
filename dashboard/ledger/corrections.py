"""更正余额 and 销户: what ends the life of a difference and of an account."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.forms.fields import ReadField
from dashboard.forms.values import read_day
from dashboard.ledger.deciding import decided
from dashboard.ledger.forms import ReasonForm
from dashboard.templatetags.figures import magnitude, money_word, yuan_exact
from settlements.ledger.balances import standing
from settlements.ledger.queries import reconciliation as queries
from settlements.ledger.queries.ledger import account_name
from settlements.ledger.services.accounts import (
    last_booked,
    refuse_closing,
    retire_account,
)
from settlements.ledger.services.reconciliation import (
    accounts_against,
    approve_correction,
    pending_correction,
    propose_correction,
    refuse_correction,
    reject_correction,
)
from settlements.models import BalanceStatement, Correction, LedgerAccount
from settlements.moving.acts import Refused
from settlements.workflow import kind_of

GET_POST = require_http_methods(["GET", "POST"])


class AccountChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj) -> str:
        return account_name(obj)


class CorrectionForm(ActForm):
    against = AccountChoice(
        label="对方账户",
        queryset=LedgerAccount.objects.none(),
        empty_label="请选择",
        help_text="差额的另一半记在这个账户：双方财政部门确认的对方。",
    )
    why = forms.CharField(
        label="理由",
        max_length=150,
        help_text="双方如何核实、依据的文件。",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, statement: BalanceStatement, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["against"].queryset = accounts_against(statement)  # type: ignore[attr-defined]


class ClosingForm(ActForm):
    on = ReadField(
        label="销户日期", reader=read_day, help_text="如 2024-12-31；不早于最后一笔记账。"
    )


@GET_POST
def correct(request, pk: int):
    """Ask for a difference to be booked: the other account and the reason, then 核对."""
    statement = queries.statement_to_correct(viewer_of(request.user), pk)
    if statement is None:
        raise Http404
    back = reverse("ledger-reconcile-list")
    if (waiting := pending_correction(statement)) is not None:
        messages.info(request, "这项差额已提出更正，正待复核。")
        return redirect("ledger-correction", waiting.pk)
    try:
        refuse_correction(statement)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)

    def do(filled):
        propose_correction(statement=statement, by=request.user, **filled)
        return "更正已提出；请市财政另一人复核后入账。"

    def form(*args, **kwargs):
        return CorrectionForm(*args, statement=statement, **kwargs)

    name = account_name(statement.account)
    return decide(
        request,
        Decision(
            title=f"更正余额：{name}",
            lead="提出后由市财政另一人复核；入账后账户余额与对账登记的一致，只能冲销。",
            button="提出更正",
            back=back,
            do=do,
            crumbs=[
                ("台账", reverse("ledger")),
                ("对账", back),
                ("更正余额", None),
            ],
            facts=[
                CheckedFact("账户", name, reverse("ledger-account", args=[statement.account_id])),
                CheckedFact("截止日期", f"{statement.as_of}"),
                CheckedFact("对方账面余额", _said(statement.yuan)),
                CheckedFact("当时台账余额", _said(statement.our_yuan)),
                CheckedFact(
                    "将记入的差额", f"{yuan_exact(statement.difference)}（正数增加应收，负数减少）"
                ),
                CheckedFact("对账说明", f"{statement.note}（{statement.by} 登记）"),
            ],
            form=form,
        ),
    )


@GET_POST
def correction(request, pk: int):
    viewer = viewer_of(request.user)
    found = get_object_or_404(queries.corrections(viewer), pk=pk)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        if not viewer.may(Act.RECORD_PAYMENT):
            raise Http404
        form, answer = decided(
            request,
            lambda: [approve_correction(correction=found, by=request.user)],
            lambda why: reject_correction(correction=found, why=why, by=request.user),
            back="ledger-reconcile-list",
        )
        if answer is not None:
            return answer
        found = get_object_or_404(queries.corrections(viewer), pk=pk)
    statement = found.statement
    context = {
        "correction": found,
        "statement": statement,
        "entry": getattr(statement, "entry", None),
        "account": account_name(statement.account),
        "against": account_name(found.against),
        "opposite": -statement.difference,
        "kind": kind_of("correction", found.state),
        "form": form,
        "may_decide": viewer.may(Act.RECORD_PAYMENT) and found.state == Correction.State.PREPARED,
        "is_preparer": found.prepared_by_id == request.user.pk,
    }
    status = 422 if form.errors else 200
    return render(request, "ledger/correction.html", context, status=status)


@GET_POST
def close(request, pk: int):
    """销户: the day, then 核对 with what the account held and when it was last used."""
    account = queries.account_to_close(viewer_of(request.user), pk)
    if account is None:
        raise Http404
    back = reverse("ledger-account", args=[pk])
    try:
        refuse_closing(account)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)

    def do(filled):
        closed = retire_account(account=account, by=request.user, **filled)
        return f"已于 {closed.closed_on} 销户；此后不能记账。"

    name, last = account_name(account), last_booked(account)
    return decide(
        request,
        Decision(
            title=f"销户：{name}",
            lead="销户后不能再记账，也不能重新开户；明细账和对账记录保留。",
            button="销户",
            back=back,
            do=do,
            crumbs=[("台账", reverse("ledger")), (name, back), ("销户", None)],
            facts=[
                CheckedFact("账户", name, back),
                CheckedFact("开户日期", f"{account.opened_on}"),
                CheckedFact("余额", _said(standing(account))),
                CheckedFact("最后一笔记账", f"{last}" if last else "没有记过账"),
            ],
            form=ClosingForm,
            grave=True,
        ),
    )


def _said(yuan) -> str:
    return f"{money_word(yuan)} {yuan_exact(magnitude(yuan))}".strip()
