"""Celery shells round the pipeline."""

from celery import shared_task

from settlements import pipeline


@shared_task(name="settlements.recompute")
def recompute() -> None:
    pipeline.recompute()
