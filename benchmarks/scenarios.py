"""Twenty scenarios over eight years on nineteen rivers, in one process.

    .venv/bin/python benchmarks/scenarios.py [scenarios]

Each scenario is one rate tried on every agreement. Builds its world (readings' means and
classes straight into their tables) in a transaction that is rolled back. Prints seconds and
section-months a second: loading, and the whole run as the job does it; beside it the same
without sharing what was loaded. PROFILE=1 prints where the time goes.
"""

import cProfile
import os
import pstats
import sys
from datetime import date
from decimal import Decimal

from bench import set_up, timed

set_up()

from django.db import transaction  # noqa: E402

from basins.access import Viewer  # noqa: E402
from basins.models import Jurisdiction, River  # noqa: E402
from basins.ranges import between, months_between  # noqa: E402
from monitoring.models import Assessment, Indicator, MonthlyMean, Origin, Section, Target  # noqa: E402
from settlements import rules  # noqa: E402
from settlements.models import Agreement, Party, Term, TermSection  # noqa: E402
from settlements.reckoning.preview import load_for  # noqa: E402
from settlements.rules.parameters import with_defaults  # noqa: E402
from settlements.scenarios.services.runs import grid_scenarios, run_all  # noqa: E402
from settlements.scenarios.services.scenarios import places_of, plan_of  # noqa: E402

RIVERS, FIRST, LAST = 19, date(2017, 1, 1), date(2025, 12, 1)
STARTS = date(2018, 1, 1)
INDICATORS = ("pH", "DO", "CODMn", "NH3-N", "TP", "COD", "BOD5", "F", "Cu", "Zn")


class RolledBack(Exception):
    """Nothing of a benchmark stays."""


def world() -> None:
    """19 agreements with one border section each, 9 years of monthly means of 10 indicators."""
    province = Jurisdiction.objects.get(code="500000")
    indicators = list(Indicator.objects.filter(code__in=INDICATORS).order_by("pk"))
    parameters = with_defaults(rules.get("baseline").parameters, {}, on=date(2023, 1, 1))
    months = months_between(FIRST, LAST)
    for n in range(RIVERS):
        river = River.objects.create(code=f"BENCH{n}", name=f"河{n}", level=1)
        sides = [
            Jurisdiction.objects.create(
                code=f"59{n:02}0{side}", name=f"区{n}-{side}", short_name=f"{n}{side}",
                level=Jurisdiction.Level.DISTRICT, sort_key=f"{n}{side}",
            )
            for side in (1, 2)
        ]  # fmt: skip
        section = Section.objects.create(
            code=f"BENCH{n}", name=f"断面{n}", province=province, river=river, km=10,
            upstream=sides[0], downstream=sides[1],
        )  # fmt: skip
        Target.objects.create(
            section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="bench"
        )
        MonthlyMean.objects.bulk_create(
            MonthlyMean(
                section=section, indicator=indicator, month=month, origin=Origin.AUTOMATIC,
                mean=Decimal(1 + (n + month.month + k) % 9) / 10, valid=180, expected=180,
                below_limit=0, complete=True,
            )
            for month in months
            for k, indicator in enumerate(indicators)
        )  # fmt: skip
        Assessment.objects.bulk_create(
            Assessment(
                section=section, month=month, water_class=2 + (n + month.month) % 4,
                deciding=["NH3-N"], complete=True,
            )
            for month in months
        )  # fmt: skip
        agreement = Agreement.objects.create(
            code=f"BENCH{n}", title=f"协议{n}", river=river, state=Agreement.State.ACTIVE
        )
        for order, side in enumerate(sides, start=1):
            Party.objects.create(agreement=agreement, jurisdiction=side, order=order)
        term = Term.objects.create(
            agreement=agreement, number=1, rule="baseline", rule_revision=1,
            parameters=parameters, in_force=between(STARTS, date(2026, 1, 1)),
        )  # fmt: skip
        TermSection.objects.create(
            term=term, section=section, upstream=sides[0], downstream=sides[1]
        )


def measure(count: int) -> None:
    viewer = Viewer(0, "bureau", None, None)
    agreements = list(
        Agreement.objects.filter(code__startswith="BENCH").select_related("river").order_by("code")
    )
    values = [f"{(n + 1) * 100_000}.00" for n in range(count)]
    scenarios = grid_scenarios(agreements, rule="baseline", parameter="rate", values=values)
    places = places_of(scenarios)
    plans = [plan_of(s, places) for s in scenarios]
    months = sum(len(item.periods) for each in plans for item in each.work)
    print(f"{count} scenarios × {len(agreements)} rivers, {months:,} section-months")
    with timed() as loading:
        load_for(plans)
    print(f"load      {loading.seconds:6.2f} s")
    with timed() as whole:
        lines = run_all(viewer, scenarios)
    assert not any("error" in line for line in lines)
    assert all(any(Decimal(p["scenario"]) for p in line["parties"]) for line in lines)
    print(f"run       {whole.seconds:6.2f} s  {months / whole.seconds:9,.0f} section-months/s")
    with timed() as apart:
        for each in plans[: len(agreements)]:
            each.lines()
    of_all = apart.seconds * count
    print(f"unshared  {of_all:6.2f} s  (one scenario took {apart.seconds:.2f} s)")
    if os.environ.get("PROFILE"):
        profile = cProfile.Profile()
        profile.runcall(run_all, viewer, scenarios)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main(count: int) -> None:
    try:
        with transaction.atomic():
            world()
            measure(count)
            raise RolledBack
    except RolledBack:
        print("(rolled back)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
