"""Django's admin as this site has it."""

from django.contrib.admin.apps import AdminConfig


class ReferenceConfig(AdminConfig):
    default_site = "dashboard.frame.reference_site.ReferenceSite"
