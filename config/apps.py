"""The project's own Django application: commands, and the database of a worker."""

from typing import Any

from celery.signals import beat_init, worker_init
from django.apps import AppConfig, apps
from django.db.models.signals import pre_migrate


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "系统"

    def ready(self) -> None:
        worker_init.connect(_acquire_database, weak=False)
        beat_init.connect(_acquire_database, weak=False)

        from config.upgrading import refuse_half_way

        # Once a `migrate`: this application has no models, of which Django would tell it.
        pre_migrate.connect(refuse_half_way, sender=apps.get_app_config("basins"))


def _acquire_database(**_: Any) -> None:
    """A worker or beat started by hand finds its database running, too."""
    from config.embedded.default import acquire_if_embedded

    acquire_if_embedded()
