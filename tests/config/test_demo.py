"""`manage.py demo` as a process of its own: it answers, and leaves nothing behind."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo_process import Demo, wait_until

pytestmark = pytest.mark.worker


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One for all: whoever comes first finds it empty, the others what the first one left."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def demo(folder) -> Iterator[Demo]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = Demo(folder / "var", port)
    yield demo
    for process in demo.processes():
        process.kill()
    if demo.process is not None:
        demo.process.wait()


def test_it_answers_refuses_a_twin_and_leaves_nothing_after_ctrl_c(demo):
    demo.start()
    assert wait_until(demo.is_ready), demo.said()
    assert demo.health() == 200
    assert f"http://127.0.0.1:{demo.port}/" in demo.said()
    assert "开通码 opening code: " in demo.said()
    assert "bureau" not in demo.said()  # nobody who could not sign in
    assert wait_until(lambda: len(demo.processes("celery")) >= 2)  # the worker and its pool

    twin = Demo(demo.var_dir, demo.port + 1)
    twin.start()
    assert twin.process.wait(20) == 1
    assert "演示已在运行" in twin.said()
    neighbour = Demo(demo.var_dir.parent / "other", demo.port)
    neighbour.start()
    assert neighbour.process.wait(20) == 1
    assert f"端口 {demo.port} 不可用" in neighbour.said()
    assert "Traceback" not in twin.said() + neighbour.said()

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(30) == 0
    assert demo.processes() == []


def test_killed_outright_it_takes_web_and_worker_with_it_and_starts_again(demo):
    demo.start()
    assert wait_until(demo.is_ready), demo.said()
    assert wait_until(lambda: len(demo.processes("celery")) >= 2)
    old = {p.pid for p in demo.processes()}
    demo.process.kill()
    demo.process.wait()
    demo.start()
    assert wait_until(demo.is_ready), demo.said()
    assert demo.health() == 200
    assert old & {p.pid for p in demo.processes("gunicorn") + demo.processes("celery")} == set()
    demo.process.kill()
    demo.process.wait()
    assert wait_until(lambda: demo.processes() == [], 30)


def test_a_child_that_dies_is_started_again(demo):
    demo.start()
    assert wait_until(demo.is_ready), demo.said()
    old = {p.pid for p in demo.processes("gunicorn")}
    for process in demo.processes("gunicorn"):
        process.kill()
    assert wait_until(lambda: "web 已退出" in demo.said())

    def answers_again() -> bool:
        try:
            return demo.health() == 200
        except OSError:
            return False

    assert wait_until(answers_again)
    assert old & {p.pid for p in demo.processes("gunicorn")} == set()
    demo.process.terminate()
    assert demo.process.wait(30) == 0
    assert demo.processes() == []
