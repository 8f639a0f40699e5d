"""Addresses of a year's closing, adjustments and stopped runs, funds and measures."""

from django.urls import path

from dashboard.adjustments import views as adjustments
from dashboard.funds import views as funds
from dashboard.measures import views as measures
from dashboard.settlements import closing, refusals

YEAR = "settlements/<str:code>/<int:year>"

urlpatterns = [
    path(f"{YEAR}/sign/", closing.sign, name="settlement-sign"),
    path(f"{YEAR}/confirm/", closing.confirm, name="settlement-confirm"),
    path(f"{YEAR}/refuse/", refusals.refuse, name="settlement-refuse"),
    path(f"{YEAR}/remind/", closing.remind, name="settlement-remind"),
    path(f"{YEAR}/decide-silent/", closing.decide_silent, name="settlement-decide-silent"),
    path("settlements/signatures/<int:pk>/scan/", closing.signature_scan, name="signature-scan"),
    path("refusals/<int:pk>/", refusals.refusal, name="refusal"),
    path("refusals/<int:pk>/scan/", refusals.refusal_scan, name="refusal-scan"),
    path("refusals/<int:pk>/<str:event>/", refusals.refusal_act, name="refusal-act"),
    path(f"{YEAR}/prepare/", closing.prepare, name="settlement-prepare"),
    path(f"{YEAR}/return/", closing.send_back, name="settlement-return"),
    path(f"{YEAR}/close/", closing.close, name="settlement-close"),
    path("adjustments/", adjustments.listing, name="adjustment-list"),
    path("adjustments/stops/<int:pk>/", adjustments.stop, name="fuse-trip"),
    path("adjustments/stops/<int:pk>/<str:event>/", adjustments.stop_act, name="fuse-act"),
    path("adjustments/<int:pk>/", adjustments.adjustment, name="adjustment"),
    path("adjustments/<int:pk>/<str:event>/", adjustments.act, name="adjustment-act"),
    path("funds/", funds.listing, name="fund-list"),
    path("funds/export.<str:form>", funds.export, name="fund-export"),
    path("funds/new/", funds.new, name="fund-new"),
    path("funds/<int:pk>/", funds.project, name="fund-project"),
    path("funds/<int:pk>/spend/", funds.spend, name="fund-spend"),
    path("funds/<int:pk>/correct/", funds.correct, name="fund-correct"),
    path("funds/<int:pk>/reduce/", funds.reduce, name="fund-reduce"),
    path("funds/spendings/<int:pk>/file/", funds.document, name="fund-document"),
    path("measures/", measures.listing, name="measure-list"),
    path("measures/new/", measures.new, name="measure-new"),
    path("measures/<int:pk>/", measures.measure, name="measure"),
    path("measures/<int:pk>/report/", measures.report, name="measure-report"),
    path("measures/<int:pk>/lift/", measures.lift, name="measure-lift"),
]
