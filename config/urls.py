"""Addresses: the admin for reference data, everything else in the dashboard."""

from django.contrib import admin
from django.urls import include, path

from dashboard.frame.sign_in import StaffSignInForm

admin.site.site_header = "流域横向生态保护补偿 · 基础资料"
admin.site.site_title = "基础资料"
admin.site.index_title = "基础资料"
admin.site.login_form = StaffSignInForm

handler500 = "dashboard.frame.down.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
