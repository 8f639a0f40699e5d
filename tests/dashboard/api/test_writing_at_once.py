"""Programs that send the same at once, over connections of their own."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from monitoring.ingest.services.tokens import add_token
from monitoring.models import ImportBatch
from tests.dashboard.api.test_writing import reading, send
from tests.worlds import Border


def test_two_requests_under_one_key_at_once_are_done_once(committed):
    Border.make(with_agreement=False)
    secret = add_token(name="两次", sections=["BORDER"], days=None, by=None)[1]

    def one(_: int):
        try:
            return send(secret, [reading()], **{"Idempotency-Key": "same"})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(one, range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert ImportBatch.objects.count() == 1
