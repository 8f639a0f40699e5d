"""月通报: the list by due day, one notice, preparing and signing off with 核对, reminding; and
confirming a month of an agreement."""

from datetime import date

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, viewer_of
from basins.clock import today
from basins.digits import whole
from basins.models import Jurisdiction
from basins.words import month_words
from dashboard.forms.actions import wanted
from dashboard.forms.filters import ALL, chosen, number, offer
from dashboard.frame.kept import kept
from dashboard.papers.views import FORMATS, issued_file
from settlements.models import AgreementMonth, Notice
from settlements.moving.acts import NotAllowed, Refused
from settlements.notices.queries.compared import notice_compared
from settlements.notices.queries.month_workflow import month_workflow
from settlements.notices.queries.months import settlement_month
from settlements.notices.queries.notices import (
    decided_by_rounding,
    notice_list,
    notice_page,
    visible_notices,
    with_amounts,
)
from settlements.notices.services import notices as services
from settlements.notices.services.content import draw, without_data
from settlements.notices.services.months import confirm_month
from settlements.notices.services.reminders import note_receipt, remind_to_confirm, remind_to_read
from settlements.notices.services.words import procedure_of
from settlements.papers.queries.notice import paper_of
from settlements.papers.services.papers import paper_of_published

PAGE = 24


class NoticeFilters(forms.Form):
    year = forms.ChoiceField(label="年度", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *Notice.State.choices])

    def __init__(self, data, years):
        super().__init__(data)
        offer(self, "year", [(str(y), f"{y}年") for y in years])


class ReturnForm(forms.Form):
    reason = forms.CharField(
        label="退回的理由", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)


@require_GET
@kept
def listing(request):
    viewer = viewer_of(request.user)
    wanted = chosen(NoticeFilters(request.GET, ()))
    year, state = number(request.GET.get("year")), wanted.get("state", "")
    page = notice_list(viewer, year=year, state=state)
    if page is None:
        raise Http404
    form = NoticeFilters(request.GET, page.years)
    listed = Paginator(page.lines, PAGE).get_page(request.GET.get("page"))
    return render(request, "notices/notices.html", {"page": page, "listed": listed, "form": form})


@require_GET
def notice(request, pk: int):
    """The notice as a document; a party's official opening it is noted once."""
    page = notice_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    note_receipt(notice=page.notice, by=request.user)
    return render(request, "notices/notice.html", {"page": page})


@require_GET
def paper_file(request, pk: int, format: str):
    """The published notice as PDF or XLSX, or its page among the papers ("html")."""
    viewer = viewer_of(request.user)
    found = visible_notices(viewer).filter(pk=pk, state=Notice.State.PUBLISHED).first()
    if found is None or format not in (*FORMATS, "html"):
        raise Http404
    paper = paper_of(found)
    if paper is None:
        raise Http404
    issued = paper_of_published(paper)
    if format == "html":
        return redirect("paper", issued.pk)
    note_receipt(notice=found, by=request.user)
    return issued_file(request, issued, format)


@require_http_methods(["GET", "POST"])
def prepare(request):
    """核对 what the month's notice would say and what it lacks → the draft."""
    viewer = viewer_of(request.user)
    month = month_of(request.POST.get("month") or request.GET.get("month", ""))
    if not viewer.may(Act.PUBLISH) or month is None:
        raise Http404
    typed = request.POST if request.method == "POST" else request.GET
    ticked = set(typed.getlist("out"))
    leave_out = {code: typed.get(f"why-{code}", "").strip() for code in sorted(ticked)}
    wrong = ""
    if request.method == "POST":
        try:
            made = services.prepare_notice(month=month, by=request.user, leave_out=leave_out)
        except NotAllowed as error:
            raise Http404 from error
        except Refused as error:
            wrong = str(error)
        else:
            messages.success(request, f"已编制{month_words(month)}通报，待另一人签发。")
            return redirect("notice", made.pk)
    drawn = draw(month, leave_out)
    return render(
        request,
        "notices/prepare.html",
        {
            "month": month,
            "drawn": drawn,
            "content": with_amounts(drawn.content),
            "due_on": services.due_day(month),
            "procedure": procedure_of(None, provisional=False),
            "choices": _choices(month, drawn, leave_out, posted=bool(wrong)),
            "rounding": decided_by_rounding(drawn.accruals),
            "compared": notice_compared(month, drawn.accruals),
            "wrong": wrong,
        },
        status=422 if wrong else 200,
    )


def _choices(month: date, drawn, leave_out, *, posted: bool) -> list[dict]:
    """Every agreement of the month: whether it is left out and why, and what it lacks."""
    blocks = draw(month, {}).agreements
    no_data = {a["code"]: without_data(a) for a in blocks}
    rows = {a["code"]: a["title"] for a in blocks}
    rows |= {e["code"]: e["title"] for e in drawn.content["left_out"]}
    return [
        {
            "code": code,
            "title": rows.get(code, code),
            "lacks": drawn.incomplete.get(code, []),
            "no_data": no_data.get(code, ""),
            "out": code in leave_out,
            "why": leave_out.get(code, ""),
            "wrong": posted and code in leave_out and not leave_out[code],
        }
        for code in sorted(rows.keys() | drawn.incomplete.keys())
    ]


@require_http_methods(["GET", "POST"])
def sign(request, pk: int):
    """核对 what signing off changes, by somebody who did not prepare it → published."""
    page = notice_page(viewer_of(request.user), pk)
    if page is None or not page.may_publish:
        raise Http404
    found, wrong, returning = page.notice, "", ReturnForm()
    if request.method == "POST":
        asked = wanted(request, "sign", "return")
        try:
            if asked == "return":
                returning = ReturnForm(request.POST)
                if returning.is_valid():
                    services.return_notice(
                        notice=found, reason=returning.cleaned_data["reason"], by=request.user
                    )
                    messages.success(request, "已退回，可重新编制。")
                    return redirect("notice", pk)
            else:
                signed = services.sign_off_notice(notice=found, by=request.user)
                messages.success(request, f"已签发{signed}，异议期开始，各方已收到通知。")
                return redirect("notice", pk)
        except NotAllowed as error:
            raise Http404 from error
        except Refused as error:
            wrong = str(error)
    if found.state != Notice.State.PREPARED:
        if not wrong:
            return redirect("notice", pk)
        messages.error(request, wrong)
        return redirect("notice", pk)
    return render(request, "notices/sign.html", _to_sign(page, wrong, returning),
                  status=422 if wrong or returning.errors else 200)  # fmt: skip


def _to_sign(page, wrong: str, returning: ReturnForm) -> dict:
    found = page.notice
    drawn = services.drawn_again(found)
    same = drawn.digest == found.digest and not drawn.incomplete
    return {
        "page": page,
        "drawn": drawn,
        "same": same,
        "changed": services.differing(found.content, drawn.content) if not same else [],
        "compared": notice_compared(found.month, drawn.accruals),
        "until": services.objection_deadline(today(), settings.OBJECTION_DAYS),
        "days": settings.OBJECTION_DAYS,
        "wrong": wrong,
        "form": returning,
    }


@require_POST
def remind(request, pk: int):
    """催办 a party that has not opened the notice."""
    page = notice_page(viewer_of(request.user), pk)
    if page is None or not page.may_publish:
        raise Http404
    place = _place(request)
    _say(request, lambda: remind_to_read(notice=page.notice, jurisdiction=place, by=request.user),
         f"已催办{place}。")  # fmt: skip
    return redirect(f"{reverse('notice', args=[pk])}#receipts")


@require_http_methods(["GET", "POST"])
def confirm(request, code: str, year: int, month: int):
    """核对 → a party's official confirms the month for its jurisdiction."""
    page = _workflow(request, code, year, month)
    if not any(p.mine for p in page.parties) or not viewer_of(request.user).may(Act.CONFIRM):
        raise Http404
    back = reverse("settlement-month", args=[code, year, month])
    if request.method == "POST":
        try:
            confirm_month(agreement_month=AgreementMonth.objects.get(pk=page.pk), by=request.user)
        except NotAllowed as error:
            raise Http404 from error
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"已确认{page.title} {year}年{month}月。")
        return redirect(back)
    if not page.may_confirm:
        return redirect(back)
    return render(
        request,
        "notices/confirm.html",
        {
            "page": page,
            "found": settlement_month(viewer_of(request.user), code, page.month),
        },
    )


@require_POST
def remind_month(request, code: str, year: int, month: int):
    """催办 a party that has not confirmed the month."""
    page = _workflow(request, code, year, month)
    if not viewer_of(request.user).may(Act.PUBLISH):
        raise Http404
    place = _place(request)
    found = AgreementMonth.objects.select_related("agreement").get(pk=page.pk)
    _say(
        request,
        lambda: remind_to_confirm(agreement_month=found, jurisdiction=place, by=request.user),
        f"已催办{place}。",
    )
    return redirect(f"{reverse('settlement-month', args=[code, year, month])}#workflow")


def _workflow(request, code: str, year: int, month: int):
    if not (1 <= month <= 12 and 1900 <= year <= 9998):
        raise Http404
    page = month_workflow(viewer_of(request.user), code, date(year, month, 1))
    if page is None:
        raise Http404
    return page


def _say(request, act, done: str) -> None:
    try:
        act()
    except NotAllowed as error:
        raise Http404 from error
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


def _place(request) -> Jurisdiction:
    pk = whole(request.POST.get("jurisdiction"), 9)
    if pk is None:
        raise Http404
    return get_object_or_404(Jurisdiction.objects.defer("boundary"), pk=pk)


def month_of(text: str) -> date | None:
    """'2026-10' as the first day of that month."""
    year, _, month = text.partition("-")
    if not (len(year) == 4 and year.isascii() and year.isdigit()):
        return None
    if not (len(month) == 2 and month.isascii() and month.isdigit() and 1 <= int(month) <= 12):
        return None
    return date(int(year), int(month), 1) if 1900 <= int(year) <= 9998 else None
