"""The database keeps what stations sent: by SQL past every service."""

import pytest
from django.db import IntegrityError, connection, transaction

from monitoring.models import DeadLetter, StationFrame
from tests.stations import MN, ammonia, arrive, registered, segment


def run(sql: str, *given) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, given)


@pytest.fixture
def letter(db) -> DeadLetter:
    arrive(segment(ammonia("0.31")))
    return DeadLetter.objects.get()


@pytest.fixture
def frame(border) -> StationFrame:
    registered(border.section)
    arrive(segment("w99999-Avg=1", flag=7, more="PNUM=2;PNO=1;"))
    return StationFrame.objects.get(joined=False)


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'password'", "mn = 'OTHER'", "qn = ''", "cn = '2011'", "factor = 'w21003'",
        "written = 'x'", "raw = ''", "password_digest = ''", "digest = 'x'", "times = 0",
        "first_at = now() - interval '1 day'", "id = id + 1",
        "station_id = (SELECT max(id) FROM monitoring_station)",
    ],
)  # fmt: skip
def test_what_a_letter_received_cannot_be_changed(letter, border, change):
    registered(border.section, mn="OTHER")
    with pytest.raises(IntegrityError, match="所收到的内容不能修改"):
        run(f"UPDATE monitoring_deadletter SET {change}")


def test_a_letter_that_comes_again_is_counted_and_may_say_something_else(letter):
    run("UPDATE monitoring_deadletter SET times = times + 1, last_at = now(), words = '仍不符'")
    letter.refresh_from_db()
    assert (letter.times, letter.words) == (2, "仍不符")


DECIDE = "UPDATE monitoring_deadletter SET state = %s, decided_by_id = %s, decided_at = {}, decided_why = %s"


def test_a_letter_is_decided_by_somebody_just_now(letter, people):
    now = DECIDE.format("now()")
    with pytest.raises(IntegrityError, match="须留下处理人"):
        run(now, "dismissed", None, "调试")
    with pytest.raises(IntegrityError, match="作废须写明理由"):
        run(now, "dismissed", people.bureau.pk, "")
    with pytest.raises(IntegrityError, match="处理时间由数据库记下"):
        run(DECIDE.format("now() - interval '1 day'"), "dismissed", people.bureau.pk, "调试")
    run(now, "dismissed", people.bureau.pk, "调试")
    letter.refresh_from_db()
    assert letter.state == "dismissed"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'open', decided_at = NULL, decided_by_id = NULL, decided_why = ''",
        "state = 'replayed'", "decided_why = '别的'", "decided_at = now()", "words = 'x'",
        "decided_by_id = (SELECT max(id) FROM basins_user)",
    ],
)  # fmt: skip
def test_a_decision_stays(letter, people, change):
    run(DECIDE.format("now() + interval '0'"), "dismissed", people.bureau.pk, "调试")
    with pytest.raises(IntegrityError, match="已处理"):
        # Another moment than the decision's, as a later transaction would have it.
        run(f"UPDATE monitoring_deadletter SET {change}".replace("now()", "clock_timestamp()"))
    run("UPDATE monitoring_deadletter SET times = times + 1, last_at = now()")  # it came again


def test_no_letter_comes_decided(db, people):
    with pytest.raises(IntegrityError, match="须先收下"):
        run(
            "INSERT INTO monitoring_deadletter (reason, state, mn, qn, cn, factor, written, words, raw,"
            " password_digest, digest, decided_by_id, decided_at, decided_why)"
            " VALUES ('crc', 'dismissed', '', '', '', '', '', '', '', '', 'x', %s, now(), '调试')",
            people.bureau.pk,
        )


@pytest.mark.parametrize(
    "change",
    [
        "qn = ''", "cn = '2011'", "version = 2", "part = 2", "parts = 3", "sampled_at = now()",
        "received_at = now() - interval '1 day'", "digest = 1", "remark = 'x'", "raw = ''",
        "id = id + 1", "station_id = (SELECT max(id) FROM monitoring_station)",
        "batch_id = (SELECT max(id) FROM monitoring_importbatch)",
    ],
)  # fmt: skip
def test_a_packet_cannot_be_changed(frame, border, change):
    registered(border.section, mn="OTHER")
    arrive(segment(ammonia("0.3")))
    with pytest.raises(IntegrityError, match="是站点所发的，不能修改"):
        run(f"UPDATE monitoring_stationframe SET {change} WHERE id = %s", frame.pk)


def test_a_packet_is_joined_once(frame):
    run("UPDATE monitoring_stationframe SET joined = true WHERE id = %s", frame.pk)
    with pytest.raises(IntegrityError, match="不能修改"):
        run("UPDATE monitoring_stationframe SET joined = false WHERE id = %s", frame.pk)


@pytest.mark.parametrize("table", ["deadletter", "stationframe"])
def test_what_was_received_is_never_deleted(letter, frame, table):
    run("SET CONSTRAINTS ALL IMMEDIATE")  # what waits to be checked would refuse TRUNCATE first
    for sql in (f"DELETE FROM monitoring_{table}", f"TRUNCATE monitoring_{table} CASCADE"):
        with pytest.raises(IntegrityError, match="只增不改"):
            run(sql)
    assert DeadLetter.objects.filter(mn=MN).exists()
    assert StationFrame.objects.exists()
