"""Settings, addresses, worker and the embedded services of the default run."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
