"""A request of 100,000 readings as JSON, from its body to the answer, beside COPY of the same readings.

    .venv/bin/python benchmarks/rest.py [readings] [--json]

The limit: COPY into a table with the same key and columns, in partitions, without foreign keys and triggers.
Everything happens in a transaction that is rolled back; the sender's and the server's network are left out.
"""

import io
import json
from datetime import datetime, timedelta, timezone

from bench import number, set_up, timed, told

set_up()

from django.db import connection, transaction  # noqa: E402

from basins.models import Jurisdiction  # noqa: E402
from dashboard.api.bodies import JSON, readings_of  # noqa: E402
from monitoring.ingest.services.requests import receive  # noqa: E402
from monitoring.ingest.services.tokens import add_token  # noqa: E402
from monitoring.models import Section  # noqa: E402

CODES = ("WT", "pH", "DO", "EC", "TURB", "CODMn", "NH3-N", "TP", "TN")


class RolledBack(Exception):
    """Nothing of a benchmark stays."""


def body_of(count: int, sections: list[str]) -> bytes:
    first = datetime(2021, 4, 1, tzinfo=timezone(timedelta(hours=8)))
    rows = []
    for n in range(count):
        sample, code = divmod(n, len(CODES))
        at = first + timedelta(hours=4 * (sample % 180))
        rows.append(
            {
                "section": sections[sample // 180],
                "indicator": CODES[code],
                "sampled_at": at.isoformat(),
                "value": f"{1 + sample % 97 / 100:.2f}",
            }
        )
    return json.dumps(rows).encode()


def main(count: int) -> None:
    try:
        with transaction.atomic():
            place = Jurisdiction.objects.create(code="990099", name="基准", level="province")
            codes = [f"REST{n}" for n in range(count // len(CODES) // 180 + 1)]
            Section.objects.bulk_create(
                Section(code=code, name=code, province=place) for code in codes
            )
            token, _ = add_token(name="基准", sections=codes, days=None, by=None)
            measure(token, body_of(count, codes), count)
            raise RolledBack
    except RolledBack:
        return


def measure(token, body: bytes, count: int) -> None:
    with timed() as parsed:
        readings = readings_of(body, JSON, most=count)
    with timed() as stored:
        answer, _ = receive(token=token, readings=readings, body=body)
    assert answer["stored"] == count, answer
    plain = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            """COPY (SELECT section_id, sampled_at, recorded_at, batch_id, indicator_id, origin,
                below_limit, flag, value FROM monitoring_reading
                WHERE section_id IN (SELECT id FROM monitoring_section WHERE code LIKE 'REST%'))
                TO STDOUT""",
            plain,
        )
        cursor.execute("CREATE TABLE bench_rest (LIKE monitoring_reading INCLUDING ALL)")
        plain.seek(0)
        with timed() as copy:
            cursor.copy_expert(
                """COPY bench_rest (section_id, sampled_at, recorded_at, batch_id, indicator_id,
                    origin, below_limit, flag, value) FROM STDIN""",
                plain,
            )
    ours = parsed.seconds + stored.seconds
    told(f"{count} readings as JSON", limit=copy.seconds, ours=ours, ratio=copy.seconds / ours)
    told("of that, the JSON", limit=ours, ours=parsed.seconds, ratio=parsed.seconds / ours)


main(number(100_000))
