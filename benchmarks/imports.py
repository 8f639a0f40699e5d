"""The whole import of a file of readings, beside parsing it and storing it by themselves.

    .venv/bin/python benchmarks/imports.py [rows] [--xlsx] [--json]

Wide rows of nine indicators. Parsing: the file opened and every row read. Storing: its lines copied,
compared and put into the table. Whole: `import_readings`. The sections are there; each is rolled back.
"""

import io
import sys
from collections import deque
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile

from bench import number, set_up, timed, told

set_up()

import xlsxwriter  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from monitoring.ingest.services import ingest, storing  # noqa: E402
from monitoring.ingest.services.find_sections import Sections  # noqa: E402
from monitoring.ingest.services.trial import try_import  # noqa: E402
from monitoring.models import ImportBatch  # noqa: E402
from monitoring.protocols.layouts import SectionRef, open_layout  # noqa: E402

HEAD = [
    *("断面名称", "采样时间", "来源", "水温", "pH", "溶解氧"),
    *("电导率", "浊度", "高锰酸盐指数", "氨氮", "总磷", "总氮"),
]
A_SECTION = 2190  # four-hourly samples of a year


def rows(count: int):
    start = datetime(2021, 1, 1)  # noqa: DTZ001  Beijing time, as people write it
    for n in range(count):
        at = start + timedelta(hours=4 * (n % A_SECTION))
        values = [
            15 + n % 9,
            round(7.1 + n % 9 / 10, 1),
            8.9,
            436 + n % 10,
            round(n % 90 + 0.8, 1),
            1.9,
            0.08,
            0.03,
            2.5,
        ]
        yield [f"断面{n // A_SECTION}", f"{at:%Y-%m-%d %H:%M}", "自动", *values]


def file(count: int, *, xlsx: bool) -> bytes:
    if not xlsx:
        return "\n".join(",".join(map(str, row)) for row in (HEAD, *rows(count))).encode()
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        page = book.add_worksheet("监测数据")
        for at, row in enumerate((HEAD, *rows(count))):
            page.write_row(at, 0, row)
    return out.getvalue()


class RolledBack(Exception):
    """Nothing of a benchmark stays."""


def rolled_back(act) -> float:
    try:
        with transaction.atomic():
            with timed() as watch:
                act()
            raise RolledBack
    except RolledBack:
        return watch.seconds


def main(count: int, *, xlsx: bool) -> None:
    raw = file(count, xlsx=xlsx)
    sections = Sections(create=True)
    with transaction.atomic():
        for n in range(count // A_SECTION + 1):
            sections.find(SectionRef(None, None, f"断面{n}", None))
    name = "读数.xlsx" if xlsx else "读数.csv"

    def parse() -> None:
        deque(open_layout(raw, now=timezone.now()).rows(), maxlen=0)

    store = 0.0

    def stored() -> None:
        nonlocal store
        batch = ImportBatch.objects.create(filename="bench", sha256="", layout="wide")
        opened = open_layout(raw, now=timezone.now())
        report = ingest.report_of(opened)
        with SpooledTemporaryFile(1 << 30, "w+", encoding="utf-8", newline="") as lines:
            about = ingest.read_rows(opened, lines, Sections(create=True), report, ingest.silent)
            lines.seek(0)
            with timed() as watch:
                storing.stage(lines, about, doubts=False)
                ingest.store_told(batch.pk, about, report)
        store = watch.seconds

    parsed = rolled_back(parse)
    rolled_back(stored)
    whole = rolled_back(
        lambda: ingest.import_readings(raw=raw, filename=name, create_sections=True)
    )
    tried = rolled_back(lambda: try_import(raw=raw, filename=name, create_sections=True))
    kind = "XLSX" if xlsx else "CSV"
    both = parsed + store
    told(f"{kind}: parsing", limit=parsed, ours=parsed, ratio=1.0)
    told(f"{kind}: storing", limit=store, ours=store, ratio=1.0)
    told(f"{kind}: the whole import, of both", limit=both, ours=whole, ratio=whole / both)
    told(f"{kind}: a trial of it, of both", limit=both, ours=tried, ratio=tried / both)


main(number(50_000), xlsx="--xlsx" in sys.argv)
