"""Reference data and people in Django's admin; nothing with money or readings is edited here."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from basins.models import Jurisdiction, River, RiverReach, Role, User


@admin.register(Jurisdiction)
class JurisdictionAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "level", "parent")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("code", "name", "sort_key")
    exclude = ("boundary",)


class ReachInline(admin.TabularInline):
    model = RiverReach
    extra = 0
    fields = ("order", "jurisdiction", "from_km", "to_km")
    autocomplete_fields = ("jurisdiction",)


@admin.register(River)
class RiverAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "parent", "length_km", "catchment_km2", "confidence")
    list_filter = ("confidence", "schematic")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    inlines = (ReachInline,)


class RoleInline(admin.TabularInline):
    model = Role
    extra = 0
    autocomplete_fields = ("jurisdiction",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("username", "display_name", "unit", "is_active", "last_login")
    search_fields = ("username", "display_name", "unit")
    inlines = (RoleInline,)
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "unit", "email")}),
        ("状态", {"fields": ("is_active", "is_staff", "groups")}),
    )
