"""Addresses of objections, joint samples and the review of data."""

from django.urls import path

from dashboard.objections import data_review
from dashboard.objections import views as objections

MONTH = "settlements/<str:code>/<int:year>/<int:month>"

urlpatterns = [
    path("objections/", objections.listing, name="objection-list"),
    path("objections/new/", objections.new, name="objection-new"),
    path(f"{MONTH}/object/", objections.new, name="objection-new"),
    path("objections/<int:pk>/", objections.objection, name="objection"),
    path("objections/<int:pk>/evidence/", objections.evidence, name="objection-evidence"),
    path(
        "objections/<int:pk>/evidence/<int:number>/",
        objections.evidence_file,
        name="objection-evidence-file",
    ),
    path("objections/<int:pk>/reply/", objections.reply, name="objection-reply"),
    path("objections/<int:pk>/withdraw/", objections.withdraw, name="objection-withdraw"),
    path("objections/<int:pk>/decide/", objections.decide, name="objection-decide"),
    path(
        "objections/<int:pk>/remeasurement/",
        objections.remeasurement,
        name="objection-remeasurement",
    ),
    path("data/joint-samples/", data_review.sample_list, name="joint-sample-list"),
    path("data/joint-samples/new/", data_review.sample_new, name="joint-sample-new"),
    path(
        "data/joint-samples/<int:pk>/reserve/",
        data_review.sample_reserve,
        name="joint-sample-reserve",
    ),
    path("data/review/", data_review.review, name="data-review"),
    path("data/review/judge/", data_review.judge, name="data-judge"),
    path(
        "data/review/evidence/<int:pk>/",
        data_review.verdict_evidence,
        name="verdict-evidence",
    ),
]
