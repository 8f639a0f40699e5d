"""What a person waits for: pages first and kept, beside a bare view of the same process (through all
middleware, nobody signed in); and whether they stay flat where the city grows.

    .venv/bin/python benchmarks/pages.py [--json]

Works on databases of the benchmarks' own, made by the first run: the demonstration, and copies of it
with ten times the sections, ten times the agreements, twenty times the entries. Asked for is without
compression; what compressing costs and saves is said in lines of its own.
"""

import gzip
import re
from functools import partial

from bench import told
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from grown import WHAT, first, get, grown, seconds, seeded, signed_in

import config.urls
from basins.models import River
from monitoring import models as water
from settlements import models as money

KEPT, BARE = 9, 60  # how often each is asked for; the least counts
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
    for which, names in SCALES.items():
        asked = [pages.get(name, name) for name in names]
        client = signed_in()
        small = [first(client, address) for address in asked]
        with grown(which):
            client = signed_in()
            for address, before in zip(asked, small, strict=True):
                after = first(client, address)
                told(f"{address} {WHAT[which]}", limit=before, ours=after, ratio=after / before)


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


if __name__ == "__main__":
    main()
