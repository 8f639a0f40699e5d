"""Addresses of the pages: one view module a page of product.md."""

from django.contrib.auth import views as auth
from django.urls import path

from dashboard.views import (
    about,
    agreements,
    basins,
    districts,
    drafts,
    ledger,
    overview,
    rules,
    sections,
    settlements,
    sign_in,
)

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("basins/", basins.basin_list, name="basin-list"),
    path("basins/<str:code>/", basins.basin, name="basin"),
    path("sections/", sections.section_list, name="section-list"),
    path("sections/<str:code>/", sections.section, name="section"),
    path("districts/", districts.district_list, name="district-list"),
    path("districts/<str:code>/", districts.district, name="district"),
    path("agreements/", agreements.agreement_list, name="agreement-list"),
    path("agreements/new/", drafts.new, name="agreement-new"),
    path("agreements/drafts/<int:pk>/check/", drafts.check, name="draft-check"),
    path(
        "agreements/drafts/<int:pk>/documents/<int:document>/",
        drafts.document,
        name="draft-document",
    ),
    path("agreements/drafts/<int:pk>/<str:step>/", drafts.step, name="draft-step"),
    path(
        "agreements/<str:code>/documents/<int:document>/",
        drafts.agreement_document,
        name="agreement-document",
    ),
    path("agreements/<str:code>/amend/", drafts.amend, name="agreement-amend"),
    path("agreements/<str:code>/", agreements.agreement, name="agreement"),
    path("settlements/", settlements.settlement_list, name="settlement-list"),
    path("settlements/<str:code>/<int:year>/", settlements.settlement, name="settlement"),
    path(
        "settlements/<str:code>/<int:year>/<int:month>/",
        settlements.settlement_month,
        name="settlement-month",
    ),
    path("ledger/", ledger.ledger, name="ledger"),
    path("rules/", rules.rule_list, name="rule-list"),
    path("rules/<str:code>/", rules.rule, name="rule"),
    path("about/", about.about, name="about"),
    path("patterns/", about.patterns, name="patterns"),
    path("sign-in/", sign_in.SignInView.as_view(), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
]
