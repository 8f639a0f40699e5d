"""What every test can ask for: a world told in glossary words, and committed data.

Warnings are errors and an unknown template variable fails (pyproject.toml).
"""

import pytest
from django.conf import settings as product
from django.core.cache import caches
from django.db import connection
from hypothesis import HealthCheck, settings

from settlements.work.queries.work import _question
from tests import databases, scheduling
from tests.worlds import Border, People

# A busy machine fails no test: nothing here asserts how long something takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# A password's hash is slow on purpose; only the site behind the browser needs such a one
# (tests/demonstration.py).
product.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    *product.PASSWORD_HASHERS,
]
# What is proposed is approved on the same day, but in the tests of the hearing itself.
product.HEARING_DAYS = 0
# Static files are looked up when asked for: every new client would list them all.
product.WHITENOISE_AUTOREFRESH = True

# Filled by migrations; a test that commits leaves them alone.
REFERENCE = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "basins_jurisdiction",
    "basins_calendarday",
    "monitoring_indicator",
}


def pytest_collection_modifyitems(config, items):
    if not config.getoption("markexpr"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    items.sort(key=lambda item: scheduling.turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Only for `--dist loadfile`; xdist would take the files with the most tests first."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return scheduling.LongestFirst(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """The test database, always: tests that commit ask for it without pytest-django's mark."""
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock():
        databases.copy_migrated(name)
        with databases.pointed_at(name):
            yield
        databases.drop(name)


@pytest.fixture
def border(db) -> Border:
    """A river from 上游区 to 下游区 with one border section and an agreement on it."""
    return Border.make()


@pytest.fixture
def people(db) -> People:
    """One person a role; the district official stands for 上游区."""
    return People.make()


@pytest.fixture(autouse=True)
def nothing_kept():
    """Of a test before: it may have had other settings or templates."""
    caches["kept"].clear()
    _question.cache_clear()


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """The database with real commits, for tests of other processes; emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        connection.close()
        empty_database()


def empty_database() -> None:
    """Take out everything but the reference data, journal included.

    Only here: session_replication_role turns the guards off, which needs a superuser.
    """
    name = connection.settings_dict["NAME"]
    assert name.startswith("test_"), f"{name} is not a test database"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            """SELECT relname FROM pg_class
               WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                   AND pg_relation_size(oid) > 0"""
        )
        tables = {name for (name,) in cursor.fetchall()} - REFERENCE
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("DELETE FROM basins_jurisdiction WHERE level <> 'province'")
        cursor.execute(
            "UPDATE basins_jurisdiction SET boundary = NULL, label_lon = NULL, label_lat = NULL,"
            " name_en = '', parent_id = NULL"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
