"""通知: the list, reading one, and how one wants to be told."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, viewer_of
from basins.digits import whole
from basins.models import Delivery, Notification
from basins.queries import mail
from basins.services import notifications as services

PAGE = 50


class DeliveryForm(forms.Form):
    rhythm = forms.ChoiceField(
        label="频次",
        choices=Delivery.Rhythm.choices,
        widget=forms.RadioSelect,
        help_text="站内通知总是即时；频次决定邮件何时发出。每周汇总在周一。",
    )
    mail = forms.BooleanField(label="同时发邮件", required=False)


@require_GET
def notification_list(request):
    _refuse_without_pages(request)
    mine = Notification.objects.filter(user=request.user)
    unread = mine.filter(read_at=None).count()
    page = Paginator(mine, PAGE).get_page(request.GET.get("page"))
    sees_mail = viewer_of(request.user).may(Act.EDIT_USERS)
    context = {"page": page, "unread": unread, "sees_mail": sees_mail}
    return render(request, "notifications/notifications.html", context)


@require_GET
def notification(request, pk: int):
    """Read it and go where it leads; a foreign one is as missing."""
    found = get_object_or_404(Notification, pk=pk, user=request.user)
    services.mark_read(user=request.user, pk=pk)
    if found.link and url_has_allowed_host_and_scheme(found.link, allowed_hosts=None):
        return redirect(found.link)
    return redirect("notification-list")


@require_POST
def read_all(request):
    services.mark_read(user=request.user)
    return redirect("notification-list")


@require_http_methods(["GET", "POST"])
def delivery(request):
    _refuse_without_pages(request)
    chosen = Delivery.objects.filter(user=request.user).first()
    given = {"rhythm": chosen.rhythm, "mail": chosen.mail} if chosen else {"rhythm": "at_once"}
    form = DeliveryForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["mail"] and "@" not in request.user.email:
            form.add_error("mail", "您的账号没有登记邮箱，请联系管理员登记后再选择邮件。")
        else:
            services.choose_delivery(user=request.user, **form.cleaned_data)
            messages.success(request, "已保存通知方式。")
            return redirect("notification-delivery")
    return render(
        request,
        "notifications/delivery.html",
        {"form": form, "email": request.user.email, "registrars": mail.registrars()},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def mail_trouble(request):
    """For administrators: to whom no mail goes out; POST lets it be tried again."""
    viewer = viewer_of(request.user)
    if not viewer.may(Act.EDIT_USERS):
        raise Http404
    people = mail.troubled(viewer)
    if request.method == "POST":
        pk = whole(request.POST.get("delivery"), 17)
        delivery = get_object_or_404(people, pk=pk)
        services.try_again(delivery=delivery)
        messages.success(request, f"发给{delivery.user}的邮件将再试一次。")
        return redirect("mail-trouble")
    context = {"people": people, "messages_given_up": mail.given_up(viewer)}
    return render(request, "notifications/mail.html", context)


def _refuse_without_pages(request) -> None:
    if not viewer_of(request.user).may(Act.SEE_RESULTS):
        raise Http404
