from django.apps import AppConfig
from django.db.backends.signals import connection_created


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "任务"

    def ready(self):
        from jobs.acting import tell_new_connection

        connection_created.connect(tell_new_connection, dispatch_uid="jobs.acting")
