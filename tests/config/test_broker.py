"""The folder that stands in for a broker: whole messages, and no death of a broken one."""

from queue import Empty
from uuid import uuid4

import pytest
from kombu import Connection

from config import broker


@pytest.fixture
def name() -> str:
    """A queue of its own for each test: kombu remembers bindings by name in the process."""
    return uuid4().hex


@pytest.fixture
def connection(tmp_path):
    broker.register()
    queue, control = tmp_path / "queue", tmp_path / "control"
    queue.mkdir()
    control.mkdir()
    options = {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
    }
    with Connection("filesystem://localhost/", transport_options=options) as made:
        yield made


def test_a_message_arrives_and_leaves_no_file(connection, name, tmp_path):
    with connection.SimpleQueue(name) as queue:
        queue.put({"id": 7})
        assert [p.suffix for p in (tmp_path / "queue").iterdir()] == [".msg"]
        message = queue.get(timeout=5)
        assert message.payload == {"id": 7}
        message.ack()
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("broken", ["", '{"body": "half'])
def test_a_broken_message_is_left_out_and_the_next_one_read(
    connection, name, tmp_path, broken, caplog
):
    with connection.SimpleQueue(name) as queue:
        (tmp_path / "queue" / f"0_broken.{name}.msg").write_text(broken)
        queue.put({"id": 8})
        assert queue.get(timeout=5).payload == {"id": 8}
    assert "unreadable" in caplog.text


def test_a_message_still_being_written_is_not_taken(connection, name, tmp_path):
    with connection.SimpleQueue(name) as queue:
        (tmp_path / "queue" / "0_x.writing").write_text("{}")
        with pytest.raises(Empty):
            queue.get(timeout=0.2)
    assert (tmp_path / "queue" / "0_x.writing").exists()
