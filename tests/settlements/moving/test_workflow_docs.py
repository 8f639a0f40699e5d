"""docs/workflow.md says what settlements.workflow says; the table itself is sound."""

import pytest
from django.core.management import call_command
from django.db import connection

from settlements.moving.workflow_docs import STATES, files, outdated
from settlements.workflow import MOVES, THINGS


def test_the_page_and_its_pictures_are_current(capsys):
    assert outdated() == []
    call_command("workflow_docs", "--check")
    assert "一致" in capsys.readouterr().out


def test_every_move_stands_in_the_page_and_its_states_in_the_picture():
    page = files()["docs/workflow.md"]
    for move in MOVES:
        assert f"| {move.words} `{move.event}` |" in page
        assert (
            str(STATES[move.thing](move.target).label) in files()[f"docs/workflow-{move.thing}.svg"]
        )


@pytest.mark.parametrize("thing", THINGS)
def test_every_state_of_a_thing_can_be_reached_and_no_other(thing):
    named = {m.target for m in MOVES if m.thing == thing}
    assert named == set(STATES[thing].values)
    assert {m.source for m in MOVES if m.thing == thing} <= named | {""}


@pytest.mark.django_db
def test_the_database_reads_the_same_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT thing, event, source, target, by_system FROM settlements_moves()")
        stored = set(cursor.fetchall())
    assert stored == {(m.thing, m.event, m.source, m.target, m.who is None) for m in MOVES}
