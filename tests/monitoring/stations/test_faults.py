"""Gateway, worker, web and database killed while stations and programs send: nothing answered is lost."""

import socket

import pytest

from tests.demo_process import Demo
from tests.faulty import KILLED, Faulty

pytestmark = pytest.mark.worker


@pytest.fixture
def demo(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = Demo(tmp_path / "var", port, durable=True, SWEEP_SECONDS="3")
    yield demo
    for process in demo.processes():
        process.kill()
    if demo.process is not None:
        demo.process.wait()


def test_after_every_kind_of_process_was_killed_what_was_answered_is_there_once(demo):
    faulty = Faulty(demo)
    faulty.start()
    faulty.run(seconds=10, every=2)
    found = faulty.check()
    assert set(faulty.killed) == set(KILLED)
    assert found["frames"] >= sum(len(own) for s, own in faulty.answered.items() if s[0] == "H")
