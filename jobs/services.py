"""Entering, claiming, running and sweeping jobs.

A job's handler is a plain function `handler(parameters, progress) -> dict`, registered under
its kind. It must be safe to run again from the start: a worker can be killed at any point.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from jobs.acting import acting, person
from jobs.models import Job
from jobs.wake import wake_on_commit

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BEAT_SECONDS = 10
ATTEMPTS = 5
Handler = Callable[[dict, "Progress"], dict]
_handlers: dict[str, Handler] = {}
_stepwise: set[str] = set()  # kinds whose handler commits as it goes


class Cancelled(Exception):
    """Someone cancelled the job while it ran; nothing of it is kept, but what a stepwise
    handler had committed."""


class LeaseLost(Exception):
    """Another worker has taken the job over; this run must keep nothing."""


def handles(kind: str, *, stepwise: bool = False) -> Callable[[Handler], Handler]:
    """Register the function under `kind`. Raises ValueError if the kind is taken.

    Work is one transaction, unless `stepwise`: then the handler commits as it goes, holds no
    lock between its steps, and finds again what an earlier run of it has done.
    """

    def register(function: Handler) -> Handler:
        if _handlers.setdefault(kind, function) is not function:
            raise ValueError(f"Two handlers for jobs of kind {kind!r}.")
        if stepwise:
            _stepwise.add(kind)
        return function

    return register


@transaction.atomic
def enqueue(*, kind: str, key: str, parameters: dict, by=None, wake: bool = True) -> Job:
    """The live job of this kind and key, entered now unless it is there already."""
    if kind not in _handlers:
        raise LookupError(f"No handler for jobs of kind {kind!r}.")
    live = Job.objects.filter(kind=kind, key=key, state__in=Job.LIVE)
    while (job := live.first()) is None:  # another's may end between the two statements
        Job.objects.bulk_create(
            [Job(kind=kind, key=key, parameters=parameters, by=by)], ignore_conflicts=True
        )
    if wake:
        wake_on_commit("jobs.run", job.pk)
    return job


def run(job_id: int) -> Job:
    """Claim the job and run it to its end in this process.

    Returns the job as it stands afterwards; one that another worker holds, or that has
    ended, is returned untouched. A handler's error ends the job as failed, with the words.
    """
    job = _claim(job_id)
    if job is None:
        return Job.objects.get(pk=job_id)
    with _own_connection() as connection, _renewed_lease(job):
        progress = Progress(job, connection)
        try:
            whole = nullcontext() if job.kind in _stepwise else transaction.atomic()
            with acting(**_who(job)), whole:
                result = _handlers[job.kind](job.parameters, progress)
                _finish(job, state=Job.State.DONE, result=result)
        except Cancelled:
            _finish(job, state=Job.State.CANCELLED)
        except KeyboardInterrupt:  # Ctrl-C at the command line: no worker may run it later
            _finish(job, state=Job.State.CANCELLED)
            raise
        except LeaseLost:
            log.warning("Job %s was taken over by another worker.", job.pk)
        except Exception as error:
            # Whatever went wrong belongs to the person who started the job.
            _finish(job, state=Job.State.FAILED, error=str(error) or type(error).__name__)
            job.refresh_from_db()
            raise
    job.refresh_from_db()
    return job


@transaction.atomic
def cancel(*, job_id: int) -> bool:
    """Ask a live job to stop; True if it was live. Running work stops at its next step."""
    return bool(
        Job.objects.filter(pk=job_id, state__in=Job.LIVE).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
    )


def sweep() -> list[int]:
    """Wake every job whose message or worker was lost; give up after ATTEMPTS tries.

    Returns the ids woken. A job counts as lost when it is running past its lease, or still
    queued a lease after it was entered.
    """
    now = timezone.now()
    lost = Q(state=Job.State.RUNNING, lease_until__lt=now) | Q(
        state=Job.State.QUEUED, created_at__lt=now - LEASE / 6
    )
    Job.objects.filter(lost, attempts__gte=ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=now,
        error=f"执行进程 {ATTEMPTS} 次中断,已停止重试;请检查服务器日志后重新发起。",
    )
    ids = list(Job.objects.filter(lost).order_by("pk").values_list("pk", flat=True))
    for job_id in ids:
        wake_on_commit("jobs.run", job_id)
    return ids


class Progress:
    """What a handler calls to say how far it is; also renews the lease.

    Writes through a connection of its own, so that others see it while the handler's
    transaction is still open. At most twice a second, except for a new step.
    """

    def __init__(self, job: Job, connection):
        self.job, self._connection = job, connection
        self._written, self._step = 0.0, ""

    def __call__(self, done: int, total: int, step: str = "") -> None:
        """`done` of `total` units; `step` in words. Raises Cancelled or LeaseLost."""
        step = step or self._step
        if step == self._step and done < total and monotonic() - self._written < 0.5:
            return
        self._written, self._step = monotonic(), step
        with self._connection.cursor() as cursor:
            cursor.execute(
                """UPDATE jobs_job SET done = %s, total = %s, step = %s, lease_until = %s
                   WHERE id = %s AND state = 'running' AND attempts = %s""",
                [done, total, step, timezone.now() + LEASE, self.job.pk, self.job.attempts],
            )
            if cursor.rowcount:
                return
            cursor.execute("SELECT state FROM jobs_job WHERE id = %s", [self.job.pk])
            state = cursor.fetchone()
        if state and state[0] == Job.State.CANCELLED:
            raise Cancelled
        if state:
            raise LeaseLost


def _who(job: Job) -> dict:
    """Whose work this is, for the audit trail: whoever entered the job, else the system."""
    said: dict = {"act": f"系统任务 {job.kind}"}
    return {**said, **person(job.by)} if job.by is not None else said


def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free, pk=job_id)
            .first()
        )
        if job is None:
            return None
        job.state, job.lease_until = Job.State.RUNNING, now + LEASE
        job.attempts += 1
        job.save(update_fields=["state", "lease_until", "attempts"])
    return job


def _finish(job: Job, *, state: str, result: dict | None = None, error: str = "") -> None:
    """End the job if this run still holds it; else raise Cancelled or LeaseLost."""
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    if mine.update(
        state=state,
        result=result,
        error=error,
        done=F("total") if state == Job.State.DONE else F("done"),
        lease_until=None,
        finished_at=timezone.now(),
    ):
        return
    if state == Job.State.DONE:
        now_state = Job.objects.values_list("state", flat=True).get(pk=job.pk)
        raise Cancelled if now_state == Job.State.CANCELLED else LeaseLost


@contextmanager
def _renewed_lease(job: Job) -> Iterator[None]:
    """Keep the lease while this process lives, also in a long step that reports no progress."""
    ended = Event()

    def renew() -> None:
        while not ended.wait(BEAT_SECONDS):
            try:
                with _own_connection() as connection, connection.cursor() as cursor:
                    cursor.execute(
                        """UPDATE jobs_job SET lease_until = %s
                           WHERE id = %s AND state = 'running' AND attempts = %s""",
                        [timezone.now() + LEASE, job.pk, job.attempts],
                    )
            except (DatabaseError, InterfaceError) as error:  # a lost server says either
                log.warning("The lease of job %s was not renewed: %s", job.pk, error)

    thread = Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _own_connection() -> Iterator:
    connection = connections.create_connection("default")
    try:
        yield connection
    finally:
        connection.close()
