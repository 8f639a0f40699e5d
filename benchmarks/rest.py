"""The interface for programs: a request of 100,000 readings as JSON, and the newest of every section.

    .venv/bin/python benchmarks/rest.py [readings] [--json]

Writing, from body to answer. The limit: COPY into a table with the same key and columns, in partitions, without
foreign keys and triggers. The sender's and the server's network are left out.

Reading, with 5 M readings of 3,646 sections × 9 indicators in four months: the newest of each (32,814 values).
The limit: 3,646 rows by their keys. And a page of 10,000 values, beside a DRF serializer of the same rows.
Everything happens in transactions that are rolled back.
"""

import io
import json
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from bench import number, set_up, timed, told

set_up()

from django.db import connection, transaction  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.serializers import CharField, ModelSerializer  # noqa: E402

from basins.access import Viewer  # noqa: E402
from basins.models import Jurisdiction  # noqa: E402
from dashboard.api.bodies import JSON, readings_of  # noqa: E402
from dashboard.api.reading import values_document  # noqa: E402
from monitoring.ingest.services.requests import receive  # noqa: E402
from monitoring.ingest.services.tokens import add_token  # noqa: E402
from monitoring.models import Reading, Section  # noqa: E402
from monitoring.sections.queries.values import Wanted, newest_values, value_page  # noqa: E402

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
    """Writing first: what reading is measured with leaves the disk busy. Swept before: what an earlier run
    has rolled back still stands in the indexes."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM monitoring_reading")
    for do in (lambda: measure_writing(count), lambda: measure_reading(5_000_000)):
        with suppress(RolledBack), transaction.atomic():
            do()
            raise RolledBack


def measure_writing(count: int) -> None:
    place = Jurisdiction.objects.create(code="990099", name="基准", level="province")
    codes = [f"REST{n}" for n in range(count // len(CODES) // 180 + 1)]
    Section.objects.bulk_create(Section(code=code, name=code, province=place) for code in codes)
    token, _ = add_token(name="基准", sections=codes, days=None, by=None)
    measure(token, body_of(count, codes), count)


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


# Reading ----------------------------------------------------------------------------------

SECTIONS = 3646
# Every 18 hours for 115 days, so that as few rows as can be made here lie as they would; the newest is of now.
FILL = """
INSERT INTO monitoring_reading (section_id, indicator_id, sampled_at, origin, value)
SELECT s.id, i.id, at, 1, 1 + (s.id + extract(hour FROM at)::int) %% 97 / 100.0
FROM generate_series(now() - %(step)s * %(samples)s, now(), %(step)s) AS at,
    (SELECT id FROM monitoring_section WHERE code LIKE 'REST%%') s,
    (SELECT id FROM monitoring_indicator ORDER BY "order" LIMIT 9) i
"""
PARTITIONS = """
SELECT monitoring_ensure_partition(month::date)
FROM generate_series(now() - interval '130 days', now() + interval '20 days', interval '10 days') AS month
"""
SUMMARIZE = """
SELECT brin_summarize_new_values(inhrelid) FROM pg_inherits
WHERE inhparent = 'reading_by_times'::regclass
"""
BY_KEY = """
SELECT r.* FROM monitoring_reading r
JOIN bench_keys k USING (section_id, indicator_id, sampled_at, origin)
"""


def measure_reading(rows: int) -> None:
    place = Jurisdiction.objects.create(code="990099", name="基准", level="province")
    Section.objects.bulk_create(
        Section(code=f"REST{n:05}", name=f"REST{n}", province=place) for n in range(SECTIONS)
    )
    samples = rows // SECTIONS // 9
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        given = {"step": timedelta(days=115) / samples, "samples": samples}
        cursor.execute(FILL, given)
        cursor.execute(
            """CREATE TEMP TABLE bench_keys AS SELECT section_id, indicator_id, sampled_at, origin
               FROM monitoring_reading WHERE sampled_at > now() - interval '1 hour'
               AND indicator_id = (SELECT id FROM monitoring_indicator ORDER BY "order" LIMIT 1)"""
        )
        cursor.execute(SUMMARIZE)  # as autovacuum does, which does not see what is not committed
        cursor.execute("ANALYZE monitoring_reading, bench_keys, monitoring_measuredseries")
    asking = Viewer(user_id=0, role="bureau", jurisdiction_id=None, jurisdiction_code=None)
    keys = best(by_key)
    newest = best(lambda: newest_values(asking, Wanted(), valid=False))
    whole = best(lambda: values_document(newest_values(asking, Wanted(), valid=False), None, None))
    assert len(newest_values(asking, Wanted(), valid=False)) == SECTIONS * 9
    told("the newest of every series, as rows", limit=keys, ours=newest, ratio=newest / keys)
    told("the newest of every series, as JSON", limit=keys, ours=whole, ratio=whole / keys)
    page = best(lambda: values_document(page_of(asking).lines, None, None))
    serialized = best(lambda: JSONRenderer().render(Serialized(rows_of_page(), many=True).data))
    told("a page of 10,000 values", limit=serialized, ours=page, ratio=page / serialized)


def best(do) -> float:
    """Seconds of the fastest of five."""
    seconds = []
    for _ in range(5):
        with timed() as watch:
            do()
        seconds.append(watch.seconds)
    return min(seconds)


def by_key() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_KEY)
        assert len(cursor.fetchall()) == SECTIONS


def page_of(asking):
    page = value_page(asking, Wanted(), after=None, limit=10_000)
    assert len(page.lines) == 10_000
    return page


def rows_of_page():
    found = Reading.objects.select_related("section", "indicator")
    return found.order_by("section_id", "indicator_id", "sampled_at", "origin")[:10_000]


class Serialized(ModelSerializer):
    section = CharField(source="section.code")
    indicator = CharField(source="indicator.code")
    unit = CharField(source="indicator.unit")

    class Meta:
        model = Reading
        fields = (
            "section", "indicator", "sampled_at", "value", "unit", "flag", "origin", "below_limit",
            "recorded_at", "batch",
        )  # fmt: skip


main(number(100_000))
