"""A demonstration of some agreements: what `seed_demo` makes, of a size for tests."""

from django.conf import settings
from django.test import override_settings

from basins.services.reference import load_reference
from dashboard.demo.build import Seeded, seed

AGREEMENTS = (
    "LONGXI", "LONGTAN", "LONGTAN-JL", "YOUSHUI", "WANZHOU",
    "CHUANYU", "EY-CHANGJIANG", "CY-JIALING", "QY-WUJIANG",
)  # fmt: skip


def small_demonstration() -> Seeded:
    load_reference()
    slow = settings.PASSWORD_HASHERS[1:]  # as the site hashes them (tests/conftest.py)
    with override_settings(PASSWORD_HASHERS=slow):
        return seed(only=AGREEMENTS)
