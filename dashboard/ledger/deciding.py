"""The second person's word on what was prepared for the ledger: booked, or sent back with the reason."""

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.forms.actions import wanted
from dashboard.ledger.forms import ReasonForm
from settlements.models import JournalEntry
from settlements.moving.acts import Refused


def decided(
    request: HttpRequest,
    approve: Callable[[], Sequence[JournalEntry]],
    reject: Callable[[str], object],
    *,
    back: str,
    more: Callable[[JournalEntry], str] = lambda entry: "",
) -> tuple[ReasonForm, HttpResponse | None]:
    """The form of the reason, and the answer; None where what is wrong is to be shown.

    `approve` books and gives the entries; one leads to its page, several back to the page asked.
    `back`: the list one finds oneself on after sending it back. `more`: said besides of an entry.
    """
    form = ReasonForm(label="退回理由")
    try:
        if wanted(request, "approve", "reject") == "approve":
            entries = approve()
            labels = "、".join(entry.label for entry in entries)
            messages.success(request, f"已复核入账：{labels}。{more(entries[0])}")
            if len(entries) == 1:
                return form, redirect("ledger-entry", entries[0].pk)
            return form, redirect(request.path)
        form = ReasonForm(request.POST, "退回理由")
        if form.is_valid():
            reject(form.cleaned_data["why"])
            messages.success(request, "已退回，没有入账。")
            return form, redirect(back)
    except Refused as refused:
        messages.error(request, str(refused))
    return form, None
