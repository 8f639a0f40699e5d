"""Scheme-years on the real services and database, from a seed.

    .venv/bin/python benchmarks/simulate.py SEED [--years N] [--yearly | --monthly] [--many N]

Without --many one world of N years (default 5) lives from that seed. `--many 100` lives 100
worlds from the seeds that follow: 100 × 5 years are the 500 of docs/correctness.md. A failure
says its seed and step; the same command lives it again. PLANTED_BUG=name plants a bug of
tests/simulation/bugs.py first.
"""

import argparse
import logging
import sys
import tempfile
import time

from bench import set_up

set_up()

from django.conf import settings  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from tests.conftest import empty_database  # noqa: E402
from tests.simulation.bugs import planted  # noqa: E402
from tests.simulation.years import Broken, Years  # noqa: E402


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--many", type=int, default=1)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--yearly", dest="yearly", action="store_true", default=None)
    which.add_argument("--monthly", dest="yearly", action="store_false")
    return parser.parse_args()


def main() -> int:
    given = read()
    logging.disable(logging.ERROR)
    made = setup_databases(verbosity=0, interactive=False)
    steps, start = 0, time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as media, planted():
            settings.MEDIA_ROOT = media
            for seed in range(given.seed, given.seed + given.many):
                empty_database()
                lived = Years(seed, years=given.years, yearly=given.yearly)
                try:
                    lived.run()
                except Broken as broken:
                    print(broken)
                    return 1
                steps += lived.step
                print(f"seed {seed}: {given.years} years, {lived.step} steps, nothing broken")
    finally:
        teardown_databases(made, verbosity=0)
    seconds = time.perf_counter() - start
    print(f"{given.many * given.years} years, {steps} steps, {seconds:.0f} s")
    return 0


sys.exit(main())
