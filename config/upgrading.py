"""Databases of before the first migrations of each app were put together (decision 9)."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def refuse_half_way(using: str = "default", **_: Any) -> None:
    """Refuse a database that has some of the replaced migrations. Receiver of pre_migrate.

    Their code is gone, and Django would pass over the app in silence. Raises ImproperlyConfigured.
    """
    applied = MigrationRecorder(connections[using]).applied_migrations().keys()
    on_disk = MigrationLoader(None, replace_migrations=False).disk_migrations
    for migration in on_disk.values():
        missing = [each for each in migration.replaces if each not in applied]
        if missing and len(missing) < len(migration.replaces):
            first = ".".join(missing[0])
            raise ImproperlyConfigured(
                f"数据库停在合并前的迁移之间(缺 {len(missing)} 个,如 {first}):请先用合并前的版本"
                "运行 manage.py migrate,再换用本版本。 (The database stands between migrations that "
                f"were put together since, e.g. before {first}: migrate it with the version of "
                "before first.)"
            )
