"""The gateway over real sockets, in a process of its own: answered after the commit, never harmed."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from monitoring.management.commands.hj212_gateway import address
from monitoring.models import DeadLetter, DirtyMonth, GatewayRun, Reading, StationFrame
from monitoring.stations.services import gateway as limits
from monitoring.stations.services.gateway import Counts
from monitoring.stations.services.stations import add_station
from tests.frames import MN, PASSWORD, UPLOAD, frame, hours, said
from tests.processes import environment, manage, until
from tests.worlds import Border

pytestmark = pytest.mark.worker


class Gateway:
    """`manage.py hj212_gateway` on a free port."""

    def __init__(self, folder: Path):
        self.env = environment(folder, SECRET_KEY=settings.SECRET_KEY)
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self.process = manage("hj212_gateway", "--listen", "127.0.0.1:0", "--json", env=self.env)
        line = self.process.stdout.readline()
        self.port = json.loads(line)["port"]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """Ended by SIGTERM; what it said on standard error. Fails where it did not end cleanly."""
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return err

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


def heard(line: socket.socket, count: int) -> list[tuple[str, str]]:
    """So many answers, or fewer where the connection ends before."""
    back = b""
    while len(answers := said(back)) < count:
        more = line.recv(65536)
        if not more:
            break
        back += more
    return answers


@pytest.fixture
def gateway(committed, tmp_path) -> Iterator[Gateway]:
    border = Border.make(with_agreement=False)
    add_station(mn=MN, section=border.section.code, password=PASSWORD, by=None)
    running = Gateway(tmp_path)
    yield running
    if running.process.poll() is None:
        running.kill()


def test_a_frame_is_answered_when_its_readings_are_committed(gateway):
    with gateway.connect() as line:
        line.sendall(UPLOAD)
        assert heard(line, 1) == [("9014", "")]
        assert Reading.objects.count() == 9
        assert DirtyMonth.objects.count() == 1
    status = manage("gateway_status", "--json", env=gateway.env)
    out, err = status.communicate(timeout=30)
    assert status.returncode == 0, err
    assert (json.loads(out)["running"], json.loads(out)["listens"]) == (
        True, f"127.0.0.1:{gateway.port}",
    )  # fmt: skip
    assert "收到 1 帧，入库应答 1，拒绝 0" in gateway.stop()
    stopped = manage("gateway_status", env=gateway.env)
    assert "网关没有运行" in stopped.communicate(timeout=30)[1]
    assert stopped.returncode == 1
    run = GatewayRun.objects.get()
    assert run.stopped_at is not None
    assert (run.counts["frames"], run.counts["stored"]) == (1, 1)


def test_pieces_many_at_once_garbage_and_wrong_frames_are_all_answered_for(gateway):
    frames = hours(datetime(2024, 1, 1), 30)  # noqa: DTZ001
    wrong = UPLOAD.replace(b"CAC1", b"0000")
    with gateway.connect() as line:
        whole = b"hello\r\n" + b"".join(frames[:10]) + wrong + b"".join(frames[10:])
        for n in range(0, len(whole), 97):
            line.sendall(whole[n : n + 97])
        answers = heard(line, 31)
        assert answers == [("9014", "")] * 10 + [("9011", "QnRtn=9")] + [("9014", "")] * 20
    assert Reading.objects.count() == StationFrame.objects.count() == 30
    assert DeadLetter.objects.get().reason == "crc"


def test_many_senders_of_one_hour_store_it_once(gateway):
    lines = [gateway.connect() for _ in range(8)]
    for _ in range(5):
        for line in lines:
            line.sendall(UPLOAD)
    for line in lines:
        assert heard(line, 5) == [("9014", "")] * 5
        line.close()
    assert Reading.objects.count() == 9
    assert StationFrame.objects.count() == 1


def test_an_oversize_frame_and_a_client_that_goes_away_harm_nobody(gateway):
    with gateway.connect() as bad, gateway.connect() as good:
        bad.sendall(b"##9999" + b"A" * 200_000)
        half = gateway.connect()
        half.sendall(UPLOAD[:100])
        half.close()
        good.sendall(UPLOAD)
        assert heard(good, 1) == [("9014", "")]
        bad.sendall(b"\r\n" + frame(at="20210401090000"))
        assert heard(bad, 1)[-1][0] in ("9014", "9011")
    gateway.stop()
    assert GatewayRun.objects.get().counts["oversize"] >= 1


def test_what_was_received_before_the_end_is_stored_and_answered(gateway):
    frames = hours(datetime(2024, 1, 1), 2000)  # noqa: DTZ001
    with gateway.connect() as line:
        line.sendall(b"".join(frames))
        heard(line, 1)
        gateway.process.send_signal(signal.SIGTERM)
        answers = len(heard(line, 2000))
    gateway.process.communicate(timeout=30)
    assert gateway.process.returncode == 0
    # Stored, and the connection lost before its answer came: sent again, it is a duplicate.
    assert Reading.objects.count() >= answers + 1
    assert StationFrame.objects.count() == Reading.objects.count()


def test_an_answered_frame_survives_a_kill_and_what_is_sent_again_is_stored_once(gateway):
    frames = hours(datetime(2024, 1, 1), 1500)  # noqa: DTZ001
    with gateway.connect() as line:
        line.sendall(b"".join(frames))
        answered = len(heard(line, 200))
        gateway.kill()
    assert answered >= 200
    assert Reading.objects.count() >= answered
    gateway.start()
    with gateway.connect() as line:
        line.sendall(b"".join(frames))
        assert heard(line, 1500) == [("9014", "")] * 1500
    found = list(Reading.objects.order_by("sampled_at").values_list("value", flat=True))
    assert [f"{value % 1:.3f}" for value in found] == [
        f"{n % 1000 / 1000:.3f}" for n in range(1, 1501)
    ]


def test_a_database_that_goes_away_delays_answers_and_loses_none(gateway):
    with gateway.connect() as line:
        line.sendall(UPLOAD)
        assert heard(line, 1) == [("9014", "")]
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
            assert cursor.fetchone()[0] >= 1
        line.sendall(frame(at="20210401120000"))
        assert heard(line, 1) == [("9014", "")]
    assert Reading.objects.filter(indicator__code="NH3-N").count() == 2
    gateway.stop()
    assert GatewayRun.objects.get().counts["failures"] >= 1


def test_a_port_in_use_is_said_with_the_remedy(gateway):
    second = manage("hj212_gateway", "--listen", f"127.0.0.1:{gateway.port}", env=gateway.env)
    _, err = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "请换一个端口" in err


def test_a_station_registered_meanwhile_is_known_within_seconds(gateway):
    stranger = frame(mn="A500110_0001", flag=9)
    with gateway.connect() as line:
        line.sendall(stranger)
        assert heard(line, 1) == [("9011", "QnRtn=4")]
        done = manage(
            "add_station", "A500110_0001", "--section", "BORDER", "--password", PASSWORD, "--json",
            env=gateway.env,
        )  # fmt: skip
        out, err = done.communicate(timeout=30)
        assert done.returncode == 0, err
        assert json.loads(out) == {
            "station": "A500110_0001", "section": "BORDER", "assessed": "2061",
            "counts_by_hand": False,
        }  # fmt: skip

        def known() -> bool:
            line.sendall(stranger)
            return heard(line, 1) == [("9014", "")]

        until(known, seconds=10, what="the gateway to know the station")
    assert Reading.objects.count() == 1


# Clocks and bounds, without waiting for them -------------------------------------------------------


@contextmanager
def in_a_loop():
    """A gateway whose loop has a clock of our own."""
    running = limits.Gateway()

    class Loop:
        now = 1000.0

        def time(self) -> float:
            return self.now

    running.loop = Loop()
    yield running


class Line:
    """A transport that remembers."""

    def __init__(self):
        self.closed = self.aborted = False
        self.reading = True
        self.unread = 0
        self.sent = b""

    def close(self):
        self.closed = True

    def abort(self):
        self.aborted = True

    def is_closing(self):
        return self.closed or self.aborted

    def is_reading(self):
        return self.reading

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def write(self, data):
        self.sent += data

    def get_write_buffer_size(self):
        return self.unread


def session_of(running: limits.Gateway) -> tuple[limits.Session, Line]:
    session, line = limits.Session(running), Line()
    session.transport, session.heard = line, running.loop.time()
    running.opened(session)
    return session, line


def test_an_idle_connection_is_closed_and_one_that_is_heard_is_not():
    with in_a_loop() as running:
        session, line = session_of(running)
        running.loop.now += limits.IDLE_SECONDS - 1
        session.data_received(UPLOAD)
        running.loop.now += limits.IDLE_SECONDS - 1
        session.look_at_the_clock(running.loop.now)
        assert not line.closed
        running.loop.now += 2
        session.look_at_the_clock(running.loop.now)
        assert line.closed
        assert running.counts.idle_closed == 1


def test_a_frame_that_drips_in_is_given_up():
    with in_a_loop() as running:
        session, line = session_of(running)
        for byte in range(60):
            session.data_received(UPLOAD[byte : byte + 1])
            running.loop.now += 1
        session.look_at_the_clock(running.loop.now)
        assert line.closed
        assert running.counts.slow_closed == 1
        assert not running.queue[-1].each.frame.whole


def test_nobody_is_read_while_too_many_frames_wait(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 4)
    with in_a_loop() as running:
        session, line = session_of(running)
        session.data_received(UPLOAD * 5)
        assert not line.reading
        running.queue.clear()
        running.deliver([(session, b"x")])
        assert line.reading
        assert line.sent == b"x"


def test_who_does_not_read_the_answers_is_cut_off():
    with in_a_loop() as running:
        session, line = session_of(running)
        line.unread = limits.UNREAD_ANSWERS + 1
        session.answer(b"x")
        assert line.aborted


def test_more_connections_than_allowed_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    with in_a_loop() as running:
        _, first = session_of(running)
        _, second = session_of(running)
        assert (first.aborted, second.aborted) == (False, True)
        assert running.counts.refused == 1


def test_strangers_fill_no_more_than_their_share(monkeypatch):
    with in_a_loop() as running:
        kept = [running.may_keep_strangers() for _ in range(limits.STRANGERS + 5)]
        assert sum(kept) == limits.STRANGERS
        assert running.counts.letters_dropped == 5


def test_every_count_starts_at_nothing():
    assert set(vars(Counts()).values()) == {0}


def test_an_address_that_is_none_is_refused_with_an_example():
    assert address("0.0.0.0:9212") == ("0.0.0.0", 9212)
    assert address("[::1]:0") == ("::1", 0)
    for text in ("9212", "a:b", "127.0.0.1:70000", ""):
        with pytest.raises(CommandError, match="请写成"):
            address(text)
