"""Imports by several processes, and by one that is killed half-way."""

import json
import os
import signal

import pytest
from django.db import connection

from basins.models import Jurisdiction
from jobs.models import Job
from monitoring.models import ImportBatch, Reading, ReadingRevision, Section
from tests.processes import environment, manage, until

HEAD = "断面名称,采样时间,来源,pH,溶解氧,高锰酸盐指数,氨氮,总磷\n"

pytestmark = pytest.mark.worker


def rows(count: int) -> str:
    lines = (
        f"断面{n % 40:02d},2023-{n // 40 % 12 + 1:02d}-{n // 480 % 28 + 1:02d} {n // 13440:02d}:00,"
        f"自动,7.5,8.1,2.2,0.3{n % 7},0.05\n"
        for n in range(count)
    )
    return HEAD + "".join(lines)


def test_the_same_file_from_two_processes_at_once_is_stored_once(committed, tmp_path):
    file = tmp_path / "读数.csv"
    file.write_text(rows(3000))
    env = environment(tmp_path)
    runs = [
        manage("import_readings", str(file), "--create-sections", "--json", env=env)
        for _ in range(2)
    ]
    results = []
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        results.append(json.loads(out))
    assert sorted((r["stored"], r["duplicate"]) for r in results) == [(0, 3000), (3000, 0)]
    assert (Section.objects.count(), Reading.objects.count()) == (40, 15000)
    assert not ReadingRevision.objects.exists()


def test_an_import_that_waits_for_a_section_stands_in_no_ones_way(committed, tmp_path):
    # Whoever holds the section may have to make a partition, which waits for every writer of
    # a batch: had the one who waits written one, both would wait for ever.
    section = Section.objects.create(
        code="S00", name="断面00", province=Jurisdiction.objects.get(code="500000")
    )
    file = tmp_path / "读数.csv"
    file.write_text(rows(1))
    with connection.cursor() as cursor:
        key = ["monitoring_readings", section.pk % 64]
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s), %s::integer)", key)
        run = manage("import_readings", str(file), env=environment(tmp_path))
        waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until(lambda: _one(cursor, waiting), seconds=60, what="the import to wait")
        written = _one(
            cursor,
            f"""SELECT count(*) FROM pg_locks WHERE pid = ({waiting})
                AND relation = 'monitoring_importbatch'::regclass AND mode = 'RowExclusiveLock'""",
        )
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s::integer)", key)
    _, err = run.communicate(timeout=60)
    assert (run.returncode, written) == (0, 0), err
    assert Reading.objects.count() == 5


def _one(cursor, query: str) -> int | None:
    cursor.execute(query)
    row = cursor.fetchone()
    return row and row[0]


def test_an_import_killed_half_way_leaves_nothing(committed, tmp_path):
    file = tmp_path / "读数.csv"
    file.write_text(rows(60000))
    run = manage(
        "import_readings", str(file), "--create-sections", env=environment(tmp_path),
        start_new_session=True,
    )  # fmt: skip
    wait_for_progress(run)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=10)
    assert not Reading.objects.exists()
    assert not Section.objects.exists()
    assert not ImportBatch.objects.exists()


def wait_for_progress(run) -> None:
    """Until the job's row says that rows have been read."""
    until(lambda: Job.objects.filter(done__gt=0).exists(), seconds=60, what="the import to run")
    assert run.poll() is None, "the import had ended before it could be killed"
