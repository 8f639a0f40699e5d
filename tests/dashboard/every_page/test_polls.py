"""A page that asks again while a job lives is told nothing where nothing is new."""

import re
from html import unescape

import pytest

from jobs.models import Job
from settlements.checks.job import KIND as CHECKS
from settlements.scenarios.services.runs import KIND as RUN

HTMX = {"HX-Request": "true"}


def asked_again(text: str) -> str:
    return unescape(re.search(r'data-hx-get="([^"]+)"', text)[1])


@pytest.mark.parametrize("kind", [CHECKS, RUN])
def test_a_poll_is_answered_204_until_the_job_shows_something_else(client, people, kind):
    job = Job.objects.create(
        kind=kind, key="x", by=people.bureau, parameters={"user": people.bureau.pk}, total=5
    )
    address = "/ledger/checks/" if kind == CHECKS else f"/simulator/runs/{job.pk}/"
    client.force_login(people.bureau)
    again = asked_again(client.get(address).content.decode())
    assert [client.get(again, headers=HTMX).status_code for _ in range(2)] == [204, 204]
    for change in ({"done": 2}, {"step": "核算"}, {"total": 9}):
        Job.objects.filter(pk=job.pk).update(**change)
        answer = client.get(again, headers=HTMX)
        assert answer.status_code == 200
        again = asked_again(answer.content.decode())
        assert client.get(again, headers=HTMX).status_code == 204
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED)
    answer = client.get(again, headers=HTMX)
    assert answer.status_code == 200
    assert "data-hx-get" not in answer.content.decode()
