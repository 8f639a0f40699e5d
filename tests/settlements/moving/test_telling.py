"""One table says who is told of what (settlements.moving.told); nothing tells past it."""

import ast
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.urls import get_resolver

from basins.access import PEOPLE, TABLE, Scope
from basins.models import Role
from settlements.moving.told import LINES, NOBODY_WAITS, SILENT, WAITING, Whom
from settlements.work.queries.sources.listed import SOURCES
from settlements.workflow import MOVES, STATES, StateKind, moves_from

FOLDER = Path(settings.BASE_DIR)
EVENTS = {line.event for line in LINES}
TELLS = {"tell", "tell_of", "tell_of_year", "_tell", "_tell_of_trip", "_remind"}
OFFICE = {
    Whom.BUREAU: Role.Code.BUREAU,
    Whom.BUREAU_SECOND: Role.Code.BUREAU,
    Whom.TREASURY: Role.Code.TREASURY,
    Whom.TREASURY_SECOND: Role.Code.TREASURY,
    Whom.ADMIN_SECOND: Role.Code.ADMIN,
}


def modules():
    for path in sorted((FOLDER / "settlements").rglob("*.py")):
        yield path.relative_to(FOLDER).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def events_sent() -> set[str]:
    """Every text with the shape of an event that a service names."""
    return {
        node.value
        for name, tree in modules()
        if "/services/" in name
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in EVENTS
    }


def test_every_move_of_the_workflow_tells_somebody_or_says_why_not():
    moves = {f"{move.thing}.{move.event}" for move in MOVES}
    assert moves - EVENTS - set(SILENT) == set()
    assert EVENTS & set(SILENT) == set()
    assert set(SILENT) - moves == set()


def test_there_is_no_line_nobody_sends():
    assert EVENTS - events_sent() == set()


def test_what_services_send_is_in_the_table():
    """An event that is not would raise where it happens."""
    unknown = set()
    for name, tree in modules():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id not in TELLS or name.startswith("settlements/moving/"):
                continue
            for given in call.args:
                for node in ast.walk(given):
                    text = node.value if isinstance(node, ast.Constant) else ""
                    if isinstance(text, str) and "." in text and text not in EVENTS:
                        unknown.add((name, text))
    assert unknown == set()


def test_nothing_tells_past_the_table():
    past = [
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and any(each.name.startswith("notify") for each in node.names)
        and node.module == "basins.services.notifications"
    ]
    assert past == ["settlements/moving/telling.py"]


def test_every_line_leads_to_a_page_and_stands_on_lists_there_are():
    pages = set(get_resolver().reverse_dict)
    lists = {source.key: source for source in SOURCES}
    for line in LINES:
        assert line.page in pages, line
        assert set(line.lists) <= set(lists), line
        if line.lists and line.whom in OFFICE:  # and they may act on one of them
            column = PEOPLE.index(OFFICE[line.whom])
            may = [TABLE[lists[key].act][column] for key in line.lists]
            assert Scope.NONE not in may, line


def test_a_list_is_where_something_waits():
    named = {key for line in LINES for key in line.lists}
    named |= {key for lists in WAITING.values() for key in lists}
    # A party's own files to add; people's accounts and the calendar are told by basins; what comes from
    # stations, of which nobody is told.
    elsewhere = {"objections-to-prove", "account-acts", "calendar-acts", "letters-to-decide"}
    assert {source.key for source in SOURCES} - named <= elsewhere


def allowed(act) -> set[str]:
    """The roles that may do it."""
    return {role for role, s in zip(PEOPLE, TABLE[act], strict=True) if s is not Scope.NONE}


@pytest.mark.parametrize("thing", STATES)
def test_every_state_that_waits_for_somebody_is_on_a_list(thing):
    keys = {source.key for source in SOURCES}
    for state, kind in STATES[thing].items():
        acts = [move for move in moves_from(thing, state) if move.who is not None]
        over = kind in (StateKind.DONE, StateKind.REFUSED) and not acts
        lists = WAITING.get((thing, state))
        if lists is None:
            assert over or (thing, state) in NOBODY_WAITS, (thing, state)
            assert not (acts and kind is StateKind.WAITING), (thing, state)
        else:
            assert (thing, state) not in NOBODY_WAITS
            assert set(lists) <= keys
            # Somebody who may move it on sees one of its lists.
            seen = {role for s in SOURCES if s.key in lists for role in allowed(s.act)}
            assert not acts or any(seen & allowed(move.who) for move in acts), (thing, state)


def test_the_states_listed_are_states_there_are():
    for thing, state in (*WAITING, *NOBODY_WAITS):
        assert state in STATES[thing]


def test_a_sentence_is_given_words_for_every_place_in_it():
    """What is not given would raise where it happens: the call that names the event gives it, or
    the helper of the same module that tells for several."""
    needed: dict[str, set[str]] = {}
    for line in LINES:
        places = {name for _, name, _, _ in Formatter().parse(line.sentence) if name is not None}
        needed.setdefault(line.event, set()).update(places - {"by"})
        assert len(line.event) <= 40  # a key of a notification has 80 characters
    unsaid = {}
    for name, tree in modules():
        if "/services/" not in name:
            continue
        calls = [c for c in ast.walk(tree) if isinstance(c, ast.Call)]
        named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in TELLS]
        helper = {k.arg for c in named if c.func.id == "tell" for k in c.keywords}
        for call in named:
            if call.func.id == "tell_of_year":
                helper_of = {"settlement"}
            else:
                helper_of = helper if call.func.id != "tell" else set()
            given = {k.arg for k in call.keywords} | helper_of
            given |= {"objection", "party"} if call.func.id == "tell_of" else set()
            for node in (n for arg in call.args for n in ast.walk(arg)):
                event = node.value if isinstance(node, ast.Constant) else None
                if event in needed and needed[event] - given:
                    unsaid[name, event] = needed[event] - given
    assert unsaid == {}
