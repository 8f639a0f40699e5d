"""What bends first where the city grows: every page a member of the bureau is led to, and the jobs of
the worker, with ten times the sections, ten times the agreements, twenty times the entries, twenty
times the readings, each beside itself before.

    .venv/bin/python benchmarks/grow.py [--json] [sections|agreements|entries|readings …]

A line for each, the most bent first. Pages are asked for with nothing kept, without compression; jobs
are taken back. Processor time of the process and of its database session; the least of some.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus

from bench import told
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from grown import GROWN, WHAT, first, grown, seconds, seeded, signed_in

from basins.access import viewer_of
from basins.models import User
from monitoring.models import Indicator, Section
from settlements import pipeline, tasks
from settlements.as_known.queries.as_known import accrual_as_known
from settlements.checks.registry import run_checks
from settlements.models import Accrual, AgreementMonth
from settlements.notices.services.content import draw
from settlements.work.queries.work import counts, todo

TIMES = 2  # how often a page is asked for and a job done; the least counts
DEEP = 3  # links from the first page
# Answers that are no page: files, what is asked for by a page itself.
NO_PAGES = re.compile(r"\.(?:csv|xlsx|pdf|json|zip)$|/(?:api|static|admin|sign-out)/|format=|#")


def main() -> None:
    wanted = [name for name in sys.argv[1:] if name in GROWN] or list(GROWN)
    seeded()
    call_command("collectstatic", interactive=False, verbosity=0)
    pages = every_page(signed_in())
    before = costs(pages)
    for name in wanted:
        with grown(name):
            after = costs(pages)
        both = before.keys() & after.keys()  # a copy made before has not every page of today
        for what in sorted(both, key=lambda what: -after[what] / before[what]):
            small, large = before[what], after[what]
            told(f"{what} {WHAT[name]}", limit=small, ours=large, ratio=large / small)


def costs(pages: dict[str, str]) -> dict[str, float]:
    client = signed_in()
    there = [each for each in pages.values() if client.get(each).status_code == HTTPStatus.OK]
    found = {address: first(client, address, TIMES) for address in there}
    for name, job in JOBS.items():
        with taken_back() if name in WRITING else nullcontext():
            found[name] = seconds(job, TIMES)
    return found


def every_page(client: Client) -> dict[str, str]:
    """By the name of each kind of page the first address that links from the overview lead to."""
    found: dict[str, str] = {}
    new = ["/"]
    for _ in range(DEEP):
        asked, new = new, []
        for address in asked:
            answer = client.get(address)
            if answer.status_code != HTTPStatus.OK or answer.streaming:
                continue
            if not answer["Content-Type"].startswith("text/html"):
                continue
            found.setdefault(resolve(address.split("?")[0]).url_name, address)
            for link in re.findall(r'href="(/[^"]*)"', answer.content.decode()):
                plain = link.split("?")[0]
                if NO_PAGES.search(link) or not plain.endswith("/"):
                    continue
                name = resolve(plain).url_name
                if name not in found and all(resolve(n).url_name != name for n in new):
                    new.append(plain)
    return found


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Jobs ----------------------------------------------------------------------------------------


def late_reading() -> None:
    """One value of a month past comes in, and all that follows is computed."""
    section = Section.objects.filter(code="PUSHUN").get()
    at = timezone.now() - timedelta(days=75, microseconds=timezone.now().microsecond)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_reading (section_id, indicator_id, sampled_at, origin, value)
               VALUES (%s, %s, %s, 2, %s) ON CONFLICT (section_id, indicator_id, sampled_at, origin)
               DO UPDATE SET value = EXCLUDED.value + 0.001""",
            [section.pk, Indicator.objects.get(code="NH3-N").pk, at, Decimal("0.312")],
        )
    pipeline.recompute()


def notice() -> None:
    draw(AgreementMonth.objects.latest("month").month, {})


def work() -> None:
    for name in ("bureau", "district", "treasury", "admin"):
        viewer = viewer_of(User.objects.get(username=name))
        todo(viewer, counts(viewer))


def known() -> None:
    """A month as it was known a month after it was over."""
    accrual = Accrual.objects.filter(yearly=False, state="settled").latest("period")
    viewer = viewer_of(User.objects.get(username="bureau"))
    assert accrual_as_known(viewer, accrual.pk, timezone.now() - timedelta(days=30)) is not None


def checks() -> None:
    assert len(run_checks()) > 30


JOBS: dict[str, Callable[[], object]] = {
    "a late reading": late_reading,
    "the daily round": tasks.daily,
    "a notice drawn": notice,
    "待办 of four people": work,
    "a month as known": known,
    "check_books": checks,
}

WRITING = ("a late reading", "the daily round")

if __name__ == "__main__":
    main()
