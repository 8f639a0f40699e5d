"""Storing a file of readings, beside COPY into the same keyed table in the same run.

    .venv/bin/python benchmarks/ingest.py [rows]

Prints rows and readings per second of each step and the ratio of the store step to COPY.
Everything happens in a transaction that is rolled back.
"""

import io
import sys
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile

from bench import set_up, timed

set_up()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from monitoring.ingest.services import ingest  # noqa: E402
from monitoring.ingest.services.find_sections import Sections  # noqa: E402
from monitoring.models import ImportBatch, Section  # noqa: E402
from monitoring.protocols.layouts import open_layout  # noqa: E402

HEAD = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)


def national_file(rows: int) -> bytes:
    """A month of 4-hourly samples at as many sections as it takes."""
    start = datetime(2021, 4, 1)  # noqa: DTZ001  Beijing time as the release writes it
    lines = [HEAD]
    for n in range(rows):
        at = start + timedelta(hours=4 * (n % 180))
        lines.append(
            f"重庆市,长江流域,断面{n // 180},{at:%m-%d %H:%M},Ⅱ,15.{n % 9},8.1{n % 9},8.9{n % 7},"
            f"436.{n % 10},{n % 90}.8,0.9{n % 9},0.08{n % 9},0.03{n % 9},2.5{n % 9},*,*,正常"
        )
    return "\n".join(lines).encode()


class RolledBack(Exception):
    """Nothing of a benchmark stays."""


def main(rows: int) -> None:
    raw = national_file(rows)
    try:
        with transaction.atomic():
            measure(raw, rows)
            raise RolledBack
    except RolledBack:
        print("(rolled back)")


def measure(raw: bytes, rows: int) -> None:
    batch = ImportBatch.objects.create(filename="bench", sha256="", layout="national")
    report = ingest.ImportReport()
    lines = SpooledTemporaryFile(1 << 30, "w+", encoding="utf-8", newline="")  # noqa: SIM115
    with timed() as parse:
        file = open_layout(raw, year=2021, now=timezone.now())
        ingest._read(file, lines, Sections(create=True), report, lambda *_: None)
    lines.seek(0)
    with timed() as store:
        ingest._stage(lines)
        ingest._store(batch.pk, report)
    readings = report.readings
    with connection.cursor() as cursor:
        plain = io.StringIO()
        cursor.copy_expert(
            f"""COPY (SELECT section_id, sampled_at + interval '365 days', {batch.pk},
                indicator_id, origin, below_limit, flag, value
                FROM staged ORDER BY row_no) TO STDOUT""",
            plain,
        )
        plain.seek(0)
        with timed() as copy:
            cursor.copy_expert(
                """COPY monitoring_reading (section_id, sampled_at, batch_id, indicator_id,
                   origin, below_limit, flag, value) FROM STDIN""",
                plain,
            )
    lines.seek(0)
    again = ingest.ImportReport()
    with timed() as repeat:
        ingest._stage(lines)
        ingest._store(batch.pk, again)
    assert (again.stored, again.duplicate) == (0, rows), again
    print(f"rows {rows}, readings {readings}, sections {Section.objects.count()}")
    for name, watch in (("parse", parse), ("store", store), ("again", repeat), ("COPY", copy)):
        print(
            f"{name:6} {watch.seconds:7.2f} s {rows / watch.seconds:10,.0f} rows/s "
            f"{readings / watch.seconds:11,.0f} readings/s"
        )
    print(f"store : COPY into the same table = {copy.seconds / store.seconds:.2f} (design ≥ 0.55)")
    print(f"whole import {rows / (parse.seconds + store.seconds):,.0f} rows/s")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
