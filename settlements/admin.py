"""Agreements in the admin, to read only: money and terms change through services alone."""

from django.contrib import admin

from basins.access import Act, viewer_of
from settlements.models import Agreement, Party, Term, TermSection


class ReadOnly:
    """May be looked at by whoever enters agreements; nothing is added, changed or deleted."""

    def has_view_permission(self, request, obj=None) -> bool:
        return viewer_of(request.user).may(Act.EDIT_AGREEMENTS)

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class PartyInline(ReadOnly, admin.TabularInline):
    model = Party


class TermSectionInline(ReadOnly, admin.TabularInline):
    model = TermSection


@admin.register(Agreement)
class AgreementAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "title", "river", "state", "signed_on", "confidence")
    list_filter = ("state", "river")
    search_fields = ("code", "title")
    inlines = (PartyInline,)


@admin.register(Term)
class TermAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("agreement", "number", "strand", "rule", "rule_revision", "in_force")
    list_filter = ("rule", "agreement")
    inlines = (TermSectionInline,)
