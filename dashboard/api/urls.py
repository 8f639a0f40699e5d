"""Addresses of the interface for programs."""

from django.urls import path, re_path

from dashboard.api.base import Missing
from dashboard.api.explanations import AccrualExplanation, MonthExplanationEndpoint
from dashboard.api.writing import Readings

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
    re_path(r"", Missing.as_view(), name="missing"),
]
