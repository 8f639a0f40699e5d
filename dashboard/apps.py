from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "页面"

    def ready(self):
        from dashboard.frame import access_log

        access_log.connect()
        # Registers the job kinds of this app.
        from dashboard.papers import export  # noqa: F401
