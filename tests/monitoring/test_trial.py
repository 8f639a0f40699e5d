"""A trial import says what the import would do; it stores nothing and nobody waits for it."""

from threading import Thread

import pytest
from django.db import connection

from jobs import services as jobs
from jobs.models import Job
from monitoring.assessment.services.assessment import assess_months
from monitoring.ingest.services.import_job import Told, enter_trial
from monitoring.ingest.services.ingest import import_readings
from monitoring.ingest.services.trial import try_import
from monitoring.models import Assessment, DirtyMonth, ImportBatch, Reading, Section

HEAD = "断面名称,采样时间,来源,pH,溶解氧,高锰酸盐指数,氨氮,总磷\n"


def row(when="2024-01-05", ammonia="0.3", name="甲", origin="手工") -> str:
    return f"{name},{when} 08:00,{origin},7.5,9.0,1.5,{ammonia},0.015\n"


def file(*rows: str) -> dict:
    return {"raw": (HEAD + "".join(rows)).encode(), "filename": "读数.csv", "create_sections": True}


BEFORE = (row("2024-01-05"), row("2024-02-05"), row("2024-03-05", "1.2"))


@pytest.mark.parametrize(
    "later",
    [
        BEFORE,
        (row("2024-04-05"), row("2024-04-06", "3.0")),
        (row("2024-01-05", "1.2"), row("2024-02-05"), row("2024-05-05", "乙")),
        (row("2024-01-05", "1.2"), row("2024-01-05", "1.8"), row("2024-01-05", "0.3")),
        (row(name="新断面"), row("2024-03-05", "--")),
        (row("2024-01-05", "3.0", origin="联合"), row("2024-03-05", "0.1(M)")),
    ],
    ids=["the same", "new", "some of it other", "twice in it", "a new section", "other origins"],
)
def test_a_trial_says_what_the_import_then_does(db, later):
    import_readings(**file(*BEFORE))
    assess_months(DirtyMonth.objects.values_list("section_id", "month"))
    DirtyMonth.objects.all().delete()
    state = counted()
    tried = try_import(**file(*later))
    assert counted() == state
    classes = {(m.section, m.month): (m.before, m.after) for m in tried.months}
    before = of_months(classes)
    done = import_readings(**file(*later))
    assert tried.report.counts() == done.counts()
    assert [s.to_json() for s in tried.report.sheets] == [s.to_json() for s in done.sheets]
    assert tried.report.created_sections == done.created_sections
    marks = set(DirtyMonth.objects.values_list("section__name", "month"))
    assert set(classes) == marks
    assess_months(DirtyMonth.objects.values_list("section_id", "month"))
    after = of_months(classes)
    assert classes == {key: (before.get(key), after.get(key)) for key in classes}


def counted() -> list[int]:
    return [m.objects.count() for m in (Reading, Section, ImportBatch, DirtyMonth)]


def of_months(keys) -> dict:
    found = Assessment.objects.values_list("section__name", "month", "water_class")
    return {(name, month): c for name, month, c in found if (name, month) in keys}


def test_an_import_commits_while_a_trial_is_open(committed):
    """Of the same section and month, with a section and a partition to be made."""
    import_readings(**file(*BEFORE))
    answers: list = []
    waits: list = []

    def meanwhile() -> None:
        try:
            answers.append(
                import_readings(**file(row("2024-01-05", "3.0"), row("1999-07-01", name="新")))
            )
        finally:
            connection.close()

    def look(done: int, total: int, step: str) -> None:
        if step != "试算均值和类别" or answers:
            return
        other = Thread(target=meanwhile)
        other.start()
        other.join(timeout=60)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            waits.append(cursor.fetchone()[0])

    tried = try_import(
        **file(row("2024-01-05", "1.2"), row("1999-06-01", name="新")), progress=look
    )
    assert waits == [0]
    assert (answers[0].stored, answers[0].correction) == (1, 1)
    assert (tried.report.stored, tried.report.correction) == (1, 1)


def test_a_trial_holds_no_lock_stronger_than_reading(committed):
    import_readings(**file(*BEFORE))
    held: set = set()

    def look(done: int, total: int, step: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT l.locktype, c.relname, l.mode FROM pg_locks l
                   LEFT JOIN pg_class c ON c.oid = l.relation
                   WHERE l.pid = pg_backend_pid() AND l.mode <> 'AccessShareLock'
                     AND l.locktype <> 'virtualxid' AND l.locktype <> 'transactionid'
                     AND (c.oid IS NULL OR c.relpersistence <> 't')
                     AND coalesce(c.relnamespace::regnamespace::text, '') NOT LIKE 'pg_toast_temp%'"""
            )
            held.update(cursor.fetchall())

    try_import(**file(row("2024-01-05", "1.2"), row("2030-01-01")), progress=look)
    # What names a temporary table in the catalogue stands on rows of its own.
    assert {lock for lock in held if lock[0] != "object"} == set()


def test_a_trial_that_is_cancelled_ends_at_its_next_step(committed, tmp_path):
    path = tmp_path / "读数.csv"
    path.write_bytes(file(*BEFORE)["raw"])
    job = enter_trial(path=path, told=Told(create_sections=True), wake=False)
    assert jobs.cancel(job_id=job.pk)
    assert jobs.run(job.pk).state == Job.State.CANCELLED
    assert not Reading.objects.exists()


def test_a_trial_leaves_the_error_sheet_beside_where_it_is_told(db, tmp_path):
    path = tmp_path / "读数.csv"
    path.write_bytes(file(row(ammonia="错"))["raw"])
    told = Told(create_sections=True)
    job = enter_trial(path=path, told=told, errors=tmp_path / "出错", wake=False)
    result = jobs.run(job.pk).result
    assert result is not None
    assert (result["errors_file"], result["rejected"]) == ("出错.csv", 1)
    assert "错" in (tmp_path / "出错.csv").read_text("utf-8-sig")
