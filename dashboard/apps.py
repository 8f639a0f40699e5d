from django.apps import AppConfig
from django.db.backends.signals import connection_created


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "页面"

    def ready(self):
        from dashboard.frame import access_log
        from dashboard.frame.planning import plan_briefly

        access_log.connect()
        connection_created.connect(plan_briefly, dispatch_uid="dashboard.planning")
        # Registers the job kinds of this app.
        from dashboard.papers import export  # noqa: F401
