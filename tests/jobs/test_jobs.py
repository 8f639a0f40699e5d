"""Jobs: one live row a key, a lease, progress, cancelling, and the sweep."""

from datetime import timedelta
from time import sleep

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs import services
from jobs.models import Job

KIND = "test.echo"


@services.handles(KIND)
def echo(parameters, progress):
    for done in range(3):
        progress(done, 3, f"步骤{done}")
    if parameters.get("fail"):
        raise ValueError("第 3 行坏了")
    return {"said": parameters["say"]}


def enter(**parameters) -> Job:
    return services.enqueue(
        kind=KIND, key=parameters.pop("key", "k"), parameters={"say": "好", **parameters}
    )


def lost(job: Job, **fields) -> Job:
    Job.objects.filter(pk=job.pk).update(**fields)
    return job


def past() -> dict:
    return {
        "state": Job.State.RUNNING,
        "lease_until": timezone.now() - timedelta(seconds=1),
        "attempts": 1,
    }


def test_a_job_runs_once_and_keeps_its_result(db):
    job = services.run(enter().pk)
    assert (job.state, job.result, job.attempts) == (Job.State.DONE, {"said": "好"}, 1)
    assert services.run(job.pk).attempts == 1


def test_one_key_has_one_live_job(db):
    assert enter().pk == enter().pk
    assert enter(key="other").pk != enter().pk


def test_a_key_is_free_again_when_its_job_has_ended(db):
    first = services.run(enter().pk)
    assert enter().pk != first.pk


def test_the_database_refuses_a_second_live_job_of_a_key(db):
    enter()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=KIND, key="k")


def test_a_failure_is_told_in_the_job(db):
    job = enter(fail=True)
    with pytest.raises(ValueError, match="第 3 行"):
        services.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, "第 3 行坏了")
    assert job.finished_at is not None


def test_a_job_whose_lease_runs_is_left_to_its_worker(db):
    job = lost(
        enter(),
        state=Job.State.RUNNING,
        lease_until=timezone.now() + timedelta(seconds=30),
        attempts=1,
    )
    assert services.run(job.pk).state == Job.State.RUNNING


def test_a_job_past_its_lease_is_taken_over(db):
    job = services.run(lost(enter(), **past()).pk)
    assert (job.state, job.attempts) == (Job.State.DONE, 2)


def test_the_sweep_wakes_lost_jobs_and_leaves_the_rest(db):
    lost_job = lost(enter(key="lost"), **past())
    forgotten = lost(enter(key="old"), created_at=timezone.now() - services.LEASE)
    enter(key="new")
    assert services.sweep() == [lost_job.pk, forgotten.pk]


def test_a_job_that_kills_its_workers_is_given_up(db):
    job = lost(enter(), **past() | {"attempts": services.ATTEMPTS})
    assert services.sweep() == []
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "中断" in job.error


def test_a_cancelled_job_does_not_run(db):
    job = enter()
    assert services.cancel(job_id=job.pk)
    assert services.run(job.pk).state == Job.State.CANCELLED
    assert not services.cancel(job_id=job.pk)


def test_cancelling_a_running_job_stops_it_at_its_next_step(committed):
    @services.handles("test.cancelled")
    def cancel_self(parameters, progress):
        with services._own_connection() as other, other.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET state = 'cancelled' WHERE id = %s", [parameters["id"]]
            )
        progress(1, 2, "再走一步")
        raise AssertionError("ran on after it was cancelled")

    job = services.enqueue(kind="test.cancelled", key="c", parameters={})
    Job.objects.filter(pk=job.pk).update(parameters={"id": job.pk})
    assert services.run(job.pk).state == Job.State.CANCELLED


def test_a_worker_that_lost_its_lease_keeps_nothing(committed):
    @services.handles("test.overtaken")
    def overtaken(parameters, progress):
        Job.objects.create(kind="test.trace", key="trace")
        with services._own_connection() as other, other.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET attempts = attempts + 1 WHERE id = %s", [parameters["id"]]
            )
        return {}

    job = services.enqueue(kind="test.overtaken", key="o", parameters={})
    Job.objects.filter(pk=job.pk).update(parameters={"id": job.pk})
    assert services.run(job.pk).state == Job.State.RUNNING
    assert not Job.objects.filter(kind="test.trace").exists()


def test_progress_is_seen_while_the_work_is_not_yet_committed(committed):
    seen = []

    @services.handles("test.seen")
    def watched(parameters, progress):
        progress(1, 4, "一半")
        with services._own_connection() as other, other.cursor() as cursor:
            cursor.execute("SELECT done, total, step FROM jobs_job WHERE kind = 'test.seen'")
            seen.append(cursor.fetchone())
        return {}

    services.run(services.enqueue(kind="test.seen", key="s", parameters={}).pk)
    assert seen == [(1, 4, "一半")]


def test_the_lease_is_renewed_while_a_step_reports_nothing(committed, monkeypatch):
    monkeypatch.setattr(services, "BEAT_SECONDS", 0.05)

    @services.handles("test.silent")
    def silent(parameters, progress):
        nearly_over = timezone.now() + timedelta(seconds=1)
        with services._own_connection() as other, other.cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET lease_until = %s", [nearly_over])
            for _ in range(100):
                sleep(0.05)
                cursor.execute("SELECT lease_until FROM jobs_job")
                if (lease := cursor.fetchone()[0]) > nearly_over:
                    return {"renewed_by": (lease - nearly_over).total_seconds()}
        raise AssertionError("the lease ran out in mid-step")

    job = services.run(services.enqueue(kind="test.silent", key="s", parameters={}).pk)
    assert job.result["renewed_by"] > 50


def test_a_job_interrupted_at_the_keyboard_is_cancelled_and_not_run_later(db):
    @services.handles("test.interrupted")
    def interrupted(parameters, progress):
        raise KeyboardInterrupt

    job = services.enqueue(kind="test.interrupted", key="i", parameters={})
    with pytest.raises(KeyboardInterrupt):
        services.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert services.sweep() == []
