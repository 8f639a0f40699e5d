"""With a real worker in its own process: what is stored ends in the right balance."""

import json

import psycopg2
import pytest
from django.db import connection

from monitoring.models import DirtyMonth
from settlements import pipeline
from settlements.money import yuan
from tests.processes import Worker, environment, manage, until
from tests.worlds import Border

pytestmark = pytest.mark.worker
MILLION = yuan("1000000")


@pytest.fixture
def world(committed) -> Border:
    border = Border.make()
    border.measured("2019-06", "III")
    pipeline.recompute()
    return border


def paid(world: Border) -> list:
    return world.transfers("2023-05")


def test_an_import_reaches_the_balance_by_its_message_alone(world, tmp_path):
    env = environment(tmp_path)  # the sweep sleeps: ten minutes
    file = tmp_path / "读数.csv"
    file.write_text("断面编码,采样时间,pH,氨氮\nBORDER,2023-05-06 10:00,7.9,0.3\n")
    with Worker(env):
        run = manage("import_readings", str(file), "--json", env=env)
        out, err = run.communicate(timeout=60)
        assert run.returncode == 0, err
        assert json.loads(out)["stored"] == 1
        until(lambda: paid(world), seconds=20, what="the balance after an import")
    assert paid(world) == [(world.downstream, world.upstream, MILLION)]
    assert world.net(2023) == {"上游区": MILLION, "下游区": -MILLION}


def test_a_reading_stored_by_raw_sql_is_found_by_the_sweep(world, tmp_path):
    with Worker(environment(tmp_path, SWEEP_SECONDS="1")):
        world.measured("2023-05", "IV")  # raw SQL, no message
        until(lambda: paid(world), seconds=20, what="the sweep to find the mark")
    assert paid(world) == [(world.upstream, world.downstream, MILLION)]


def test_a_worker_killed_in_mid_task_loses_nothing(world, tmp_path):
    env = environment(tmp_path, SWEEP_SECONDS="1")
    with holding(world) as lock, Worker(env) as worker:
        world.measured("2023-05", "II")
        until(waiting_for_the_lock, seconds=20, what="the worker to be inside the pipeline")
        worker.kill()
        lock.rollback()
    until(lambda: not waiting_for_the_lock(), seconds=20, what="the dead worker's session")
    assert paid(world) == []
    assert DirtyMonth.objects.count() == 1
    with Worker(env):
        until(lambda: paid(world), seconds=20, what="the next worker")
    assert paid(world) == [(world.downstream, world.upstream, MILLION)]
    assert not DirtyMonth.objects.exists()


class holding:
    """Another session that holds the agreement's row, so that a worker stops inside its task."""

    def __init__(self, world: Border):
        self.world = world

    def __enter__(self):
        there = connection.get_connection_params()
        there.pop("cursor_factory", None)
        self.session = psycopg2.connect(**there)
        with self.session.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM settlements_agreement WHERE id = %s FOR UPDATE",
                [self.world.agreement.pk],
            )
        return self.session

    def __exit__(self, *exc):
        self.session.close()


def waiting_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database() AND query LIKE '%settlements_agreement%')"""
        )
        return cursor.fetchone()[0]
