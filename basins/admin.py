"""Reference data in Django's admin; nothing with money, readings or people is edited here.

People and their roles are done by two persons (basins.services.person_acts), the days that deadlines
are counted by on 节假日历 with a reason (basins.services.calendar): each on pages of its own.

Who may is the table of the people (basins.access), not Django's own permissions: only a person
whose role of today may do a page's `act` gets to see that it exists, superusers included.
"""

from itertools import pairwise

import django.contrib.auth.admin  # noqa: F401  registers Group
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet

from basins.access import Act, viewer_of
from basins.models import Jurisdiction, River, RiverReach
from jobs.models import Job

# Roles are dated and stand in basins.Role; Django's groups would be a second, hidden table.
admin.site.unregister(Group)


class ByRole:
    """Permissions of a page or an inline: all of them to who may do `act`, none to others."""

    act = Act.EDIT_REFERENCE

    def has_module_permission(self, request) -> bool:
        return viewer_of(request.user).may(self.act)

    def has_view_permission(self, request, obj=None) -> bool:
        return viewer_of(request.user).may(self.act)

    def has_add_permission(self, request, obj=None) -> bool:
        return viewer_of(request.user).may(self.act)

    def has_change_permission(self, request, obj=None) -> bool:
        return viewer_of(request.user).may(self.act)

    def has_delete_permission(self, request, obj=None) -> bool:
        return viewer_of(request.user).may(self.act)


class CodeStays:
    """A code is given once: files, terms, results and addresses name the thing by it."""

    def get_readonly_fields(self, request, obj=None):
        return ("code",) if obj is not None else ()


class DatedFormSet(BaseInlineFormSet):
    """Rows of one parent whose dates must not overlap.

    Django leaves the parent out when it validates a row of an inline, and with it the model's
    own constraint; all rows of the parent are here, so they are compared with each other.
    """

    def clean(self) -> None:
        super().clean()
        spans = [
            form.cleaned_data["in_force"]
            for form in self.forms
            if form.cleaned_data.get("in_force") and not form.cleaned_data.get("DELETE")
        ]
        spans.sort(key=lambda span: (span.lower is not None, span.lower))
        for earlier, later in pairwise(spans):
            if later.lower is None or earlier.upper is None or later.lower < earlier.upper:
                raise ValidationError(self._refusal())

    def _refusal(self) -> str:
        assert self.model is not None
        return next(
            str(constraint.violation_error_message)
            for constraint in self.model._meta.constraints
            if isinstance(constraint, ExclusionConstraint)
        )


class DatedInline(ByRole, admin.TabularInline):
    """Rows with an `in_force` that follow one another in time."""

    formset = DatedFormSet
    extra = 0


@admin.register(Jurisdiction)
class JurisdictionAdmin(CodeStays, ByRole, admin.ModelAdmin):
    list_display = ("code", "name", "level", "parent")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("code", "name", "sort_key")
    autocomplete_fields = ("parent",)
    exclude = ("boundary",)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("boundary", "parent__boundary")


class ReachInline(ByRole, admin.TabularInline):
    model = RiverReach
    extra = 0
    fields = ("order", "jurisdiction", "from_km", "to_km")
    autocomplete_fields = ("jurisdiction",)


@admin.register(River)
class RiverAdmin(CodeStays, ByRole, admin.ModelAdmin):
    list_display = ("code", "name", "parent", "length_km", "catchment_km2", "confidence")
    list_filter = ("confidence", "schematic")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    inlines = (ReachInline,)


@admin.register(Job)
class JobAdmin(ByRole, admin.ModelAdmin):
    """Long work, to read: only services and the worker write it."""

    list_display = ("pk", "kind", "state", "step", "done", "total", "attempts", "created_at", "by")
    list_filter = ("state", "kind")
    list_select_related = ("by",)
    search_fields = ("kind", "key", "error")

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
