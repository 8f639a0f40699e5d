"""同意抵扣 and 不同意抵扣 of a recorded offset, by its parties or entered for them by the bureau."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, Scope, Viewer, viewer_of
from basins.models import Jurisdiction
from dashboard.files.stored import stored_file
from dashboard.forms.acts import ActForm, CheckedFact, Decision, WhyForm, decide
from settlements.ledger.queries.entries import payments
from settlements.ledger.services.offsets import (
    SetOff,
    consent_offset,
    decline_offset,
    is_overdue,
    set_off_by,
)
from settlements.models import Payment
from settlements.money import format_yuan
from settlements.moving.acting import speaks_for, with_own_person


class LetterForm(ActForm):
    document = forms.CharField(
        label="文号", max_length=80, help_text="其书面文件的文号；登记后告知该方的经办人。"
    )


class LetterScanForm(ActForm):
    """The letter itself, handed in on the 核对 page."""

    scan = forms.FileField(
        label="扫描件", help_text="其书面文件的扫描件：PDF、PNG 或 JPEG，不超过 20 MB。"
    )


class LetterWhyForm(WhyForm, LetterForm):
    pass


@require_http_methods(["GET", "POST"])
def offset_act(request, pk: int, event: str):
    """consent or decline; `?party=` where the bureau enters a party's letter."""
    viewer = viewer_of(request.user)
    found = get_object_or_404(payments(viewer), pk=pk, kind=Payment.Kind.OFFSET)
    if event not in ("consent", "decline"):
        raise Http404
    given = request.GET.get("party", "")
    party = _party(viewer, found, given)
    back = reverse("ledger-payment", args=[pk])
    if found.state != Payment.State.PREPARED:
        messages.error(request, f"这笔抵扣{found.get_state_display()}，不能再办理。")
        return redirect(back)
    consents = event == "consent"
    who = f"代{party.name}" if given else ""

    def do(filled):
        more = {"party": party if given else None, "document": filled.get("document", "")}
        if consents:
            consent_offset(payment=found, by=request.user, scan=filled.get("scan"), **more)
            return f"已{who}同意抵扣。"
        decline_offset(payment=found, by=request.user, why=filled["why"], **more)
        return f"已{who}退回抵扣，市财政局已收到通知。"

    forms_of = {(True, True): LetterForm, (True, False): None, (False, True): LetterWhyForm}
    return decide(
        request,
        Decision(
            title=f"{who}{'同意' if consents else '不同意'}抵扣",
            lead="双方都同意后由市财政局复核入账，两份协议的欠款同时减少；同意后不能撤回。"
            if consents
            else "登记随即退回，没有入账；两份协议的欠款各自照付。",
            button="同意抵扣" if consents else "不同意抵扣",
            back=back,
            do=do,
            crumbs=[
                ("台账", reverse("ledger")),
                ("付款", reverse("ledger-payment-list")),
                (found.voucher, back),
                ("同意抵扣" if consents else "不同意抵扣", None),
            ],
            facts=[
                CheckedFact("经办方", party.name),
                CheckedFact("互抵金额", f"{format_yuan(found.yuan)} 元", back),
                *(CheckedFact(debt.agreement.title, _owes(debt)) for debt in set_off_by(found)),
            ],
            form=forms_of.get((consents, bool(given)), WhyForm),
            attach=LetterScanForm if consents and given else None,
            grave=not consents,
        ),
    )


@require_GET
def consent_scan(request, pk: int, number: int):
    """The letter by which a party consented, as it was handed in."""
    found = get_object_or_404(payments(viewer_of(request.user)), pk=pk)
    consent = get_object_or_404(found.consents.exclude(scan=""), pk=number)
    return stored_file(
        request,
        consent.scan,
        name=consent.scan_name,
        sha256=consent.scan_sha256,
        what=f"{consent}的书面材料",
    )


def offers_of(viewer: Viewer, found: Payment) -> list[tuple[str, str, str]]:
    """(event, words, party's code where it is entered for) the viewer may do now."""
    if found.kind != Payment.Kind.OFFSET or found.state != Payment.State.PREPARED:
        return []
    consented = set(found.consents.values_list("jurisdiction", flat=True))
    left = [party for party in (found.payer, found.payee) if party.pk not in consented]
    if viewer.scope(Act.SIGN_YEAR) is Scope.OWN:
        own = set(speaks_for(viewer).values_list("pk", flat=True))
        if not any(party.pk in own for party in left):
            return []
        return [("consent", "同意抵扣", ""), ("decline", "不同意抵扣", "")]
    if not viewer.may(Act.CONFIRM_FOR):
        return []
    with_person = set() if is_overdue(found) else with_own_person(left, Act.SIGN_YEAR)
    return [
        offer
        for party in left
        if party.pk not in with_person
        for offer in (
            ("consent", f"代{party.name}登记同意", party.code),
            ("decline", f"代{party.name}登记不同意", party.code),
        )
    ]


def _party(viewer: Viewer, found: Payment, given: str) -> Jurisdiction:
    """Which of the two the viewer acts for. Raises Http404 for others."""
    both = {party.pk: party for party in (found.payer, found.payee)}
    if viewer.scope(Act.SIGN_YEAR) is Scope.OWN and not given:
        for pk in speaks_for(viewer).values_list("pk", flat=True):
            if pk in both:
                return both[pk]
    elif given and viewer.may(Act.CONFIRM_FOR):
        for party in both.values():
            if party.code == given:
                return party
    raise Http404


def _owes(debt: SetOff) -> str:
    return (
        f"{debt.debtor.name}尚欠 {format_yuan(debt.owed)} 元，"
        f"抵扣后尚欠 {format_yuan(debt.left)} 元"
    )
