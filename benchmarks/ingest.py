"""Storing a file of readings, beside COPY of the same readings into plain tables in the same run.

    .venv/bin/python benchmarks/ingest.py [rows] [--json]

The limits: COPY into a table with the same key and columns, in partitions, without foreign keys and
triggers, and into a heap for what is there already. Everything happens in a transaction that is rolled back.
"""

import io
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile

from bench import number, set_up, timed, told

set_up()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from monitoring.ingest.services import ingest, storing  # noqa: E402
from monitoring.ingest.services.find_sections import Sections  # noqa: E402
from monitoring.models import ImportBatch  # noqa: E402
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
        return


def measure(raw: bytes, rows: int) -> None:
    batch = ImportBatch.objects.create(filename="bench", sha256="", layout="national")
    report = ingest.ImportReport()
    lines = SpooledTemporaryFile(1 << 30, "w+", encoding="utf-8", newline="")  # noqa: SIM115
    file = open_layout(raw, year=2021, now=timezone.now())
    about = ingest.read_rows(file, lines, Sections(create=True), report, lambda *_: None)
    lines.seek(0)
    with timed() as store:
        storing.stage(lines, about, doubts=bool(report.doubted))
        ingest.store_told(batch.pk, about, report)
    plain = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"""COPY (SELECT section_id, sampled_at, {batch.pk}, indicator_id, origin, below_limit,
                flag, value FROM staged ORDER BY row_no) TO STDOUT""",
            plain,
        )
    keyed = copied(plain, "(LIKE monitoring_reading INCLUDING ALL)")
    ours = copied(plain, None)
    heap = copied(plain, "(LIKE monitoring_reading INCLUDING DEFAULTS)")
    lines.seek(0)
    sheets = [ingest.SheetReport("", "", None, valued=sheet.valued) for sheet in report.sheets]
    again = ingest.ImportReport(sheets=sheets)
    with timed() as repeat:
        storing.stage(lines, about, doubts=bool(report.doubted))
        ingest.store_told(batch.pk, about, again)
    assert (again.stored, again.duplicate) == (0, rows), again
    told("store readings", limit=keyed, ours=store.seconds, ratio=keyed / store.seconds)
    told("COPY into the table of readings", limit=keyed, ours=ours, ratio=keyed / ours)
    told("the same file again", limit=heap, ours=repeat.seconds, ratio=heap / repeat.seconds)


def copied(plain: io.StringIO, table: str | None) -> float:
    """Seconds of a COPY into a table declared so; None: into that of the readings, a year on."""
    plain.seek(0)
    with connection.cursor() as cursor:
        name = "monitoring_reading"
        if table is not None:
            name = "bench_reading"
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TABLE {name} {table}")
        else:
            cursor.execute("UPDATE staged SET sampled_at = sampled_at + interval '365 days'")
            cursor.execute("SELECT max(batch_id) FROM monitoring_reading")
            (batch,) = cursor.fetchone()
            later = io.StringIO()
            cursor.copy_expert(
                f"""COPY (SELECT section_id, sampled_at, {batch}, indicator_id, origin, below_limit,
                    flag, value FROM staged ORDER BY row_no) TO STDOUT""",
                later,
            )
            later.seek(0)
            plain = later
        with timed() as watch:
            cursor.copy_expert(
                f"""COPY {name} (section_id, sampled_at, batch_id, indicator_id, origin,
                    below_limit, flag, value) FROM STDIN""",
                plain,
            )
    return watch.seconds


main(number(50_000))
