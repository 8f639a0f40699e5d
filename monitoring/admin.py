"""Sections, targets, sampling plans and indicators in Django's admin.

Readings, means, assessments and revisions are not here: they come from imports and from the
pipeline, and nobody edits them by hand.
"""

from django.contrib import admin

from basins.admin import ByRole, CodeStays, DatedInline
from monitoring.models import Indicator, SamplingPlan, Section, Target


class TargetInline(DatedInline):
    model = Target


class SamplingPlanInline(DatedInline):
    model = SamplingPlan


@admin.register(Section)
class SectionAdmin(CodeStays, ByRole, admin.ModelAdmin):
    list_display = ("code", "name", "river", "km", "grade", "upstream", "downstream", "is_demo")
    list_filter = ("grade", "water_body", "is_demo", "river")
    list_select_related = ("river", "upstream", "downstream")
    search_fields = ("code", "name", "station_mn")
    autocomplete_fields = ("province", "river", "upstream", "downstream")
    inlines = (TargetInline, SamplingPlanInline)

    def get_readonly_fields(self, request, obj=None):
        """The water of a section decides its classes: the bureau sets it on a page of its own."""
        decided = ("water_body_why", "water_body_on", "water_body_source")
        return (*decided, "water_body") if obj is not None else decided

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found.defer("upstream__boundary", "downstream__boundary")


@admin.register(Indicator)
class IndicatorAdmin(ByRole, admin.ModelAdmin):
    """What is measured is given by the standards: only how it is shown may change."""

    list_display = ("code", "name", "factor", "unit", "decimals", "order")
    search_fields = ("code", "name", "factor")
    readonly_fields = ("code", "factor", "unit")

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
