"""Addresses of the tables of reference data."""

from django.urls import path

from dashboard.reference import ending, succession, views

urlpatterns = [
    path("", views.index, name="reference-index"),
    path("<str:kind>/", views.thing_list, name="reference-list"),
    path("<str:kind>/new/", views.new, name="reference-new"),
    path("<str:kind>/import/", views.upload, name="reference-import"),
    path("<str:kind>/errors.xlsx", views.error_sheet, name="reference-errors"),
    path("<str:kind>/template.xlsx", views.template, name="reference-template"),
    path("<str:kind>/export.xlsx", views.export, name="reference-export"),
    path("<str:kind>/item/<str:key>/", views.thing, name="reference-item"),
    path("<str:kind>/item/<str:key>/change/", views.change, name="reference-change"),
    path("sections/item/<str:key>/<str:act>/", succession.act, name="reference-section-act"),
    path("<str:kind>/item/<str:key>/<str:act>/", ending.act, name="reference-place-act"),
]
