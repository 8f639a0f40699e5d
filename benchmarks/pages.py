"""What a person waits for: pages first and kept, beside a bare view of the same process (through all
middleware, nobody signed in); and whether they stay flat where the city grows.

    .venv/bin/python benchmarks/pages.py [--json]

Works on databases of the benchmarks' own, made by the first run: the demonstration, and copies of it
with ten times the sections, ten times the agreements, twenty times the entries. Asked for is without
compression; what compressing costs and saves is said in lines of its own.
"""

import gzip
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path

from bench import set_up, told

set_up()

from django.conf import settings  # noqa: E402
from django.contrib.auth.decorators import login_not_required  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

import config.urls  # noqa: E402
from basins.models import River, User  # noqa: E402
from monitoring import models as water  # noqa: E402
from settlements import models as money  # noqa: E402
from settlements.models.ledger import LINK_FIELDS  # noqa: E402

FIRST, KEPT, BARE = 5, 9, 60  # how often each is asked for; the least counts
STEP = 10**8  # between the keys of one copy of the rows and the next
SECTIONS = (water.Section, water.Target, water.MonthlyMean, water.Assessment)
AGREEMENTS = (
    money.Agreement, money.Party, money.Term, money.TermSection, money.AgreementMonth,
    money.Accrual, money.Transfer, money.Settlement, money.SettlementNet,
)  # fmt: skip
ENTRIES = (money.JournalEntry, money.Posting)
GROWN = {"sections": (SECTIONS, 10), "agreements": (AGREEMENTS, 10), "entries": (ENTRIES, 20)}
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
}
# The pages whose rows grow with it. A list shows a page of rows whatever there is, or is asked for by
# the row (docs/decisions/0016).
SCALES: dict[str, tuple[str, ...]] = {
    "sections": ("/", "/work/", "/sections/", "/districts/", "{basin}", "{section}", "{district}"),
    "agreements": (
        "/", "/work/", "/agreements/", "/settlements/", "/districts/", "{district}", "{year}",
        "/notices/",
    ),
    "entries": ("/work/", "/ledger/", "{account}", "/districts/", "{district}"),
}  # fmt: skip


def main() -> None:
    seeded()
    call_command("collectstatic", interactive=False, verbosity=0)
    config.urls.urlpatterns.append(path("bare/", login_not_required(lambda _: HttpResponse("一"))))
    client, pages = signed_in(), named_pages()
    stranger = Client()
    bare = seconds(lambda: get(stranger, "/bare/"), BARE)
    whose = seconds(lambda: get(client, "/bare/"), BARE)
    told("a bare view for who is signed in", limit=bare, ours=whose, ratio=whose / bare)
    for address in pages.values():
        cold = first(client, address)
        told(f"{address} first", limit=bare, ours=cold, ratio=cold / bare)
        kept = seconds(partial(get, client, address), KEPT)
        told(f"{address} kept", limit=bare, ours=kept, ratio=kept / bare)
    first_visit(client)
    for which, (tables, times) in GROWN.items():
        asked = [pages.get(name, name) for name in SCALES[which]]
        client = signed_in()
        small = [first(client, address) for address in asked]
        with database(which, partial(multiply, tables, times)):
            client = signed_in()
            for address, before in zip(asked, small, strict=True):
                grown = first(client, address)
                told(f"{address} {WHAT[which]}", limit=before, ours=grown, ratio=grown / before)


def seeded() -> None:
    call_command("load_basins", verbosity=0, stdout=StringIO())
    if not money.Accrual.objects.exists():
        call_command("seed_demo", verbosity=0, stdout=StringIO())


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="bureau"))
    return client


def named_pages() -> dict[str, str]:
    """The addresses by the names of SCALES."""
    year = money.Settlement.objects.filter(state="closed").latest("year")
    code, river = year.agreement.code, River.objects.filter(code="LONGXI").first()
    section = water.Section.objects.filter(term_sections__isnull=False).earliest("pk")
    party = year.agreement.parties.earliest("order").jurisdiction
    account = money.LedgerAccount.objects.filter(agreement=year.agreement).earliest("pk")
    pages = {name: name for names in SCALES.values() for name in names if name[0] == "/"}
    pages |= {
        "{basin}": f"/basins/{(river or year.agreement.river).code}/",
        "{section}": f"/sections/{section.code}/",
        "{district}": f"/districts/{party.code}/",
        "{agreement}": f"/agreements/{code}/",
        "{year}": f"/settlements/{code}/{year.year}/",
        "{month}": f"/settlements/{code}/{year.year}/6/",
        "{account}": f"/ledger/accounts/{account.pk}/",
    }
    return pages


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


def first(client: Client, address: str) -> float:
    """A page of which nothing is kept; what the process itself has at hand (code, shapes) it has."""

    def ask() -> None:
        for each in caches.all():
            each.clear()
        get(client, address)

    return seconds(ask, FIRST)


def first_visit(client: Client) -> None:
    """Bytes of the overview with all that comes with it."""
    page = get(client, "/", HTTP_ACCEPT_ENCODING="gzip")
    plain = get(client, "/").content
    packed = page.content if page.get("Content-Encoding") == "gzip" else plain
    files = loaded(set(re.findall(r'(?:href|src)="/static/([^"]+)"', plain.decode())))
    ours, limit = len(packed) + sum(map(packed_size, files)), 100_000
    told("bytes of a first visit", limit=limit, ours=ours, ratio=ours / limit, unit="B")
    told(
        "bytes of its page",
        limit=len(plain),
        ours=len(packed),
        ratio=len(packed) / len(plain),
        unit="B",
    )
    packing = seconds(lambda: gzip.compress(plain, 6), KEPT)
    whole = seconds(lambda: get(client, "/"), KEPT)
    told("compressing it", limit=whole, ours=packing, ratio=packing / whole)


def loaded(names: set[str]) -> set[str]:
    """Static files and the modules that they import."""
    found: set[str] = set()
    while names:
        found |= names
        texts = [(settings.STATIC_ROOT / n).read_text("utf-8") for n in names if n.endswith(".js")]
        inside = {m for text in texts for m in re.findall(r'from "\./([^"]+)"', text)}
        names = {f"js/{name}" for name in inside} - found
    return found


def packed_size(name: str) -> int:
    """What a browser of today is sent."""
    file = settings.STATIC_ROOT / name
    packed = (file.with_name(file.name + ending) for ending in (".br", ".gz", ""))
    return next(each for each in packed if each.exists()).stat().st_size


# Grown databases -----------------------------------------------------------------------------


@contextmanager
def database(name: str, grow: Callable[[], None]) -> Iterator[None]:
    """A copy of the demonstration, grown when it is made, in place of it."""
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
            cursor.execute(f"UPDATE settlements_accountmonth SET net = net * {times}")
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


main()
