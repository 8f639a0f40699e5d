#!/usr/bin/env python
"""Every command of the project; starts the embedded database where one is needed.

It leaves the database as it found it: started for this command, it stops with it.
"""

import getpass
import os
import sys
from importlib import import_module

# Arithmetic alone: run without settings, applications or database, a third of a second.
ARITHMETIC = {
    "classify": "monitoring.management.commands.classify",
    "evaluate_rule": "settlements.management.commands.evaluate_rule",
}
# These start without a database, or see to it themselves (demo).
NEEDS_NO_DATABASE = {
    "check",
    "classify",
    "collectstatic",
    "compare_official_class",
    "compilemessages",
    "database_url",
    "demo",
    "diffsettings",
    "evaluate_rule",
    "findstatic",
    "help",
    "makemessages",
    "rule_docs",
    "version",
}
# These look after the tables themselves.
MAKES_TABLES = {
    "dbshell",
    "flush",
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlmigrate",
    "squashmigrations",
    "test",
}
HELP = {"-h", "--help", "--version"}


def needs_database(argv: list[str]) -> bool:
    """Whether the command line names a command that uses the database."""
    return len(argv) > 1 and argv[1] not in NEEDS_NO_DATABASE and not HELP & set(argv)


def acts_at_command_line(argv: list[str]) -> dict[str, str]:
    """For the audit trail: the command, and the account of the operating system it runs under."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        account = f"uid {os.getuid()}"
    return {"who": f"命令行（{account}）", "act": f"系统任务 {' '.join(argv[1:2])}"}


def reckon(argv: list[str]) -> int:
    """A command of arithmetic, which imports nothing but itself and reads no settings."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    try:
        command = import_module(ARITHMETIC[argv[1]]).Command()
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        return not_installed()
    command.run_from_argv(argv)
    return 0


def not_installed() -> int:
    print("manage.py: 尚未安装,请先运行 make setup。 (Run `make setup` first.)", file=sys.stderr)
    return 1


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] in ARITHMETIC:
        return reckon(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError

        from jobs.acting import acting
    except ImportError:
        return not_installed()
    from config.embedded.default import (
        acquire_if_embedded,
        fail,
        is_unreachable,
        make_tables_current,
        unreachable_line,
    )
    from config.embedded.postgres import EmbeddedPostgresError

    try:
        if needs_database(sys.argv):
            try:
                acquire_if_embedded()
            except PermissionError as error:
                raise EmbeddedPostgresError(
                    f"无权访问 {error.filename}:请用 VAR_DIR 的所有者运行,或将 VAR_DIR 指向自己的"
                    f"目录。 (No access to {error.filename}: run as the owner of VAR_DIR, or set "
                    "VAR_DIR to a folder of your own.)"
                ) from error
            if sys.argv[1] not in MAKES_TABLES:
                django.setup()
                make_tables_current()
        with acting(**acts_at_command_line(sys.argv)):
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EmbeddedPostgresError) as error:
        if "--traceback" in sys.argv:
            raise
        return fail(str(error))
    except OperationalError as error:
        if "--traceback" in sys.argv or not is_unreachable(error):
            raise
        return fail(unreachable_line(error))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
