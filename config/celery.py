"""The Celery application: `celery -A config worker`."""

import os

from celery import Celery, Task

from config import broker
from jobs.acting import acting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class ActingTask(Task):
    """A task whose writes say in the audit trail which task they are of."""

    abstract = True

    def __call__(self, *arguments, **named):
        with acting(who="系统", act=f"系统任务 {self.name}"):
            return super().__call__(*arguments, **named)


broker.register()
app = Celery("rivers", task_cls=ActingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
