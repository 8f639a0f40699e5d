"""A demonstration of two agreements: what `seed_demo` makes, of a size for tests."""

from basins.services.reference import load_reference
from dashboard.demo.build import Seeded, seed

AGREEMENTS = ("LONGXI", "LONGTAN")


def small_demonstration() -> Seeded:
    load_reference()
    return seed(only=AGREEMENTS)
