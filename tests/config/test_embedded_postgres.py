"""The embedded PostgreSQL: real servers in folders of their own.

pytest's temporary folders lie below a private one, so that as root every start here also
proves that a closed folder on the way is no hindrance.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from config.embedded import postgres
from config.embedded.account import first_closed
from config.embedded.places import Places

PROJECT = Path(__file__).resolve().parents[2]
USER = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from config.embedded import postgres
var_dir = Path(sys.argv[1])
{body}
"""
STAYS = "postgres.acquire(var_dir); print('ready', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setenv("EMBEDDED_POSTGRES_UNSAFE", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation whose database has been made, at rest."""
    var_dir = tmp_path_factory.mktemp("made") / "var"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_POSTGRES_UNSAFE", "1")
        with postgres.use(var_dir):
            pass
    return var_dir


@pytest.fixture
def var_dir(tmp_path, made):
    """A copy of it: saves each test the time of initdb."""
    subprocess.run(["cp", "-a", str(made), str(tmp_path / "var")], check=True)
    return tmp_path / "var"


@pytest.fixture
def another_process():
    """Starts processes that use a server; whatever is left of them ends with the test."""
    started = []

    def start(var_dir: Path, body: str = STAYS) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", USER.format(project=str(PROJECT), body=body), str(var_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ask(var_dir: Path, sql: str):
    """The first value of the answer, if there is one; committed."""
    connection = psycopg2.connect(postgres.url(var_dir))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def processes_of(var_dir: Path, what: str = "") -> list[psutil.Process]:
    """Living processes that name the folder in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(var_dir) in line and what in line and process.info["status"] != "zombie":
            found.append(process)
    return [p for p in found if p.pid != os.getpid()]


def wait_until(true, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill(var_dir: Path, what: str) -> None:
    (process,) = processes_of(var_dir, what)
    process.send_signal(signal.SIGKILL)
    assert wait_until(lambda: process not in processes_of(var_dir, what))


def test_it_runs_inside_the_block_and_nothing_of_it_runs_after(tmp_path):
    var_dir = tmp_path / "fresh"
    with postgres.use(var_dir):
        assert ask(var_dir, "SELECT current_setting('timezone')") == "UTC"
        assert ask(var_dir, "SHOW listen_addresses") == ""
        assert postgres.is_running(var_dir)
    assert not postgres.is_running(var_dir)
    assert processes_of(var_dir) == []


def test_its_folders_are_closed_to_others_and_no_folder_above_is_opened(var_dir):
    parents = [var_dir.parent, var_dir.parent.parent]
    before = [p.stat().st_mode for p in parents]
    with postgres.use(var_dir):
        places = Places(var_dir)
        assert [p.stat().st_mode & 0o777 for p in (places.data, places.socket)] == [0o700] * 2
    assert [p.stat().st_mode for p in parents] == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_root_steps_down_to_nobody_even_below_a_closed_folder(var_dir):
    closed = var_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    inside = var_dir.rename(closed / "var")
    assert first_closed(inside / "any", 65534, 65534) is not None
    with postgres.use(inside):
        (server,) = processes_of(inside, "bin/postgres")
        assert server.uids().effective == Places(inside).data.stat().st_uid != 0


def test_a_newcomer_joins_and_the_server_outlives_the_one_who_started_it(var_dir, another_process):
    first = another_process(var_dir)
    assert first.stdout.readline() == "ready\n"
    (server,) = processes_of(var_dir, "bin/postgres")
    with postgres.use(var_dir):
        first.communicate(timeout=10)
        assert first.returncode == 0
        assert [p.pid for p in processes_of(var_dir, "bin/postgres")] == [server.pid]
        assert ask(var_dir, "SELECT 1") == 1
    assert processes_of(var_dir) == []


def test_newcomers_and_leavers_at_the_same_moment_all_find_a_server(var_dir, another_process):
    body = (
        "import psycopg2\n"
        "for _ in range(4):\n"
        "    with postgres.use(var_dir):\n"
        "        psycopg2.connect(postgres.url(var_dir)).close()\n"
    )
    crowd = [another_process(var_dir, body) for _ in range(4)]
    for one in crowd:
        one.communicate(timeout=30)
    assert [one.returncode for one in crowd] == [0, 0, 0, 0]
    assert wait_until(lambda: processes_of(var_dir) == [])


def test_a_killed_user_leaves_no_server_and_the_next_start_works(var_dir, another_process):
    user = another_process(var_dir)
    assert user.stdout.readline() == "ready\n"
    user.kill()
    assert wait_until(lambda: processes_of(var_dir, "bin/postgres") == [])
    with postgres.use(var_dir):
        assert ask(var_dir, "SELECT 1") == 1


@pytest.mark.parametrize("victim", ["bin/postgres", "embedded.keeper"])
def test_after_a_kill_the_next_call_starts_it_again_with_its_data(var_dir, victim, monkeypatch):
    monkeypatch.delenv("EMBEDDED_POSTGRES_UNSAFE")
    with postgres.use(var_dir):
        ask(var_dir, "CREATE TABLE kept AS SELECT 42 AS answer")
        kill(var_dir, victim)
        with postgres.use(var_dir):
            assert wait_until(lambda: len(processes_of(var_dir, "bin/postgres")) == 1)
            assert ask(var_dir, "SELECT answer FROM kept") == 42
    assert wait_until(lambda: processes_of(var_dir) == [])


def test_a_stale_pid_file_that_names_another_program_is_no_hindrance(var_dir):
    with postgres.use(var_dir):
        data = Places(var_dir).data
    stranger = subprocess.Popen(["sleep", "60"], user=data.stat().st_uid)
    try:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        with postgres.use(var_dir):
            assert ask(var_dir, "SELECT 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_cut_off_is_begun_anew(tmp_path):
    var_dir = tmp_path / "fresh"
    unfinished = Places(var_dir).unfinished_data
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with postgres.use(var_dir):
        assert ask(var_dir, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why_in_one_line(var_dir):
    with postgres.use(var_dir):
        conf = Places(var_dir).data / "postgresql.conf"
    conf.write_text("no_such_setting = 1\n")
    with pytest.raises(postgres.EmbeddedPostgresError, match="no_such_setting") as caught:
        postgres.acquire(var_dir)
    assert "\n" not in str(caught.value)
    assert processes_of(var_dir) == []


def test_two_folders_are_two_servers(tmp_path, var_dir):
    one, other = var_dir, tmp_path / "other"
    subprocess.run(["cp", "-a", str(one), str(other)], check=True)
    with postgres.use(one), postgres.use(other):
        ask(one, "CREATE TABLE here ()")
        assert ask(one, "SELECT to_regclass('here')") == "here"
        assert ask(other, "SELECT to_regclass('here')") is None


def test_a_long_path_gets_a_short_socket_folder(tmp_path):
    deep = tmp_path / ("长" * 40) / "var"
    folder = postgres.socket_dir(deep)
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107
    assert folder != postgres.socket_dir(tmp_path / ("长" * 40) / "var2")
    with postgres.use(deep):
        assert ask(deep, "SELECT 1") == 1
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_forked_child_that_ends_does_not_stop_its_parents_server(var_dir, another_process):
    body = (
        "import os, time, psycopg2\n"
        "postgres.acquire(var_dir)\n"
        "if os.fork() == 0:\n"
        "    sys.exit(0)  # runs the exit handlers it inherited\n"
        "os.wait(); time.sleep(0.5)\n"
        "psycopg2.connect(postgres.url(var_dir)).close()\n"
    )
    parent = another_process(var_dir, body)
    parent.communicate(timeout=15)
    assert parent.returncode == 0
    assert processes_of(var_dir) == []
