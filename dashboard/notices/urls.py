"""Addresses of the month: notices, confirmations, the work list and notifications."""

from django.urls import path

from dashboard.notices import missing, supplements
from dashboard.notices import views as notices
from dashboard.work import notifications
from dashboard.work import views as work

MONTH = "settlements/<str:code>/<int:year>/<int:month>"

urlpatterns = [
    path("notices/", notices.listing, name="notice-list"),
    path("notices/missing/", missing.missing_of_month, name="month-missing"),
    path("notices/prepare/", notices.prepare, name="notice-prepare"),
    path("notices/supplements/", supplements.prepare, name="supplement-prepare"),
    path("notices/supplements/sign/", supplements.sign, name="supplement-sign"),
    path("notices/<int:pk>/", notices.notice, name="notice"),
    path("notices/<int:pk>/paper.<str:format>", notices.paper_file, name="notice-file"),
    path("notices/<int:pk>/sign/", notices.sign, name="notice-sign"),
    path("notices/<int:pk>/remind/", notices.remind, name="notice-remind"),
    path(f"{MONTH}/confirm/", notices.confirm, name="month-confirm"),
    path(f"{MONTH}/remind/", notices.remind_month, name="month-remind"),
    path("work/", work.work, name="work"),
    path("work/star/", work.star, name="star"),
    path("work/looked-at/", work.looked_at, name="stars-looked-at"),
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/read/", notifications.read_all, name="notification-read-all"),
    path("notifications/delivery/", notifications.delivery, name="notification-delivery"),
    path("notifications/mail/", notifications.mail_trouble, name="mail-trouble"),
    path("notifications/<int:pk>/", notifications.notification, name="notification"),
]
