"""A thousand random periods at random past moments, after corrections: do their digests come out?

    .venv/bin/python benchmarks/known.py

Works on the benchmarks' own database: the first run seeds the city, and every run corrects
readings, targets and figures a little more, each change committed and worked in.
"""

import sys

from bench import set_up, timed

set_up()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from monitoring.models import Target  # noqa: E402
from settlements import pipeline  # noqa: E402
from settlements.models import Accrual, AccrualVersion  # noqa: E402
from settlements.reckoning.known_check import verify_known  # noqa: E402
from settlements.reckoning.known_spans import lifetimes  # noqa: E402

PAIRS = 1000
CHANGES = 20
# Ammonia of one open month and section raised a little: another month each time.
CORRECT = """
UPDATE monitoring_reading r SET value = r.value + 0.05
FROM monitoring_indicator i,
     (SELECT s.section_id, a.period FROM settlements_accrual a
      JOIN settlements_termsection s ON s.id = a.term_section_id
      WHERE a.state = 'preliminary' AND NOT a.yearly ORDER BY a.id OFFSET %s LIMIT 1) AS one
WHERE i.id = r.indicator_id AND i.code = 'NH3-N' AND r.section_id = one.section_id
  AND r.sampled_at >= one.period AND r.sampled_at < one.period + interval '1 month'
"""


def main() -> None:
    call_command("load_basins", verbosity=0)
    if not Accrual.objects.exists():
        call_command("seed_demo", verbosity=0)
    before = AccrualVersion.objects.count()
    for n in range(CHANGES):
        change(n)
        pipeline.recompute()
    with timed() as drawing:
        alive = lifetimes()
    with timed() as checking:
        found = verify_known(PAIRS)
    print(f"{Accrual.objects.count()} accruals, {AccrualVersion.objects.count()} versions")
    print(f"{AccrualVersion.objects.count() - before} of them new by {CHANGES} changes")
    print(f"lifetimes of {len(alive):,} digests   {drawing.seconds:6.2f} s")
    print(f"{found.checked} pairs, {found.moments} moments {checking.seconds:6.2f} s")
    print(f"{found.digests} different digests, {len(found.differ)} differ")
    for each in found.differ[:20]:
        print(each)
    if found.differ:
        sys.exit(1)


def change(n: int) -> None:
    if n % 5 == 4:
        target = Target.objects.order_by("pk")[n]
        target.water_class = target.water_class % 5 + 1
        target.save(update_fields=["water_class"])
        return
    with connection.cursor() as cursor:
        cursor.execute(CORRECT, [n])


main()
