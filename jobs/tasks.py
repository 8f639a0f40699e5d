"""Celery shells round the services of jobs."""

from celery import shared_task

from jobs import services


@shared_task(name="jobs.run")
def run(job_id: int) -> None:
    services.run(job_id)


@shared_task(name="jobs.sweep")
def sweep() -> None:
    services.sweep()
