"""The embedded database where the settings ask for it (DATABASE_URL unset)."""

import sys

from django.conf import settings
from django.db import OperationalError, connection

from .postgres import acquire


def acquire_if_embedded() -> None:
    """Have the embedded database run until this process ends; nothing with a DATABASE_URL.

    Raises EmbeddedPostgresError, and ImproperlyConfigured for settings that cannot be read.
    """
    if not settings.DATABASE_URL:
        acquire(settings.VAR_DIR)


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
