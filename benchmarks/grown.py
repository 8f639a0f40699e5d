"""The benchmarks' city, grown: copies of the demonstration with many times its rows; and what a page
or a job costs there, in processor time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path

from bench import set_up

set_up()

from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402

from basins.models import User  # noqa: E402
from basins.version import gather_marks  # noqa: E402
from monitoring import models as water  # noqa: E402
from settlements import models as money  # noqa: E402
from settlements.models.ledger import LINK_FIELDS  # noqa: E402

FIRST = 5  # how often each is asked for; the least counts
STEP = 10**8  # between the keys of one copy of the rows and the next
SECTIONS = (water.Section, water.Target, water.MonthlyMean, water.Assessment)
AGREEMENTS = (
    money.Agreement, money.Party, money.Term, money.TermSection, money.AgreementMonth,
    money.Accrual, money.Transfer, money.Settlement, money.SettlementNet,
)  # fmt: skip
ENTRIES = (money.JournalEntry, money.Posting)
# Entries are bound to what they were made for, once; those of before were not.
OF_COPIES = {f"JournalEntry.{link}": "NULL" for link in LINK_FIELDS} | {
    "JournalEntry.hash_version": "1",
    "JournalEntry.number": "t.number + k * 1000000",
    "Section.station_mn": "''",
}
WHAT = {
    "sections": "10 × the sections",
    "agreements": "10 × the agreements",
    "entries": "20 × the entries",
    "readings": "20 × the readings",
}


def seeded() -> None:
    call_command("load_basins", verbosity=0, stdout=StringIO())
    if not money.Accrual.objects.exists():
        call_command("seed_demo", verbosity=0, stdout=StringIO())
    gather_marks()  # as the worker does


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="bureau"))
    return client


def get(client: Client, address: str, **given) -> HttpResponse:
    response = client.get(address, **given)
    assert response.status_code == 200, (address, response.status_code)
    return response


def seconds(ask: Callable[[], object], times: int) -> float:
    """The least of so many, after one that is not counted: what else runs on the machine is not ours."""
    ask()
    found = []
    for _ in range(times):
        begun = spent()
        ask()
        found.append(spent() - begun)
    return min(found)


def spent() -> float:
    """Seconds of processor time of this process and of the database's that works for it."""
    connection.ensure_connection()
    of_database = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + int(of_database.read_text().split()[0]) / 1e9


def first(client: Client, address: str, times: int = FIRST) -> float:
    """A page of which nothing is kept; what the process itself has at hand (code, shapes) it has."""

    def ask() -> None:
        for each in caches.all():
            each.clear()
        get(client, address)

    return seconds(ask, times)


@contextmanager
def grown(name: str) -> Iterator[None]:
    """In place of the demonstration, a copy grown in that way (WHAT), made once."""
    grow = GROWN[name]
    base = connection.settings_dict["NAME"]
    copy = f"{base}_{name}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [copy])
        there = cursor.fetchone()
    if not there:
        run_elsewhere(f'CREATE DATABASE "{copy}" TEMPLATE "{base}"')
    connection.close()
    connection.settings_dict["NAME"] = copy
    call_command("migrate", verbosity=0)
    gather_marks()
    if not there:
        try:
            grow()
        except BaseException:
            run_elsewhere(f'DROP DATABASE "{copy}"')
            raise
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = base


def run_elsewhere(sql: str) -> None:
    """A statement that wants nobody in the database it is about."""
    connection.close()
    connection.settings_dict["NAME"] = "template1"
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def multiply(tables: tuple[type[models.Model], ...], times: int) -> None:
    """Each row so many times: keys moved, what names another copied row moved with it. The triggers
    rest, as they would refuse entries nobody booked."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in tables:
            columns, values = zip(
                *(moved(f, tables) for f in model._meta.concrete_fields), strict=True
            )
            cursor.execute(
                f"""INSERT INTO {model._meta.db_table} ({", ".join(columns)})
                    SELECT {", ".join(values)} FROM {model._meta.db_table} t,
                        generate_series(1, {times - 1}) AS k"""
            )
        if money.Posting in tables:
            for nets in ("accountmonth", "accountyear"):
                cursor.execute(f"UPDATE settlements_{nets} SET net = net * {times}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def moved(field: models.Field, tables: tuple[type[models.Model], ...]) -> tuple[str, str]:
    """A column and its value in copy k."""
    column = f'"{field.column}"'
    name = f"{field.model.__name__}.{field.name}"
    if name in OF_COPIES:
        return column, OF_COPIES[name]
    if field.primary_key or field.related_model in tables:
        return column, f"t.{column} + k * {STEP}"
    if field.unique or name == "Section.name":
        return column, f"left(md5(t.{column} || k), 14)"
    return column, f"t.{column}"


def multiply_readings(times: int) -> None:
    """Each reading so many times, some minutes apart, in its own month and as it was recorded."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            """SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'monitoring_reading'::regclass"""
        )
        for (partition,) in cursor.fetchall():
            # A sample that would leave the partition is left out: of the last minutes of a month.
            cursor.execute(
                f"""INSERT INTO {partition} (section_id, sampled_at, recorded_at, batch_id,
                        indicator_id, origin, below_limit, flag, value)
                    SELECT t.section_id, t.sampled_at - k * interval '1 second', t.recorded_at,
                        t.batch_id, t.indicator_id, t.origin, t.below_limit, t.flag, t.value
                    FROM {partition} t, generate_series(1, {times - 1}) AS k
                    WHERE date_trunc('month', t.sampled_at AT TIME ZONE 'Asia/Shanghai')
                        = date_trunc('month', (t.sampled_at - k * interval '1 second')
                              AT TIME ZONE 'Asia/Shanghai')"""
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


GROWN: dict[str, Callable[[], None]] = {
    "sections": partial(multiply, SECTIONS, 10),
    "agreements": partial(multiply, AGREEMENTS, 10),
    "entries": partial(multiply, ENTRIES, 20),
    "readings": partial(multiply_readings, 20),
}
