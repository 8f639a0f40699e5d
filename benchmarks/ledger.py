"""What booking costs: in bulk, an entry a commit, a closing; and check_books as the journal grows.

    .venv/bin/python benchmarks/ledger.py [ENTRIES] [--json]

In a database of its own, dropped at the end. The limits are of the same run: one INSERT a table of the
same rows with the same keys, indexes and checks, without triggers and foreign keys; the same rows made by
the ORM with a commit, without triggers; check_books with a tenth of the entries; posting with nobody
checking. Of a closing the SQL statements are counted (limit: the goal).
"""

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from statistics import median

from bench import number, set_up, timed, told

set_up()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    setup_databases,
    teardown_databases,
)

from basins.clock import moved_to  # noqa: E402
from settlements import pipeline  # noqa: E402
from settlements.checks.registry import run_checks  # noqa: E402
from settlements.ledger.services.ledger import Booking, Line, post, post_all  # noqa: E402
from settlements.models import JournalEntry, Posting, Settlement  # noqa: E402
from settlements.money import yuan  # noqa: E402
from settlements.years.services.closing import close_settlement, prepare_closing  # noqa: E402
from settlements.years.services.signing import confirm_amounts, sign_data  # noqa: E402
from tests.books import Ledger  # noqa: E402
from tests.told_once import bare  # noqa: E402
from tests.worlds import publish_year  # noqa: E402

DAY = date(2024, 2, 2)
TABLES = ("settlements_journalentry", "settlements_posting")
RUNS, ONE_BY_ONE, MEANWHILE = 3, 60, 40
CLOSING = 20  # SQL statements of one closing: the goal
POSTER = "post"  # the argument of the process that posts while this one checks


class RolledBack(Exception):
    """Nothing of a measurement stays."""


@contextmanager
def rolled_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise RolledBack
    except RolledBack:
        pass


class Books:
    """Two districts whose year 2022 gives the one something from the other, again and again."""

    def __init__(self) -> None:
        world = bare()
        self.border, self.people = world["border"], world["people"]
        self.ledger = Ledger.make(self.people)
        self.year = Settlement.objects.create(agreement=self.ledger.agreement, year=2022)
        places = (self.ledger.up, self.ledger.down)
        self.up, self.down = (self.ledger.account(place) for place in places)

    def booking(self, n: int) -> Booking:
        amount = yuan(n % 9999 + 1)
        return Booking(
            cause="award",
            settlement=self.year,
            on=DAY,
            text="基准",
            by=self.people.treasury,
            lines=[Line(self.up, amount), Line(self.down, -amount)],
        )


def main(entries: int) -> None:
    books = Books()
    closing(books)
    bulk(books, entries)
    one_a_commit(books)
    checks(books, 10 * entries)


def closing(books: Books) -> None:
    people, agreement = books.people, books.border.agreement
    for when in books.border.months("2022-01", "2023-12"):
        better = when in books.border.months("2023-01", "2023-05")
        books.border.measured(when, "II" if better else "III")
    pipeline.recompute()
    publish_year(agreement, 2023, people, on=date(2024, 1, 20))
    year = Settlement.objects.get(agreement=agreement, year=2023)
    with moved_to(DAY):
        for sign in (sign_data, confirm_amounts):
            for who in (people.district, people.downstream):
                sign(settlement=year, by=who)
        prepare_closing(settlement=year, by=people.bureau)
        with CaptureQueriesContext(connection) as queries:
            close_settlement(settlement=year, by=people.bureau2)
    ours = len(queries)
    told("year closing, one act", limit=CLOSING, ours=ours, ratio=ours / CLOSING, unit="statements")


def bulk(books: Books, entries: int) -> None:
    with rolled_back():
        post_all([books.booking(n) for n in range(10)])  # plans are made
        bookings = [books.booking(n) for n in range(entries)]
        gc.collect()
        with timed() as ours:
            post_all(bookings)
            connection.check_constraints()  # what a commit asks
        limit = sum(inserted(table, entries) for table in TABLES)
    told("ledger in bulk", limit=limit, ours=ours.seconds, ratio=limit / ours.seconds)


def inserted(table: str, entries: int) -> float:
    """Seconds of one INSERT of the table's newest rows into one with the same indexes and checks."""
    with connection.cursor() as cursor:
        many = entries * (2 if table.endswith("posting") else 1)
        cursor.execute(f"SELECT * FROM {table} ORDER BY id DESC LIMIT {many}")
        rows = cursor.fetchall()[::-1]
        one = f"({', '.join(['%s'] * len(rows[0]))})"
        cursor.execute(f"CREATE TABLE bench_rows (LIKE {table} INCLUDING ALL)")
        values = b", ".join(cursor.mogrify(one, row) for row in rows)
        with timed() as watch:
            cursor.execute(b"INSERT INTO bench_rows VALUES " + values)
        cursor.execute("DROP TABLE bench_rows")
    return watch.seconds


def one_a_commit(books: Books) -> None:
    ours, limit = [], []
    for n in range(ONE_BY_ONE):
        with timed() as watch:
            post_all([books.booking(n)])
        ours.append(watch.seconds)
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            last = JournalEntry.objects.latest("pk")
            with timed() as watch, transaction.atomic():
                created(books, last.number + 1)
            limit.append(watch.seconds)
            for table, column in zip(TABLES, ("number", "entry_id"), strict=True):
                wanted = last.number + 1 if column == "number" else last.pk + 1
                cursor.execute(f"DELETE FROM {table} WHERE {column} >= %s", [wanted])
            cursor.execute("SET session_replication_role = DEFAULT")
    told(
        "one entry a commit",
        limit=median(limit),
        ours=median(ours),
        ratio=median(limit) / median(ours),
    )


def created(books: Books, entry_number: int) -> None:
    booking = books.booking(entry_number)
    entry = JournalEntry.objects.create(
        year=DAY.year,
        number=entry_number,
        booked_on=DAY,
        effective_on=DAY,
        cause=booking.cause,
        settlement=booking.settlement,
        text=booking.text,
        by=booking.by,
        booked_at=books.year.computed_at,
        previous_hash="0" * 64,
        hash="0" * 64,
    )
    Posting.objects.bulk_create(
        Posting(entry=entry, account=line.account, yuan=line.yuan) for line in booking.lines
    )


def checks(books: Books, entries: int) -> None:
    """With a tenth of the entries, with all, and with another process that posts meanwhile."""
    seconds = []
    for many in (entries // 10, entries):
        post_all([books.booking(n) for n in range(many - JournalEntry.objects.count())])
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        runs = []
        for _ in range(RUNS):
            with timed() as watch:
                run_checks()
            runs.append(1000 * watch.seconds / many)
        seconds.append(median(runs))
    told(
        "check_books, per 1,000 entries at × 10",
        limit=seconds[0],
        ours=seconds[1],
        ratio=seconds[1] / seconds[0],
    )
    alone = posting()
    meanwhile = posting(while_checking=True)
    told(
        "posting while the books are checked", limit=alone, ours=meanwhile, ratio=meanwhile / alone
    )


def posting(*, while_checking: bool = False) -> float:
    """Median seconds of an entry that another process posts."""
    environment = {**os.environ, "BENCH_DATABASE": connection.settings_dict["NAME"]}
    poster = subprocess.Popen(
        [sys.executable, __file__, POSTER], env=environment, stdout=subprocess.PIPE, text=True
    )
    while while_checking and poster.poll() is None:
        run_checks()
    said, _ = poster.communicate()
    return float(said.split()[-1])


def posted_by_another_process() -> None:
    connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
    connection.close()
    year = Settlement.objects.get(year=2022, agreement__code="LEDGER")
    up, down = year.agreement.accounts.order_by("pk")
    seconds = []
    for n in range(MEANWHILE):
        with timed() as watch:
            post(
                cause="award",
                settlement=year,
                on=DAY,
                text="基准",
                by=None,
                lines=[Line(up, yuan(n + 1)), Line(down, -yuan(n + 1))],
            )
        seconds.append(watch.seconds)
    print(median(seconds))


if POSTER in sys.argv:
    posted_by_another_process()
else:
    logging.disable(logging.ERROR)
    made = setup_databases(verbosity=0, interactive=False)
    try:
        main(number(2_000))
    finally:
        teardown_databases(made, verbosity=0)
