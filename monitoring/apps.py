from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "监测"

    def ready(self):
        # Registers the job kinds of this app.
        from monitoring.export import export_job  # noqa: F401
        from monitoring.ingest.services import import_job  # noqa: F401
