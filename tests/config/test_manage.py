"""manage.py: the database comes and goes with the command; errors are one line."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from django.db import connection

from config.embedded import postgres

PROJECT = Path(__file__).resolve().parents[2]
NOWHERE = "postgresql://somebody:geheim@127.0.0.1:1/rivers"


@pytest.fixture
def manage(tmp_path):
    """Runs manage.py in its own process and VAR_DIR."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
        unset = ("DATABASE_URL", "PYTEST_CURRENT_TEST")
        inherited = {k: v for k, v in os.environ.items() if k not in unset}
        fixed = {"VAR_DIR": str(tmp_path / "var"), "EMBEDDED_POSTGRES_UNSAFE": "1"}
        return subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=inherited | fixed | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_command_starts_the_embedded_database_and_leaves_nothing_running(manage, tmp_path):
    sql = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT 6 * 7'); "
    done = manage("shell", "-v0", "-c", sql + "print(k.fetchone()[0])")
    assert (done.returncode, done.stdout) == (0, "42\n")
    assert done.stderr == "正在建立数据库表…… (making the tables)\n"  # the first command alone
    assert manage("shell", "-v0", "-c", "pass").stderr == ""
    lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert [line for line in lines if str(tmp_path / "var") in line] == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (NOWHERE, "127.0.0.1:1/rivers"),
        ("mysql://somebody:geheim@db/rivers", "only PostgreSQL"),
        ("postgresql://somebody:geheim@db", "names no database"),
    ],
)
def test_a_wrong_database_url_is_one_line_that_names_it(manage, url, says):
    done = manage("showmigrations", DATABASE_URL=url)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "DATABASE_URL" in done.stderr
    assert says in done.stderr
    assert "geheim" not in done.stderr


def test_the_traceback_is_there_for_who_asks(manage):
    done = manage("showmigrations", "--traceback", DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_database_url_prints_the_address_and_starts_nothing(manage, tmp_path):
    done = manage("database_url")
    assert done.stdout.strip() == postgres.url(tmp_path / "var")
    assert not (tmp_path / "var" / "postgres").exists()


def test_help_needs_no_database(manage, tmp_path):
    done = manage("migrate", "--help")
    assert done.returncode == 0
    assert not (tmp_path / "var" / "postgres").exists()


def test_a_database_of_ones_own_that_is_behind_is_one_line(manage, db):
    there = connection.settings_dict
    url = f"postgresql:///postgres?host={there['HOST']}&user={there['USER']}"
    done = manage("verify_books", DATABASE_URL=url)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "manage.py migrate" in done.stderr
