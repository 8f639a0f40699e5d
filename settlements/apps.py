from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    name = "settlements"
    verbose_name = "补偿结算"

    def ready(self):
        # Registers the job kinds of this app.
        from settlements.accruals.services import import_trial_job  # noqa: F401
        from settlements.checks import job  # noqa: F401
        from settlements.scenarios.services import runs as scenario_runs  # noqa: F401
