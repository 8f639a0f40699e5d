"""Many scenarios in a real worker: progress is kept, a reload shows it, a cancelled run stays so."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from settlements import pipeline
from settlements.scenarios.services.runs import run_saved
from settlements.scenarios.services.scenarios import copy_agreement
from tests.conftest import empty_database
from tests.processes import Worker, environment, until
from tests.worlds import Border, People

pytestmark = pytest.mark.worker
MANY = 5


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """One agreement with two months and many scenarios of the bureau's, committed."""
    with django_db_blocker.unblock():
        border, people = Border.make(), People.make()
        for when in ("2023-01", "2023-02"):
            border.measured(when, "II")
        pipeline.recompute()
        for number in range(MANY):
            copy_agreement(agreement=border.agreement, name=f"情景 {number}", by=people.bureau)
        yield people
        connection.close()
        empty_database()


@pytest.fixture(scope="module", autouse=True)
def worker(people, tmp_path_factory):
    """One for all: what it is not to see yet, a test keeps in its own transaction."""
    with Worker(environment(tmp_path_factory.mktemp("worker"), SWEEP_SECONDS="1")) as worker:
        yield worker


def test_a_run_of_many_is_worked_off_and_survives_a_reload(people, client):
    client.force_login(people.bureau)
    with transaction.atomic():
        job = _entered_before(people)
        page = client.get(reverse("scenario-run", args=[job.pk])).content.decode()
    assert job.get_state_display() in page
    until(lambda: _state(job) not in Job.LIVE, seconds=40, what="the run to end")
    job.refresh_from_db()
    assert (job.state, len(job.result["lines"])) == ("done", MANY)
    assert (job.done, job.total) == (MANY + 1, MANY + 1)
    for _ in range(2):  # as often as it is looked at
        page = client.get(reverse("scenario-run", args=[job.pk])).content.decode()
        assert page.count("情景 1<") == page.count("情景 2<") > 0


def test_a_cancelled_run_is_not_worked_off(people, client):
    client.force_login(people.bureau)
    with transaction.atomic():
        job = _entered_before(people)
        client.post(reverse("scenario-run-cancel", args=[job.pk]))
    again = _entered_before(people)
    until(lambda: _state(again) not in Job.LIVE, seconds=40, what="the second run to end")
    job.refresh_from_db()
    assert (job.state, job.result) == ("cancelled", None)
    page = client.get(reverse("scenario-run", args=[job.pk])).content.decode()
    assert "运行已取消，没有保存结果" in page
    assert _state(again) == "done"


def test_a_run_cancelled_in_the_middle_stops_there_and_keeps_nothing(people, client):
    """The worker is held at what it loads by a lock of this test's; the cancellation is seen
    in the same moment as the lock ends."""
    client.force_login(people.bureau)
    job = run_saved(by=people.bureau, wake=False)  # too new for the sweep: the lock is first
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE monitoring_assessment IN ACCESS EXCLUSIVE MODE")
        until(lambda: _step(job) == "载入监测数据", seconds=40, what="the run to be loading")
        assert _state(job) == "running"
        client.post(reverse("scenario-run-cancel", args=[job.pk]))
    again = _entered_before(people)
    until(lambda: _state(again) not in Job.LIVE, seconds=40, what="the next run to end")
    job.refresh_from_db()
    assert (job.state, job.result, job.done) == ("cancelled", None, 0)
    assert (_state(again), again.pk != job.pk) == ("done", True)


def _entered_before(people: People) -> Job:
    """Entered so long ago that the next sweep takes it."""
    job = run_saved(by=people.bureau, wake=False)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    return job


def _step(job: Job) -> str:
    return Job.objects.values_list("step", flat=True).get(pk=job.pk)


def _state(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)
