"""Building the demonstration: all of it or nothing, the same every time.

The only clock is the last month that is over. Readings are stored as facts; means, classes,
accruals and nets come from them through the pipeline, like anybody's.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from basins.clock import today
from basins.models import River, User
from basins.ranges import months_between
from basins.seeding import recorded_by_period, seeding
from dashboard.demo.agreements import AgreementSpec
from dashboard.demo.books import close_years
from dashboard.demo.city import AGREEMENTS, sections
from dashboard.demo.disputes import Disputes, dispute_last
from dashboard.demo.months import months_to_publish, publish_months
from dashboard.demo.people import make_people
from dashboard.demo.readings import FIRST_MONTH
from dashboard.demo.sections import SectionSpec
from dashboard.demo.store import (
    store_agreement,
    store_readings,
    store_running,
    store_sections,
    store_stations,
    store_waters,
)
from dashboard.demo.stored_facts import store_figures, store_rulings
from dashboard.demo.stories import tell_stories
from jobs.acting import acting
from monitoring.models import Section
from settlements.models import Accrual, Agreement, Transfer
from settlements.pipeline import recompute
from settlements.reckoning.periods import last_month

MARKS_AT_ONCE = 100_000
GROWING = (
    "basins_auditrecord",
    "settlements_accrual",
    "settlements_accrualversion",
    "settlements_agreementmonth",
    "settlements_statemove",
    "settlements_transfer",
)
RUNS_BEHIND = timedelta(days=3)


class SeedRefused(Exception):
    """The demonstration cannot be stored here; the message (Chinese) says why and what to do."""


@dataclass
class Seeded:
    """What was stored, and how long each part took in seconds."""

    already: bool = False
    last: str = ""
    sections: int = 0
    agreements: int = 0
    readings: int = 0
    accruals: int = 0
    transfers: int = 0
    notices: int = 0
    closed: int = 0
    payments: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict:
        return asdict(self)


@transaction.atomic
def seed(
    *,
    months: int | None = None,
    only: Collection[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> Seeded:
    """Store the demonstration; nothing where it is there already.

    `months`: readings of just so many last months; `only`: just these agreements and their
    sections. Raises Refused for a production installation, other data, or a missing map.
    """
    if settings.INSTALLATION == "production":
        raise SeedRefused("INSTALLATION=production:正式环境不载入演示数据。")
    with connection.cursor() as cursor:
        # Of two that start at once the second waits, and finds it there.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('dashboard_demo'))")
    if Agreement.objects.filter(code__in=[a.code for a in AGREEMENTS]).exists():
        return Seeded(already=True)
    _refuse_others()
    if not River.objects.filter(code="LONGXI").exists():
        raise SeedRefused("还没有行政区与河流；请先运行 manage.py load_basins。")
    unknown = set(only) - {a.code for a in AGREEMENTS}
    if unknown:
        raise SeedRefused(
            f"没有演示协议 {'、'.join(sorted(unknown))};可用的是"
            f"{'、'.join(a.code for a in AGREEMENTS)}。"
        )
    with seeding():
        return _store(months, only, say)


def _refuse_others() -> None:
    """Demonstration and real data never share a database."""
    other = Section.objects.exclude(code__in=[s.code for s in sections()]).order_by("pk").first()
    if other is not None:
        raise SeedRefused(
            f"数据库里有演示以外的断面“{other.name}”；演示数据只能载入空的数据库，"
            "请另设 VAR_DIR 或 DATABASE_URL。"
        )
    agreement = Agreement.objects.order_by("pk").first()
    if agreement is not None:
        raise SeedRefused(
            f"数据库里有演示以外的协议“{agreement.title}”；演示数据只能载入空的数据库，"
            "请另设 VAR_DIR 或 DATABASE_URL。"
        )
    user = User.objects.order_by("pk").first()
    if user is not None:
        raise SeedRefused(
            f"数据库里已有用户“{user.username}”；演示数据只能载入空的数据库，"
            "请另设 VAR_DIR 或 DATABASE_URL。"
        )


def _store(months: int | None, only: Collection[str], say: Callable[[str], None]) -> Seeded:
    last = last_month()
    every = months_between(FIRST_MONTH, last)
    first = every[-min(months or len(every), len(every))]
    chosen = [a for a in AGREEMENTS if not only or a.code in only]
    specs = _sections_of(chosen) if only else list(sections())
    done = Seeded(last=f"{last:%Y-%m}", sections=len(specs), agreements=len(chosen))
    clock = _Clock(done.seconds, say)
    with acting(established=True):  # the audit trail takes it for what was there before
        people = make_people()
        store_waters()
        stored = store_sections(specs, last)
        store_stations(stored)
        for agreement in chosen:
            store_agreement(agreement, stored)
    clock.took("协议与断面", "entries")
    done.readings = store_readings(specs, stored, first, last)
    store_figures(stored, people["bureau"], last)
    store_rulings(stored, people["bureau"], first, last)
    clock.took("监测数据", "readings")
    with recorded_by_period():
        recompute(batch=MARKS_AT_ONCE)
        _computed_when_found()
    _count_rows()
    done.accruals, done.transfers = Accrual.objects.count(), Transfer.objects.count()
    clock.took("评价与核算", "recompute")
    done.notices = publish_months(
        last=last,
        preparer=people["bureau"],
        signer=people["bureau2"],
        meanwhile=Disputes(months_to_publish(last)[:-1], people),
    )
    dispute_last(people)
    _count_rows()
    clock.took("月通报", "notices")
    done.closed, done.payments = close_years(last=last, people=people)
    clock.took("年清缴与付款", "books")
    tell_stories(people)
    done.readings += store_running(specs, stored, last, today() - RUNS_BEHIND)
    recompute(batch=MARKS_AT_ONCE)
    clock.took("调整、资金与措施", "stories")
    return done


def _sections_of(chosen: list[AgreementSpec]) -> list[SectionSpec]:
    named = {
        code
        for a in chosen
        for b in a.borders
        for code in (b.section, b.inflow, b.reference)
        if code
    }
    return [spec for spec in sections() if spec.code in named]


def _computed_when_found() -> None:
    """计算时间 of what one run computed: as its versions are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_assessment SET computed_at = basins_recorded_at(now(), month)"
        )
        cursor.execute(
            "UPDATE settlements_accrual SET computed_at ="
            " basins_recorded_at(now(), settlements_last_month(period, yearly))"
        )
        cursor.execute(
            "UPDATE settlements_settlement SET computed_at ="
            " basins_recorded_at(now(), make_date(year, 12, 1))"
        )


def _count_rows() -> None:
    """What one transaction stores is not counted by itself, and its plans are for empty tables."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(GROWING)}")


class _Clock:
    def __init__(self, seconds: dict[str, float], say: Callable[[str], None]) -> None:
        self._seconds, self._say, self._since = seconds, say, time.monotonic()

    def took(self, words: str, key: str) -> None:
        now = time.monotonic()
        self._seconds[key] = round(now - self._since, 2)
        self._say(f"{words} {self._seconds[key]:.1f} s")
        self._since = now
