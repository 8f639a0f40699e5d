from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BasinsConfig(AppConfig):
    name = "basins"
    verbose_name = "流域与行政区"

    def ready(self):
        from basins.guarding import install

        # Registers the job kinds of this app.
        from basins.services import notifications  # noqa: F401

        # Once a `migrate`, when every app's tables are there.
        post_migrate.connect(install, sender=self, dispatch_uid="basins.guards")
