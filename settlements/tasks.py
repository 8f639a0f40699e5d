"""Celery shells round the pipeline and the workflow's deadlines."""

from celery import shared_task

from basins.services import sessions, sign_in_locks
from basins.services.notifications import enter_mail_if_due
from basins.version import gather_marks
from settlements import pipeline
from settlements.accruals.services.gaps import fill_gaps
from settlements.ledger.services import demands
from settlements.notices.services import months
from settlements.objections.services.objections import refresh_evidence_deadlines
from settlements.years.services import refusals, signing


@shared_task(name="settlements.recompute")
def recompute() -> None:
    """Woken by a reading, and every SWEEP_SECONDS."""
    pipeline.recompute()
    gather_marks()


@shared_task(name="settlements.daily")
def daily() -> None:
    """Months that are over without an accrual, months whose deadline passed, months that may be
    final, debts that are or fall due, years to be signed, digests that are due; sessions that are
    over go."""
    fill_gaps()
    months.lapse_due()
    months.finalise_due()
    demands.remind_debtors()
    refusals.lapse_refusals()
    signing.lapse_years()
    enter_mail_if_due()
    sessions.purge()
    sign_in_locks.forget()


@shared_task(name="settlements.refresh_deadlines")
def refresh_deadlines() -> None:
    months.refresh_deadlines()
    demands.refresh_due_days()
    signing.refresh_sign_days()
    refusals.refresh_refusal_days()
    refresh_evidence_deadlines()
