"""The project's own Django application: commands, and the database of a worker."""

from typing import Any

from celery.signals import beat_init, worker_init
from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "系统"

    def ready(self) -> None:
        worker_init.connect(_acquire_database, weak=False)
        beat_init.connect(_acquire_database, weak=False)


def _acquire_database(**_: Any) -> None:
    """A worker or beat started by hand finds its database running, too."""
    from config.embedded.default import acquire_if_embedded

    acquire_if_embedded()
