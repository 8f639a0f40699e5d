from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SettlementsConfig(AppConfig):
    name = "settlements"
    verbose_name = "补偿结算"

    def ready(self):
        # Registers the job kinds of this app.
        from settlements.checks import job  # noqa: F401
        from settlements.scenarios.services import runs as scenario_runs  # noqa: F401

        post_migrate.connect(_workflow_as_data, sender=self)


def _workflow_as_data(sender, using, **kwargs) -> None:
    """The trigger's table is the one of settlements.workflow after every migrate."""
    from django.db import connections

    from settlements.workflow import moves_sql

    with connections[using].cursor() as cursor:
        cursor.execute(moves_sql())
