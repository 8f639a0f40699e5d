"""The embedded database where the settings ask for it (DATABASE_URL unset)."""

import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection

from basins.guarding import differing

from .postgres import acquire

PROJECT_APPS = ("jobs", "basins", "monitoring", "settlements")


def acquire_if_embedded() -> None:
    """Have the embedded database run until this process ends; nothing with a DATABASE_URL.

    Raises EmbeddedPostgresError, and ImproperlyConfigured for settings that cannot be read.
    """
    if not settings.DATABASE_URL:
        acquire(settings.VAR_DIR)


def behind() -> list[str]:
    """What the code has and the database has not: migrations of the project, as app.name; where
    there are none, guards by their names.
    """
    in_code = {
        f"{app}.{file.stem}"
        for app in PROJECT_APPS
        for file in (settings.BASE_DIR / app / "migrations").glob("[0-9]*.py")
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app || '.' || name FROM django_migrations")
            applied = {name for (name,) in cursor.fetchall()}
    except ProgrammingError:
        connection.close()
        return sorted(in_code)
    return sorted(in_code - applied) or differing()


def make_tables_current() -> None:
    """Bring the embedded database's tables up to the code; refuse another one that is behind.

    Raises ImproperlyConfigured for a database of one's own: changing its tables is for the
    person who runs it to decide.
    """
    if not (missing := behind()):
        return
    if settings.DATABASE_URL:
        raise ImproperlyConfigured(
            f"DATABASE_URL 所指的数据库缺 {len(missing)} 个迁移或守卫(如 {missing[0]}):"
            "请先运行 manage.py migrate。 (The database is behind: run manage.py migrate.)"
        )
    print("正在建立数据库表…… (making the tables)", file=sys.stderr)
    call_command("migrate", verbosity=0)


def is_unreachable(error: OperationalError) -> bool:
    """Whether the connection failed, not a statement: then there is no SQLSTATE."""
    return getattr(error.__cause__, "pgcode", None) is None


def unreachable_line(error: OperationalError) -> str:
    """One line that names the setting, the address without the password, and the remedy."""
    reason = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    if not settings.DATABASE_URL:
        return (
            f"内置数据库连接中断,日志 {settings.VAR_DIR / 'postgres.log'};请重新运行。 "
            f"(The embedded database went away: run it again.) {reason}"
        )
    there = connection.settings_dict
    where = f"{there['HOST'] or 'localhost'}:{there['PORT'] or 5432}/{there['NAME']}"
    return (
        f"DATABASE_URL 所指的数据库 {where} 连接失败:请检查地址、用户、密码和服务是否启动,"
        f"或取消该变量以使用内置数据库。 (DATABASE_URL: cannot connect to {where}; correct it, "
        f"start that server, or unset it to use the embedded one.) {reason}"
    )


def fail(line: str) -> int:
    """Say it on stderr, as one line; the exit status."""
    print(f"manage.py: {' '.join(line.split())}", file=sys.stderr)
    return 1
