"""Addresses: the admin for reference data, everything else in the dashboard."""

from django.contrib import admin
from django.urls import include, path

handler500 = "dashboard.frame.down.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
