"""Addresses of the interface for programs."""

from django.urls import path, re_path

from dashboard.api.base import Missing
from dashboard.api.document import Schema
from dashboard.api.explanations import AccrualExplanation, MonthExplanationEndpoint
from dashboard.api.reading import NewestReadings, Readings, Sections

app_name = "api"
urlpatterns = [
    path(
        "v1/accruals/<int:pk>/explanation/",
        AccrualExplanation.as_view(),
        name="accrual-explanation",
    ),
    path(
        "v1/settlements/<str:code>/<int:year>/<int:month>/explanation/",
        MonthExplanationEndpoint.as_view(),
        name="month-explanation",
    ),
    path("v1/readings/", Readings.as_view(), name="readings"),
    path("v1/readings/latest/", NewestReadings.as_view(), name="readings-latest"),
    path("v1/sections/", Sections.as_view(), name="sections"),
    path("schema/", Schema.as_view(), name="schema"),
    re_path(r".+", Missing.as_view(), name="missing"),
]
