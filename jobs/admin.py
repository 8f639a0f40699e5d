"""The list of jobs in Django's admin, to read: only the worker writes them.

jobs knows no roles (it lies below basins), so this page follows Django's staff flag, which the
person who keeps accounts gives; what a job did to whom is on the pages, by role.
"""

from django.contrib import admin

from jobs.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ("pk", "kind", "state", "step", "done", "total", "attempts", "created_at", "by")
    list_filter = ("state", "kind")
    list_select_related = ("by",)
    search_fields = ("kind", "key", "error")

    def has_module_permission(self, request) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request, obj=None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
