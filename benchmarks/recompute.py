"""Recomputing the whole demonstration city, and one month after one reading.

    .venv/bin/python benchmarks/recompute.py

The first run seeds the city (half a minute). Everything measured is rolled back.
"""

from bench import set_up, timed

set_up()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from monitoring.models import Assessment, MonthlyMean  # noqa: E402
from settlements import pipeline  # noqa: E402
from settlements.accruals.services.accruals import accrue_agreement  # noqa: E402
from settlements.models import Accrual, Agreement  # noqa: E402
from settlements.reckoning.computation import compute, work_of  # noqa: E402

EVERY_MONTH = """
INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
SELECT DISTINCT section_id, month, now() FROM monitoring_monthlymean
"""
ONE_READING = """
UPDATE monitoring_reading SET value = value + 0.001
WHERE (section_id, indicator_id, sampled_at, origin) = (
    SELECT r.section_id, r.indicator_id, r.sampled_at, r.origin FROM monitoring_reading r
    JOIN monitoring_section s ON s.id = r.section_id AND s.code = 'PUSHUN'
    JOIN monitoring_indicator i ON i.id = r.indicator_id AND i.code = 'NH3-N'
    WHERE r.flag = 'N' ORDER BY r.sampled_at DESC LIMIT 1)
"""


class RolledBack(Exception):
    """Nothing of a benchmark stays."""


def main() -> None:
    call_command("load_basins", verbosity=0)
    call_command("seed_demo", verbosity=0)
    sections, accruals = Assessment.objects.count(), Accrual.objects.count()
    agreements = list(Agreement.objects.select_related("river").order_by("pk"))
    with timed() as one:
        rolled_back(lambda: (sql(ONE_READING), pipeline.recompute()))
    with timed() as means:
        rolled_back(all_means)
    with timed() as rules:
        for agreement in agreements:
            compute(work_of(agreement))
    with timed() as stored:
        rolled_back(lambda: store_open_again(agreements))
    print(f"{len(agreements)} agreements, {sections} section-months, {accruals} accruals")
    print(f"means and class of all      {means.seconds:6.2f} s {sections / means.seconds:9,.0f} /s")
    print(f"all accruals, not stored    {rules.seconds:6.2f} s {accruals / rules.seconds:9,.0f} /s")
    print(f"open accruals, stored       {stored.seconds:6.2f} s")
    print(f"one reading to its balance  {one.seconds:6.3f} s")
    print(f"all : one = {(means.seconds + rules.seconds) / one.seconds:,.0f}")


def all_means() -> None:
    MonthlyMean.objects.update(valid=0)  # so that each is found different and written again
    sql(EVERY_MONTH)
    pipeline.recompute(batch=2000)


def store_open_again(agreements: list[Agreement]) -> None:
    Accrual.objects.filter(state__in=Accrual.OPEN).update(input_digest="")
    for agreement in agreements:
        accrue_agreement(agreement=agreement)


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rolled_back(work) -> None:
    try:
        with transaction.atomic():
            work()
            raise RolledBack
    except RolledBack:
        return


main()
